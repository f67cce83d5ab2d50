"""Where the headers of a block's packets are, in columns that are used for one block after another."""

from __future__ import annotations

from array import array

from vtaplib.loops import flow_hashes, header_places
from vtaplib.packets.block import PacketBlock

COLUMNS = ("links", "networks", "transports", "payloads", "protocols", "flow_protocols")
"""The columns of numbers, in the order of the loop; those of ones and zeros follow them."""


class HeaderOffsets:
    """Columns of `vtaplib.loops.header_places` and hashes of flows, for the block that was looked at last."""

    __slots__ = (*COLUMNS, "fragmented", "hashes", "known")

    links: array[int]
    networks: array[int]
    transports: array[int]
    payloads: array[int]
    protocols: array[int]
    flow_protocols: array[int]
    fragmented: bytearray
    known: bytearray

    def __init__(self) -> None:
        self._make_room(0)

    def _make_room(self, room: int) -> None:
        for name in COLUMNS:
            setattr(self, name, array("q", bytes(8 * room)))
        self.fragmented = bytearray(room)
        self.known = bytearray(room)
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
            *[getattr(self, name) for name in COLUMNS],
            self.fragmented,
            self.known,
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
            self.flow_protocols,
            self.fragmented,
            block.count,
            seed,
            self.hashes,
        )
