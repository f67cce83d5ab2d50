"""Security groups for worlds that are made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import ADDRESSES, PROVIDERS, interface_id, ports, topologies, udp_frame
from tests.vtaplib.rules.test_security_evaluation import rules
from vtaplib.fabric.topology import Topology
from vtaplib.model.spans import Spans, address_range
from vtaplib.resources import InlineSecurityRule
from vtaplib.rules.effective_security_rules import compile_rules
from vtaplib.rules.security_evaluation import CompiledGroup, EffectiveSecurityRules, FixedSpace

SPACE = "10.0.0.0/8"
Rules = Sequence[InlineSecurityRule]


def security_rule(
    name: str, access: str, direction: str, priority: int = 100, **given: Any
) -> InlineSecurityRule:
    """A rule about everything, but for what is given."""
    values = {
        "protocol": "*",
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }
    return InlineSecurityRule(
        name=name, access=access, direction=direction, priority=priority, **(values | given)
    )


def effective_rules(
    at_interface: Rules | None, at_subnet: Rules | None = None
) -> EffectiveSecurityRules | None:
    """The groups with these rules, in a network whose space is `SPACE`."""
    if at_interface is None and at_subnet is None:
        return None
    return EffectiveSecurityRules(
        _group("at-interface", at_interface),
        _group("at-subnet", at_subnet),
        FixedSpace(Spans.of([address_range(ip_network(SPACE))])),
    )


def _group(name: str, rules: Rules | None) -> CompiledGroup | None:
    group_id = f"{PROVIDERS}/networkSecurityGroups/{name}"
    return None if rules is None else CompiledGroup(group_id, compile_rules(rules))


def guarded(
    world: Topology, name: str, at_interface: Rules | None, at_subnet: Rules | None = None
) -> Topology:
    """The world with an interface guarded."""
    made = effective_rules(at_interface, at_subnet)
    return replace(
        world,
        interfaces=tuple(
            replace(
                one,
                ip_configurations=tuple(
                    replace(each, effective_rules=made) for each in one.ip_configurations
                ),
            )
            if one.id == interface_id(name)
            else one
            for one in world.interfaces
        ),
    )


@st.composite
def guarded_topologies(draw: st.DrawFn) -> Topology:
    """Worlds of which some interfaces have security groups."""
    world = draw(topologies)
    for name in draw(st.lists(st.sampled_from("abc"), unique=True)):
        world = guarded(world, name, draw(st.none() | rules()), draw(st.none() | rules()))
    return world


def fragment_of(frame: bytes) -> bytes:
    """The frame with More Fragments set: its packet is the first fragment of one."""
    return frame[:20] + bytes([frame[20] | 0x20]) + frame[21:]


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Frames to and fro between few ends, and fragments of such packets, in any order."""
    addresses = st.sampled_from(ADDRESSES[:4])
    ends = draw(st.lists(st.tuples(addresses, addresses, ports, ports), min_size=1, max_size=3))
    frames = [
        frame
        for here, there, mine, theirs in ends
        for whole in (udp_frame(here, there, (mine, theirs)), udp_frame(there, here, (theirs, mine)))
        for frame in (whole, fragment_of(whole))
    ]
    return draw(st.lists(st.sampled_from(frames), min_size=1, max_size=12))
