"""`vtaplib.analysis.estimate` without the command: traffic and a topology in, a report out."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.flow_logs import flow_tuple, log, record
from tests.vtaplib.fabric.worlds import (
    frames,
    interface_id,
    quickstart,
    related_frames,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.test_engine import policies
from vtaplib import Policy, Topology
from vtaplib.analysis import EstimateReport, FlowLogs, estimate
from vtaplib.capture import open_capture
from vtaplib.capture.flow_log import FlowLogReader
from vtaplib.errors import CaptureError

WEB, DATABASE = "10.0.0.4", "10.0.0.5"

captures = st.lists(frames, max_size=20) | related_frames()


def estimated(packets: list[bytes], topology: Topology, policy: Policy, scale: float = 1) -> EstimateReport:
    return estimate(open_capture(BytesIO(pcap(packets))), topology, policy, scale=scale)


@given(captures, topologies, policies)
def test_what_taps_send_is_what_collectors_get(
    packets: list[bytes], topology: Topology, policy: Policy
) -> None:
    report = estimated(packets, topology, policy)
    assert report.read.frames == len(packets)
    assert report.read.bytes == sum(map(len, packets))
    for unit in ("frames", "bytes"):
        sent = sum(getattr(tap.copies, unit) for tap in report.taps)
        assert sent == sum(getattr(one.copies, unit) for one in report.collectors)
    for tap in report.taps:
        assert sum(one.bytes for one in tap.talkers) <= tap.copies.bytes


@given(captures, topologies, st.integers(2, 1000))
def test_a_scale_multiplies_every_amount(packets: list[bytes], topology: Topology, scale: int) -> None:
    once = estimated(packets, topology, Policy())
    more = estimated(packets, topology, Policy(), scale)
    assert more.read.bytes == once.read.bytes * scale
    assert [one.copies.bytes for one in more.taps] == [one.copies.bytes * scale for one in once.taps]
    assert [one.rates.peak_mbit_per_second for one in more.collectors] == [
        pytest.approx(one.rates.peak_mbit_per_second * scale) for one in once.collectors
    ]


def test_a_collector_that_is_down_gets_nothing() -> None:
    topology = quickstart("web")
    packets = [udp_frame(WEB, DATABASE)]
    report = estimate(
        open_capture(BytesIO(pcap(packets))), topology, down=[interface_id("collector")], cloud="lab"
    )
    assert (report.cloud, report.down) == ("lab", (interface_id("collector"),))
    (tap,) = report.taps
    assert [(one.reason, one.frames) for one in tap.not_mirrored] == [("collector_down", 1)]
    assert [one.copies.frames for one in report.collectors] == [0]


def test_flow_logs_are_streams_of_records_and_one_that_breaks_off_counts_up_to_there() -> None:
    text = log(record(flow_tuple(0, WEB, DATABASE, "E", (1, 100, 0, 0)), mac="027765620000"))
    logs = [FlowLogReader(BytesIO(one.encode())) for one in (text, text[:-2])]
    report = estimate(FlowLogs("two logs", logs), quickstart("web"))
    assert (report.source, report.format) == ("two logs", "flow logs")
    assert report.flow_logs is not None
    assert (report.flow_logs.files, report.flow_logs.records) == (2, 2)
    (trouble,) = report.flow_logs.troubles
    assert "is cut off" in trouble
    assert [tap.copies.frames for tap in report.taps] == [2]
    assert report.found_something


def test_flow_logs_without_a_record_are_an_error() -> None:
    with pytest.raises(CaptureError, match="is empty"):
        estimate(FlowLogs("nothing", [FlowLogReader(BytesIO())]), quickstart())
