"""The fabric: a world for every reason that drops a frame, and the nearest that does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.fabric.guards import guarded, security_rule
from tests.vtaplib.fabric.worlds import frontend, interface, interface_id, mac_of, network, udp_frame
from vtaplib.errors import VtapError
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Drop, PathStage, PathTrace
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.packets.flow import read_flow

WEB, DATABASE, COLLECTOR, ALONE = "10.0.0.4", "10.0.0.5", "10.1.0.4", "10.2.0.4"
FRONT, PUBLIC, OUTSIDE = "10.0.0.9", "198.18.0.7", "192.0.2.1"


def with_space(name: str, space: str, *peers: str) -> Any:
    return replace(network(name, *peers), address_prefixes=(ip_network(space),))


WORLD = Topology(
    networks=(
        with_space("production", "10.0.0.0/16", "tools"),
        with_space("tools", "10.1.0.0/16", "production"),
        with_space("lonely", "10.2.0.0/16"),
    ),
    interfaces=(
        interface("web", "production", WEB),
        interface("database", "production", DATABASE),
        interface("collector", "tools", COLLECTOR),
        interface("alone", "lonely", ALONE),
    ),
    frontends=(frontend("balancer", "production", FRONT, "database", ports=(80, 8080)),),
)


def changed(name: str, world: Topology = WORLD, **values: Any) -> Topology:
    """The world with an interface that is different."""
    return replace(
        world,
        interfaces=tuple(
            replace(one, **values) if one.id == interface_id(name) else one for one in world.interfaces
        ),
    )


def addressed(name: str, **values: Any) -> Topology:
    """The world with an address that is different."""
    (configuration,) = of(name).ip_configurations
    return changed(name, ip_configurations=(replace(configuration, **values),))


def of(name: str) -> Interface:
    found = WORLD.interface(interface_id(name))
    assert found is not None
    return found


def balanced(*backends: str, **values: Any) -> Topology:
    """The world with a frontend on port 80 that is different."""
    made = frontend("balancer", "production", FRONT, *backends, **({"ports": (80, 8080)} | values))
    return replace(WORLD, frontends=(made,))


@dataclass(frozen=True, slots=True)
class Case:
    """A frame that an interface sends, or that comes from outside."""

    destination: str = DATABASE
    world: Topology = WORLD
    source: str | None = "web"
    source_address: str = WEB
    mac: bytes | None = None
    ports: tuple[int, int] = (40000, 80)
    octets: bytes | None = None

    def trace(self, connections: Connections | None = None) -> PathTrace:
        frame = self.octets
        if frame is None:
            frame = udp_frame(self.source_address, self.destination, self.ports)
            frame = frame[:6] + (self.mac or mac_of(self.source or "")) + frame[12:]
        source_id = None if self.source is None else interface_id(self.source)
        return Fabric(self.world).frame(frame, source_id, connections, with_steps=True)


def framed(ethertype: int, payload: bytes = bytes(28), destination: bytes = b"\xff" * 6) -> bytes:
    return destination + mac_of("web") + ethertype.to_bytes(2, "big") + payload


def denies(direction: str, **given: Any) -> Any:
    return [security_rule("no", "Deny", direction, **given)]


public = addressed("web", public_address=IPv4Address(PUBLIC), is_shielded=True)

CASES: Mapping[Drop, tuple[Case, Case]] = {
    Drop.MALFORMED: (Case(octets=b"short"), Case(octets=framed(0x0806))),
    Drop.SOURCE_DETACHED: (Case(world=changed("web", machine_id=None)), Case()),
    Drop.SOURCE_STOPPED: (Case(world=changed("web", is_running=False)), Case()),
    Drop.WRONG_SOURCE_MAC: (Case(mac=mac_of("database")), Case(mac=mac_of("web"))),
    Drop.WRONG_SOURCE_ADDRESS: (
        Case(source_address="10.0.0.77"),
        Case(source_address="10.0.0.77", world=changed("web", ip_forwarding=True)),
    ),
    Drop.NOT_IP: (Case(octets=framed(0x88CC)), Case(octets=framed(0x0806))),
    Drop.OUTBOUND_SECURITY: (
        Case(world=guarded(WORLD, "web", denies("Outbound"))),
        Case(world=guarded(WORLD, "web", denies("Outbound", destination_port_range="81"))),
    ),
    Drop.INTERCEPTED: (Case(ports=(68, 67)), Case(ports=(67, 67))),
    Drop.BROADCAST: (
        Case("255.255.255.255"),
        Case("255.255.255.255", source_address="0.0.0.0", ports=(68, 67)),
    ),
    Drop.MULTICAST: (Case("224.0.0.251"), Case("223.255.255.251")),
    Drop.NO_ROUTE: (Case(ALONE), Case(COLLECTOR)),
    Drop.NO_SUCH_ADDRESS: (Case("10.0.0.6"), Case(DATABASE)),
    Drop.AMBIGUOUS: (
        Case(world=replace(WORLD, interfaces=(*WORLD.interfaces, interface("twin", "production", DATABASE)))),
        Case(world=replace(WORLD, interfaces=(*WORLD.interfaces, interface("twin", "lonely", DATABASE)))),
    ),
    Drop.NO_BALANCING_RULE: (Case(FRONT, ports=(40000, 81)), Case(FRONT)),
    Drop.NO_HEALTHY_BACKEND: (
        Case(FRONT, world=changed("database", is_running=False)),
        Case(FRONT),
    ),
    Drop.BACKEND_MISSING: (Case(FRONT, world=balanced("collector")), Case(FRONT)),
    Drop.HAIRPIN: (
        Case(FRONT, source="database", source_address=DATABASE),
        Case(DATABASE, source="database", source_address=DATABASE),
    ),
    Drop.INBOUND_SECURITY: (
        Case(world=guarded(WORLD, "database", denies("Inbound"))),
        Case(world=guarded(WORLD, "database", denies("Outbound"))),
    ),
    Drop.SHIELDED: (
        Case(PUBLIC, public, None, OUTSIDE),
        Case(PUBLIC, guarded(public, "web", [security_rule("yes", "Allow", "Inbound")]), None, OUTSIDE),
    ),
    Drop.DESTINATION_DETACHED: (Case(world=changed("database", machine_id=None)), Case()),
    Drop.DESTINATION_STOPPED: (Case(world=changed("database", is_running=False)), Case()),
}


@pytest.mark.parametrize("drop", Drop)
def test_every_reason_has_a_world_that_causes_it_and_the_nearest_does_not(drop: Drop) -> None:
    broken, near = (case.trace() for case in CASES[drop])
    assert broken.drop is drop
    assert not broken.delivered
    assert near.drop is None, near.steps
    assert near.delivered


@pytest.mark.parametrize("case", [case for pair in CASES.values() for case in pair])
def test_the_last_step_alone_may_fail_and_stages_come_in_order(case: Case) -> None:
    trace = case.trace()
    stages = list(PathStage)
    order = [stages.index(step.stage) for step in trace.steps]
    assert order == sorted(order)
    assert [step.passed for step in trace.steps[:-1]] == [True] * (len(trace.steps) - 1)
    assert trace.steps[-1].passed is trace.delivered
    if trace.drop is not None:
        assert trace.steps[-1].stage is trace.drop.stage


def test_a_sender_that_there_is_not_is_an_error() -> None:
    with pytest.raises(VtapError, match="not an interface"):
        Fabric(WORLD).trace(read_flow(udp_frame(WEB, DATABASE)), "/nobody")


def test_an_interface_that_is_down_neither_sends_nor_receives() -> None:
    flow = read_flow(udp_frame(WEB, DATABASE))
    drops = [
        Fabric(WORLD, down=[interface_id(name)]).trace(flow, interface_id("web")).drop
        for name in ("web", "database", "collector")
    ]
    assert drops == [Drop.SOURCE_STOPPED, Drop.DESTINATION_STOPPED, None]


DENY_ALL = [security_rule(one, "Deny", one) for one in ("Inbound", "Outbound")]


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (framed(0x0806), "ARP"),
        (udp_frame("0.0.0.0", "255.255.255.255", (68, 67)), "DHCP"),
        (udp_frame(WEB, "168.63.129.16", (40000, 53)), "DNS"),
        (udp_frame(WEB, "169.254.169.254", (40000, 80)), "metadata"),
    ],
)
def test_the_platform_answers_whatever_groups_deny(frame: bytes, text: str) -> None:
    frame = frame[:6] + mac_of("web") + frame[12:]
    trace = Fabric(guarded(WORLD, "web", DENY_ALL)).frame(frame, interface_id("web"), with_steps=True)
    assert trace.delivered
    assert trace.destination is None
    assert text in trace.steps[-1].text


@pytest.mark.parametrize(
    ("case", "kept_from"),
    [
        (Case(ports=(68, 67)), "database"),
        (Case(COLLECTOR, ports=(68, 67)), "collector"),
        (Case(FRONT, ports=(68, 67)), None),
        (Case(source=None, source_address=OUTSIDE, ports=(68, 67)), "database"),
        (Case(PUBLIC, public, None, OUTSIDE, ports=(68, 67)), "web"),
    ],
)
def test_what_a_dhcp_client_sends_leaves_it_and_gets_to_no_machine(case: Case, kept_from: str | None) -> None:
    trace = case.trace()
    assert trace.drop is Drop.INTERCEPTED
    assert trace.leaves == (case.source is not None)
    assert not trace.arrives
    assert trace.destination == (None if kept_from is None else case.world.interface(interface_id(kept_from)))
    assert (kept_from or "front") in trace.steps[-1].text


@pytest.mark.parametrize("destination", [ALONE, "10.0.0.6", "168.63.129.16", "255.255.255.255", OUTSIDE])
def test_what_a_dhcp_client_sends_to_nothing_in_reach_gets_to_the_platform(destination: str) -> None:
    trace = Case(destination, ports=(68, 67)).trace()
    assert trace.delivered
    assert trace.destination is None


def test_a_tag_that_aims_at_the_platform_denies_it() -> None:
    world = guarded(WORLD, "web", denies("Outbound", destination_address_prefix="AzureLoadBalancer"))
    assert Case("168.63.129.16", world).trace().drop is Drop.OUTBOUND_SECURITY
    assert Case("169.254.169.254", world).trace().delivered


def test_the_rule_that_decided_is_named() -> None:
    step = CASES[Drop.INBOUND_SECURITY][0].trace().steps[-1]
    assert step.decided_by is not None
    assert step.decided_by.endswith("networkSecurityGroups/at-interface/securityRules/no")
    assert "at-interface: no (priority 100) denies it" in step.text
    default = Case(OUTSIDE, guarded(WORLD, "web", [])).trace().steps[1]
    assert default.decided_by is not None
    assert default.decided_by.endswith("defaultSecurityRules/AllowInternetOutBound")


def test_a_load_balancer_rewrites_the_destination_and_lets_the_source_be() -> None:
    trace = Case(FRONT).trace()
    flow = trace.departure
    assert trace.destination == of("database")
    assert trace.arrival == flow._replace(destination=IPv4Address(DATABASE).packed, destination_port=8080)
    floating = Case(FRONT, balanced("database", is_floating_ip=True)).trace()
    assert floating.arrival == floating.departure


def test_a_backend_that_lets_no_probe_in_is_not_healthy() -> None:
    shut = guarded(WORLD, "database", denies("Inbound", source_address_prefix="AzureLoadBalancer"))
    assert Case(FRONT, shut).trace().drop is Drop.NO_HEALTHY_BACKEND
    unprobed = replace(shut, frontends=balanced("database", has_probe=False).frontends)
    assert Case(FRONT, unprobed).trace().delivered


Ask = Callable[[Fabric, Connections], PathTrace]


def go(source: str, flow: Any) -> Ask:
    return lambda fabric, connections: fabric.trace(flow, interface_id(source), connections)


def asked(world: Topology, asks: list[Ask]) -> list[Drop | None]:
    """What becomes of frames one after the other, each opening what it opens."""
    fabric, connections = Fabric(world), Connections()
    drops = []
    for ask in asks:
        trace = ask(fabric, connections)
        connections.open(trace.opens)
        drops.append(trace.drop)
    return drops


QUESTION = read_flow(udp_frame(WEB, DATABASE, (40000, 53)))
ANSWER = QUESTION.reversed()


@pytest.mark.parametrize(
    ("name", "direction", "drop"),
    [
        ("web", "Inbound", Drop.INBOUND_SECURITY),
        ("database", "Outbound", Drop.OUTBOUND_SECURITY),
    ],
)
def test_answers_pass_after_the_first_packet_and_not_before(name: str, direction: str, drop: Drop) -> None:
    world = guarded(WORLD, name, denies(direction))
    question, answer = go("web", QUESTION), go("database", ANSWER)
    assert asked(world, [answer, question, answer, answer]) == [drop, None, None, None]
    other = go("database", ANSWER._replace(destination_port=40001))
    assert asked(world, [question, other]) == [None, drop]


def test_what_is_denied_opens_nothing() -> None:
    world = guarded(WORLD, "web", DENY_ALL)
    question, answer = go("web", QUESTION), go("database", ANSWER)
    assert asked(world, [question, answer]) == [Drop.OUTBOUND_SECURITY, Drop.INBOUND_SECURITY]


def test_fragments_of_an_answer_pass() -> None:
    world = guarded(WORLD, "web", denies("Inbound", protocol="Udp"))
    fragment = ANSWER._replace(source_port=-1, destination_port=-1, is_fragment=True)
    ask = go("database", fragment)
    assert asked(world, [ask, go("web", QUESTION), ask]) == [Drop.INBOUND_SECURITY, None, None]


def test_what_a_backend_answers_passes_as_the_answer_of_the_frontend() -> None:
    world = guarded(WORLD, "web", denies("Inbound"))
    question = read_flow(udp_frame(WEB, FRONT, (40000, 80)))
    at_backend = read_flow(udp_frame(DATABASE, WEB, (8080, 40000)))
    ask = go("database", at_backend)
    assert asked(world, [ask, go("web", question), ask]) == [Drop.INBOUND_SECURITY, None, None]
    fabric, connections = Fabric(world), Connections()
    connections.open(fabric.trace(question, interface_id("web"), connections).opens)
    trace = fabric.captured(question.reversed(), connections)
    assert isinstance(trace, PathTrace)
    assert (trace.source, trace.departure, trace.is_answer) == (of("database"), at_backend, True)


def test_answers_from_the_internet_are_told_from_what_begins_there() -> None:
    world = addressed("web", public_address=IPv4Address(PUBLIC), is_shielded=True)
    fabric, connections = Fabric(world), Connections()
    out = read_flow(udp_frame(WEB, OUTSIDE, (40000, 443)))
    back = fabric.trace(out.reversed(), None, connections)
    assert (back.drop, back.is_answer) == (Drop.SHIELDED, False)
    connections.open(fabric.trace(out, interface_id("web"), connections).opens)
    back = fabric.trace(out.reversed(), None, connections)
    assert (back.drop, back.is_answer) == (None, True)


def test_a_peering_that_covers_a_part_leads_to_that_part() -> None:
    tools = with_space("tools", "10.1.0.0/16", "production")
    production = replace(
        with_space("production", "10.0.0.0/16", "tools"),
        peer_prefixes={tools.id.lower(): (ip_network("10.1.1.0/24"),)},
    )
    world = replace(WORLD, networks=(production, tools))
    assert Case(COLLECTOR, world).trace().drop is Drop.NO_ROUTE
    assert Case(WEB, world, "collector", COLLECTOR).trace().delivered


def test_the_documentation_has_every_reason_in_order() -> None:
    page = (Path(__file__).parents[3] / "docs/fabric.md").read_text()
    rows = [f"| {drop.stage} | `{drop.name}` | {drop.value} |" for drop in Drop]
    assert "\n".join(rows) in page
