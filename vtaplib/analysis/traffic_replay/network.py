"""The network of a replay: its picture and, for those who read rather than look, its tables."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.analysis.inventory import InterfaceEntry, Inventory
from vtaplib.analysis.traffic_replay.graph import TrafficCounts, graph_of, groups_of, peerings_of
from vtaplib.analysis.traffic_replay.report import ReplayReport
from vtaplib.model import ids
from vtaplib.reports.document import Column, Element, NetworkPicture, Note, Table, numbers
from vtaplib.reports.network_graph import Peering


def network_elements(report: ReplayReport, inventory: Inventory) -> Iterator[Element]:
    """Picture and tables."""
    graph = graph_of(inventory, TrafficCounts.of(report))
    if not graph.sources and not graph.collectors and not graph.taps:
        yield Note("The cloud has no virtual network and no TAP.")
        return
    yield NetworkPicture(graph)
    groups = list(groups_of(inventory))
    networks = [one for group in groups for one in group.networks]
    by_network: dict[str, list[InterfaceEntry]] = {}
    for interface in (one for group in groups for one in group.interfaces):
        subnet_id = next((address.subnet_id for address in interface.addresses if address.subnet_id), "")
        by_network.setdefault(subnet_id.lower().partition("/subnets/")[0], []).append(interface)
    peerings: dict[str, list[tuple[str, Peering]]] = {}
    for peering in peerings_of(networks):
        for network_id, peer in zip(peering.network_ids, peering.names[::-1], strict=True):
            peerings.setdefault(network_id, []).append((peer, peering))
    if networks:
        yield Table(
            "Networks",
            (
                Column("Network"),
                Column("Addresses"),
                *numbers("Subnets", "Interfaces", "Tapped"),
                Column("Peerings"),
            ),
            [
                (
                    one.name,
                    ", ".join(one.address_space),
                    len(one.subnets),
                    len(there),
                    sum(bool(interface.tap_ids) for interface in there),
                    _peers(peerings.get(one.id.lower(), [])),
                )
                for one in networks
                for there in [by_network.get(one.id.lower(), [])]
            ],
        )
    taps = [one for group in groups for one in group.taps]
    if taps:
        yield Table(
            "TAPs",
            (Column("TAP"), Column("Sends to"), Column("At"), *numbers("Sources")),
            [
                (
                    one.name,
                    _destination(one.destination_id),
                    f"{one.destination_address or 'no address'}:{one.destination_port}",
                    len(one.sources),
                )
                for one in taps
            ],
        )


def _peers(peerings: list[tuple[str, Peering]]) -> str:
    """The peers that a network reaches, then those that it does not, with the reason."""
    working = [name for name, peering in peerings if peering.works]
    states = [f"Connected with {', '.join(working)}"] if working else []
    states += [
        f"not working with {name}: {peering.states}" for name, peering in peerings if not peering.works
    ]
    return "; ".join(states) or "–"


def _destination(destination_id: str) -> str:
    """An interface or load balancer, by name, with the name of what of it is meant."""
    owner_id, _, part = destination_id.rpartition("/")
    return f"{ids.name(owner_id.rpartition('/')[0])} ({part})"
