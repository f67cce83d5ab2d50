from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import nic_id, write_load_balanced
from tests.vtaplib.cli.command import CAPTURE
from vtaplib import Cloud, Policy, Topology
from vtaplib.capture import open_capture
from vtaplib.capture.feed import CaptureFeed
from vtaplib.collector.payload_source import ReplayedCopySource
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Mirrored

UDP_PAYLOAD = 14 + 20 + 8
"""Where the payload of a copy begins: behind Ethernet, IPv4 and UDP."""


@pytest.mark.parametrize("wanted", [["nic-collector-b"], ["nic-collector-c", "nic-collector-a"]])
def test_payloads_are_those_of_the_copies_whole_and_in_the_order_of_time(
    tmp_path: Path, wanted: list[str]
) -> None:
    write_load_balanced(tmp_path / "cloud.db")
    with Cloud.open(tmp_path / "cloud.db") as cloud:
        topology = Topology.of(cloud)
    collectors = [nic_id(name) for name in wanted]
    copies = ReplayedCopySource(topology, Policy(oversize="fragment"), collectors)
    with open_capture(CAPTURE) as reader:
        made = [
            (block.times_ns[index], block.outputs[index], block.packet(index))
            for block, _ in copies.payloads(CaptureFeed(reader))
            for index in range(block.count)
        ]
    # Frame by frame, where nothing is fragmented.
    expected: list[tuple[int, int, bytes]] = []
    others = Counter[str]()
    single, fragmented = (
        Replay(topology, Policy(oversize="deliver")),
        Replay(topology, Policy(oversize="fragment")),
    )
    with open_capture(CAPTURE) as reader:
        for record in reader:
            for verdict in single.frame(record.timestamp_ns, record.data):
                if isinstance(verdict, Mirrored) and verdict.collector_id in collectors:
                    output = collectors.index(verdict.collector_id)
                    expected.append((record.timestamp_ns, output, verdict.copies[0][UDP_PAYLOAD:]))
            for verdict in fragmented.frame(record.timestamp_ns, record.data):
                if isinstance(verdict, Mirrored) and verdict.collector_id not in collectors:
                    others[verdict.collector_id] += len(verdict.copies)
    assert sorted(made) == sorted(expected)
    assert [at for at, _, _ in made] == sorted(at for at, _, _ in made)
    assert {output for _, output, _ in made} == set(range(len(wanted)))
    assert {collector_id: count.frames for collector_id, count in copies.others.items()} == others
    assert len(others) == 3 - len(wanted)
    assert (copies.read.frames, copies.skipped) == (1450, {})
