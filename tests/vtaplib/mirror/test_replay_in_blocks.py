"""Blocks and single frames come to the same, whether the loops are compiled or not."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import interface_id, quickstart, three_collectors, topologies, udp_frame
from tests.vtaplib.loops.interpreted import interpreted
from tests.vtaplib.mirror.test_engine import policies
from tests.vtaplib.mirror.test_replay import ANSWER, QUERY, Record, one_by_one, records
from vtaplib.capture import PcapngWriter, PcapWriter, open_capture
from vtaplib.errors import CaptureError
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror import engine, flow_columns, replay
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.count import Count
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Mirrored
from vtaplib.model.policy import Policy
from vtaplib.packets import block as blocks
from vtaplib.packets import copy_block
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock
from vtaplib.packets.flow import read_flow

NANOSECONDS = 1_000_000_000
LOOPS = {name: interpreted(name) for name in ("mirroring", "flow_table", "capture_writing", "interleaving")}


class Files:
    """Captures in memory: one for each collector, or one for all."""

    def __init__(self, *, is_combined: bool = False, as_pcap: bool = False) -> None:
        self.is_combined = is_combined
        self.as_pcap = as_pcap
        self.collectors: list[str] = []
        self.streams: list[io.BytesIO] = []
        self.writers: list[PcapngWriter | PcapWriter] = []

    def output_of(self, collector_id: str) -> int:
        if collector_id not in self.collectors:
            self.collectors.append(collector_id)
            if not self.is_combined or not self.writers:
                self.streams.append(io.BytesIO())
                make = PcapWriter if self.as_pcap else PcapngWriter
                self.writers.append(make(self.streams[-1]))
            writer = self.writers[-1]
            if isinstance(writer, PcapngWriter):
                writer.add_interface(collector_id)
        return self.collectors.index(collector_id)

    def take(self, copies: CopyBlock) -> None:
        if self.is_combined:
            copies.order_by_time(len(self.collectors))
            self.writers[0].write_block(copies, interface=-1)
            return
        for output, writer in enumerate(self.writers):
            writer.write_block(copies, output=output)

    @property
    def got(self) -> dict[str, list[tuple[int, bytes]]]:
        """What is in the captures, by collector."""
        got: dict[str, list[tuple[int, bytes]]] = {}
        for number, (stream, writer) in enumerate(zip(self.streams, self.writers, strict=True)):
            writer.close()
            with open_capture(io.BytesIO(stream.getvalue())) as reader:
                for record in reader:
                    assert record.original_length == len(record.data)
                    collector_id = self.collectors[record.interface if self.is_combined else number]
                    got.setdefault(collector_id, []).append((record.timestamp_ns, record.data))
        return got


def blocks_of(captured: Sequence[Record], size: int) -> Iterator[PacketBlock]:
    for at in range(0, len(captured), size):
        yield PacketBlock.of(captured[at : at + size])


def in_blocks(
    world: Topology,
    captured: Sequence[Record],
    policy: Policy | None = None,
    *,
    files: Files | None = None,
    size: int = 5,
    is_interpreted: bool = False,
    down: Iterable[str] = (),
) -> tuple[dict[str, list[tuple[int, bytes]]], Accounts]:
    """What collectors get, and the accounts, by blocks."""
    files = files or Files()
    with pytest.MonkeyPatch.context() as patch:
        if is_interpreted:
            interpret(patch)
        run = Replay(world, policy, down=down)
        run.deliver_to(files)
        for block in blocks_of(captured, size):
            run.block(block)
        return files.got, run.accounts


def interpret(patch: pytest.MonkeyPatch) -> None:
    """Let the loops be interpreted."""
    patch.setattr(replay, "loops", LOOPS["mirroring"])
    patch.setattr(flow_columns, "FlowTable", LOOPS["flow_table"].FlowTable)
    for user in (blocks, copy_block):
        patch.setattr(user, "write", LOOPS["capture_writing"].write)
    patch.setattr(copy_block, "interleave", LOOPS["interleaving"].interleave)


sizes = st.integers(1, 30)


@given(topologies, policies, records, st.integers(1, 4), sizes, st.booleans(), st.booleans())
def test_blocks_and_single_frames_give_one_answer(
    world: Topology,
    policy: Policy,
    captured: list[Record],
    times: int,
    size: int,
    is_interpreted: bool,
    as_pcap: bool,
) -> None:
    # Frames come again, so that what was remembered of a flow is used.
    captured = captured * times
    files = Files(as_pcap=as_pcap)
    copies, accounts = in_blocks(
        world, captured, policy, files=files, size=size, is_interpreted=is_interpreted
    )
    assert (copies, accounts) == one_by_one(world, captured, policy)
    assert accounts.is_balanced


@given(topologies, policies, records, sizes)
def test_forgetting_what_was_remembered_changes_nothing(
    world: Topology, policy: Policy, captured: list[Record], size: int
) -> None:
    expected = one_by_one(world, captured * 2, policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "OBJECTS_KEPT", 1)
        patch.setattr(replay, "DECISIONS_KEPT", 1)
        patch.setattr(replay, "FLOWS_KEPT", 1)
        patch.setattr(engine, "DECISIONS_REMEMBERED", 1)
        assert in_blocks(world, captured * 2, policy, size=size) == expected


@given(topologies, policies, records)
def test_without_copies_the_accounts_are_the_same(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    run = Replay(world, policy, with_talkers=True)
    expected = Replay(world, policy, with_talkers=True)
    for block in blocks_of(captured * 2, 7):
        run.block(block)
    for at, frame, original_length in captured * 2:
        expected.frame(at, frame, original_length)
    assert run.accounts == expected.accounts


@given(topologies, policies, records)
def test_packets_that_were_cut_can_be_taken_for_whole(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    longest = 1500
    whole = [(at, frame.ljust(min(length, longest), b"\0"), 0) for at, frame, length in captured]
    # Zeros in the place of headers that were cut off would make another flow.
    same = [
        (cut, one) for cut, one in zip(captured, whole, strict=True) if read_flow(cut[1]) == read_flow(one[1])
    ]
    run = Replay(world, policy)
    for block in blocks_of([cut for cut, _ in same] * 2, 7):
        run.block(block, longest_whole=longest)
    assert run.accounts == one_by_one(world, [one for _, one in same] * 2, policy)[1]


def test_a_packet_that_was_cut_and_is_taken_for_whole_is_of_the_flow_that_was_captured() -> None:
    run = Replay(quickstart("web"))
    for _ in range(3):
        run.block(PacketBlock.of([(0, QUERY[:13], 1000)] * 9), longest_whole=1500)
    assert {why: one.count for why, one in run.accounts.unrouted.items()} == {
        Unrouted.MALFORMED: Count(27, 27_000)
    }


@given(records, sizes, st.booleans(), st.sampled_from([1, 2, 10**6]))
def test_one_file_for_all_is_in_the_order_of_time_and_each_collectors_copies_in_theirs(
    captured: list[Record], size: int, is_interpreted: bool, coarseness: int
) -> None:
    # Many of one time, and out of order.
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(1, 9)]
    more = [(number * 7 % 5 * coarseness, frame, 0) for number, frame in enumerate(frames * 2)]
    captured = [*captured, *more]
    world = three_collectors("web")
    files = Files(is_combined=True)
    for name in ("three", "one", "two"):
        files.output_of(interface_id(name))
    got, _ = in_blocks(world, captured, files=files, size=size, is_interpreted=is_interpreted)
    assert got == one_by_one(world, captured)[0]
    with open_capture(io.BytesIO(files.streams[0].getvalue())) as reader:
        told = [(record.timestamp_ns, record.interface) for record in reader]
    # What each block gave, sorted by what is latest of its interface so far, then by interface.
    expected: list[tuple[int, int]] = []
    for block in blocks_of(captured, size):
        given: list[tuple[int, int, int]] = []
        latest: dict[int, int] = {}
        for at, output in delivered(world, block):
            latest[output] = max(at, latest.get(output, at))
            given.append((latest[output], output, at))
        expected += [(at, output) for _, output, at in sorted(given, key=lambda one: one[:2])]
    assert told == expected


def delivered(world: Topology, block: PacketBlock) -> Iterator[tuple[int, int]]:
    """The time and the output of each copy of a block, where nothing is remembered."""
    names = [interface_id(name) for name in ("three", "one", "two")]
    run = Replay(world)
    for at, frame, original_length in block:
        for verdict in run.frame(at, frame, original_length):
            if isinstance(verdict, Mirrored):
                yield from [(at, names.index(verdict.collector_id))] * len(verdict.copies)


@pytest.mark.parametrize("as_pcap", [False, True])
@pytest.mark.parametrize("time_ns", [-1, -NANOSECONDS - 1])
def test_a_time_that_a_capture_cannot_express_is_an_error(as_pcap: bool, time_ns: int) -> None:
    with pytest.raises(CaptureError, match=r"record 3 cannot be written: time -"):
        in_blocks(
            quickstart("web"),
            [(0, QUERY, 42), (0, ANSWER, 42), (time_ns, QUERY, 42)],
            files=Files(as_pcap=as_pcap),
        )


def test_a_flow_is_known_whatever_came_between_and_a_table_that_grows_keeps_it() -> None:
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(1000, 4000)]
    captured = [(number, frame, len(frame)) for number, frame in enumerate(frames * 2)]
    assert in_blocks(quickstart("web"), captured, size=700) == one_by_one(quickstart("web"), captured)


def test_copies_are_spread_over_collectors_that_are_up() -> None:
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(200)]
    captured = [(0, frame, len(frame)) for frame in frames]
    down = [interface_id("two")]
    world = three_collectors("web")
    assert in_blocks(world, captured, down=down) == one_by_one(world, captured, down=down)


@pytest.mark.parametrize("is_interpreted", [False, True])
@pytest.mark.parametrize("with_copies", [False, True])
def test_the_first_and_the_last_nanosecond_of_64_bits_are_times_as_others(
    with_copies: bool, is_interpreted: bool
) -> None:
    last = (1 << 63) - 1
    times = [last, 0, last - 1, last] if with_copies else [last, 1 - last, 0, -last, last]
    captured = [(at, QUERY, len(QUERY)) for at in times]
    run = Replay(quickstart("web"))
    with pytest.MonkeyPatch.context() as patch:
        if is_interpreted:
            interpret(patch)
        if with_copies:
            run.deliver_to(Files())
        for block in blocks_of(captured, 5):
            run.block(block)
    assert run.accounts == one_by_one(quickstart("web"), captured)[1]
    assert run.accounts.read.frames == len(times)


@pytest.mark.parametrize("is_interpreted", [False, True])
def test_copies_of_packets_that_are_taken_for_whole_end_in_zeros(is_interpreted: bool) -> None:
    cut = udp_frame("10.0.0.4", "10.0.0.5", payload=b"x" * 8)
    files = Files()
    run = Replay(quickstart("web"))
    run.deliver_to(files)
    with pytest.MonkeyPatch.context() as patch:
        if is_interpreted:
            interpret(patch)
        run.block(PacketBlock.of([(at, cut, 5000) for at in range(3)]), longest_whole=1000)
    whole = [(at, cut.ljust(1000, b"\0"), 1000) for at in range(3)]
    assert files.got == one_by_one(quickstart("web"), whole)[0]


def test_a_block_whose_packets_are_not_in_its_buffer_is_refused() -> None:
    block = PacketBlock.of([(0, QUERY, len(QUERY))])
    block.starts[0] = 1
    with pytest.raises(ValueError, match="packet 0, 42 octets from 1, does not lie in a buffer of 42"):
        Replay(quickstart("web")).block(block)


@pytest.mark.parametrize("is_interpreted", [False, True])
@pytest.mark.parametrize("original_length", [-(1 << 63), -1, 1 << 32, 1 << 60])
def test_a_length_that_no_capture_tells_of_is_counted_as_any(
    original_length: int, is_interpreted: bool
) -> None:
    captured = [(at, QUERY, original_length) for at in range(3)]
    world = quickstart("web")
    assert in_blocks(world, captured, is_interpreted=is_interpreted) == one_by_one(world, captured)


@pytest.mark.parametrize("time_ns", [1 << 64, -(1 << 64)])
def test_a_block_is_replayed_behind_a_frame_of_any_time(time_ns: int) -> None:
    captured = [(time_ns, QUERY, 0), (0, QUERY, 0), (1, ANSWER, 0)]
    run = Replay(quickstart("web"))
    run.frame(*captured[0])
    run.block(PacketBlock.of(captured[1:]))
    assert run.accounts == one_by_one(quickstart("web"), captured)[1]


class Keeping(Files):
    """Takes copies, and keeps what they came in."""

    kept: CopyBlock

    def take(self, copies: CopyBlock) -> None:
        super().take(copies)
        self.kept = copies


def test_copies_that_somebody_keeps_are_gone_when_their_packets_may_be() -> None:
    files = Keeping()
    in_blocks(quickstart("web"), [(0, QUERY, 42)], files=files)
    assert len(files.got) == 1
    assert len(files.kept) == 0
    assert len(files.kept.packets()) == 0


class MisNumbering(Files):
    """Numbers every collector below 0, where a number stands for all outputs."""

    def output_of(self, collector_id: str) -> int:
        return -1


def test_outputs_below_0_are_refused() -> None:
    with pytest.raises(ValueError, match="outputs are numbered from 0, not -1"):
        in_blocks(quickstart("web"), [(0, QUERY, 42)], files=MisNumbering())
