"""What is asked: packets of a capture by number, or one that options describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.fabric.worlds import udp_frame
from vtaplib.analysis import PacketOrder
from vtaplib.cli.explain.asking import question_of, read_up_to
from vtaplib.errors import VtapError


def test_a_question_is_one_packet() -> None:
    assert question_of(None, None, PacketOrder("a", "b")) == PacketOrder("a", "b")
    with pytest.raises(VtapError, match="--src and --dst missing"):
        question_of(None, None, PacketOrder())
    with pytest.raises(VtapError, match="--dst missing"):
        question_of(None, None, PacketOrder("a"))
    with pytest.raises(VtapError, match="which packet"):
        question_of("a.pcap", None, PacketOrder())
    with pytest.raises(VtapError, match="--src, --dport: a packet of a capture is what it is"):
        question_of("a.pcap", 1, PacketOrder("a", destination_port=1))


def test_packets_are_counted_from_one_and_those_before_come_first(tmp_path: Path) -> None:
    frames = [udp_frame("10.0.0.4", "10.0.0.5", payload=bytes(n)) for n in range(4)]
    path = tmp_path / "four.pcap"
    path.write_bytes(pcap(frames))
    read = list(read_up_to(str(path), 3))
    assert [one.frame for one in read] == frames[:3]
    assert [(one.number, one.timestamp_ns) for one in read] == [(1, 0), (2, 10**9), (3, 2 * 10**9)]
    with pytest.raises(VtapError, match=r"has no packet 5; it has 4 Ethernet packets$"):
        list(read_up_to(str(path), 5))


def test_a_damaged_capture_says_how_far_it_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap([udp_frame("10.0.0.4", "10.0.0.5")] * 3)[:-1])
    assert len(list(read_up_to(str(path), 2))) == 2
    with pytest.raises(VtapError, match="has no packet 3; it has 2 Ethernet packets; what follows is"):
        list(read_up_to(str(path), 3))
