from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from vtaplib.analysis.inventory import take_inventory
from vtaplib.analysis.report_parts import Amount
from vtaplib.analysis.traffic_replay.graph import TrafficCounts, graph_of
from vtaplib.reports.network_graph import (
    InterfaceState,
    NetworkBox,
    NetworkGraph,
    NetworkNode,
    Peering,
    Stream,
    SubnetBox,
)
from vtaplib.reports.page.folding import NETWORKS_DRAWN, SUBNETS_DRAWN, TILES_DRAWN
from vtaplib.reports.page.layout import Picture, lay_out, lay_out_narrow
from vtaplib.reports.page.placing import NAMES_DRAWN, ROWS_DRAWN, Box, Detail
from vtaplib.reports.page.streaming import WIDEST
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.testing import DrawnCloud, clouds

ROOM = 0.01


def networks(side: str, count: int, subnets: int, interfaces: int) -> tuple[NetworkBox, ...]:
    """Networks of a side, each with as many subnets, and in each as many interfaces."""
    return tuple(
        NetworkBox(
            frozenset({f"{side}{n}"}),
            f"{side}{n}",
            f"10.{n}.0.0/16",
            tuple(
                SubnetBox(
                    f"{side}{n}.{s}",
                    f"10.{n}.{s}.0/24",
                    tuple(
                        NetworkNode(f"{side}{n}.{s}.{i}", f"nic {i}", "", "text") for i in range(interfaces)
                    ),
                )
                for s in range(subnets)
            ),
        )
        for n in range(count)
    )


def nodes_of(boxes: tuple[NetworkBox, ...]) -> list[NetworkNode]:
    return [node for box in boxes for subnet in box.subnets for node in subnet.nodes]


@st.composite
def graphs(draw: st.DrawFn) -> NetworkGraph:
    """Graphs of any shape, streams between any of their nodes."""
    sizes = st.integers(0, 3)
    left = networks("s", draw(st.integers(0, 20)), draw(sizes), draw(sizes))
    right = networks("c", draw(st.integers(0, 3)), draw(sizes), draw(sizes))
    taps = tuple(NetworkNode(f"t{n}", f"tap {n}", "", "text") for n in range(draw(st.integers(0, 20))))
    balancers = tuple(NetworkNode(f"b{n}", f"lb {n}", "", "text") for n in range(draw(st.integers(0, 3))))
    stages = [
        [one.id for one in nodes] + ["gone"] for nodes in (nodes_of(left), taps, balancers, nodes_of(right))
    ]
    pairs = [
        (draw(st.sampled_from(stages[here])), draw(st.sampled_from(stages[there])))
        for here, there in draw(st.lists(st.sampled_from([(0, 1), (1, 2), (1, 3), (2, 3)]), max_size=30))
    ]
    network_ids = [*(f"s{n}" for n in range(21)), *(f"c{n}" for n in range(4))]
    return NetworkGraph(
        left,
        taps,
        balancers,
        right,
        tuple(Stream(a, b, draw(st.integers(0, 10**12)), "text", draw(st.integers(0, 9))) for a, b in pairs),
        tuple(
            Peering((a, b), (a, b), draw(st.booleans()), "Connected")
            for a, b in draw(
                st.lists(st.tuples(*[st.sampled_from(network_ids)] * 2).filter(lambda ab: ab[0] != ab[1]))
            )
        ),
    )


def touch(one: Box, other: Box) -> bool:
    return (
        one.x < other.right - ROOM
        and other.x < one.right - ROOM
        and one.y < other.bottom - ROOM
        and other.y < one.bottom - ROOM
    )


def is_inside(one: Box, other: Box) -> bool:
    return (
        one.x >= other.x - ROOM
        and one.y >= other.y - ROOM
        and one.right <= other.right + ROOM
        and one.bottom <= other.bottom + ROOM
    )


@given(graphs(), st.sampled_from([lay_out, lay_out_narrow]))
@settings(max_examples=part_of(60))
def test_nothing_lies_over_anything_else_or_beyond_the_edge(
    graph: NetworkGraph, arrange: Callable[[NetworkGraph], Picture]
) -> None:
    picture = arrange(graph)
    frame = Box(0, 0, picture.width, picture.height)
    outer = [one.box for one in picture.networks] + [one.box for one in picture.nodes]
    assert all(is_inside(one, frame) for one in outer)
    assert not any(touch(one, other) for one, other in combinations(outer, 2))
    for network in picture.networks:
        boxes = [one.box for one in network.subnets]
        assert all(is_inside(one, network.box) for one in boxes)
        assert not any(touch(one, other) for one, other in combinations(boxes, 2))
        for subnet in network.subnets:
            assert all(is_inside(one.box, subnet.box) for one in subnet.nodes)
            assert not any(touch(one.box, other.box) for one, other in pairwise(subnet.nodes))


@given(graphs())
@settings(max_examples=part_of(60))
def test_streams_run_from_left_to_right_between_what_they_join_and_are_as_wide_as_their_share(
    graph: NetworkGraph,
) -> None:
    picture = lay_out(graph)
    total = Counter[str]()
    for placed in picture.streams:
        assert placed.start[0] < placed.end[0]
        assert 0 < placed.start[1] < picture.height
        assert 0 < placed.end[1] < picture.height
        total[placed.stream.target_id] += placed.stream.bytes
    wide = [placed for placed in picture.streams if placed.width > 2]
    for one, other in pairwise(wide):
        assert one.width * other.stream.bytes == other.width * one.stream.bytes or abs(
            one.width / other.width - one.stream.bytes / other.stream.bytes
        ) < ROOM * (one.stream.bytes / other.stream.bytes)
    assert all(placed.width <= WIDEST + ROOM for placed in picture.streams)


def drawn_interfaces(picture: Picture) -> list[str]:
    return [node.node.id for one in picture.networks for subnet in one.subnets for node in subnet.nodes]


def test_networks_and_subnets_beyond_some_are_folded_and_their_interfaces_stay() -> None:
    many = networks("s", NETWORKS_DRAWN + 5, SUBNETS_DRAWN + 3, 2)
    picture = lay_out(NetworkGraph(many, (), (), (), (), ()))
    assert len(picture.networks) == NETWORKS_DRAWN + 1
    assert picture.networks[-1].network.name == "5 more networks"
    assert picture.networks[0].subnets[-1].subnet.name == "4 more subnets"
    assert sorted(drawn_interfaces(picture)) == sorted(node.id for node in nodes_of(many))


def test_of_a_vast_subnet_some_interfaces_are_left_out_and_said_to_be() -> None:
    picture = lay_out(NetworkGraph(networks("s", 1, 1, TILES_DRAWN + 7), (), (), (), (), ()))
    assert len(drawn_interfaces(picture)) == TILES_DRAWN
    assert picture.networks[0].subnets[0].left_out == 7


def test_the_more_interfaces_there_are_the_less_room_each_has() -> None:
    counts = (ROWS_DRAWN, ROWS_DRAWN + 1, 100, NAMES_DRAWN, NAMES_DRAWN + 1)
    pictures = [lay_out(NetworkGraph(networks("s", 1, 1, count), (), (), (), (), ())) for count in counts]
    details = [picture.networks[0].detail for picture in pictures]
    assert details == [Detail.ROW, Detail.NAME, Detail.NAME, Detail.NAME, Detail.TILE]
    assert pictures[1].height < pictures[0].height / 2
    assert pictures[4].height < pictures[3].height / 4


@given(graphs())
@settings(max_examples=part_of(60))
def test_in_a_narrow_window_all_is_below_each_other_and_streams_run_beside_it(graph: NetworkGraph) -> None:
    wide, picture = lay_out(graph), lay_out_narrow(graph)
    assert picture.width < 500
    assert [one.network for one in picture.networks] == [one.network for one in wide.networks]
    # Networks are drawn once, and moved: but for where they are they must be alike.
    for one, other in zip(picture.networks, wide.networks, strict=True):
        assert (one.box.width, one.box.height) == (other.box.width, other.box.height)
        for subnet, same in zip(one.subnets, other.subnets, strict=True):
            assert (subnet.box.x - one.box.x, subnet.box.y - one.box.y) == pytest.approx(
                (same.box.x - other.box.x, same.box.y - other.box.y)
            )
    outer = [one.box for one in picture.networks] + [one.box for one in picture.nodes]
    assert len({(one.x, one.right) for one in outer}) <= 1
    drawn = {(one.stream.source_id, one.stream.target_id): one.stream.bytes for one in picture.streams}
    assert drawn == {(one.stream.source_id, one.stream.target_id): one.stream.bytes for one in wide.streams}
    for stream in picture.streams:
        assert stream.bulge > 0
        assert stream.start[0] == stream.end[0] == outer[0].right
        # A curve goes three quarters of the way to its control points.
        assert stream.start[0] + 0.75 * stream.bulge + stream.width / 2 <= picture.width


@given(clouds(max_interfaces=6, max_deletions=3), st.data())
@settings(max_examples=part_of(40))
def test_every_interface_of_any_cloud_is_in_the_picture_with_what_became_of_its_frames(
    cloud: DrawnCloud, data: st.DataObject
) -> None:
    world = take_inventory(cloud, "drawn")
    interfaces = cloud.list(NetworkInterface)
    # Deletions may leave none.
    any_interface = st.sampled_from(interfaces) if interfaces else st.nothing()
    collectors = data.draw(st.lists(any_interface, unique_by=lambda one: one.id))
    pairs = [
        (interface.id.lower(), tap.id.lower())
        for tenant in world.tenants
        for subscription in tenant.subscriptions
        for group in subscription.groups
        for tap in group.taps
        for interface in interfaces
    ]
    entered = {pair: data.draw(st.integers(0, 5)) for pair in pairs}
    mirrored = {pair: data.draw(st.integers(0, entered[pair])) for pair in pairs}
    graph = graph_of(
        world,
        TrafficCounts(
            entered={pair: Amount(count, count * 60) for pair, count in entered.items()},
            mirrored={pair: Amount(count, count * 60) for pair, count in mirrored.items()},
            collector_ids=tuple(one.id.lower() for one in collectors),
        ),
    )
    collecting = {one.id.lower() for one in collectors}
    tapped = {one.network_interface_id.lower() for one in cloud.list(NetworkInterfaceTapConfiguration)}
    assert {one.id for one in nodes_of(graph.collectors)} == collecting
    assert Counter(one.id for one in nodes_of(graph.sources)) == Counter(
        one.id.lower() for one in interfaces if one.id.lower() not in collecting or one.id.lower() in tapped
    )
    for node in nodes_of(graph.sources):
        assert (node.state is InterfaceState.UNTAPPED) == (node.id not in tapped)
    lay_out(graph)
    lay_out_narrow(graph)
