from __future__ import annotations

from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import nic_id, write_load_balanced
from tests.vtaplib.cli.command import CAPTURE
from vtaplib import Cloud, Policy, Topology
from vtaplib.capture import open_capture
from vtaplib.capture.feed import CaptureFeed
from vtaplib.collector.payload_source import ReplayedCopySource


@pytest.mark.parametrize("wanted", [["nic-collector-b"], ["nic-collector-c", "nic-collector-a"]])
def test_blocks_and_batches_make_the_same_payloads(
    tmp_path: Path, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_load_balanced(tmp_path / "cloud.db")
    with Cloud.open(tmp_path / "cloud.db") as cloud:
        topology = Topology.of(cloud)
    found = []
    for compiled in (True, False):
        monkeypatch.setattr("vtaplib.collector.payload_source.COMPILED", compiled)
        copies = ReplayedCopySource(topology, Policy(oversize="fragment"), [nic_id(name) for name in wanted])
        with open_capture(CAPTURE) as reader:
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
