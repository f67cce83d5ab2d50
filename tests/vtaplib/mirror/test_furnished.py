"""Worlds with what packets meet in earnest: security groups, public addresses, machines that do not run."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import ADDRESSES, quickstart, topologies, udp_frame
from tests.vtaplib.mirror.guards import guarded
from tests.vtaplib.mirror.test_engine import policies
from tests.vtaplib.mirror.test_replay import Record, bulk, one_by_one, records
from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import Policy

PUBLIC = "192.0.2.1"
"""A stranger's address in the frames that are drawn: here it is somebody's own."""


@st.composite
def furnished(draw: st.DrawFn) -> tuple[Topology, list[str]]:
    """A world, and the interfaces that are down."""
    world = draw(topologies)
    for one in world.interfaces:
        if draw(st.booleans()):
            world = guarded(
                world,
                one.id.rsplit("/", 1)[1],
                direction=draw(st.sampled_from(["Inbound", "Outbound"])),
                protocol=draw(st.sampled_from(["Udp", "*"])),
                source=draw(st.sampled_from(["*", ADDRESSES[0], "AzureLoadBalancer"])),
                port=draw(st.sampled_from(["*", "53", "4789"])),
            )
    changed = [
        replace(
            one,
            is_running=draw(st.sampled_from([True, True, True, False])),
            ip_configurations=tuple(
                replace(each, public_address=IPv4Address(PUBLIC)) if number == 0 and position == 0 else each
                for position, each in enumerate(one.ip_configurations)
            ),
        )
        for number, one in enumerate(world.interfaces)
    ]
    down = draw(st.lists(st.sampled_from([one.id for one in world.interfaces]), unique=True, max_size=2))
    return replace(world, interfaces=tuple(changed)), down


@given(furnished(), policies, records, st.integers(1, 3))
def test_the_bulk_path_and_the_single_path_give_one_answer_and_it_balances(
    drawn: tuple[Topology, list[str]], policy: Policy, captured: list[Record], times: int
) -> None:
    world, down = drawn
    captured = captured * times
    copies, accounts = bulk(world, captured, policy, down)
    assert (copies, accounts) == one_by_one(world, captured, policy, down)
    assert accounts.is_balanced
    assert not set(copies) & set(down)


def test_what_looks_like_its_own_answer_does_not_let_itself_through() -> None:
    world = guarded(quickstart("web"), "web", direction="Inbound", protocol="Udp", source="*", port="*")
    itself = udp_frame("10.0.0.4", "10.0.0.4", (53, 53))
    captured = [(0, itself, len(itself))] * 2
    copies, accounts = bulk(world, captured)
    assert (copies, accounts) == one_by_one(world, captured)
    assert accounts.dropped[Drop.INBOUND_SECURITY].count.frames == 2
