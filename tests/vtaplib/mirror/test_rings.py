"""Mirrored traffic is never mirrored again: collectors that are tapped themselves, in chains and rings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import (
    configuration_id,
    frames,
    frontend,
    frontend_id,
    interface,
    interface_id,
    network,
    tap_of,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.test_engine import policies
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.verdict import Direction, Mirrored
from vtaplib.model.policy import Policy

NAMES = ("a", "b", "c", "d")


def ring(size: int, *, balanced: bool = False, peered: bool = False) -> Topology:
    """Machines each of which is tapped towards the next, the last towards the first: directly, or each
    through a load balancer of its own; in one network, or in networks that are all peered.
    """
    names = NAMES[:size]
    homes = {name: f"net-{name}" if peered else "net" for name in names}
    made = [
        tap_of(f"to-{there}", frontend_id(there) if balanced else configuration_id(there), here)
        for here, there in zip(names, names[1:] + names[:1], strict=True)
    ]
    every = sorted(set(homes.values()))
    return Topology(
        networks=tuple(network(one, *(other for other in every if other != one)) for one in every),
        interfaces=tuple(
            interface(name, homes[name], f"10.0.0.{number}") for number, name in enumerate(names, start=4)
        ),
        frontends=tuple(
            frontend(name, homes[name], f"10.0.1.{number}", name, ports=(4789, 4789 + number))
            for number, name in enumerate(names, start=4)
        )
        if balanced
        else (),
        taps=tuple(tap for tap, _ in made),
        tap_configurations=tuple(one for _, configurations in made for one in configurations),
    )


def copies_in_turn(engine: MirrorEngine, start: str, frame: bytes, rounds: int) -> list[Mirrored]:
    """All copies that come of a frame that a machine sends: of the frame, of its copies where they leave and
    arrive, of the copies of those, for so many rounds.
    """
    found: list[Mirrored] = []
    under_way: list[tuple[str, Direction, bytes]] = [(start, Direction.EGRESS, frame)]
    for _ in range(rounds):
        made = [
            verdict
            for seen_at, direction, octets in under_way
            for verdict in engine.frame(seen_at, direction, octets)
            if isinstance(verdict, Mirrored)
        ]
        found += made
        under_way = [
            place
            for verdict in made
            for copy in verdict.copies
            for place in (
                (verdict.point.interface_id, Direction.EGRESS, copy),
                (verdict.collector_id, Direction.INGRESS, copy),
            )
        ]
    return found


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("peered", [False, True])
@pytest.mark.parametrize("oversize", ["deliver", "fragment"])
def test_in_a_ring_of_taps_a_frame_is_copied_once(
    size: int, balanced: bool, peered: bool, oversize: str
) -> None:
    world = ring(size, balanced=balanced, peered=peered)
    frame = udp_frame("10.0.0.4", "192.0.2.1", payload=bytes(1500))
    (copy,) = copies_in_turn(
        MirrorEngine(world, Policy(oversize=oversize)), interface_id("a"), frame, rounds=4
    )
    assert copy.point.interface_id == interface_id("a")


def test_under_the_policy_mirror_a_ring_goes_on_until_the_copies_are_too_large() -> None:
    frame = udp_frame("10.0.0.4", "192.0.2.1")
    policy = Policy(remirror="mirror")
    found = copies_in_turn(MirrorEngine(ring(2), policy), interface_id("a"), frame, rounds=5)
    assert len(found) > 5
    assert max(one.copy_octets for one in found) >= len(frame) + 5 * 50


@given(topologies, policies, frames, st.data())
def test_whatever_the_topology_what_comes_of_a_frame_is_no_more_than_its_own_copies(
    world: Topology, policy: Policy, frame: bytes, data: st.DataObject
) -> None:
    engine = MirrorEngine(world, replace(policy, remirror="skip_vxlan"))
    start = data.draw(st.sampled_from(world.interfaces), "start").id
    found = copies_in_turn(engine, start, frame, rounds=3)
    assert len(found) <= len(world.tap_configurations_of(start))
