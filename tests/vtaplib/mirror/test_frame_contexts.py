"""What policy makes of what the fabric says of frames: replays past security groups and public addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

from tests.vtaplib.fabric.worlds import network, quickstart, udp_frame
from tests.vtaplib.mirror.guards import guarded
from tests.vtaplib.mirror.reference import dissect
from tests.vtaplib.mirror.replaying import batch
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Direction, Reason
from vtaplib.model.policy import Policy

WEB, DATABASE, CLIENT, PUBLIC = "10.0.0.4", "10.0.0.5", "198.51.100.7", "203.0.113.9"
QUERY, ANSWER = udp_frame(WEB, DATABASE), udp_frame(DATABASE, WEB, (53, 40000))


def replayed(
    world: Topology, frames: Sequence[bytes], policy: Policy | None = None
) -> tuple[list[bytes], dict[tuple[str, Direction, Reason], int]]:
    """The frames in the copies, in order, and how many were not mirrored where and why."""
    run = Replay(world, policy)
    handed = batch(run, range(len(frames)), frames)
    inner = [dissect(copy).vxlan.frame for copies in handed.values() for copy in copies.frames]
    assert run.accounts.is_balanced
    return inner, {
        (point.interface_id.rsplit("/", 1)[1], point.direction, reason): count.frames
        for point, account in run.accounts.tap_points.items()
        for reason, count in account.not_mirrored.items()
    }


# ---- security groups


def test_what_the_senders_own_groups_drop_is_copied_under_mirror_denied_only() -> None:
    world = guarded(quickstart("web", "database"), "web", direction="Outbound", port="53")
    assert replayed(world, [QUERY]) == ([], {("web", Direction.EGRESS, Reason.DENIED): 1})
    assert replayed(world, [QUERY], Policy(mirror_denied=True)) == ([QUERY], {})


def test_what_the_receivers_groups_drop_is_copied_where_it_left_but_not_where_it_arrived() -> None:
    world = guarded(quickstart("web", "database"), "database", port="53")
    assert replayed(world, [QUERY]) == ([QUERY], {("database", Direction.INGRESS, Reason.DENIED): 1})
    assert replayed(world, [QUERY], Policy(mirror_denied=True)) == ([QUERY, QUERY], {})


def test_an_answer_to_what_was_let_through_passes_and_is_copied() -> None:
    world = guarded(quickstart("web"), "web", port="40000")
    assert replayed(world, [QUERY, ANSWER]) == ([QUERY, ANSWER], {})
    assert replayed(world, [ANSWER]) == ([], {("web", Direction.INGRESS, Reason.DENIED): 1})


# ---- the internet


def public(*sources: str) -> Topology:
    """The quickstart, its addresses known, with a public address at the web machine's that lets all in."""
    world = quickstart(*sources)
    (web, *others) = world.interfaces
    (configuration,) = web.ip_configurations
    with_public = replace(configuration, public_address=IPv4Address(PUBLIC))
    return replace(
        world,
        networks=(network("production", "tools"), network("tools", "production")),
        interfaces=(replace(web, ip_configurations=(with_public,)), *others),
    )


OUT, BACK = udp_frame(WEB, CLIENT), udp_frame(CLIENT, WEB, (53, 40000))
OUT_IN_PUBLIC, BACK_IN_PUBLIC = udp_frame(PUBLIC, CLIENT), udp_frame(CLIENT, PUBLIC, (53, 40000))


def test_traffic_to_the_internet_shows_the_public_address_and_its_answers_are_not_mirrored() -> None:
    expected = [OUT_IN_PUBLIC], {("web", Direction.INGRESS, Reason.SNAT_RETURN): 1}
    assert replayed(public("web"), [OUT, BACK]) == expected


def test_under_mirror_snat_return_answers_are_mirrored_and_show_it_too() -> None:
    everything = Policy(mirror_snat_return=True)
    assert replayed(public("web"), [OUT, BACK], everything) == ([OUT_IN_PUBLIC, BACK_IN_PUBLIC], {})
    private = Policy(mirror_snat_return=True, snat_view="pre")
    assert replayed(public("web"), [OUT, BACK], private) == ([OUT, BACK], {})


def test_what_the_internet_begins_is_mirrored_with_its_answers() -> None:
    assert replayed(public("web"), [BACK, OUT]) == ([BACK_IN_PUBLIC, OUT_IN_PUBLIC], {})


def test_a_capture_from_the_public_side_makes_the_same_copies() -> None:
    for policy in (Policy(), Policy(snat_view="pre"), Policy(mirror_snat_return=True)):
        inside = replayed(public("web"), [BACK, OUT], policy)
        assert replayed(public("web"), [BACK_IN_PUBLIC, OUT], policy) == inside
