from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import (
    configuration_id,
    frames,
    frontend_id,
    interface,
    interface_id,
    quickstart,
    related_frames,
    tap_of,
    three_collectors,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.guards import guarded
from tests.vtaplib.mirror.replaying import batch
from tests.vtaplib.mirror.test_engine import policies
from vtaplib.fabric.topology import Topology
from vtaplib.mirror import comparison
from vtaplib.mirror.comparison import Comparison, Summary
from vtaplib.mirror.conversation import (
    Conversation,
    CoverageChange,
    VisibilityPair,
    coverage_change_of,
    flow_of,
    key_of,
)
from vtaplib.mirror.count import Count
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Reason
from vtaplib.mirror.visibility import Design, Untapped, Visibility
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import read_flow

QUERY = udp_frame("10.0.0.4", "10.0.0.5")
ANSWER = udp_frame("10.0.0.5", "10.0.0.4", (53, 40000))
TO_CLIENT = udp_frame("10.0.0.4", "192.0.2.1", (443, 5000))

captures = st.lists(frames, max_size=30) | related_frames()


def compared(before: Design, after: Design, *packets: bytes, limit: int | None = None) -> Summary:
    """How packets fare, the conversations of every change listed."""
    both = Comparison(before, after)
    both.batch(packets)
    return both.summary(tuple(CoverageChange), limit)


def listed(summary: Summary) -> Iterator[Conversation]:
    for conversations in summary.largest.values():
        yield from conversations


def only(summary: Summary) -> Conversation:
    """The one conversation that there is."""
    (conversation,) = listed(summary)
    return conversation


def fares(summary: Summary) -> dict[CoverageChange, tuple[int, int]]:
    """Conversations and frames by change."""
    found: Counter[CoverageChange] = Counter()
    counts: Counter[CoverageChange] = Counter()
    for group in summary.groups:
        found[group.change] += group.conversations
        counts[group.change] += sum(direction.count.frames for direction in group.directions)
    return {change: (found[change], counts[change]) for change in found}


def conversations_between(count: int) -> list[bytes]:
    """A query and an answer in each of many conversations."""
    return [
        frame
        for port in range(20000, 20000 + count)
        for frame in (
            udp_frame("10.0.0.4", "10.0.0.5", (port, 53)),
            udp_frame("10.0.0.5", "10.0.0.4", (53, port)),
        )
    ]


def test_a_tap_that_is_added_has_conversations_newly_seen() -> None:
    before, after = Design(quickstart()), Design(quickstart("web"))
    summary = compared(before, after, QUERY, ANSWER, TO_CLIENT)
    assert fares(summary) == {CoverageChange.NEWLY_SEEN: (2, 3)}
    for conversation in listed(summary):
        for direction in conversation.directions:
            assert direction.visibilities.before == Visibility((), (Untapped.UNTAPPED,))
            assert direction.visibilities.after == Visibility((interface_id("collector").lower(),))
    (first,) = [one for one in listed(summary) if len(one.directions) == 2]
    assert first.flow == read_flow(QUERY)


def test_a_tap_on_the_other_end_too_changes_what_is_copied_and_not_what_is_seen() -> None:
    before, after = Design(quickstart("web")), Design(quickstart("web", "database"))
    summary = compared(before, after, QUERY, ANSWER)
    assert fares(summary) == {CoverageChange.UNCHANGED: (1, 2)}
    assert [len(visibility.collectors) for visibility in only(summary).directions[0].visibilities] == [1, 2]


def test_a_peering_that_is_removed_loses_what_went_over_it() -> None:
    world = quickstart("web")
    apart = replace(world, networks=tuple(replace(one, peer_ids=frozenset()) for one in world.networks))
    summary = compared(Design(world), Design(apart), QUERY, ANSWER)
    assert fares(summary) == {CoverageChange.NO_LONGER_SEEN: (1, 2)}
    assert only(summary).change.is_loss
    assert only(summary).directions[0].visibilities.after == Visibility((), (Reason.COLLECTOR_UNREACHABLE,))


def test_a_destination_that_is_moved_moves_every_conversation() -> None:
    world = quickstart("web")
    other = interface("other", "tools", "10.1.0.5")
    wider = replace(world, interfaces=(*world.interfaces, other))
    moved = replace(wider, taps=(tap_of("ndr", configuration_id("other"), "web")[0],))
    summary = compared(Design(world), Design(moved), QUERY, ANSWER, TO_CLIENT)
    assert fares(summary) == {CoverageChange.MOVED: (2, 3)}
    assert [visibility.collectors for visibility in next(listed(summary)).directions[0].visibilities] == [
        (interface_id("collector").lower(),),
        (interface_id("other").lower(),),
    ]


def test_a_backend_that_is_removed_moves_its_own_conversations_alone() -> None:
    symmetric = Policy(outer_source_port="symmetric")
    world = three_collectors("web")
    (front,) = world.frontends
    (rule,) = front.rules
    left = replace(rule, backends=rule.backends[1:])
    after = replace(world, frontends=(replace(front, rules=(left,)),))
    summary = compared(Design(world, symmetric), Design(after, symmetric), *conversations_between(60))
    gone = interface_id("one").lower()
    assert set(fares(summary)) == {CoverageChange.MOVED, CoverageChange.UNCHANGED}
    for conversation in listed(summary):
        seen = {
            one for direction in conversation.directions for one in direction.visibilities.before.collectors
        }
        assert (conversation.change is CoverageChange.MOVED) == (gone in seen)
    none = replace(world, frontends=(replace(front, rules=(replace(rule, backends=()),)),))
    lost = compared(Design(world), Design(none), QUERY)
    assert only(lost).directions[0].visibilities.after.obstacles == (Reason.NO_HEALTHY_BACKEND,)


def test_a_collector_that_is_down_in_one_design_loses_what_it_saw() -> None:
    world = quickstart("web")
    summary = compared(Design(world), Design(world, down=(interface_id("collector"),)), QUERY)
    assert fares(summary) == {CoverageChange.NO_LONGER_SEEN: (1, 1)}
    assert only(summary).directions[0].visibilities.after.obstacles == (Reason.COLLECTOR_DOWN,)


def test_frames_too_large_for_a_copy_are_not_seen_and_their_conversation_may_be() -> None:
    long = udp_frame("10.0.0.4", "10.0.0.5", payload=bytes(1480))
    world = quickstart("web")
    before, after = Design(world), Design(world, Policy(oversize="drop"))
    mixed = only(compared(before, after, QUERY, long))
    assert mixed.change is CoverageChange.UNCHANGED
    (direction,) = mixed.directions
    assert (direction.seen(0), direction.seen(1)) == (Count(2, len(QUERY) + len(long)), Count(1, len(QUERY)))
    alone = only(compared(before, after, long, ANSWER))
    assert alone.change is CoverageChange.NO_LONGER_SEEN
    assert alone.directions[0].visibilities.after == Visibility((), (Reason.OVERSIZE,))
    assert alone.directions[0].seen(1) == Count()
    for mode in ("truncate", "fragment"):
        carried = only(compared(before, Design(world, Policy(oversize=mode)), long))
        assert carried.change is CoverageChange.UNCHANGED


def test_a_security_group_that_is_added_loses_what_it_denies_and_no_answers() -> None:
    world = quickstart("web")
    shut = guarded(world, "web", port="53")
    opened_by_web = compared(Design(world), Design(shut), ANSWER, QUERY, ANSWER)
    conversation = only(opened_by_web)
    assert conversation.change is CoverageChange.UNCHANGED
    answers, queries = conversation.directions
    assert (answers.seen(0).frames, answers.seen(1).frames) == (2, 2)
    assert (queries.seen(0).frames, queries.seen(1).frames) == (1, 1)
    asked_of_web = udp_frame("10.0.0.5", "10.0.0.4", (40000, 53))
    lost = only(compared(Design(world), Design(shut), asked_of_web))
    assert lost.change is CoverageChange.NO_LONGER_SEEN
    copied = Design(shut, Policy(mirror_denied=True))
    assert only(compared(Design(world), copied, asked_of_web)).change is CoverageChange.UNCHANGED


def test_answers_are_seen_from_when_a_security_group_lets_them_pass() -> None:
    world = quickstart("web")
    shut = guarded(world, "web", protocol="*", port="*")
    early = only(compared(Design(world), Design(shut), ANSWER, ANSWER, QUERY, ANSWER))
    assert early.change is CoverageChange.UNCHANGED
    answers, queries = early.directions
    assert (answers.seen(0).frames, answers.seen(1).frames) == (3, 1)
    assert (queries.seen(0).frames, queries.seen(1).frames) == (1, 1)
    alone = only(compared(Design(world), Design(shut), ANSWER))
    assert alone.change is CoverageChange.NO_LONGER_SEEN


def test_a_collector_s_security_group_hides_everything_from_it() -> None:
    world = quickstart("web")
    shut = guarded(world, "collector")
    summary = compared(Design(world), Design(shut), QUERY, ANSWER)
    assert fares(summary) == {CoverageChange.NO_LONGER_SEEN: (1, 2)}
    assert only(summary).directions[0].visibilities.after.obstacles == (Reason.COLLECTOR_SECURITY,)
    assert fares(compared(Design(world), Design(shut, Policy(collector_nsg="bypass")), QUERY)) == {
        CoverageChange.UNCHANGED: (1, 1)
    }


NOBODY, ONE, TWO = Visibility(()), Visibility(("one",)), Visibility(("two",))


@pytest.mark.parametrize(
    ("directions", "change"),
    [
        ([], CoverageChange.UNSEEN),
        ([VisibilityPair(NOBODY, NOBODY)], CoverageChange.UNSEEN),
        ([VisibilityPair(ONE, ONE)], CoverageChange.UNCHANGED),
        ([VisibilityPair(ONE, Visibility(("one", "one")))], CoverageChange.UNCHANGED),
        ([VisibilityPair(ONE, ONE), VisibilityPair(NOBODY, NOBODY)], CoverageChange.UNCHANGED),
        ([VisibilityPair(ONE, TWO), VisibilityPair(ONE, ONE)], CoverageChange.MOVED),
        ([VisibilityPair(ONE, NOBODY), VisibilityPair(ONE, ONE)], CoverageChange.NO_LONGER_SEEN),
        ([VisibilityPair(ONE, NOBODY), VisibilityPair(ONE, TWO)], CoverageChange.NO_LONGER_SEEN),
        ([VisibilityPair(NOBODY, ONE), VisibilityPair(ONE, TWO)], CoverageChange.NEWLY_SEEN),
        ([VisibilityPair(NOBODY, ONE), VisibilityPair(ONE, NOBODY)], CoverageChange.SWAPPED),
    ],
)
def test_a_change_of_coverage_is_judged_by_direction(
    directions: Sequence[VisibilityPair], change: CoverageChange
) -> None:
    assert coverage_change_of(directions) is change
    assert coverage_change_of(directions[::-1]) is change


@given(frames)
def test_both_directions_have_one_key_and_the_flow_can_be_read_from_it(frame: bytes) -> None:
    flow = read_flow(frame)
    key, way = key_of(flow)
    assert flow_of(key, way) == flow
    back = flow.reversed()
    assert key_of(back)[0] == key
    if back != flow:
        assert flow_of(key, key_of(back)[1]) == back


designs = st.builds(Design, topologies, policies)


@given(designs, captures)
def test_nothing_changes_between_a_design_and_itself(design: Design, packets: list[bytes]) -> None:
    summary = compared(design, design, *packets)
    assert set(fares(summary)) <= {CoverageChange.UNCHANGED, CoverageChange.UNSEEN}


MIRRORED = {
    CoverageChange.NO_LONGER_SEEN: CoverageChange.NEWLY_SEEN,
    CoverageChange.NEWLY_SEEN: CoverageChange.NO_LONGER_SEEN,
}


@given(designs, designs, captures)
def test_from_the_second_to_the_first_everything_is_the_other_way_round(
    one: Design, other: Design, packets: list[bytes]
) -> None:
    there, back = compared(one, other, *packets), compared(other, one, *packets)
    turned = {MIRRORED.get(change, change): count for change, count in fares(there).items()}
    assert turned == fares(back)


@given(designs, designs, captures)
def test_every_frame_is_in_one_conversation(one: Design, other: Design, packets: list[bytes]) -> None:
    summary = compared(one, other, *packets)
    told = Count()
    for group in summary.groups:
        for direction in group.directions:
            told.add(direction.count.frames, direction.count.octets)
    assert told == Count(len(packets), sum(map(len, packets)))
    conversations = list(listed(summary))
    assert len(conversations) == len({key_of(read_flow(frame))[0] for frame in packets})
    assert sum(group.conversations for group in summary.groups) == len(conversations)


@given(topologies, policies, captures)
def test_what_is_seen_is_what_a_replay_mirrors(world: Topology, policy: Policy, packets: list[bytes]) -> None:
    run = Replay(world, policy)
    batch(run, [0] * len(packets), packets)
    mirrored, seen = Count(), Count()
    for account in run.accounts.tap_points.values():
        mirrored.add(account.mirrored.frames, account.mirrored.octets)
    design = Design(world, policy)
    for conversation in listed(compared(design, design, *packets)):
        for direction in conversation.directions:
            for _copy in direction.visibilities.before.collectors:
                seen.add(direction.seen(0).frames, direction.seen(0).octets)
    assert seen == mirrored


def test_only_so_many_conversations_are_listed_the_largest_first() -> None:
    packets = [
        udp_frame("10.0.0.4", "10.0.0.5", (port, 53), bytes(size)) for port, size in ((1, 9), (2, 30), (3, 9))
    ]
    before, after = Design(quickstart()), Design(quickstart("web"))
    ports = [
        [
            one.flow.source_port
            for one in compared(before, after, *packets, limit=limit).largest[CoverageChange.NEWLY_SEEN]
        ]
        for limit in (0, 1, 2, None)
    ]
    assert ports == [[], [2], [2, 1], [2, 1, 3]]


def test_past_the_most_that_are_kept_conversations_are_counted_and_not_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(comparison, "CONVERSATIONS_KEPT", 4)
    monkeypatch.setattr(comparison, "SHORTCUTS_KEPT", 2)
    before, after = Design(quickstart()), Design(quickstart("web"))
    summary = compared(before, after, *conversations_between(10), *conversations_between(10))
    assert fares(summary) == {CoverageChange.NEWLY_SEEN: (4, 40)}
    assert len(list(listed(summary))) == 4


@given(designs, designs, captures)
def test_what_is_remembered_changes_no_total(one: Design, other: Design, packets: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole = compared(one, other, *packets)
        patch.setattr(comparison, "SHORTCUTS_KEPT", 1)
        assert compared(one, other, *packets) == whole


def test_a_frontend_s_collectors_are_named_as_interfaces() -> None:
    world = three_collectors("web")
    assert world.taps[0].destination_id == frontend_id("balancer")
    collectors = (
        only(compared(Design(world), Design(world), QUERY)).directions[0].visibilities.before.collectors
    )
    assert set(collectors) <= {interface_id(name).lower() for name in ("one", "two", "three")}
