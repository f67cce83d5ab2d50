"""The network in tables: what its picture shows, for those who read rather than look, or search."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from vtaplib.analysis.inventory import InterfaceEntry, Inventory
from vtaplib.cli.page.peerings import groups_of, peerings_of
from vtaplib.cli.page.table import Column, table
from vtaplib.model import ids
from vtaplib.reports.network_graph import Peering


def network_tables(world: Inventory) -> Iterator[Element]:
    """Networks with what is in them, then TAPs with where they send."""
    groups = list(groups_of(world))
    networks = [one for group in groups for one in group.networks]
    interfaces = [one for group in groups for one in group.interfaces]
    by_network: dict[str, list[InterfaceEntry]] = {}
    for one in interfaces:
        subnet_id = next((address.subnet_id for address in one.addresses if address.subnet_id), "")
        by_network.setdefault(subnet_id.lower().partition("/subnets/")[0], []).append(one)
    peerings: dict[str, list[tuple[str, Peering]]] = {}
    for peering in peerings_of(networks):
        for network_id, peer in zip(peering.network_ids, peering.names[::-1], strict=True):
            peerings.setdefault(network_id, []).append((peer, peering))
    if networks:
        yield table(
            "Networks",
            (
                Column("Network", heads=True),
                Column("Addresses"),
                Column("Subnets", is_number=True),
                Column("Interfaces", is_number=True),
                Column("Tapped", is_number=True),
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
        yield table(
            "TAPs",
            (
                Column("TAP", heads=True),
                Column("Sends to"),
                Column("At"),
                Column("Sources", is_number=True),
            ),
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
    told = [f"Connected with {', '.join(working)}"] if working else []
    told += [f"not working with {name}: {peering.states}" for name, peering in peerings if not peering.works]
    return "; ".join(told) or "–"


def _destination(destination_id: str) -> str:
    """An interface or load balancer, by name, with the name of what of it is meant."""
    owner_id, _, part = destination_id.rpartition("/")
    return f"{ids.name(owner_id.rpartition('/')[0])} ({part})"
