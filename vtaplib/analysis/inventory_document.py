"""What is in a cloud, for people: a tree with names instead of IDs, and addresses where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from vtaplib.analysis.inventory import (
    AddressEntry,
    BalancingRuleEntry,
    GroupEntry,
    InterfaceEntry,
    Inventory,
    LoadBalancerEntry,
    NetworkEntry,
    PeeringEntry,
    TapEntry,
)
from vtaplib.model import ids
from vtaplib.reports.document import Document, Phrase, Role, Section, Tree
from vtaplib.resources.virtual_machine import RUNNING
from vtaplib.resources.virtual_network_peering import PeeringState

_STATES: Final[Mapping[str, Role]] = {
    PeeringState.CONNECTED: Role.GOOD,
    PeeringState.INITIATED: Role.WARNING,
    PeeringState.DISCONNECTED: Role.BAD,
}


def inventory_document(inventory: Inventory) -> Document:
    """The document of an inventory."""
    tenants = [
        _tree(
            "tenant",
            tenant.tenant_id,
            children=(
                _tree("subscription", one.subscription_id, children=map(_group, one.groups))
                for one in tenant.subscriptions
            ),
        )
        for tenant in inventory.tenants
    ]
    nothing = [Tree(Phrase("empty: nothing has been applied to it", Role.MUTED))]
    cloud = _tree("cloud", inventory.cloud, children=tenants or nothing)
    return Document(f"What is in {inventory.cloud}", "", (Section("cloud", "Cloud", (cloud,)),))


def _tree(kind: str, name: str, *facts: str | Phrase, children: Iterable[Tree] = ()) -> Tree:
    """What it is, its name, what there is to know, and what is in it."""
    words = [part for fact in facts if fact for part in ("  ", fact)]
    return Tree((Phrase(f"{kind} ", Role.MUTED), Phrase(name, Role.STRONG), *words), tuple(children))


def _group(group: GroupEntry) -> Tree:
    return _tree("resource group", group.name, group.location, children=_members(group))


def _members(group: GroupEntry) -> Iterator[Tree]:
    yield from map(_network, group.networks)
    for address in group.public_addresses:
        yield _tree("public address", address.name, address.address, address.fqdn or "", address.location)
    for interface in group.interfaces:
        yield _tree("interface", interface.name, *_facts_of_interface(interface))
    for machine in group.machines:
        state = "" if machine.power_state == RUNNING else machine.power_state
        path = "" if machine.on_fastpath else "not on the fast path"
        interfaces = f"interfaces {_names(machine.interface_ids)}"
        yield _tree("machine", machine.name, machine.size, state, path, interfaces)
    yield from map(_balancer, group.load_balancers)
    yield from map(_tap, group.taps)


def _network(network: NetworkEntry) -> Tree:
    children = [_tree("subnet", one.name, *one.address_prefixes) for one in network.subnets]
    children += map(_peering, network.peerings)
    return _tree("network", network.name, *network.address_space, network.location, children=children)


def _peering(peering: PeeringEntry) -> Tree:
    state = Phrase(peering.state, _STATES.get(peering.state, Role.PLAIN))
    access = "" if peering.allows_access else Phrase("access not allowed", Role.BAD)
    return _tree("peering", peering.name, f"to {ids.name(peering.remote_network_id)}", state, access)


def _facts_of_interface(interface: InterfaceEntry) -> Iterator[str]:
    yield from map(_address_in_subnet, interface.addresses)
    yield f"machine {ids.name(interface.machine_id)}" if interface.machine_id else "attached to no machine"
    yield interface.mac_address or ""
    yield f"tapped by {_names(interface.tap_ids)}" if interface.tap_ids else ""


def _balancer(balancer: LoadBalancerEntry) -> Tree:
    return _tree(
        "load balancer",
        balancer.name,
        balancer.sku,
        balancer.location,
        children=_parts_of_balancer(balancer),
    )


def _parts_of_balancer(balancer: LoadBalancerEntry) -> Iterator[Tree]:
    for frontend in balancer.frontends:
        known = frontend.subnet_id or frontend.public_address
        yield _tree("frontend", frontend.name, _address_in_subnet(frontend) if known else "public")
    for rule in balancer.rules:
        yield _tree("rule", rule.name, *_facts_of_rule(rule))
    for probe in balancer.probes:
        yield _tree("probe", probe.name, f"{probe.protocol} port {probe.port}")
    for pool in balancer.pools:
        members = (_tree("member", _part_of_owner(one)) for one in pool.member_ids)
        yield _tree("pool", pool.name, "" if pool.member_ids else "no members", children=members)


def _facts_of_rule(rule: BalancingRuleEntry) -> Iterator[str]:
    if rule.protocol.lower() == "all":
        what = "HA ports"
    else:
        what = f"{rule.protocol} port {_port(rule.frontend_port)} to {_port(rule.backend_port)}"
    yield f"{what} of {ids.name(rule.frontend_id)}"
    yield f"to {_names(rule.pool_ids) or 'no pool'}"
    yield f"distribution {rule.distribution}"
    yield f"probe {ids.name(rule.probe_id)}" if rule.probe_id else "no probe"


def _tap(tap: TapEntry) -> Tree:
    address = f" {tap.destination_address}" if tap.destination_address else ""
    destination = f"sends to {_part_of_owner(tap.destination_id)}{address} port {tap.destination_port}"
    by = "by tap configuration"
    sources = [
        _tree("source", ids.name(one.interface_id), f"{by} {ids.name(one.tap_configuration_id)}")
        for one in tap.sources
    ]
    nobody = [Tree(Phrase("no sources", Role.MUTED))]
    return _tree("TAP", tap.name, destination, tap.location, children=sources or nobody)


def _address_in_subnet(entry: AddressEntry) -> str:
    public = f"public {entry.public_address}" if entry.public_address else ""
    if not entry.subnet_id:
        return entry.address or public or "no address"
    network = ids.name(ids.parent(entry.subnet_id))
    private = f"{entry.address or 'no address'} in {network}/{ids.name(entry.subnet_id)}"
    return f"{private}, {public}" if public else private


def _part_of_owner(part_id: str) -> str:
    """An IP configuration or frontend as `owner/part`."""
    return f"{ids.name(ids.parent(part_id))}/{ids.name(part_id)}"


def _names(resource_ids: Iterable[str]) -> str:
    return ", ".join(map(ids.name, resource_ids))


def _port(port: int) -> str:
    return str(port) if port else "any"
