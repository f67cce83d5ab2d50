"""A packet explained is a packet decided: over drawn worlds, what is told is what the fabric and the mirror
engine say when they are asked by themselves.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from enum import Enum
from io import StringIO
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from rich.console import Console

from tests.vtaplib.analysis.packet_explanation.guarded import guarded
from tests.vtaplib.mirror.test_engine import policies
from vtaplib import Cloud, Direction, Mirrored, MirrorEngine, NetworkInterface, Policy, Topology
from vtaplib.analysis.packet_explanation.copies import STAGES
from vtaplib.analysis.packet_explanation.document import explain_document
from vtaplib.analysis.packet_explanation.explainer import Explainer
from vtaplib.analysis.packet_explanation.made_packet import answer_to
from vtaplib.analysis.packet_explanation.packet import Packet
from vtaplib.analysis.packet_explanation.peerings import Peerings
from vtaplib.analysis.packet_explanation.remedies import COPY_REMEDIES, DROP_REMEDIES, UNROUTED_REMEDIES
from vtaplib.analysis.packet_explanation.report import CopyEntry, ExplainReport, PathEntry
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Drop, PathStage, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.mirror.interface_hop import FrameContext
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Reason, Verdict
from vtaplib.model import ids
from vtaplib.reports.terminal import renderables
from vtaplib.testing import captures, clouds, frames

worlds = guarded(
    clouds(
        dual_stack=True,
        overlapping=True,
        max_deletions=2,
        policy=Policy(delete_destination_in_use="dangle"),
    )
    | clouds(attached=True)
)


@given(worlds, policies, st.data())
def test_what_is_told_of_a_capture_is_what_is_decided(
    cloud: Cloud, policy: Policy, data: st.DataObject
) -> None:
    between = cloud.list(NetworkInterface)
    drawn = data.draw(captures(frames(between)), "capture")
    topology = Topology.of(cloud)
    down = data.draw(st.sets(st.sampled_from([one.id for one in topology.interfaces]), max_size=2), "down")
    fabric, connections = Fabric(topology, policy, down=down), Connections()
    replay = Replay(topology, policy, down=down)
    explainer = explainer_of(cloud, policy, down)
    for at, frame, original_length in drawn:
        packet = Packet(frame, original_length, at)
        told = explainer.path_entry(packet, explainer.send(packet))
        journey = fabric.captured(packet.flow, connections, with_steps=True)
        verdicts = replay.frame(at, frame, original_length)
        assert [fate(one) for one in told.copies] == [verdict_fate(one) for one in verdicts]
        if isinstance(journey, Unrouted):
            assert (told.delivered, told.drop, told.copies) == (False, journey.name.lower(), ())
        else:
            connections.open(journey.opens)
            assert_told(told, journey)
        assert_ends_are_true(told, topology, packet)
        assert_readable(told)


@given(worlds, policies, st.data())
def test_a_packet_is_told_alike_whether_those_before_it_are_told_or_only_pass_by(
    cloud: Cloud, policy: Policy, data: st.DataObject
) -> None:
    # Few flows, so that answers meet what they answer.
    small = frames(cloud.list(NetworkInterface), strangers=False, malformed=False, max_payload=0)
    flows = data.draw(st.lists(small, min_size=1, max_size=2), "flows")
    both = [*flows, *(one.frame for frame in flows if (one := answer_to(Packet(frame, len(frame)))))]
    sent = data.draw(st.lists(st.sampled_from(both), min_size=1, max_size=12), "capture")
    *before, last = [Packet(frame, len(frame)) for frame in sent]
    thorough, quick = explainer_of(cloud, policy), explainer_of(cloud, policy)
    for packet in before:
        thorough.send(packet)
        quick.skip(packet)
    assert thorough.path_entry(last, thorough.send(last)) == quick.path_entry(last, quick.send(last))


@given(worlds, policies, st.data())
def test_what_is_told_of_a_frame_that_an_interface_sends_is_what_is_decided(
    cloud: Cloud, policy: Policy, data: st.DataObject
) -> None:
    interfaces = cloud.list(NetworkInterface)
    frame = data.draw(frames(interfaces), "frame")
    topology = Topology.of(cloud)
    packet = Packet(frame, len(frame))
    for source in topology.interfaces:
        journey = Fabric(topology, policy).frame(frame, source.id, with_steps=True)
        explainer = explainer_of(cloud, policy)
        told = explainer.path_entry(packet, explainer.send(packet, source.id))
        assert_told(told, journey)
        verdicts = decided(MirrorEngine(topology, policy), journey, frame, 0)
        assert [fate(one) for one in told.copies] == [verdict_fate(one) for one in verdicts]


def assert_ends_are_true(told: PathEntry, topology: Topology, packet: Packet) -> None:
    """What is said of an address is what the topology says of it, found another way."""
    text = printed(told)
    ends = (
        (packet.flow.source, told.source_id, told.source_owners),
        (packet.flow.destination, told.destination_id, told.destination_owners),
    )
    for address, known, owners in ends:
        if not packet.flow.version:
            assert owners == ()
            continue
        having = [
            one.id
            for one in topology.interfaces
            for configuration in one.ip_configurations
            for held in (configuration.address, configuration.public_address)
            if held is not None and held.packed == address
        ]
        frontends = [one.id for one in topology.frontends if one.address and one.address.packed == address]
        assert len(owners) == len(set(having)) + len(frontends)
        assert all(ids.name(one) in place for one, place in zip(dict.fromkeys(having), owners, strict=False))
        said = f"{ip_address(address)}, no interface of the cloud" in text
        assert said == (known is None and not owners)


def explainer_of(cloud: Cloud, policy: Policy, down: Iterable[str] = ()) -> Explainer:
    with cloud.snapshot() as view:
        return Explainer(Topology.of(view), Peerings.of(view), policy, down=down)


def decided(engine: MirrorEngine, journey: PathTrace, frame: bytes, at: int) -> list[Verdict]:
    """The verdicts at both ends of a journey."""
    verdicts: list[Verdict] = []
    at_source = journey.drop is None or journey.drop.stage not in (PathStage.SOURCE, PathStage.PLATFORM)
    if journey.source is not None and at_source:
        passage = FrameContext(journey.drop is Drop.OUTBOUND_SECURITY, journey.is_answer)
        verdicts += engine.frame(journey.source.id, Direction.EGRESS, frame, at, passage)
    is_kept_out = journey.drop in (Drop.INBOUND_SECURITY, Drop.SHIELDED)
    if journey.destination is not None and (journey.drop is None or is_kept_out):
        passage = FrameContext(is_kept_out, journey.is_answer)
        verdicts += engine.frame(journey.destination.id, Direction.INGRESS, frame, at, passage)
    return verdicts


def assert_told(told: PathEntry, journey: PathTrace) -> None:
    """The way that is told is the journey; the last step is the only one that may be lost."""
    assert told.delivered == journey.delivered
    assert told.drop == (journey.drop.name.lower() if journey.drop else None)
    assert [(one.stage, one.passed, one.decided_by) for one in told.steps] == [
        (one.stage.value, one.passed, one.decided_by) for one in journey.steps
    ]
    assert all(one.passed for one in told.steps[:-1])
    assert told.steps[-1].passed == told.delivered
    assert (told.remedy is None) == told.delivered


def fate(copy: CopyEntry) -> tuple[object, ...]:
    """What is told of a copy. Its steps agree: the one that is lost, if one is, is the last."""
    is_mirrored = copy.verdict == "mirrored"
    assert all(step.passed for step in copy.steps[:-1])
    assert copy.steps[-1].passed == is_mirrored == (copy.remedy is None) == (copy.outer is not None)
    chosen = [one for one in copy.balancing.backends if one.is_chosen] if copy.balancing else []
    if is_mirrored and copy.balancing is not None:
        assert [one.ip_configuration_id.startswith(f"{copy.collector_id}/") for one in chosen] == [True]
    outer = copy.outer
    return (
        copy.tap_configuration_id,
        copy.direction,
        copy.reason,
        copy.collector_id if is_mirrored else None,
        outer and (outer.source, outer.destination, outer.source_port, outer.vni, outer.frames, outer.bytes),
    )


def verdict_fate(verdict: Verdict) -> tuple[object, ...]:
    """The same of a verdict."""
    point = verdict.point
    where = point.tap_configuration_id, point.direction.value
    if not isinstance(verdict, Mirrored):
        return (*where, verdict.reason.name.lower(), None, None)
    ends = str(verdict.source), str(verdict.destination)
    copies = len(verdict.copies), sum(map(len, verdict.copies))
    return (*where, None, verdict.collector_id, (*ends, verdict.source_port, verdict.vni, *copies))


def reported(told: PathEntry) -> ExplainReport:
    return ExplainReport("cloud.db", Policy().in_force(), (), told, None, None, ())


def printed(told: PathEntry) -> str:
    """What a terminal shows."""
    console = Console(file=StringIO(), width=1000, markup=False)
    for part in renderables(explain_document(reported(told))):
        console.print(part)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def assert_readable(told: PathEntry) -> None:
    """It can be printed, as text and as a document, and the text tells every verdict."""
    TypeAdapter(ExplainReport).dump_json(reported(told))
    text = printed(told)
    assert ("→ delivered" in text) == told.delivered
    assert text.count("→ mirrored") == sum(copy.verdict == "mirrored" for copy in told.copies)


def test_every_reason_belongs_to_a_step_and_says_what_to_change() -> None:
    for reason in Reason:
        assert any(reason in stage.reasons for stage in STAGES), reason
    assert COPY_REMEDIES.keys() == set(Reason)
    assert DROP_REMEDIES.keys() == set(Drop)
    assert UNROUTED_REMEDIES.keys() == set(Unrouted)


@pytest.mark.parametrize("remedies", [COPY_REMEDIES, DROP_REMEDIES, UNROUTED_REMEDIES])
def test_what_to_change_is_a_sentence_with_names_in_it(remedies: Mapping[Enum, str]) -> None:
    words = set()
    for text in remedies.values():
        assert text[0].isupper() or text[0] == "{"
        assert text.endswith((".", "}")), text
        words |= {name for _, name, _, _ in string.Formatter().parse(text) if name}
    of_packets = {"source", "destination", "source_machine", "destination_machine"}
    of_copies = {"interface", "configuration", "tap", "collector", "machine", "address", "largest"}
    assert words <= of_packets | of_copies
