from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import (
    configuration_id,
    frames,
    interface_id,
    quickstart,
    related_frames,
    tap_of,
    three_collectors,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.reference import dissect
from tests.vtaplib.mirror.replaying import batch
from tests.vtaplib.mirror.test_engine import policies
from vtaplib.fabric.connections import Connections
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.mirror import engine, replay
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.count import Count
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.flow_decision import FlowDecider
from vtaplib.mirror.interface_hop import interface_hops
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Direction, Mirrored, Reason, Verdict
from vtaplib.model.policy import Policy
from vtaplib.packets import block
from vtaplib.packets.flow import TCP, Flow, read_flow
from vtaplib.packets.nanoseconds import NS_PER_SECOND

COLLECTOR = interface_id("collector")
QUERY = udp_frame("10.0.0.4", "10.0.0.5")
ANSWER = udp_frame("10.0.0.5", "10.0.0.4", (53, 40000))

Record = tuple[int, bytes, int]


def bulk(
    world: Topology, records: Iterable[Record], policy: Policy | None = None, down: Sequence[str] = ()
) -> tuple[dict[str, list[tuple[int, bytes]]], Accounts]:
    """What collectors get, and the accounts, by blocks."""
    run = Replay(world, policy, down=down)
    got: dict[str, list[tuple[int, bytes]]] = {}
    for handed in run.run(records):
        for collector_id, copies in handed.items():
            got.setdefault(collector_id, []).extend(zip(copies.timestamps, copies.frames, strict=True))
    return got, run.accounts


def one_by_one(
    world: Topology, records: Iterable[Record], policy: Policy | None = None, down: Sequence[str] = ()
) -> tuple[dict[str, list[tuple[int, bytes]]], Accounts]:
    """The same by the single path: a route and a verdict for each frame, nothing remembered in between."""
    got: dict[str, list[tuple[int, bytes]]] = {}
    accounts = Accounts()
    for source in world.interfaces:
        accounts.list_points(MirrorEngine(world, policy).points_of(source.id))
    mirror = MirrorEngine(world, policy, down=down)
    in_force = mirror.policy
    snaplen = 1 << 16 if in_force.snaplen == "off" else int(in_force.snaplen)
    fabric, connections = Fabric(world, policy, down=down), Connections()
    for position, (at, frame, original_length) in enumerate(records, start=1):
        is_truncated = original_length > len(frame)
        is_clamped = in_force.mss_clamp == "50" and read_flow(frame).protocol == TCP
        accounts.read.add(1, len(frame))
        accounts.by_second.add(at // NS_PER_SECOND, 1, len(frame))
        accounts.truncated += is_truncated
        flow = read_flow(frame)
        trace = fabric.captured(flow, connections)
        reason = trace.drop if isinstance(trace, PathTrace) else trace
        if reason is not None:
            accounts.lost_for(reason).count.add(1, len(frame))
            accounts.lost_for(reason).note(position)
        if isinstance(trace, Unrouted):
            continue
        connections.open(trace.opens)
        verdicts: list[Verdict] = []
        for one in interface_hops(trace, flow):
            accounts.see(one.interface_id, one.direction, one.flow, at // NS_PER_SECOND)
            for decision in mirror.decide(one.interface_id, one.direction, one.flow, one.context):
                accounts.splits.note(decision.point.tap_configuration_id, one.flow, decision.split)
            if one.direction is Direction.EGRESS:
                sent = accounts.sent_by(one.interface_id)
                sent.add(at // NS_PER_SECOND, 1, max(len(frame), original_length))
            there = frame if one.translation is None else one.translation.apply(frame)
            verdicts += mirror.frame(one.interface_id, one.direction, there, at, one.context)
        if reason is None:
            (accounts.tapped if verdicts else accounts.untapped).add(1, len(frame))
        for verdict in verdicts:
            # An outer IP length is 36 bytes longer than the inner frame.
            is_over_mtu = min(len(frame), snaplen) + 36 > 1500
            accounts.enter(verdict, len(frame), is_truncated, is_over_mtu, is_clamped, at)
            if isinstance(verdict, Mirrored):
                got.setdefault(verdict.collector_id, []).extend((at, copy) for copy in verdict.copies)
    return got, accounts


@st.composite
def captures(draw: st.DrawFn) -> list[Record]:
    """Records of frames that have nothing to do with each other, or nearly everything."""
    chosen = draw(st.lists(frames, max_size=12) | related_frames())
    return [
        (draw(st.integers(0, 5 * NS_PER_SECOND)), frame, len(frame) + draw(st.sampled_from([0, 0, 0, 1000])))
        for frame in chosen
    ]


records = captures()


@given(topologies, policies, records, st.integers(1, 4))
def test_blocks_and_nothing_remembered_give_one_answer(
    world: Topology, policy: Policy, captured: list[Record], times: int
) -> None:
    # Frames come again, so that what was remembered of a flow is used.
    captured = captured * times
    copies, accounts = bulk(world, captured, policy)
    expected_copies, expected_accounts = one_by_one(world, captured, policy)
    assert copies == expected_copies
    assert accounts == expected_accounts
    assert accounts.is_balanced


@given(topologies, policies, records)
def test_a_replay_frame_by_frame_gives_the_same_and_the_verdicts(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    run = Replay(world, policy)
    copies: dict[str, list[tuple[int, bytes]]] = {}
    orders: list[int] = []
    for at, frame, original_length in captured * 2:
        for verdict in run.frame(at, frame, original_length):
            if isinstance(verdict, Mirrored):
                copies.setdefault(verdict.collector_id, []).extend((at, copy) for copy in verdict.copies)
                orders.append(verdict.order)
    assert (copies, run.accounts) == bulk(world, captured * 2, policy)
    assert orders == list(range(1, len(orders) + 1))


@given(topologies, records)
def test_accounts_balance_and_no_frame_vanishes(world: Topology, captured: list[Record]) -> None:
    _, accounts = bulk(world, captured)
    assert accounts.read == Count(len(captured), sum(len(frame) for _, frame, _ in captured))
    for account in accounts.tap_points.values():
        refused = account.not_mirrored.values()
        assert account.entered.frames == account.mirrored.frames + sum(count.frames for count in refused)
        assert account.entered.octets == account.mirrored.octets + sum(count.octets for count in refused)
    # At the frames' own level: each belongs nowhere, is dropped, passes no tap point, or passes one.
    lost = [account.count for account in (*accounts.unrouted.values(), *accounts.dropped.values())]
    found = [*lost, accounts.untapped, accounts.tapped]
    assert accounts.read == Count(sum(one.frames for one in found), sum(one.octets for one in found))
    entered = sum(account.entered.frames for account in accounts.tap_points.values())
    assert accounts.tapped.frames <= entered <= 2 * len(accounts.tap_points) * len(captured)


@given(topologies, policies, records)
def test_forgetting_what_was_remembered_changes_nothing(
    world: Topology, policy: Policy, captured: list[Record]
) -> None:
    expected = bulk(world, captured * 2, policy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "OBJECTS_KEPT", 1)
        patch.setattr(replay, "DECISIONS_KEPT", 1)
        patch.setattr(replay, "FLOWS_KEPT", 1)
        patch.setattr(engine, "DECISIONS_REMEMBERED", 1)
        patch.setattr(block, "PACKETS_OF_MANY", 2)
        assert bulk(world, captured * 2, policy) == expected


def test_a_frame_between_two_tapped_interfaces_makes_two_copies_the_senders_first() -> None:
    copies, accounts = bulk(quickstart("web", "database"), [(7, QUERY, len(QUERY))])
    assert [(at, dissect(copy).ethernet.source[1:4]) for at, copy in copies[COLLECTOR]] == [
        (7, b"web"),
        (7, b"dat"),
    ]
    assert {
        (point.interface_id.rsplit("/", 1)[1], point.direction.value): account.mirrored.frames
        for point, account in accounts.tap_points.items()
    } == {("web", "egress"): 1, ("web", "ingress"): 0, ("database", "egress"): 0, ("database", "ingress"): 1}


def test_a_tap_sees_both_directions_of_a_conversation() -> None:
    copies, _ = bulk(quickstart("web"), [(1, QUERY, len(QUERY)), (2, ANSWER, len(ANSWER))])
    assert [dissect(copy).vxlan.frame for _, copy in copies[COLLECTOR]] == [QUERY, ANSWER]


def test_a_frame_that_passes_no_tap_point_is_counted_as_such() -> None:
    copies, accounts = bulk(quickstart("web"), [(1, udp_frame("10.0.0.5", "10.1.0.4"), 42)])
    assert copies == {}
    assert accounts.untapped == Count(1, 42)


def test_frames_that_belong_nowhere_are_counted_with_their_first_positions() -> None:
    stranger = udp_frame("192.0.2.1", "192.0.2.2")
    arp = b"\xff" * 12 + b"\x08\x06" + bytes(28)
    captured = [QUERY, stranger, b"short", arp, *[stranger] * 20]
    _, accounts = bulk(quickstart("web"), [(0, frame, len(frame)) for frame in captured])
    assert {
        why: (account.count.frames, account.first_positions) for why, account in accounts.unrouted.items()
    } == {
        Unrouted.NO_INTERFACE: (21, [2, *range(5, 14)]),
        Unrouted.MALFORMED: (1, [3]),
        Unrouted.NOT_IP: (1, [4]),
    }


def test_positions_count_over_blocks() -> None:
    run = Replay(quickstart("web"))
    batch(run, [0, 0], [QUERY, QUERY])
    batch(run, [0, 0], [QUERY, b""])
    assert run.accounts.unrouted[Unrouted.MALFORMED].first_positions == [4]


def test_a_frame_cut_by_the_capture_is_carried_as_it_is_and_counted() -> None:
    cut = udp_frame("10.0.0.4", "10.0.0.5", payload=bytes(100))[:60]
    copies, accounts = bulk(quickstart("web"), [(0, cut, 142), (0, QUERY, len(QUERY))])
    copy = dissect(copies[COLLECTOR][0][1])
    assert copy.vxlan.frame == cut
    assert accounts.truncated == 1
    assert [account.truncated for account in accounts.tap_points.values()] == [1, 0]


def test_frames_over_the_mtu_are_counted_under_every_policy() -> None:
    sizes = (1464, 1465, 1970, 1971)
    captured = [(0, QUERY.ljust(size, b"x"), size) for size in sizes]
    expected = {
        "deliver": {"over_mtu": 3, "mirrored": 3, "cut": 0, "fragmented": 0},
        "fragment": {"over_mtu": 3, "mirrored": 4, "cut": 0, "fragmented": 4},
        "truncate": {"over_mtu": 3, "mirrored": 4, "cut": 3, "fragmented": 0},
        "drop": {"over_mtu": 3, "mirrored": 1, "cut": 0, "fragmented": 0},
    }
    for mode, numbers in expected.items():
        _, accounts = bulk(quickstart("web"), captured, Policy(oversize=mode))
        egress = next(
            account for point, account in accounts.tap_points.items() if point.direction is Direction.EGRESS
        )
        assert {
            "over_mtu": egress.over_mtu,
            "mirrored": egress.mirrored.frames,
            "cut": egress.cut,
            "fragmented": egress.fragmented,
        } == numbers


def test_reasons_are_counted_per_tap_point() -> None:
    world = quickstart("web", "database")
    tap, configurations = tap_of("own", configuration_id("database"), "database")
    world = replace(
        world, taps=(*world.taps, tap), tap_configurations=(*world.tap_configurations, *configurations)
    )
    _, accounts = bulk(world, [(0, ANSWER, len(ANSWER))] * 3)
    by_tap = {
        (point.tap_id.rsplit("/", 1)[1], point.interface_id.rsplit("/", 1)[1], point.direction.value): (
            account.mirrored.frames,
            {why: count.frames for why, count in account.not_mirrored.items()},
        )
        for point, account in accounts.tap_points.items()
        if account.entered.frames
    }
    assert by_tap == {
        ("ndr", "web", "ingress"): (3, {}),
        ("ndr", "database", "egress"): (3, {}),
        ("own", "database", "egress"): (0, {Reason.SELF_MIRROR: 3}),
    }


def test_copies_of_many_flows_are_spread_over_healthy_collectors_only() -> None:
    down = interface_id("two")
    run = Replay(three_collectors("web"), down=[down])
    captured = [udp_frame("10.0.0.4", "10.0.0.5", (port, 53)) for port in range(200)]
    handed = batch(run, [0] * 200, captured)
    assert set(handed) == {interface_id("one"), interface_id("three")}
    assert sum(len(copies.frames) for copies in handed.values()) == 200


def test_frames_that_differ_in_one_telling_byte_are_told_apart() -> None:
    # In the order of the header: version and length, fragmentation, protocol, addresses, ports.
    plain = udp_frame("10.0.0.4", "10.0.0.5", (40000, 53), bytes(20))
    altered = [plain]
    for offset, value in (
        (14, 0x46),
        (20, 0x20),
        (21, 0x01),
        (23, 6),
        (23, 1),
        (29, 5),
        (33, 6),
        (34, 1),
        (37, 7),
    ):
        frame = bytearray(plain)
        frame[offset] = value
        altered.append(bytes(frame))
    altered += [plain[:12] + b"\x81\x00\x00\x07" + frame[12:] for frame in altered]
    captured = [(n, frame, len(frame)) for n, frame in enumerate(altered)]
    world = three_collectors("web", "database")
    # Each order in turn, so that each is the one that is remembered.
    for start in range(len(captured)):
        turned = captured[start:] + captured[:start]
        assert bulk(world, turned) == one_by_one(world, turned)


def test_pings_of_two_ends_are_one_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[Flow] = []
    follow = FlowDecider.follow

    def noting(decider: FlowDecider, flow: Flow) -> PathTrace | Unrouted:
        decided.append(flow)
        return follow(decider, flow)

    monkeypatch.setattr(FlowDecider, "follow", noting)
    pings = []
    for number in range(100):
        ping = bytearray(udp_frame("10.0.0.4", "10.0.0.5", (0, number)))
        ping[23] = 1
        pings.append(bytes(ping))
    run = Replay(quickstart("web"))
    batch(run, [0] * 100, pings)
    assert len(decided) == 1
    assert run.accounts.read.frames == 100
