from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

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
from vtaplib.reports.page.layout import Picture, lay_out
from vtaplib.reports.page.placing import ROWS_DRAWN, Box
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


@given(graphs())
@settings(max_examples=part_of(60))
def test_nothing_lies_over_anything_else_or_beyond_the_edge(graph: NetworkGraph) -> None:
    picture = lay_out(graph)
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


def test_few_interfaces_are_rows_and_many_are_tiles() -> None:
    few, many = (
        lay_out(NetworkGraph(networks("s", 1, 1, count), (), (), (), (), ()))
        for count in (ROWS_DRAWN, ROWS_DRAWN + 1)
    )
    assert not few.networks[0].has_tiles
    assert many.networks[0].has_tiles
    assert many.height < few.height / 4


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
