"""Replay through security groups and load balancers: the bulk path remembers, and forgets, as it must."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.guards import (
    conversations,
    fragment_of,
    guarded,
    guarded_topologies,
    security_rule,
)
from tests.vtaplib.fabric.worlds import frontend, interface_id, mac_of, quickstart, udp_frame
from tests.vtaplib.mirror.reference import dissect
from tests.vtaplib.mirror.replaying import batch
from tests.vtaplib.mirror.test_engine import policies
from tests.vtaplib.mirror.test_replay import Record, bulk, one_by_one
from vtaplib.fabric import connections
from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.topology import RuleProtocol, Topology
from vtaplib.mirror import replay
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Direction, Reason
from vtaplib.model.policy import Policy
from vtaplib.packets.block import PacketBlock

COLLECTOR = interface_id("collector")
QUERY = udp_frame("10.0.0.4", "10.0.0.5")
ANSWER = udp_frame("10.0.0.5", "10.0.0.4", (53, 40000))


@given(guarded_topologies(), policies, conversations(), st.integers(1, 3))
def test_the_bulk_path_and_the_single_path_give_one_answer_behind_security_groups(
    world: Topology, policy: Policy, frames: list[bytes], times: int
) -> None:
    captured = [(0, frame, len(frame)) for frame in frames] * times
    expected = one_by_one(world, captured, policy)
    assert bulk(world, captured, policy) == expected
    assert frame_by_frame(world, captured, policy) == expected[1]


@given(guarded_topologies(), conversations())
def test_forgetting_connections_is_the_same_on_both_paths(world: Topology, frames: list[bytes]) -> None:
    captured = [(0, frame, len(frame)) for frame in frames] * 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "LINKS_KEPT", 2)
        assert bulk(world, captured)[1] == frame_by_frame(world, captured)


def frame_by_frame(world: Topology, captured: list[Record], policy: Policy | None = None) -> Accounts:
    run = Replay(world, policy)
    for record in captured:
        run.frame(*record)
    return run.accounts


def points(world: Topology, frames: list[bytes], policy: Policy | None = None) -> dict[str, tuple[int, int]]:
    """How many frames entered each tap point that any entered, and how many were mirrored."""
    _, accounts = bulk(world, [(0, frame, len(frame)) for frame in frames], policy)
    return {
        f"{point.interface_id.rsplit('/', 1)[1]} {point.direction}": (
            account.entered.frames,
            account.mirrored.frames,
        )
        for point, account in accounts.tap_points.items()
        if account.entered.frames
    }


TAPPED = quickstart("web", "database")
DENIED_AT = {
    "web egress": guarded(TAPPED, "web", [security_rule("no", "Deny", "Outbound")]),
    "database ingress": guarded(TAPPED, "database", [security_rule("no", "Deny", "Inbound")]),
}


def test_what_the_sources_group_drops_is_not_mirrored_and_goes_no_further() -> None:
    world = DENIED_AT["web egress"]
    assert points(world, [QUERY]) == {"web egress": (1, 0)}
    assert points(world, [QUERY], Policy(mirror_denied=True)) == {"web egress": (1, 1)}


def test_what_the_destinations_group_drops_is_mirrored_at_the_source() -> None:
    world = DENIED_AT["database ingress"]
    assert points(world, [QUERY]) == {"web egress": (1, 1), "database ingress": (1, 0)}
    everywhere = points(world, [QUERY], Policy(mirror_denied=True))
    assert everywhere == {"web egress": (1, 1), "database ingress": (1, 1)}


def test_what_is_dropped_is_counted_by_reason_with_its_first_positions() -> None:
    world = DENIED_AT["database ingress"]
    other = udp_frame("10.0.0.4", "10.9.9.9")
    _, accounts = bulk(world, [(0, frame, len(frame)) for frame in (ANSWER, QUERY, other, QUERY)])
    dropped = {why: (lost.count.frames, lost.first_positions) for why, lost in accounts.dropped.items()}
    # The answer came first: what it would have answered is itself its answer now.
    assert dropped == {Drop.NO_ROUTE: (1, [3])}
    _, accounts = bulk(world, [(0, frame, len(frame)) for frame in (QUERY, other, QUERY)])
    dropped = {why: (lost.count.frames, lost.first_positions) for why, lost in accounts.dropped.items()}
    assert dropped == {Drop.INBOUND_SECURITY: (2, [1, 3]), Drop.NO_ROUTE: (1, [2])}


def test_answers_are_mirrored_from_the_first_question_on() -> None:
    world = guarded(TAPPED, "web", [security_rule("no", "Deny", "Inbound")])
    run = Replay(world)
    batch(run, [0] * 4, [ANSWER, ANSWER, QUERY, ANSWER])
    account = next(
        account
        for point, account in run.accounts.tap_points.items()
        if point.interface_id == interface_id("web") and point.direction is Direction.INGRESS
    )
    assert (account.entered.frames, account.mirrored.frames) == (3, 1)
    assert {why: count.frames for why, count in account.not_mirrored.items()} == {Reason.DENIED: 2}


@pytest.mark.parametrize("in_blocks", [False, True])
@pytest.mark.parametrize(
    ("answer", "question"),
    [
        (fragment_of(ANSWER), QUERY),
        # From the backend itself, before anybody asked the load balancer.
        (udp_frame("10.0.0.5", "10.0.0.4", (5353, 40000)), udp_frame("10.0.0.4", "10.0.0.9")),
    ],
    ids=["a fragment", "a backend"],
)
def test_what_is_denied_before_the_question_passes_behind_it(
    question: bytes, answer: bytes, in_blocks: bool
) -> None:
    world = guarded(balanced(quickstart("web")), "web", [security_rule("no", "Deny", "Inbound")])
    captured = [(0, frame, len(frame)) for frame in (answer, question, answer, answer)]
    accounts = bulk(world, captured)[1] if in_blocks else frame_by_frame(world, captured)
    dropped = {why: (lost.count.frames, lost.first_positions) for why, lost in accounts.dropped.items()}
    assert dropped == {Drop.INBOUND_SECURITY: (1, [1])}


def test_a_flow_that_was_forgotten_is_decided_before_those_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = guarded(TAPPED, "web", [security_rule("no", "Deny", "Inbound")])
    monkeypatch.setattr(replay, "OBJECTS_KEPT", 2)
    run = Replay(world)
    # The first packet of the second block makes all be forgotten; the last would let the one before it pass.
    for frames in ([ANSWER] * 12, [udp_frame("10.0.0.4", "10.0.0.5", (1, 2)), ANSWER, QUERY]):
        run.block(PacketBlock.of([(0, frame, len(frame)) for frame in frames]))
    assert run.accounts.dropped[Drop.INBOUND_SECURITY].count.frames == 13


@pytest.mark.parametrize("in_blocks", [False, True])
def test_what_is_decided_does_not_rest_on_links_that_it_makes_be_forgotten(
    in_blocks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINKS_KEPT", 2)
    web, *others = TAPPED.interfaces
    own = replace(web.ip_configurations[0], public_address=IPv4Address("20.0.0.4"))
    world = replace(TAPPED, interfaces=(replace(web, ip_configurations=(own,)), *others))
    world = guarded(world, "web", [security_rule("no", "Deny", "Inbound")])
    allow = [security_rule("in", "Allow", "Inbound"), security_rule("out", "Allow", "Outbound")]
    world = guarded(world, "database", allow)
    # Where it leaves, what goes to the public address answers nothing: it opens a link, one too many.
    answer = udp_frame("10.0.0.5", "20.0.0.4", (53, 40000))
    captured = [(0, frame, len(frame)) for frame in (QUERY, answer, answer)]
    accounts = bulk(world, captured)[1] if in_blocks else frame_by_frame(world, captured)
    assert accounts.dropped[Drop.INBOUND_SECURITY].first_positions == [2, 3]


def balanced(world: Topology) -> Topology:
    """The world with a load balancer before the database, which gives it port 53 as 5353."""
    shared = frontend(
        "shop", "production", "10.0.0.9", "database", protocol=RuleProtocol.TCP, ports=(53, 5353)
    )
    shared = replace(shared, rules=(replace(shared.rules[0], protocol=RuleProtocol.ALL),))
    return replace(world, frontends=(shared,))


def test_a_copy_at_a_backend_shows_what_the_backend_gets() -> None:
    world = balanced(quickstart("web", "database"))
    question = udp_frame("10.0.0.4", "10.0.0.9", (40000, 53), b"hello")
    answer = udp_frame("10.0.0.9", "10.0.0.4", (53, 40000), b"world")
    translated = [
        udp_frame("10.0.0.4", "10.0.0.5", (40000, 5353), b"hello"),
        udp_frame("10.0.0.5", "10.0.0.4", (5353, 40000), b"world"),
    ]
    copies, _ = bulk(world, [(0, frame, len(frame)) for frame in (question, answer)])
    inner = {(dissect(copy).ethernet.source, dissect(copy).vxlan.frame) for _, copy in copies[COLLECTOR]}
    web, database = mac_of("web"), mac_of("database")
    assert inner == {
        (web, question),
        (web, answer),
        (database, translated[0]),
        (database, translated[1]),
    }
