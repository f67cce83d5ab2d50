"""The parts of `vtap send` that a command's output does not show alone."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import nic_id
from tests.vtaplib.cli.command import CAPTURE
from vtaplib.capture.feed import CaptureFeed
from vtaplib.cli.cloud_file import open_cloud
from vtaplib.cli.progress import reading
from vtaplib.cli.send.origin import ReplayedCopies
from vtaplib.cli.send.rate import pace_of, rate_of
from vtaplib.cli.send.read_ahead import read_ahead
from vtaplib.cli.send.rounds import rounds
from vtaplib.collector.payloads import Payloads, frame_payloads
from vtaplib.errors import CaptureError, VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import Policy
from vtaplib.packets.block import PacketBlock


def pieces_of(*packets: bytes) -> Iterator[Payloads]:
    """A piece for each packet, in one block that the next overwrites, as a reader does it."""
    block = PacketBlock(bytearray(100), 1)
    for packet in packets:
        block.buffer[: len(packet)] = packet
        block.lengths[0] = len(packet)
        block.count = 1
        yield frame_payloads(block)


def octets_of(pieces: Iterator[Payloads]) -> list[bytes]:
    return [piece.block.packet(0) for piece in pieces]


def test_what_is_read_ahead_is_what_was_read() -> None:
    packets = [b"%d" % number for number in range(100)]
    assert octets_of(read_ahead(pieces_of(*packets))) == packets


def test_an_error_of_reading_comes_after_what_was_read() -> None:
    def broken() -> Iterator[Payloads]:
        yield from pieces_of(b"one")
        raise CaptureError("x.pcap", "is damaged")

    pieces = read_ahead(broken())
    assert next(pieces).block.packet(0) == b"one"
    with pytest.raises(CaptureError, match="damaged"):
        next(pieces)


def test_one_who_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    pieces = read_ahead(pieces_of(*[b"packet"] * 1000))
    next(pieces)
    assert threading.active_count() == before + 1
    pieces.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("times", [1, 2, 5])
def test_rounds_have_the_same_packets_and_begin_anew(times: int) -> None:
    begun: list[int] = []
    came = octets_of(rounds(lambda: pieces_of(b"one", b"two"), times, lambda: begun.append(1), "-"))
    assert came == [b"one", b"two"] * times
    assert len(begun) == times - 1


def test_rounds_without_end_of_nothing_end() -> None:
    assert octets_of(rounds(pieces_of, 0, lambda: None, "-")) == []


def test_what_is_too_large_to_keep_is_read_again_from_a_file_and_refused_from_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vtaplib.cli.send.rounds.MOST_KEPT", 150)
    reads: list[int] = []

    def read() -> Iterator[Payloads]:
        reads.append(1)
        return pieces_of(b"one", b"two", b"three")

    assert octets_of(rounds(read, 3, lambda: None, __file__)) == [b"one", b"two", b"three"] * 3
    assert len(reads) == 3
    with pytest.raises(VtapError, match="write it to a file first"):
        octets_of(rounds(read, 3, lambda: None, "-"))


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("200kpps", 5_000),
        ("1Mpps", 1_000),
        ("0.5pps", 2_000_000_000),
        # 125 octets with what is around them are 1000 bits.
        ("1000bps", 1_000_000_000),
        ("1Mbps", 1_000_000),
        ("1.25 Gbps", 800),
    ],
)
def test_rates_say_when_the_second_packet_is_due(text: str, nanoseconds: int) -> None:
    due = array("q", [0, 0])
    rate_of(text, 50).due(PacketBlock.of([(9, bytes(75), 75)] * 2), due)
    assert list(due) == [0, nanoseconds]


@pytest.mark.parametrize(
    "text", ["", "200", "k", "pps", "-1pps", "1e3pps", "1Kpps", "1kbit", "٣pps", "1Gpps1"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(VtapError, match="no rate"):
        rate_of(text, 50)


@pytest.mark.parametrize("gap", [-1.0, float("nan"), float("inf")])
def test_what_is_no_gap_is_refused(gap: float) -> None:
    with pytest.raises(VtapError, match="--max-gap"):
        pace_of(speed=None, rate=None, top_speed=False, max_gap=gap, overhead=50)


@pytest.mark.parametrize("wanted", [["nic-collector-b"], ["nic-collector-c", "nic-collector-a"]])
def test_blocks_and_batches_make_the_same_payloads(
    load_balanced: Path, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_cloud(load_balanced) as cloud, cloud.snapshot() as view:
        topology = Topology.of(view)
    found = []
    for compiled in (True, False):
        monkeypatch.setattr("vtaplib.cli.send.origin.COMPILED", compiled)
        copies = ReplayedCopies(topology, Policy(oversize="fragment"), [nic_id(name) for name in wanted])
        with reading(str(CAPTURE), "sending") as reader:
            feed = CaptureFeed(reader)
            made = [
                (block.times_ns[index], block.packet(index), block.outputs[index], streams[index])
                for block, streams in copies.payloads(feed)
                for index in range(block.count)
            ]
        found.append((made, dict(copies.others), copies.read, dict(copies.skipped)))
    assert found[0] == found[1]
    made, others, read, skipped = found[0]
    assert {output for _, _, output, _ in made} == set(range(len(wanted)))
    assert len(others) == 3 - len(wanted)
    assert (read.frames, skipped) == (1450, {})
