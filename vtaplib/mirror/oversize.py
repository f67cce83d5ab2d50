"""Oversize: what becomes of a copy that is larger than the network likes, by policy.

A copy is 36 bytes longer in its outer IP length than the inner frame, so that a full-sized inner packet does
not fit the guest's MTU any more. What the service does then is not documented; the limits here are.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.mirror.outer_header import IP_OVERHEAD

# Outer IP lengths, from Microsoft's page on TCP/IP tuning for virtual machines: the guest's MTU; the length
# above which the network's stack fragments a packet without DF; the most that it lets through in one piece.
MTU = 1500
FRAGMENT_ABOVE = 1400
DELIVER_UP_TO = 2006

LIMITS = {"deliver": DELIVER_UP_TO, "fragment": FRAGMENT_ABOVE, "truncate": MTU, "drop": MTU}

# Of an inner frame whose copy fits the MTU: what is longer deserves a warning under any policy.
LARGEST_INNER_WITHIN_MTU = MTU - IP_OVERHEAD


@dataclass(frozen=True, slots=True)
class Oversize:
    """One value of the policy."""

    mode: str

    @property
    def limit(self) -> int:
        """The largest outer IP length that is carried in one piece, as it is."""
        return LIMITS[self.mode]

    @property
    def largest_inner(self) -> int:
        """The longest inner frame, in bytes, that is carried in one piece, as it is."""
        return self.limit - IP_OVERHEAD
