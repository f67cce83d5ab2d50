"""Where the datagrams of a run come from: frames that are wrapped, copies that a capture holds, or the copies
of a replay through the applied network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter

from vtaplib.capture.feed import CaptureFeed
from vtaplib.collector.acceptance import DEFAULT_MAX_FRAME
from vtaplib.collector.payloads import CopyPayloads, Payloads, frame_payloads
from vtaplib.fabric.topology import Topology
from vtaplib.loops import COMPILED
from vtaplib.loops.capture_records import scan_pcapng
from vtaplib.loops.mirroring import PCAPNG
from vtaplib.loops.selection import mark_at_most, retain
from vtaplib.mirror.block_replay import BlockReplay
from vtaplib.mirror.copy_buffers import Copies
from vtaplib.mirror.count import Count
from vtaplib.model.policy import Policy
from vtaplib.packets.block import COLUMNS, PacketBlock
from vtaplib.packets.vxlan import HEADER_LENGTH


class PayloadSource(ABC):
    """What makes payloads of a capture. `read` are the Ethernet frames of it that were read.

    Frames longer than `max_frame` octets are not sent: collectors do not take them unless they are told to.
    """

    def __init__(self, max_frame: int = DEFAULT_MAX_FRAME) -> None:
        self.read = Count()
        self._max_frame = max_frame
        self._longer = Count()

    @abstractmethod
    def payloads(self, feed: CaptureFeed) -> Iterator[Payloads]:
        """The payloads of a capture; those of one are good until the next are asked for."""

    @property
    def skipped(self) -> Mapping[str, Count]:
        """What is not sent, by the reason in words."""
        if not self._longer.frames:
            return {}
        return {f"the frame is longer than --max-frame {self._max_frame}": self._longer}

    def _without_longer(self, payloads: Payloads, header_length: int) -> Payloads:
        """Payloads whose frames are not too long, without those whose are; `header_length` is what stands
        before a frame in them.
        """
        block, streams = payloads
        kept = bytearray(block.count)
        longer = mark_at_most(block.lengths, block.count, self._max_frame + header_length, kept)
        if longer:
            octets = block.octets
            retain(kept, streams, block.count)
            block.retain(kept)
            self._longer.add(longer, octets - block.octets - longer * header_length)
        return payloads

    @property
    def others(self) -> Mapping[str, Count]:
        """Copies for collectors that are not sent to, by the ID of the collector's interface."""
        return {}


class FrameSource(PayloadSource):
    """Every frame as it stands, to be wrapped."""

    def payloads(self, feed: CaptureFeed) -> Iterator[Payloads]:
        """The frames."""
        for block in feed.blocks():
            self.read.add(block.count, block.octets)
            yield self._without_longer(frame_payloads(block), 0)


class CapturedCopySource(PayloadSource):
    """The payloads of copies that the capture holds. What is no whole copy is skipped."""

    def __init__(self, max_frame: int = DEFAULT_MAX_FRAME) -> None:
        super().__init__(max_frame)
        self._copies = CopyPayloads()

    @property
    def skipped(self) -> Mapping[str, Count]:
        """What is no whole copy, or too long."""
        return {**self._copies.skipped, **super().skipped}

    def payloads(self, feed: CaptureFeed) -> Iterator[Payloads]:
        """What was sent to the collector, as it was sent."""
        for block in feed.blocks():
            self.read.add(block.count, block.octets)
            yield self._sendable(block)

    def _sendable(self, block: PacketBlock) -> Payloads:
        return self._without_longer(self._copies.of(block), HEADER_LENGTH)


class ReplayedCopySource(CapturedCopySource):
    """The payloads of the copies that a replay makes for collectors, which are numbered as outputs.

    `collector_ids` are the IDs of their interfaces. Where the loops are compiled, whole blocks are replayed.
    """

    def __init__(
        self,
        topology: Topology,
        policy: Policy,
        collector_ids: Sequence[str],
        down: Sequence[str] = (),
        max_frame: int = DEFAULT_MAX_FRAME,
    ) -> None:
        super().__init__(max_frame)
        self._replay = BlockReplay(topology, policy, down=down)
        self._taker = CopyTaker(collector_ids)

    @property
    def others(self) -> Mapping[str, Count]:
        """Copies for collectors that are not sent to, by the ID of the collector's interface."""
        return self._taker.others

    def payloads(self, feed: CaptureFeed) -> Iterator[Payloads]:
        """What the network would send to the collectors, in the order of time."""
        if COMPILED:
            self._replay.depart_to(self._taker)
        for _ in self._replayed(feed):
            for block in self._taker.taken():
                yield self._sendable(block)

    def _replayed(self, feed: CaptureFeed) -> Iterator[None]:
        """Replay piece by piece, and let the copies be taken."""
        if COMPILED:
            for block in feed.blocks():
                self.read.add(block.count, block.octets)
                self._replay.block(block)
                yield
            return
        for batch in feed:
            self.read.add(len(batch), sum(map(len, batch.data)))
            handed = self._replay.batch(batch.timestamps_ns, batch.data, batch.original_lengths)
            self._taker.write(handed)
            yield


class CopyTaker:
    """Takes the copies of a replay, as records or one by one, and makes blocks of them.

    The collectors that are sent to have the first numbers, others those after them.
    """

    record_format = PCAPNG
    is_combined = True

    def __init__(self, collector_ids: Sequence[str]) -> None:
        self.others: dict[str, Count] = {}
        self._wanted = len(collector_ids)
        self._numbers = {one: number for number, one in enumerate(collector_ids)}
        self._blocks: list[PacketBlock] = []

    def taken(self) -> list[PacketBlock]:
        """What was taken since this was last asked for."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def interface_of(self, collector_id: str) -> int:
        """The number of a collector."""
        number = self._numbers.setdefault(collector_id, len(self._numbers))
        if number >= self._wanted:
            self.others.setdefault(collector_id, Count())
        return number

    def write_records(self, collector_id: str, records: memoryview, count: int) -> None:
        """Take records of one collector, or of all in the order of time."""
        block = PacketBlock(bytearray(records), count)
        columns = [getattr(block, name) for name in COLUMNS]
        nanoseconds = array("q", [1]) * len(self._numbers)
        is_big = False
        _, block.count = scan_pcapng(block.buffer, 0, len(block.buffer), is_big, nanoseconds, 0, *columns, 0)
        block.outputs, block.interfaces = block.interfaces, block.outputs
        self._add(block)

    def write(self, handed: Mapping[str, Copies]) -> None:
        """Take copies by the ID of the collector's interface."""
        self._add(_merged({self.interface_of(one): copies for one, copies in handed.items()}))

    def _add(self, block: PacketBlock) -> None:
        if self.others:
            ids = list(self._numbers)
            for index in range(block.count):
                if block.outputs[index] >= self._wanted:
                    self.others[ids[block.outputs[index]]].add(1, block.lengths[index])
            block.retain(bytes(one < self._wanted for one in block.outputs[: block.count]))
        self._blocks.append(block)


def _merged(copies: Mapping[int, Copies]) -> PacketBlock:
    """Copies by the number of their output as one block, each collector's in order, and all by time."""
    if len(copies) == 1:
        ((number, one),) = copies.items()
        block = PacketBlock.of(zip(one.timestamps, one.frames, map(len, one.frames), strict=True))
        block.outputs = array("q", [number]) * block.count
        return block
    merged = sorted(
        (
            (latest, number, at, frame)
            for number, one in copies.items()
            for latest, at, frame in zip(
                accumulate(one.timestamps, max), one.timestamps, one.frames, strict=True
            )
        ),
        # Without the rest: what is of one time stays in its collector's order.
        key=itemgetter(0),
    )
    block = PacketBlock.of((at, frame, len(frame)) for _, _, at, frame in merged)
    block.outputs = array("q", [number for _, number, _, _ in merged])
    return block
