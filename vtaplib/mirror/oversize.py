"""Oversize: what becomes of a copy that is larger than the network likes, by policy.

A copy is 36 bytes longer in its outer IP length than the inner frame, so that a full-sized inner packet does
not fit the guest's MTU any more. What the service does then is not documented; the limits here are. A
`snaplen` comes first: what it leaves of a frame is all that can be too large.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.mirror.outer_header import IP_OVERHEAD
from vtaplib.model.policy import Policy

# Outer IP lengths, from Microsoft's page on TCP/IP tuning for virtual machines: the guest's MTU; the length
# above which the network's stack fragments a packet without DF; the most that it lets through in one piece.
MTU = 1500
FRAGMENT_ABOVE = 1400
DELIVER_UP_TO = 2006

LIMITS = {"deliver": DELIVER_UP_TO, "fragment": FRAGMENT_ABOVE, "truncate": MTU, "drop": MTU}

ANY_LENGTH = 1 << 62

# Of an inner frame whose copy fits the MTU: what is longer deserves a warning under any policy.
LARGEST_INNER_WITHIN_MTU = MTU - IP_OVERHEAD


@dataclass(frozen=True, slots=True)
class Oversize:
    """The policy on size: `mode` is its `oversize`, `snaplen` the most of a frame that is copied at all."""

    mode: str
    snaplen: int | None = None

    @classmethod
    def of(cls, policy: Policy) -> Oversize:
        """What a policy says of size."""
        return cls(policy.oversize, None if policy.snaplen == "off" else int(policy.snaplen))

    @property
    def limit(self) -> int:
        """The largest outer IP length that is carried in one piece, as it is."""
        return LIMITS[self.mode]

    @property
    def largest_whole(self) -> int:
        """The most bytes of an inner frame that are carried in one piece."""
        return self.limit - IP_OVERHEAD

    @property
    def largest_inner(self) -> int:
        """The longest inner frame, in bytes, that is carried in one piece, as it is."""
        return self.largest_whole if self.snaplen is None else min(self.largest_whole, self.snaplen)

    @property
    def within_mtu(self) -> int:
        """The longest frame, in bytes, whose copy fits the MTU, whatever the mode."""
        if self.snaplen is not None and self.snaplen <= LARGEST_INNER_WITHIN_MTU:
            return ANY_LENGTH
        return LARGEST_INNER_WITHIN_MTU

    def cut(self, frame: bytes) -> bytes:
        """What is copied of a frame."""
        kept = frame if self.snaplen is None else frame[: self.snaplen]
        return kept[: self.largest_whole] if self.mode == "truncate" else kept
