"""Security groups decide as the reference does, packet by packet; of what is known in part they say only what
holds for every packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.control.lab import (
    Lab,
    guarded_interface,
    guarded_subnet,
    network_id,
    nic_id,
    peering,
    security_group,
    security_group_id,
    security_rule,
    subnet_id,
)
from tests.vtaplib.resources.security_reference import NUMBERS, Packet, passes
from vtaplib.model.resource import Resource
from vtaplib.model.spans import Spans, address_number
from vtaplib.resources import InlineSecurityRule, NetworkSecurityRule
from vtaplib.rules.effective_security_rules import effective_rules_of
from vtaplib.rules.security_evaluation import ICMP, TCP, UDP, RuleDirection, SecurityDecision, TrafficSet

SPACE = "10.3.0.0/16"
"""That of the network that is alone."""
WEB, PEER, OUTSIDE = "10.1.1.4", "10.2.1.4", "203.0.113.9"
PLATFORM = "168.63.129.16"
ADDRESSES = ("10.3.1.4", "10.3.1.5", "10.3.2.200", "10.4.0.1", OUTSIDE, PLATFORM, "169.254.169.254")
PREFIXES = ("10.3.0.0/16", "10.3.1.0/24", "10.3.1.4", "10.3.1.4/31", "203.0.113.0/24", "10.0.0.0/8")
PORTS = (0, 22, 53, 4789, 49152, 65535)
PORT_TEXTS = ("22", "4789", "0-1023", "1024-65535", "53-4789")


@st.composite
def rules(draw: st.DrawFn) -> Sequence[InlineSecurityRule]:
    """The rules of a group: of few addresses and ports, or of all, so that several match."""
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(["Inbound", "Outbound"]), st.integers(100, 4096)),
            max_size=6,
            unique=True,
        )
    )
    tags = (*["*"] * 8, "VirtualNetwork", "Internet", "AzureLoadBalancer")
    made = []
    for number, (direction, priority) in enumerate(places):
        values: dict[str, Any] = {}
        for side in ("source", "destination"):
            for name, single, listed in (
                ("address_prefix", (*tags, *PREFIXES), PREFIXES),
                ("port_range", (*["*"] * 8, *PORT_TEXTS), PORT_TEXTS),
            ):
                if draw(st.sampled_from([True, True, False])):
                    values[f"{side}_{name}"] = draw(st.sampled_from(single))
                else:
                    plural = f"{side}_{name}{'es' if name == 'address_prefix' else 's'}"
                    values[plural] = draw(st.lists(st.sampled_from(listed), min_size=1, max_size=3))
        made.append(
            InlineSecurityRule(
                name=f"rule{number}",
                access=draw(st.sampled_from(["Allow", "Deny"])),
                direction=direction,
                priority=priority,
                protocol=draw(st.sampled_from(["*", "*", "Tcp", "Udp"])),
                **values,
            )
        )
    return made


packets = st.builds(
    Packet,
    st.sampled_from([TCP, UDP]),
    st.sampled_from(ADDRESSES),
    st.sampled_from(ADDRESSES),
    st.sampled_from(PORTS),
    st.sampled_from(PORTS),
)
one_lab = Lab()


def decision(
    at_subnet: Sequence[InlineSecurityRule] | None,
    at_interface: Sequence[InlineSecurityRule] | None,
    direction: RuleDirection,
    flow: TrafficSet,
) -> SecurityDecision:
    """What two groups make of a flow at an interface of the network that is alone."""
    overlay = one_lab.cloud.overlay()
    attach = (guarded_subnet(subnet_id("island"), "s"), guarded_interface("stray", "i"))
    for name, group, attachment in zip("si", (at_subnet, at_interface), attach, strict=True):
        if group is not None:
            for resource in (security_group(name, *group), attachment):
                assert not [one for one in overlay.put(one_lab.home.place(resource))[1] if one.rule]
    return effective_rules_of(overlay, nic_id("stray"), subnet_id("island")).decide(direction, flow)


@given(st.none() | rules(), st.none() | rules(), packets, st.sampled_from(RuleDirection))
def test_a_packet_passes_where_the_reference_lets_it(
    at_subnet: Sequence[InlineSecurityRule] | None,
    at_interface: Sequence[InlineSecurityRule] | None,
    packet: Packet,
    direction: RuleDirection,
) -> None:
    inward = direction is RuleDirection.INBOUND
    groups = [one for one in (at_subnet, at_interface) if one is not None]
    decided = decision(at_subnet, at_interface, direction, TrafficSet.packet(*packet))
    assert decided.allows is passes(groups, packet, inward, SPACE)


def span(addresses: Sequence[str]) -> Spans:
    return Spans.of((number, number) for one in addresses for number in (address_number(ip_address(one)),))


some = st.lists(st.sampled_from(ADDRESSES[:5]), min_size=1, max_size=3, unique=True)
some_ports = st.lists(st.sampled_from(PORTS), min_size=1, max_size=3, unique=True)


@given(
    rules(), some, some, some_ports, some_ports, st.sampled_from(RuleDirection), st.sampled_from([TCP, UDP])
)
def test_what_is_said_of_many_packets_holds_for_each(
    at_subnet: Sequence[InlineSecurityRule],
    sources: Sequence[str],
    destinations: Sequence[str],
    source_ports: Sequence[int],
    destination_ports: Sequence[int],
    direction: RuleDirection,
    protocol: int,
) -> None:
    flow = TrafficSet(
        protocol,
        span(sources),
        span(destinations),
        Spans.of((one, one) for one in source_ports),
        Spans.of((one, one) for one in destination_ports),
    )
    said = decision(at_subnet, None, direction, flow).allows
    each = {
        passes([at_subnet], Packet(protocol, *ends), direction is RuleDirection.INBOUND, SPACE)
        for ends in (
            (source, destination, source_port, port)
            for source in sources
            for destination in destinations
            for source_port in source_ports
            for port in destination_ports
        )
    }
    assert said is None or each == {said}


@pytest.fixture
def lab() -> Lab:
    return Lab()


def inbound(lab: Lab, flow: TrafficSet, subnet: str = "app", nic: str = "web") -> SecurityDecision:
    return effective_rules_of(lab.cloud.view, nic_id(nic), subnet_id(subnet)).decide(
        RuleDirection.INBOUND, flow
    )


def test_without_a_group_all_passes(lab: Lab) -> None:
    decided = inbound(lab, TrafficSet.packet(TCP, OUTSIDE, WEB, 1, 22))
    assert (decided.allows, decided.steps, decided.decisive) == (True, (), None)


@pytest.mark.parametrize(
    ("source", "rule", "allows"),
    [
        ("10.1.1.9", "AllowVnetInBound", True),
        (PEER, "AllowVnetInBound", True),
        ("10.3.1.4", "DenyAllInBound", False),
        (OUTSIDE, "DenyAllInBound", False),
        (PLATFORM, "AllowAzureLoadBalancerInBound", True),
    ],
)
def test_a_group_without_rules_has_those_that_every_group_has(
    lab: Lab, source: str, rule: str, *, allows: bool
) -> None:
    lab.put(security_group("g"), guarded_interface("web", "g"))
    decided = inbound(lab, TrafficSet.packet(UDP, source, WEB, 50_000, 4789))
    assert decided.allows is allows
    assert decided.decisive is not None
    assert (decided.decisive.rule, decided.decisive.group_id) == (rule, security_group_id("g"))


def test_a_peering_that_gives_no_access_takes_its_network_out_of_the_tag(lab: Lab) -> None:
    lab.put(security_group("g"), guarded_interface("web", "g"))
    lab.put(peering("app", "tools", allow_virtual_network_access=False))
    assert inbound(lab, TrafficSet.packet(UDP, PEER, WEB)).allows is False
    lab.put(peering("app", "tools"))
    lab.cloud.delete(f"{network_id('tools')}/virtualNetworkPeerings/to-app")
    assert inbound(lab, TrafficSet.packet(UDP, PEER, WEB)).allows is False


def test_the_lowest_number_decides(lab: Lab) -> None:
    lab.put(security_group("g", security_rule("no", priority=200), security_rule("yes", access="Allow")))
    lab.put(guarded_interface("web", "g"))
    assert inbound(lab, TrafficSet.packet(UDP, PEER, WEB, 1, 4789)).allows is True


def test_the_subnet_is_asked_first_on_the_way_in_and_last_on_the_way_out(lab: Lab) -> None:
    lab.put(security_group("s"), security_group("i"))
    lab.put(guarded_subnet(subnet_id("app"), "s"), guarded_interface("web", "i"))
    guard = effective_rules_of(lab.cloud.view, nic_id("web"), subnet_id("app"))
    flows = TrafficSet.packet(TCP, PEER, WEB), TrafficSet.packet(TCP, WEB, PEER)
    orders = [
        [step.group_id for step in guard.decide(direction, flow).steps]
        for direction, flow in zip(RuleDirection, flows, strict=True)
    ]
    subnet_first = [security_group_id("s"), security_group_id("i")]
    assert orders == [subnet_first, subnet_first[::-1]]


def test_a_group_that_denies_is_the_last_that_is_asked(lab: Lab) -> None:
    lab.put(security_group("s", security_rule("no")), security_group("i"))
    lab.put(guarded_subnet(subnet_id("app"), "s"), guarded_interface("web", "i"))
    decided = inbound(lab, TrafficSet.packet(UDP, PEER, WEB, 1, 4789))
    assert [(step.rule, step.priority, step.allows) for step in decided.steps] == [("no", 100, False)]


def test_the_platforms_addresses_pass_whatever_is_denied(lab: Lab) -> None:
    lab.put(security_group("g", security_rule("no", protocol="*", ports="*")))
    lab.put(guarded_interface("web", "g"))
    assert inbound(lab, TrafficSet.packet(TCP, "169.254.169.254", WEB, 80, 50_000)).allows is True
    assert inbound(lab, TrafficSet.packet(TCP, PLATFORM, WEB, 50_000, 22)).allows is True


def test_a_tag_of_the_platforms_stops_its_addresses(lab: Lab) -> None:
    rule = security_rule("no", source="AzureLoadBalancer", protocol="*", ports="*")
    lab.put(security_group("g", rule), guarded_interface("web", "g"))
    assert inbound(lab, TrafficSet.packet(TCP, PLATFORM, WEB, 50_000, 22)).allows is False
    assert inbound(lab, TrafficSet.packet(TCP, PEER, WEB, 50_000, 22)).allows is True


UNDECIDED: Sequence[dict[str, Any]] = [
    {"source": "Storage.WestEurope"},
    {"source": None, "source_application_security_group_ids": ["/subscriptions/s/asg"]},
]


@pytest.mark.parametrize("values", UNDECIDED)
def test_what_depends_on_what_is_not_modelled_is_not_decided(lab: Lab, values: dict[str, Any]) -> None:
    lab.put(security_group("g", security_rule("maybe", **values)))
    lab.put(guarded_interface("web", "g"))
    decided = inbound(lab, TrafficSet.packet(UDP, PEER, WEB, 1, 4789))
    assert decided.allows is None
    assert decided.decisive is not None
    assert decided.decisive.rule == "maybe"
    assert inbound(lab, TrafficSet.packet(UDP, PEER, WEB, 1, 53)).allows is True


@pytest.mark.parametrize("values", UNDECIDED)
def test_what_makes_no_difference_is_decided_all_the_same(lab: Lab, values: dict[str, Any]) -> None:
    both = [security_rule("maybe", **values), security_rule("no", priority=200)]
    lab.put(security_group("g", *both), guarded_interface("web", "g"))
    assert inbound(lab, TrafficSet.packet(UDP, PEER, WEB, 1, 4789)).allows is False


@pytest.mark.parametrize(("name", "number"), NUMBERS.items())
def test_a_rule_is_about_its_protocol(lab: Lab, name: str, number: int) -> None:
    rule = security_rule("no", protocol=name, ports="*")
    lab.put(security_group("g", rule), guarded_interface("web", "g"))
    allowed = {one for one in NUMBERS.values() if inbound(lab, TrafficSet.packet(one, PEER, WEB)).allows}
    assert allowed == set(NUMBERS.values()) - {number}


def test_of_a_protocol_without_ports_a_rule_with_ports_decides_nothing(lab: Lab) -> None:
    lab.put(security_group("g", security_rule("no", protocol="*")))
    lab.put(guarded_interface("web", "g"))
    assert inbound(lab, TrafficSet.packet(ICMP, PEER, WEB)).allows is None


def test_in_a_plan_only_what_lists_all_its_rules_decides(lab: Lab) -> None:
    def planned(*resources: Resource) -> bool | None:
        overlay = lab.cloud.overlay(complete=False)
        for resource in (*resources, guarded_interface("web", "g")):
            overlay.put(lab.home.place(resource))
        guard = effective_rules_of(overlay, nic_id("web"), subnet_id("app"), certain=True)
        return guard.decide(RuleDirection.INBOUND, TrafficSet.packet(UDP, WEB, "10.1.1.5", 1, 4789)).allows

    deny = security_rule("no", priority=200)
    alone = {**deny.values(), "resource_group_name": "lab", "network_security_group_name": "g"}
    assert planned(security_group("g", deny)) is False
    mixed = security_group("g").replace(security_rule=None)
    assert planned(mixed, NetworkSecurityRule.from_values(alone)) is None
