"""The stage that cuts packets: to a length, or some octets behind their headers.

A capture still says how long a packet was, so that readers know that it was cut.
"""

from __future__ import annotations

from array import array
from typing import ClassVar

from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.slicing import cut_behind
from vtaplib.packets.block import PacketBlock

MOST_OCTETS = 262_144


class Slice(AccountedStage):
    """Cuts packets to `octets`, or to their headers and `octets` more.

    Headers are Ethernet with VLAN tags, IP with options, extension headers and AH, then TCP with options,
    UDP, SCTP's common header, or eight octets of ICMP; and ARP. What else is not IP has an Ethernet header
    only; fragments but the first have no transport header. A header counts if all of it is there.
    """

    name: ClassVar[str] = "slice"

    def __init__(self, octets: int, *, behind_headers: bool = False) -> None:
        """Raises `CollectorError` for a length that leaves nothing, or that no packet has."""
        super().__init__()
        least = 0 if behind_headers else 1
        if not least <= octets <= MOST_OCTETS:
            raise CollectorError(f"slice: {octets} octets; it is from {least} to {MOST_OCTETS}")
        self._octets = octets
        self._places = HeaderOffsets() if behind_headers else None
        self._zeros = array("q")

    def _change(self, block: PacketBlock) -> None:
        if self._places is not None:
            self._places.locate(block)
            heads = self._places.payloads
        else:
            if len(self._zeros) < block.count:
                self._zeros = array("q", bytes(8 * block.room))
            heads = self._zeros
        frames, octets = cut_behind(block.lengths, block.count, heads, self._octets)
        self.account.removed.add(frames, octets)
