"""Where the datagrams of a run come from: frames that are wrapped, copies that a capture holds, or the copies
of a replay through the applied network.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Protocol

from vtaplib.cli.feed import Feed
from vtaplib.collector.payloads import CopyPayloads, Payloads, frame_payloads
from vtaplib.control.policy import Policy
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.count import Count
from vtaplib.mirror.replay import Copies, Replay
from vtaplib.model import ids
from vtaplib.packets.block import Block


class Origin(Protocol):
    """What makes payloads of a capture."""

    read: Count
    """The frames of the capture that were read, and their octets."""

    @property
    def skipped(self) -> Mapping[str, Count]:
        """What is not sent, by the reason in words."""
        ...

    def payloads(self, feed: Feed) -> Iterator[Payloads]:
        """The payloads of a capture; those of one are good until the next are asked for."""
        ...


class Frames:
    """Every frame as it stands, to be wrapped."""

    def __init__(self) -> None:
        self.read = Count()
        self.skipped: dict[str, Count] = {}

    def payloads(self, feed: Feed) -> Iterator[Payloads]:
        """The frames."""
        for block in feed.blocks():
            self.read.add(block.count, block.octets)
            yield frame_payloads(block)


class CapturedCopies:
    """The payloads of copies that the capture holds."""

    def __init__(self) -> None:
        self.read = Count()
        self._copies = CopyPayloads()

    @property
    def skipped(self) -> Mapping[str, Count]:
        """What is no whole copy."""
        return self._copies.skipped

    def payloads(self, feed: Feed) -> Iterator[Payloads]:
        """What was sent to the collector, as it was sent."""
        for block in feed.blocks():
            self.read.add(block.count, block.octets)
            yield self._copies.of(block)


class ReplayedCopies:
    """The payloads of the copies that a replay makes for collectors, which are numbered as outputs.

    `collector_ids` are the IDs of their interfaces.
    """

    def __init__(
        self, topology: Topology, policy: Policy, collector_ids: Sequence[str], down: Sequence[str] = ()
    ) -> None:
        self.read = Count()
        self._replay = Replay(topology, policy, down=down)
        self._copies = CopyPayloads()
        self._numbers = {one: number for number, one in enumerate(collector_ids)}
        self.others: dict[str, Count] = {}
        """Copies for collectors that are not sent to, by the name of the collector's interface."""

    @property
    def skipped(self) -> Mapping[str, Count]:
        """Nothing, as far as the engine makes whole copies."""
        return self._copies.skipped

    def payloads(self, feed: Feed) -> Iterator[Payloads]:
        """What the network would send to the collectors, in the order of time."""
        for batch in feed:
            self.read.add(len(batch), sum(map(len, batch.data)))
            handed = self._replay.batch(batch.timestamps_ns, batch.data, batch.original_lengths)
            wanted = {}
            for collector_id, copies in handed.items():
                number = self._numbers.get(collector_id)
                if number is None:
                    count = self.others.setdefault(ids.name(collector_id), Count())
                    count.add(len(copies.frames), sum(map(len, copies.frames)))
                else:
                    wanted[number] = copies
            yield self._copies.of(_merged(wanted))


def _merged(copies: Mapping[int, Copies]) -> Block:
    """Copies by the number of their output as one block, each collector's in order, and all by time."""
    if len(copies) == 1:
        ((number, one),) = copies.items()
        block = Block.of(zip(one.timestamps, one.frames, map(len, one.frames), strict=True))
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
    block = Block.of((at, frame, len(frame)) for _, _, at, frame in merged)
    block.outputs = array("q", [number for _, number, _, _ in merged])
    return block
