"""Path traces of any frames in any worlds: each has one end, and groups decide as the reference does."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.vtaplib.fabric.guards import SPACE, Rules, effective_rules, guarded, guarded_topologies
from tests.vtaplib.fabric.worlds import frames, interface, interface_id, network, udp_frame
from tests.vtaplib.mirror.replaying import batch
from tests.vtaplib.resources.security_reference import Packet, passes
from tests.vtaplib.rules.test_security_evaluation import rules
from vtaplib.fabric import connections as connections_module
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Drop, Link, PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.security import Security, inbound
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.replay import Replay
from vtaplib.model.spans import Spans, address_number
from vtaplib.packets import ethernet
from vtaplib.packets.flow import NO_PORT, PORTED, TCP, UDP, Flow, read_flow
from vtaplib.rules.security_evaluation import (
    ANY_PORT,
    EffectiveSecurityRules,
    RuleDirection,
    SecurityDecision,
    TrafficSet,
)

ENDS = ("10.3.1.4", "10.3.1.5")
PAIR = Topology(
    networks=(network("island"),),
    interfaces=tuple(interface(name, "island", address) for name, address in zip("ab", ENDS, strict=True)),
)


@given(guarded_topologies(), st.lists(frames, max_size=12))
def test_every_frame_has_one_end_whatever_its_bytes(world: Topology, captured: list[bytes]) -> None:
    fabric, connections = Fabric(world), Connections()
    for frame in captured:
        for source_id in (None, *(one.id for one in world.interfaces)):
            trace = fabric.frame(frame, source_id, connections, with_steps=True)
            connections.open(trace.opens)
            assert trace.steps
            assert trace.steps[-1].passed is trace.delivered
            assert all(step.passed for step in trace.steps[:-1])
            assert trace.drop is None or trace.drop.stage is trace.steps[-1].stage
            assert set(trace.opens).isdisjoint(trace.awaits)


@given(guarded_topologies(), st.lists(frames, max_size=12))
def test_the_ends_of_frames_add_up(world: Topology, captured: list[bytes]) -> None:
    run = Replay(world)
    batch(run, [0] * len(captured), captured)
    accounts = run.accounts
    fabric, connections = Fabric(world), Connections()
    delivered = 0
    for frame in captured:
        trace = fabric.captured(read_flow(frame), connections)
        if isinstance(trace, PathTrace):
            connections.open(trace.opens)
            delivered += trace.delivered
    lost = [*accounts.unrouted.values(), *accounts.dropped.values()]
    assert sum(one.count.frames for one in lost) + delivered == accounts.read.frames == len(captured)
    assert accounts.is_balanced


@given(guarded_topologies(), st.lists(frames, max_size=12))
def test_a_path_trace_is_the_same_with_and_without_its_steps(world: Topology, captured: list[bytes]) -> None:
    fabric, connections = Fabric(world), Connections()
    for frame in captured:
        for source_id in (None, *(one.id for one in world.interfaces)):
            told = fabric.frame(frame, source_id, connections, with_steps=True)
            assert fabric.frame(frame, source_id, connections) == told._replace(steps=())
        flow = read_flow(frame)
        found = fabric.captured(flow, connections, with_steps=True)
        without = found._replace(steps=()) if isinstance(found, PathTrace) else found
        assert fabric.captured(flow, connections) == without
        assert fabric.captured(flow, connections, with_steps=True) == found
        if isinstance(found, PathTrace):
            connections.open(found.opens)


@given(guarded_topologies(), st.lists(frames, max_size=12))
def test_what_is_remembered_of_journeys_changes_none(world: Topology, captured: list[bytes]) -> None:
    remembering, connections = Fabric(world), Connections()
    for frame in captured * 2:
        flow = read_flow(frame)
        trace = remembering.captured(flow, connections)
        assert trace == Fabric(world).captured(flow, connections)
        if isinstance(trace, PathTrace):
            connections.open(trace.opens)


@given(
    st.none() | rules(),
    st.none() | rules(),
    st.none() | rules(),
    st.none() | rules(),
    st.sampled_from([TCP, UDP]),
    st.tuples(*[st.sampled_from([22, 53, 4789, 49152])] * 2),
)
def test_groups_at_both_ends_decide_as_the_reference_does(
    a_interface: Rules | None,
    a_subnet: Rules | None,
    b_interface: Rules | None,
    b_subnet: Rules | None,
    protocol: int,
    ports: tuple[int, int],
) -> None:
    world = guarded(guarded(PAIR, "a", a_interface, a_subnet), "b", b_interface, b_subnet)
    flow = read_flow(udp_frame(*ENDS, ports))._replace(protocol=protocol)
    trace = Fabric(world).trace(flow, interface_id("a"))
    packet = Packet(protocol, *ENDS, *ports)

    def lets_through(groups: tuple[Rules | None, ...], *, inward: bool) -> bool:
        return passes([one for one in groups if one is not None], packet, inward, SPACE)

    if not lets_through((a_interface, a_subnet), inward=False):
        assert trace.drop is Drop.OUTBOUND_SECURITY
    elif not lets_through((b_subnet, b_interface), inward=True):
        assert trace.drop is Drop.INBOUND_SECURITY
    else:
        assert trace.drop is None


@given(guarded_topologies(), st.lists(st.tuples(frames, st.booleans()), max_size=10))
def test_an_answer_passes_the_groups_that_let_its_question_through(
    world: Topology, captured: list[tuple[bytes, bool]]
) -> None:
    fabric, connections = Fabric(world), Connections()
    for frame, _ in captured:
        flow = read_flow(frame)
        trace = fabric.captured(flow, connections)
        if isinstance(trace, Unrouted) or not trace.delivered:
            continue
        connections.open(trace.opens)
        if trace.source is None or trace.destination is None or flow.is_fragment:
            continue
        answer = fabric.trace(trace.arrival.reversed(), trace.destination.id, connections)
        assert answer.drop not in (Drop.OUTBOUND_SECURITY, Drop.INBOUND_SECURITY)


def flow(number: int) -> Flow:
    return Flow(4, ethernet.IPV4, bytes(4), bytes([1] * 4), UDP, number, 53)


def test_connections_that_are_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "LINKS_KEPT", 3)
    connections = Connections()
    links = [Link("a", flow(number)) for number in range(5)]
    answers = [Link("a", link.flow.reversed()) for link in links]
    assert [connections.open([link]) for link in links[:3]] == [False] * 3
    assert connections.open([links[0]]) is False
    assert all(map(connections.answers, answers[:3]))
    assert connections.open([links[3]]) is True
    assert [connections.answers(one) for one in answers] == [False, False, False, True, False]
    assert len(connections) == 1


def test_a_link_is_an_interfaces_own() -> None:
    connections = Connections()
    connections.open([Link("a", flow(1))])
    assert not connections.answers(Link("b", flow(1).reversed()))
    assert not connections.answers(Link("a", flow(1)))
    fragment = flow(1).reversed()._replace(source_port=NO_PORT, destination_port=NO_PORT)
    assert connections.answers(Link("a", fragment))


any_flows = st.builds(
    lambda source, destination, protocol, ports: Flow(
        4, ethernet.IPV4, source.packed, destination.packed, protocol, *ports
    ),
    *[st.sampled_from(ENDS).map(ip_address) | st.ip_addresses(v=4)] * 2,
    st.sampled_from([1, TCP, UDP]),
    st.tuples(*[st.sampled_from([NO_PORT, 0, 21, 22, 23, 53, 4789, 65535]) | st.integers(0, 65535)] * 2),
)


@given(
    st.none() | rules(),
    st.none() | rules(),
    st.lists(any_flows | frames.map(read_flow).filter(lambda flow: flow.version), min_size=1, max_size=12),
)
def test_what_is_decided_once_for_many_flows_is_so_for_each(
    at_interface: Rules | None, at_subnet: Rules | None, flows: list[Flow]
) -> None:
    made, kept = effective_rules(at_interface, at_subnet), Security()
    assume(made is not None)
    assert made is not None
    for one in flows:
        for is_inbound in (True, False):
            decided = kept.decide(made, one, is_inbound=is_inbound)
            assert decided == decide_plainly(made, one, is_inbound=is_inbound)
        assert inbound(made, one) == decide_plainly(made, one, is_inbound=True)


def decide_plainly(made: EffectiveSecurityRules, one: Flow, *, is_inbound: bool) -> SecurityDecision:
    """What all rules make of a flow, one after the other."""
    ends = (Spans.one(address_number(ip_address(packed))) for packed in (one.source, one.destination))
    ports = (
        ANY_PORT if port == NO_PORT or one.protocol not in PORTED else Spans.one(port)
        for port in (one.source_port, one.destination_port)
    )
    direction = RuleDirection.INBOUND if is_inbound else RuleDirection.OUTBOUND
    return made.decide(direction, TrafficSet(one.protocol, *ends, *ports))
