"""Whether a world is sound: written from Azure's rules, over plain lists, without vtap's rules or its index.

It looks at every pair, so it is slow and short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations
from typing import TypeVar

from vtaplib import (
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    Subnet,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import Lb

R = TypeVar("R", bound=Resource)
Range = IPv4Network | IPv6Network


def problems(world: Sequence[Resource]) -> Iterator[str]:
    """What is wrong with a world, in words."""
    ids = {one.id.lower(): one for one in world}
    if len(ids) < len(world):
        yield "two resources have one ID"
    yield from network_problems(of(VirtualNetwork, world))
    yield from subnet_problems(of(Subnet, world), ids)
    yield from address_problems(world, ids)
    yield from interface_problems(of(NetworkInterface, world), ids)
    yield from machine_problems(of(VirtualMachine, world), ids)
    yield from peering_problems(of(VirtualNetworkPeering, world), ids)
    yield from tap_problems(world, ids)


def of(kind: type[R], world: Iterable[Resource]) -> list[R]:
    return [one for one in world if isinstance(one, kind)]


def ranges(prefixes: Iterable[str] | None) -> list[Range]:
    return [ip_network(prefix) for prefix in prefixes or ()]


def overlap(one: Range, other: Range) -> bool:
    if one.version != other.version:
        return False
    return not (one[-1] < other[0] or other[-1] < one[0])  # type: ignore[operator]  # of one family


def before(resource_id: str, segment: str) -> str:
    """The ID of what comes before a segment: a subnet's network, a configuration's interface."""
    return resource_id.lower().rpartition(f"/{segment.lower()}/")[0]


def network_problems(networks: Iterable[VirtualNetwork]) -> Iterator[str]:
    for network in networks:
        if any(overlap(one, other) for one, other in combinations(ranges(network.address_space), 2)):
            yield f"{network.id} overlaps itself"


def subnet_problems(subnets: Sequence[Subnet], ids: dict[str, Resource]) -> Iterator[str]:
    for subnet in subnets:
        network = ids.get(before(subnet.id, "subnets"))
        if not isinstance(network, VirtualNetwork):
            yield f"{subnet.id} has no network"
            continue
        for prefix in ranges(subnet.address_prefixes):
            spaces = ranges(network.address_space)
            if not any(
                space.version == prefix.version and prefix[0] in space and prefix[-1] in space
                for space in spaces
            ):
                yield f"{subnet.id}: {prefix} is outside its network"
            if prefix.version == 4 and prefix.num_addresses < 8:
                yield f"{subnet.id}: {prefix} has fewer than eight addresses"
        if any(overlap(one, other) for one, other in combinations(ranges(subnet.address_prefixes), 2)):
            yield f"{subnet.id} overlaps itself"
    for one, other in combinations(subnets, 2):
        if before(one.id, "subnets") != before(other.id, "subnets"):
            continue
        for first in ranges(one.address_prefixes):
            if any(overlap(first, second) for second in ranges(other.address_prefixes)):
                yield f"{one.id} overlaps {other.id}"


def address_problems(world: Sequence[Resource], ids: dict[str, Resource]) -> Iterator[str]:
    held = [
        (one.id, block.subnet_id, block.private_ip_address)
        for one in world
        if isinstance(one, NetworkInterface | Lb)
        for block in (
            one.ip_configuration if isinstance(one, NetworkInterface) else one.frontend_ip_configuration
        )
        if block.subnet_id
    ]
    for holder, subnet_id, text in held:
        subnet = ids.get((subnet_id or "").lower())
        if not isinstance(subnet, Subnet):
            yield f"{holder} is in {subnet_id}, which is not there"
            continue
        if not text:
            yield f"{holder} has no address"
            continue
        address = ip_address(text)
        homes = [prefix for prefix in ranges(subnet.address_prefixes) if address in prefix]
        if len(homes) != 1:
            yield f"{holder}: {address} is not in {subnet_id}"
        elif address in (*(homes[0][n] for n in range(4)), homes[0][-1]):
            yield f"{holder}: {address} is reserved"
    uses = Counter((subnet_id.lower(), ip_address(text)) for _, subnet_id, text in held if subnet_id and text)
    yield from (f"{use} is held {count} times" for use, count in uses.items() if count > 1)


def interface_problems(interfaces: Iterable[NetworkInterface], ids: dict[str, Resource]) -> Iterator[str]:
    for interface in interfaces:
        homes = {
            before(block.subnet_id, "subnets") for block in interface.ip_configuration if block.subnet_id
        }
        if len(homes) != 1:
            yield f"{interface.id} is in {len(homes)} networks"
        for home in homes:
            network = ids.get(home)
            if not isinstance(network, VirtualNetwork) or network.location != interface.location:
                yield f"{interface.id} is not where its network is"
        primary = [block for block in interface.ip_configuration if block.primary]
        if len(interface.ip_configuration) > 1 and len(primary) != 1:
            yield f"{interface.id} does not have one primary configuration"


def machine_problems(machines: Sequence[VirtualMachine], ids: dict[str, Resource]) -> Iterator[str]:
    attached = Counter(one.lower() for machine in machines for one in machine.network_interface_ids)
    yield from (f"{one} is attached {count} times" for one, count in attached.items() if count > 1)
    for machine in machines:
        interfaces = [ids.get(one.lower()) for one in machine.network_interface_ids]
        found = of(NetworkInterface, (one for one in interfaces if one is not None))
        if len(found) < len(interfaces) or not found:
            yield f"{machine.id} has an interface that is not there, or none"
        if (
            len({before(block.subnet_id or "", "subnets") for one in found for block in one.ip_configuration})
            > 1
        ):
            yield f"{machine.id} has interfaces in several networks"
        for one in found:
            if one.location != machine.location:
                yield f"{machine.id} and {one.id} are in two regions"
            if not one.mac_address:
                yield f"{one.id} is attached and has no MAC address"
            if one.virtual_machine_id.lower() != machine.id.lower():
                yield f"{one.id} does not know its machine"


def peering_problems(peerings: Sequence[VirtualNetworkPeering], ids: dict[str, Resource]) -> Iterator[str]:
    links = Counter((here(one), one.remote_virtual_network_id.lower()) for one in peerings)
    yield from (f"{link} is peered {count} times" for link, count in links.items() if count > 1)
    states = {(here(one), one.remote_virtual_network_id.lower()): one.peering_state for one in peerings}
    for (local, remote), state in states.items():
        other = states.get((remote, local))
        if remote not in ids:
            if state != "Disconnected":
                yield f"{local}: the peering with {remote}, which is not there, is {state}"
        elif (state == "Connected") != (other == "Connected"):
            yield f"{local}: {state}, but {remote}: {other}"
        elif other is not None and state != "Connected":
            yield f"{local} and {remote} have both sides and are {state} and {other}"
    for network_id in {local for local, _ in states}:
        # A side that is Disconnected links to nothing; another network may have come in its remote's place.
        linked = [
            remote
            for (local, remote), state in states.items()
            if local == network_id and remote in ids and state != "Disconnected"
        ]
        reached = [network_id, *linked]
        for one, other_id in combinations(reached, 2):
            spaces = [
                ranges(network.address_space) for network in of(VirtualNetwork, (ids[one], ids[other_id]))
            ]
            if any(overlap(first, second) for first in spaces[0] for second in spaces[1]):
                yield f"{network_id} reaches {one} and {other_id}, which overlap"


def here(peering: VirtualNetworkPeering) -> str:
    return before(peering.id, "virtualNetworkPeerings")


def tap_problems(world: Sequence[Resource], ids: dict[str, Resource]) -> Iterator[str]:
    configurations = of(NetworkInterfaceTapConfiguration, world)
    for tap in of(VirtualNetworkTap, world):
        interface_ip = tap.destination_network_interface_ip_configuration_id
        frontend = tap.destination_load_balancer_frontend_ip_configuration_id
        if bool(interface_ip) == bool(frontend) or tap.destination_port != 4789:
            yield f"{tap.id} does not have one destination, at port 4789"
        owner = ids.get(
            before(
                interface_ip or frontend or "",
                "ipConfigurations" if interface_ip else "frontendIPConfigurations",
            )
        )
        if not isinstance(owner, NetworkInterface | Lb) or owner.location != tap.location:
            yield f"{tap.id} sends to what is not there, or in another region"
        sources = {one.id for one in configurations if one.virtual_network_tap_id.lower() == tap.id.lower()}
        if set(tap.network_interface_tap_configuration_ids) != sources:
            yield f"{tap.id} does not know its sources"
    for one in configurations:
        source, tap_of = (
            ids.get(one.network_interface_id.lower()),
            ids.get(one.virtual_network_tap_id.lower()),
        )
        if not isinstance(source, NetworkInterface) or not isinstance(tap_of, VirtualNetworkTap):
            yield f"{one.id} refers to what is not there"
        elif source.location != tap_of.location:
            yield f"{one.id} spans two regions"


def reaches(world: Sequence[Resource], source: NetworkInterface, destination_network: str) -> bool:
    """Whether copies of an interface's traffic can get to a network (a lower-case ID)."""
    home = before(source.ip_configuration[0].subnet_id or "", "subnets")
    states = {
        (here(one), one.remote_virtual_network_id.lower()): one.peering_state
        for one in of(VirtualNetworkPeering, world)
        if one.allow_virtual_network_access
    }
    both = (states.get((home, destination_network)), states.get((destination_network, home)))
    return home == destination_network or both == ("Connected", "Connected")
