"""What is sent: blocks whose packets are UDP payloads, or go behind a header, with the stream of each.

The stream of a copy is its outer source port, that of a frame which is wrapped here a hash of its headers:
that which the engine makes the port of. So a sender spreads both alike.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple
from zlib import crc32

from vtaplib.collector.recombination import Recombination
from vtaplib.loops.copy_payloads import CUT, FRAGMENT, NO_COPY, WHOLE, find_payloads
from vtaplib.loops.flow_streams import plain_streams
from vtaplib.loops.selection import retain
from vtaplib.mirror.count import Count
from vtaplib.packets.block import COLUMNS, PacketBlock
from vtaplib.packets.flow import directional_hash, read_flow

_REFUSED: Final = {
    NO_COPY: "no copy: it does not carry VXLAN over UDP and IPv4",
    CUT: "the capture holds only a part of the copy",
}
LONE_FRAGMENT: Final = "a fragment of a copy whose other fragments are not in the capture"


# CRC-32 of a single octet, over and over, is a polynomial division; the table has its remainders, and
# zlib gives them: the register after an octet, without what it inverts before and after.
_CRC_TABLE: Final = array("q", [crc32(bytes([octet]), 0xFFFFFFFF) ^ 0xFFFFFFFF for octet in range(256)])

_ONLY_WHOLE: Final = bytes(kind == WHOLE for kind in range(256))


class Payloads(NamedTuple):
    """A block of packets to send, and the number of each packet's stream."""

    block: PacketBlock
    streams: array[int]

    def copied(self) -> Payloads:
        """The same in memory of its own."""
        block = PacketBlock(bytearray(self.block.buffer), 0)
        for name in COLUMNS:
            setattr(block, name, getattr(self.block, name)[: self.block.count])
        block.count = self.block.count
        return Payloads(block, self.streams[: block.count])


def frame_payloads(block: PacketBlock) -> Payloads:
    """The frames of a block, to go behind a VXLAN header; their streams are hashes of their flows."""
    streams = array("q", bytes(8 * block.room))
    if plain_streams(block.buffer, block.starts, block.lengths, block.count, _CRC_TABLE, streams):
        for index in range(block.count):
            if streams[index] < 0:
                streams[index] = directional_hash(read_flow(block.packet(index)))
    return Payloads(block, streams)


class CopyPayloads:
    """The UDP payloads of copies, as they are; fragments are put together first, which the network undoes for
    a payload that does not fit: the kernel sends fragments of it where they are needed.
    """

    def __init__(self) -> None:
        self._recombination = Recombination()
        self._skipped: dict[str, Count] = {}

    @property
    def skipped(self) -> dict[str, Count]:
        """Frames that are not sent, by the reason in words; among them fragments that wait for others."""
        waiting = self._recombination.incomplete
        return self._skipped | ({LONE_FRAGMENT: waiting} if waiting.frames else {})

    def of(self, block: PacketBlock) -> Payloads:
        """The payloads of the copies in a block, in its order; the block is changed."""
        streams = array("q", bytes(8 * block.room))
        kinds = bytearray(block.room)
        whole = find_payloads(block.buffer, block.starts, block.lengths, streams, kinds, block.count)
        if whole < block.count:
            if FRAGMENT in kinds[: block.count]:
                return self._recombined(block, streams, kinds)
            self._skip(block, kinds)
            kept = kinds.translate(_ONLY_WHOLE)
            retain(kept, streams, block.count)
            block.retain(kept)
        return Payloads(block, streams)

    def _skip(self, block: PacketBlock, kinds: bytearray) -> None:
        for index in range(block.count):
            if kinds[index] in _REFUSED:
                self._skipped_for(kinds[index]).add(1, block.lengths[index])

    def _skipped_for(self, kind: int) -> Count:
        return self._skipped.setdefault(_REFUSED[kind], Count())

    def _recombined(self, block: PacketBlock, streams: array[int], kinds: bytearray) -> Payloads:
        """The payloads of a block with fragments: a copy goes when the last of its fragments comes."""
        self._skip(block, kinds)
        found: list[tuple[int, bytes, int]] = []
        found_streams: list[int] = []
        outputs: list[int] = []
        for index in range(block.count):
            at, packet, output = block.times_ns[index], block.packet(index), block.outputs[index]
            if kinds[index] == FRAGMENT:
                recombined = self._recombination.add(packet, output)
                if recombined is None:
                    continue
                again = PacketBlock.of([(at, recombined.frame, 0)])
                again_streams, kind = array("q", bytes(8)), bytearray(1)
                find_payloads(again.buffer, again.starts, again.lengths, again_streams, kind, 1)
                if kind[0] != WHOLE:
                    count = recombined.fragments
                    self._skipped_for(kind[0]).add(count.frames, count.octets)
                    continue
                packet, stream = again.packet(0), again_streams[0]
            elif kinds[index] == WHOLE:
                stream = streams[index]
            else:
                continue
            found.append((at, packet, len(packet)))
            found_streams.append(stream)
            outputs.append(output)
        made = PacketBlock.of(found)
        made.outputs = array("q", outputs)
        return Payloads(made, array("q", found_streams))
