"""Of the same traffic, all reports say the same."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.fabric.worlds import frames, related_frames, topologies
from tests.vtaplib.mirror.test_engine import policies
from vtaplib import Policy, Topology
from vtaplib.analysis import (
    ComparedDesign,
    EstimateReport,
    Packet,
    Peerings,
    ReplayReport,
    diff,
    diff_document,
    estimate,
    explain,
    replay,
)
from vtaplib.capture import open_capture
from vtaplib.reports.document import Role

captures = st.lists(frames, max_size=20) | related_frames()


def asked(packets: list[bytes], topology: Topology, policy: Policy) -> tuple[ReplayReport, EstimateReport]:
    """What a replay and an estimate say of packets, one a second."""
    capture = pcap(packets)
    return (
        replay(open_capture(BytesIO(capture)), topology, policy),
        estimate(open_capture(BytesIO(capture)), topology, policy),
    )


@given(captures, topologies, policies)
def test_a_collector_has_one_average_and_one_peak(
    packets: list[bytes], topology: Topology, policy: Policy
) -> None:
    replayed, estimated = asked(packets, topology, policy)
    loads = {one.id: one.rates for one in replayed.loads if one.kind == "collector"}
    for entry, other in zip(replayed.collectors, estimated.collectors, strict=True):
        average = entry.bytes * 8 / 1e6 / len(packets) if entry.frames else 0
        assert entry.average_mbit_per_second == other.rates.average_mbit_per_second
        assert abs(entry.average_mbit_per_second - average) < 1e-9
        assert entry.average_mbit_per_second <= entry.peak_mbit_per_second
        if entry.interface_id in loads:
            assert loads[entry.interface_id] == other.rates
        else:
            assert not entry.frames


@given(captures, topologies, policies)
def test_every_frame_that_was_read_is_in_one_account(
    packets: list[bytes], topology: Topology, policy: Policy
) -> None:
    replayed, estimated = asked(packets, topology, policy)
    for report in (replayed, estimated):
        delivered, lost = report.tapped + report.untapped, (*report.nowhere, *report.dropped)
        found = delivered.frames + sum(one.frames for one in lost)
        assert (report.read.frames, found) == (len(packets), len(packets))
        octets = sum(map(len, packets))
        assert (report.read.bytes, delivered.bytes + sum(one.bytes for one in lost)) == (octets, octets)


@given(captures, topologies, policies)
def test_a_replay_and_an_estimate_warn_of_the_same(
    packets: list[bytes], topology: Topology, policy: Policy
) -> None:
    replayed, estimated = asked(packets, topology, policy)
    assert replayed.warnings == estimated.warnings
    of_taps = {one.tap_id: one.over_mtu_share for one in estimated.taps}
    warned = {one.subject_id for one in estimated.warnings if one.code == "copies_over_mtu"}
    assert warned == {tap_id for tap_id, share in of_taps.items() if share}


@given(frames, topologies, policies)
def test_an_explanation_warns_of_what_a_replay_of_the_packet_does(
    frame: bytes, topology: Topology, policy: Policy
) -> None:
    replayed, _ = asked([frame], topology, policy)
    explained = explain([Packet(frame, len(frame))], topology, Peerings({}), policy)
    # That it is lost is what the explanation itself says.
    of_copies = [one for one in replayed.warnings if not one.code.startswith("frames_")]
    assert list(explained.warnings) == of_copies
    assert explained.packet.drop in (None, *(one.reason for one in (*replayed.nowhere, *replayed.dropped)))
    assert explained.packet.delivered == bool(replayed.tapped.frames or replayed.untapped.frames)
    assert bool(explained.packet.copies) >= bool(replayed.tapped.frames)


@given(captures, topologies, topologies, policies, policies)
def test_what_collectors_receive_in_a_diff_is_what_they_get_in_replays(
    packets: list[bytes], before: Topology, after: Topology, policy_before: Policy, policy_after: Policy
) -> None:
    designs = ComparedDesign(before, policy_before), ComparedDesign(after, policy_after)
    compared = diff(open_capture(BytesIO(pcap(packets))), *designs)
    replays = [asked(packets, one.topology, one.policy)[0] for one in designs]
    for design, replayed in zip((compared.before, compared.after), replays, strict=True):
        assert design.warnings == replayed.warnings
        assert design.received.copies == sum(one.mirrored.frames for one in replayed.tap_points)
        assert design.received.frames == sum(one.frames for one in replayed.collectors)
        assert design.received.bytes == sum(one.bytes for one in replayed.collectors)
        for name in ("cut", "fragmented"):
            of_points = sum(getattr(one, name) for one in replayed.tap_points)
            assert getattr(design.received, name) == of_points
    for when, replayed in zip(("before", "after"), replays, strict=True):
        got = {one.interface_id.lower(): one for one in replayed.collectors}
        for change in compared.collectors:
            received, entry = getattr(change, f"received_{when}"), got.get(change.interface_id.lower())
            assert received.copies == getattr(change, when).frames
            for name in ("copies", "cut", "fragmented", "frames", "fragments", "bytes", "over_mtu"):
                assert getattr(received, name) == (0 if entry is None else getattr(entry, name))


@given(captures, topologies)
def test_that_copies_are_fragmented_is_no_secret(packets: list[bytes], topology: Topology) -> None:
    design = ComparedDesign(topology)
    report = diff(
        open_capture(BytesIO(pcap(packets))), design, replace(design, policy=Policy(oversize="fragment"))
    )
    assert not report.coverage_lost
    verdict = diff_document(report).notices[-1]
    fragmented = report.after.received.fragmented
    assert report.receive_alike == (not fragmented)
    assert (verdict.role is Role.GOOD) == (not fragmented)
    assert not fragmented or f"{fragmented:,} of " in str(verdict.words)
