"""`vtaplib.analysis.replay` without the command: a capture and a topology in, a report out."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.fabric.worlds import (
    frames,
    quickstart,
    related_frames,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.test_engine import policies
from vtaplib import Policy, Topology
from vtaplib.analysis import ReplayReport, replay
from vtaplib.analysis.traffic_replay.document import replay_document
from vtaplib.analysis.traffic_replay.staged_copies import StagedCopies, StagedOutput
from vtaplib.capture import open_capture
from vtaplib.errors import CaptureError
from vtaplib.packets.block import PacketBlock
from vtaplib.reports.document import Share, Table
from vtaplib.reports.page.frame import html_page
from vtaplib.reports.terminal import renderables

WEB, DATABASE = "10.0.0.4", "10.0.0.5"

captures = st.lists(frames, max_size=20) | related_frames()


def replayed(packets: list[bytes], topology: Topology, policy: Policy | None = None) -> ReplayReport:
    return replay(open_capture(BytesIO(pcap(packets))), topology, policy)


@given(captures, topologies, policies)
def test_every_frame_is_accounted_for(packets: list[bytes], topology: Topology, policy: Policy) -> None:
    report = replayed(packets, topology, policy)
    assert report.read.frames == len(packets)
    for point in report.tap_points:
        refused = sum(one.frames for one in point.not_mirrored)
        assert point.entered.frames == point.mirrored.frames + refused


@given(captures, topologies, policies)
def test_any_report_has_a_document_that_is_shown(
    packets: list[bytes], topology: Topology, policy: Policy
) -> None:
    document = replay_document(replayed(packets, topology, policy))
    assert list(renderables(document))
    assert html_page(document)
    tables = [one for section in document.sections for one in section.elements if isinstance(one, Table)]
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(cell.part <= cell.whole for row in table.rows for cell in row if isinstance(cell, Share))


def test_what_passes_no_tap_point_is_said_on_a_terminal_and_on_a_page() -> None:
    document = replay_document(replayed([udp_frame(WEB, DATABASE)] * 2, quickstart()))
    assert "2 frames, 84 bytes past no tap point" in str(next(iter(renderables(document))))
    assert "2 frames, 84 bytes were delivered past no tap point." in html_page(document)


def test_what_is_down_gets_nothing() -> None:
    packets = [udp_frame(WEB, DATABASE)] * 3
    topology = quickstart("web", "database")
    (collector,) = topology.collectors
    assert sum(one.frames for one in replayed(packets, topology).collectors) > 0
    report = replay(open_capture(BytesIO(pcap(packets))), topology, down=[collector.id])
    assert [(one.frames, report.down) for one in report.collectors] == [(0, (collector.id,))]


class Kept:
    """Keeps the frames of an output."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write_block(self, block: PacketBlock, *, output: int) -> None:
        assert not any(block.outputs[: block.count]), "there is one output"
        self.frames += [block.packet(index) for index in range(block.count)]


def test_staged_copies_are_the_inner_frames_that_the_stages_leave() -> None:
    frame = udp_frame(WEB, DATABASE)
    topology = quickstart("web", "database")
    (collector,) = topology.collectors
    kept = Kept()
    outputs: Mapping[str, list[StagedOutput]] = {collector.id: [StagedOutput(Path("out.pcapng"), kept)]}
    staged = StagedCopies(["dedup=50ms"], outputs)
    report = replay(open_capture(BytesIO(pcap([frame]))), topology, out=staged)
    assert kept.frames == [frame]
    ((stage,),) = [one.stages for one in report.staged]
    assert (stage.entered.frames, stage.left.frames) == (report.collectors[0].frames, 1)
    assert report.collectors[0].capture == "out.pcapng"


def test_copies_are_dissected_when_asked_for() -> None:
    report = replay(
        open_capture(BytesIO(pcap([udp_frame(WEB, DATABASE)] * 3))), quickstart("web", "database"), decode=2
    )
    assert [one.decoder for one in report.decoded] == ["vtap", "vtap"]
    assert all("VXLAN" in one.text for one in report.decoded)


def test_the_network_may_have_no_tap() -> None:
    report = replayed([udp_frame(WEB, DATABASE)], Topology())
    assert not report.tap_points
    assert not report.collectors
    assert not report.found_something


def test_what_is_no_capture_is_an_error() -> None:
    with pytest.raises(CaptureError):
        replay(open_capture(BytesIO(pcap([b"frame"])[:20])), quickstart("web", "database"))
