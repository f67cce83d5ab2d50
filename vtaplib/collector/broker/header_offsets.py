"""Where the headers of a block's packets are, in columns that are used for one block after another."""

from __future__ import annotations

from array import array

from vtaplib.loops import flow_hashes, header_places
from vtaplib.packets.block import PacketBlock


class HeaderOffsets:
    """Columns of `vtaplib.loops.header_places` and hashes of flows, for the block that was looked at last."""

    __slots__ = ("fragmented", "hashes", "links", "networks", "payloads", "protocols", "transports")

    def __init__(self) -> None:
        self._make_room(0)

    def _make_room(self, room: int) -> None:
        self.links = array("q", bytes(8 * room))
        self.networks = array("q", bytes(8 * room))
        self.transports = array("q", bytes(8 * room))
        self.payloads = array("q", bytes(8 * room))
        self.protocols = array("q", bytes(8 * room))
        self.fragmented = array("q", bytes(8 * room))
        self.hashes = array("Q", bytes(8 * room))

    def locate(self, block: PacketBlock) -> None:
        """Look at the headers of all packets."""
        if len(self.links) < block.count:
            self._make_room(block.room)
        header_places.locate(
            block.buffer,
            block.starts,
            block.lengths,
            block.count,
            self.links,
            self.networks,
            self.transports,
            self.payloads,
            self.protocols,
            self.fragmented,
        )

    def hash_flows(self, block: PacketBlock, seed: int) -> None:
        """Look at the headers, and hash flows so that both directions get one hash."""
        self.locate(block)
        flow_hashes.hash_symmetrically(
            block.buffer,
            block.starts,
            block.lengths,
            self.networks,
            self.transports,
            self.protocols,
            self.fragmented,
            block.count,
            seed,
            self.hashes,
        )
