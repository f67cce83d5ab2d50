"""Where the datagrams of a run come from: frames that are wrapped, copies that a capture holds, or the copies
of a replay through the applied network.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from vtaplib.capture.feed import CaptureFeed
from vtaplib.collector.acceptance import DEFAULT_MAX_FRAME
from vtaplib.collector.payloads import CopyPayloads, Payloads, frame_payloads
from vtaplib.fabric.topology import Topology
from vtaplib.loops.selection import mark_at_most, retain
from vtaplib.mirror.count import Count
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock
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

    `collector_ids` are the IDs of their interfaces.
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
        self._replay = Replay(topology, policy, down=down)
        self._taker = SentCopies(collector_ids)

    @property
    def others(self) -> Mapping[str, Count]:
        """Copies for collectors that are not sent to, by the ID of the collector's interface."""
        return self._taker.others

    def payloads(self, feed: CaptureFeed) -> Iterator[Payloads]:
        """What the network would send to the collectors, in the order of time."""
        self._replay.deliver_to(self._taker)
        for block in feed.blocks():
            self.read.add(block.count, block.octets)
            self._replay.block(block)
            for copies in self._taker.taken():
                yield self._sendable(copies)


class SentCopies:
    """Takes the copies of a replay as blocks of outer frames, in the order of time.

    The collectors that are sent to have the first numbers, others those after them.
    """

    def __init__(self, collector_ids: Sequence[str]) -> None:
        self.others: dict[str, Count] = {}
        self._wanted = len(collector_ids)
        self._numbers = {one: number for number, one in enumerate(collector_ids)}
        self._blocks: list[PacketBlock] = []

    def taken(self) -> list[PacketBlock]:
        """What was taken since this was last asked for."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def output_of(self, collector_id: str) -> int:
        """The number of a collector."""
        number = self._numbers.setdefault(collector_id, len(self._numbers))
        if number >= self._wanted:
            self.others.setdefault(collector_id, Count())
        return number

    def take(self, copies: CopyBlock) -> None:
        """Take the copies of a block."""
        copies.order_by_time(len(self._numbers))
        block = copies.packets()
        if self.others:
            ids = list(self._numbers)
            for index in range(block.count):
                if block.outputs[index] >= self._wanted:
                    self.others[ids[block.outputs[index]]].add(1, block.lengths[index])
            block.retain(bytes(one < self._wanted for one in block.outputs[: block.count]))
        self._blocks.append(block)
