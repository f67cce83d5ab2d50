"""The stage that overwrites what packets carry, so that nobody reads it; headers and lengths stay.

Overwritten is what stands behind the last header that is known and all there, to the end of the frame. So
nothing passes because it could not be read: of TCP, UDP, SCTP, ICMP and ARP the header stays, of other IP
protocols and of fragments but the first what is before it, of other frames the Ethernet header with its tags.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.masking import overwrite
from vtaplib.packets.block import PacketBlock

MASKED = "overwritten"
NOT_KNOWN = "overwritten from a header on that is not known or not whole"
HIGHEST_PORT = 0xFFFF


class Mask(AccountedStage):
    """Overwrites payloads from octet `offset` on with `octet`, and all that it cannot read.

    With `ports`, what shows other ports stays, and so do ARP, and ICMP but for its errors, which quote
    packets. `offset` counts behind a transport header; where there is none to read, nothing is kept by it.
    Checksums then are wrong, unless `fix_checksums`: those of whole TCP, UDP and ICMP packets are
    changed by what the payload changed, so that what was right stays right and what was wrong wrong.
    """

    name: ClassVar[str] = "mask"

    def __init__(
        self, *, offset: int = 0, ports: Iterable[int] = (), octet: int = 0, fix_checksums: bool = False
    ) -> None:
        """Raises `CollectorError` for numbers that cannot be."""
        super().__init__()
        chosen = bytearray(HIGHEST_PORT + 1)
        for port in ports:
            if not 0 <= port <= HIGHEST_PORT:
                raise CollectorError(f"mask: port {port}; ports are from 0 to {HIGHEST_PORT}")
            chosen[port] = 1
        if not 0 <= offset <= HIGHEST_PORT:
            raise CollectorError(f"mask: from octet {offset}; it is from 0 to {HIGHEST_PORT}")
        if not 0 <= octet <= 0xFF:
            raise CollectorError(f"mask: with {octet}; an octet is from 0 to 255")
        self._offset = offset
        self._octet = octet
        self._chosen = bytes(chosen)
        self._all_ports = not any(chosen)
        self._fix_checksums = fix_checksums
        self._places = HeaderOffsets()

    def _change(self, block: PacketBlock) -> None:
        places = self._places
        places.locate(block)
        frames, octets, unknown_frames, unknown_octets = overwrite(
            block.buffer,
            block.starts,
            block.lengths,
            places.networks,
            places.transports,
            places.payloads,
            places.protocols,
            places.fragmented,
            places.known,
            block.count,
            self._offset,
            self._octet,
            self._chosen,
            self._all_ports,
            self._fix_checksums,
        )
        self.account.note(MASKED, frames, octets)
        self.account.note(NOT_KNOWN, unknown_frames, unknown_octets)
