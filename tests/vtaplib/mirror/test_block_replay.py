"""Blocks, batches and single frames come to the same, whether the loops are compiled or not."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import interface_id, quickstart, three_collectors, topologies, udp_frame
from tests.vtaplib.loops.interpreted import interpreted
from tests.vtaplib.mirror.test_engine import policies
from tests.vtaplib.mirror.test_replay import ANSWER, QUERY, Record, bulk, records
from vtaplib.capture import Batch, PcapngWriter, PcapWriter, open_capture
from vtaplib.errors import CaptureError
from vtaplib.fabric.topology import Topology
from vtaplib.loops import mirroring
from vtaplib.mirror import block_replay, copy_buffers, engine, replay
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.block_replay import BlockReplay
from vtaplib.mirror.copy_buffers import Copies
from vtaplib.mirror.replay import Replay
from vtaplib.model.policy import Policy
from vtaplib.packets.block import PacketBlock

NANOSECONDS = 1_000_000_000
LOOPS = interpreted("mirroring"), interpreted("interleaving")


class Files:
    """Captures in memory: one for each collector, or one for all."""

    def __init__(self, *, is_combined: bool = False, record_format: int = mirroring.PCAPNG) -> None:
        self.is_combined = is_combined
        self.record_format = record_format
        self.interfaces: list[str] = []
        self.streams: dict[str, io.BytesIO] = {}
        self.writers: dict[str, PcapngWriter | PcapWriter] = {}

    def interface_of(self, collector_id: str) -> int:
        name = "" if self.is_combined else collector_id
        if name not in self.writers:
            stream = self.streams[name] = io.BytesIO()
            is_pcap = self.record_format == mirroring.PCAP
            self.writers[name] = PcapWriter(stream) if is_pcap else PcapngWriter(stream)
        writer = self.writers[name]
        if collector_id not in self.interfaces:
            self.interfaces.append(collector_id)
            if isinstance(writer, PcapngWriter):
                writer.add_interface(collector_id)
        return self.interfaces.index(collector_id) if self.is_combined else 0

    def write_records(self, collector_id: str, records: memoryview, count: int) -> None:
        self.writers["" if self.is_combined else collector_id].write_records(records, count)

    def write(self, handed: Mapping[str, Copies]) -> None:
        for collector_id, copies in handed.items():
            batch = Batch(copies.timestamps, copies.frames, list(map(len, copies.frames)))
            interface = self.interface_of(collector_id)
            writer = self.writers["" if self.is_combined else collector_id]
            if isinstance(writer, PcapngWriter):
                writer.write_many(batch, interface=interface)
            else:
                writer.write_many(batch)

    @property
    def got(self) -> dict[str, list[tuple[int, bytes]]]:
        """What is in the captures, by collector."""
        got: dict[str, list[tuple[int, bytes]]] = {}
        for name, stream in self.streams.items():
            self.writers[name].close()
            with open_capture(io.BytesIO(stream.getvalue())) as reader:
                for record in reader:
                    assert record.original_length == len(record.data)
                    collector_id = name or reader.interfaces[record.interface].name
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
            patch.setattr(block_replay, "loops", LOOPS[0])
            patch.setattr(copy_buffers, "interleave", LOOPS[1].interleave)
        run = BlockReplay(world, policy, down=down)
        run.depart_to(files)
        for block in blocks_of(captured, size):
            run.block(block)
        return files.got, run.accounts


sizes = st.integers(1, 30)


@given(topologies, policies, records, st.integers(1, 4), sizes, st.booleans(), st.booleans())
def test_blocks_and_batches_give_one_answer(
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
    files = Files(record_format=mirroring.PCAP if as_pcap else mirroring.PCAPNG)
    copies, accounts = in_blocks(
        world, captured, policy, files=files, size=size, is_interpreted=is_interpreted
    )
    assert (copies, accounts) == bulk(world, captured, policy)
    assert accounts.is_balanced


@given(topologies, policies, records, sizes)
def test_forgetting_what_was_remembered_changes_nothing(
    world: Topology, policy: Policy, captured: list[Record], size: int
) -> None:
    expected = bulk(world, captured * 2, policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "ITINERARIES_KEPT", 1)
        patch.setattr(block_replay, "FLOWS_KEPT", 1)
        patch.setattr(block_replay, "SLOTS_AT_FIRST", 1)
        patch.setattr(copy_buffers, "REGION", 8)
        patch.setattr(engine, "DECISIONS_REMEMBERED", 1)
        assert in_blocks(world, captured * 2, policy, size=size) == expected


@given(topologies, policies, records)
def test_without_copy_buffers_the_accounts_are_the_same(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    run = BlockReplay(world, policy, with_talkers=True)
    expected = Replay(world, policy, with_talkers=True)
    for block in blocks_of(captured * 2, 7):
        run.block(block)
    for _ in expected.run(captured * 2):
        pass
    assert run.accounts == expected.accounts


@given(topologies, policies, records)
def test_packets_that_were_cut_can_be_taken_for_whole(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    longest = 1500
    run = BlockReplay(world, policy)
    for block in blocks_of(captured * 2, 7):
        run.block(block, longest_whole=longest)
    whole = [(at, frame.ljust(min(length, longest), b"\0"), 0) for at, frame, length in captured * 2]
    assert run.accounts == bulk(world, whole, policy)[1]


@given(records, sizes, st.booleans(), st.sampled_from([1, 2, 10**6]))
def test_one_file_for_all_has_what_write_interleaved_gives(
    captured: list[Record], size: int, is_interpreted: bool, coarseness: int
) -> None:
    # Many of one time, and out of order.
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(1, 9)]
    more = [(number * 7 % 5 * coarseness, frame, 0) for number, frame in enumerate(frames * 2)]
    captured = [*captured, *more]
    world = three_collectors("web")
    files, expected = Files(is_combined=True), Files(is_combined=True)
    for name in ("three", "one", "two"):
        assert files.interface_of(interface_id(name)) == expected.interface_of(interface_id(name))
    in_blocks(world, captured, files=files, size=size, is_interpreted=is_interpreted)
    run = Replay(world)
    for block in blocks_of(captured, size):
        handed = run.batch(*map(list, zip(*block, strict=True)))
        batches = {
            expected.interface_of(collector_id): Batch(
                copies.timestamps, copies.frames, list(map(len, copies.frames))
            )
            for collector_id, copies in handed.items()
        }
        writer = expected.writers[""]
        assert isinstance(writer, PcapngWriter)
        writer.write_interleaved(batches)
    assert files.streams[""].getvalue() == expected.streams[""].getvalue()


@pytest.mark.parametrize("record_format", [mirroring.PCAPNG, mirroring.PCAP])
@pytest.mark.parametrize("time_ns", [-1, -NANOSECONDS - 1])
def test_a_time_that_a_capture_cannot_express_is_an_error(record_format: int, time_ns: int) -> None:
    with pytest.raises(CaptureError, match=r"record 3 cannot be written: time -"):
        in_blocks(
            quickstart("web"),
            [(0, QUERY, 42), (0, ANSWER, 42), (time_ns, QUERY, 42)],
            files=Files(record_format=record_format),
        )


def test_a_flow_is_known_whatever_came_between_and_a_table_that_grows_keeps_it() -> None:
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(1000, 4000)]
    captured = [(number, frame, len(frame)) for number, frame in enumerate(frames * 2)]
    assert in_blocks(quickstart("web"), captured, size=700) == bulk(quickstart("web"), captured)


def test_copies_are_spread_over_collectors_that_are_up() -> None:
    frames = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(200)]
    captured = [(0, frame, len(frame)) for frame in frames]
    down = [interface_id("two")]
    world = three_collectors("web")
    assert in_blocks(world, captured, down=down) == bulk(world, captured, down=down)


@pytest.mark.parametrize("is_interpreted", [False, True])
@pytest.mark.parametrize("record_format", [mirroring.NO_RECORDS, mirroring.PCAPNG])
def test_the_first_and_the_last_nanosecond_of_64_bits_are_times_as_others(
    record_format: int, is_interpreted: bool
) -> None:
    last = (1 << 63) - 1
    times = [last, 0, last - 1, last] if record_format else [last, 1 - last, 0, -last, last]
    captured = [(at, QUERY, len(QUERY)) for at in times]
    run = BlockReplay(quickstart("web"))
    with pytest.MonkeyPatch.context() as patch:
        if is_interpreted:
            patch.setattr(block_replay, "loops", LOOPS[0])
        if record_format:
            run.depart_to(Files())
        for block in blocks_of(captured, 5):
            run.block(block)
    assert run.accounts == bulk(quickstart("web"), captured)[1]
    assert run.accounts.read.frames == len(times)


@pytest.mark.parametrize("is_interpreted", [False, True])
def test_copies_of_packets_that_are_taken_for_whole_end_in_zeros(is_interpreted: bool) -> None:
    cut = udp_frame("10.0.0.4", "10.0.0.5", payload=b"x" * 8)
    files = Files()
    run = BlockReplay(quickstart("web"))
    run.depart_to(files)
    with pytest.MonkeyPatch.context() as patch:
        if is_interpreted:
            patch.setattr(block_replay, "loops", LOOPS[0])
        run.block(PacketBlock.of([(at, cut, 5000) for at in range(3)]), longest_whole=1000)
    whole = [(at, cut.ljust(1000, b"\0"), 1000) for at in range(3)]
    assert files.got == bulk(quickstart("web"), whole)[0]


def test_a_block_whose_packets_are_not_in_its_buffer_is_refused() -> None:
    block = PacketBlock.of([(0, QUERY, len(QUERY))])
    block.starts[0] = 1
    with pytest.raises(ValueError, match="packet 0, 42 octets from 1, does not lie in a buffer of 42"):
        BlockReplay(quickstart("web")).block(block)
