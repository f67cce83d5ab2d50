"""The world as a tree for people: names instead of IDs, addresses where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text
from rich.tree import Tree

from vtaplib.analysis.inventory import (
    AddressEntry,
    BalancingRuleEntry,
    GroupEntry,
    InterfaceEntry,
    Inventory,
    LoadBalancerEntry,
    NetworkEntry,
    TapEntry,
)
from vtaplib.model import ids
from vtaplib.resources.virtual_machine import RUNNING

STATE_STYLES = {"Connected": "green", "Initiated": "yellow", "Disconnected": "red"}


def inventory_tree(world: Inventory) -> Tree:
    """The tree of a whole cloud."""
    tree = Tree(_line("cloud", world.cloud))
    if not world.tenants:
        tree.add(Text("empty: nothing has been applied to it", "dim"))
    for tenant in world.tenants:
        tenant_node = tree.add(_line("tenant", tenant.tenant_id))
        for subscription in tenant.subscriptions:
            node = tenant_node.add(_line("subscription", subscription.subscription_id))
            for group in subscription.groups:
                _add_group(node, group)
    return tree


def _add_group(parent: Tree, group: GroupEntry) -> None:
    node = parent.add(_line("resource group", group.name, group.location))
    for network in group.networks:
        _add_network(node, network)
    for address in group.public_addresses:
        facts = [address.address, *([address.fqdn] if address.fqdn else []), address.location]
        node.add(_line("public address", address.name, *facts))
    for interface in group.interfaces:
        node.add(_line("interface", interface.name, *_facts_of_interface(interface)))
    for machine in group.machines:
        names = ", ".join(map(ids.name, machine.interface_ids))
        state = "" if machine.power_state == RUNNING else machine.power_state
        path = "" if machine.on_fastpath else "not on the fast path"
        node.add(_line("machine", machine.name, machine.size, state, path, f"interfaces {names}"))
    for balancer in group.load_balancers:
        _add_balancer(node, balancer)
    for tap in group.taps:
        _add_tap(node, tap)


def _add_network(parent: Tree, network: NetworkEntry) -> None:
    node = parent.add(_line("network", network.name, *network.address_space, network.location))
    for subnet in network.subnets:
        node.add(_line("subnet", subnet.name, *subnet.address_prefixes))
    for peering in network.peerings:
        line = _line("peering", peering.name, f"to {ids.name(peering.remote_network_id)}")
        line.append(f"  {peering.state}", STATE_STYLES.get(peering.state, ""))
        if not peering.allows_access:
            line.append("  access not allowed", "red")
        node.add(line)


def _facts_of_interface(interface: InterfaceEntry) -> Iterator[str]:
    yield from map(_address_in_subnet, interface.addresses)
    yield f"machine {ids.name(interface.machine_id)}" if interface.machine_id else "attached to no machine"
    if interface.mac_address:
        yield interface.mac_address
    if interface.tap_ids:
        yield f"tapped by {', '.join(map(ids.name, interface.tap_ids))}"


def _add_balancer(parent: Tree, balancer: LoadBalancerEntry) -> None:
    node = parent.add(_line("load balancer", balancer.name, balancer.sku, balancer.location))
    for frontend in balancer.frontends:
        known = frontend.subnet_id or frontend.public_address
        node.add(_line("frontend", frontend.name, _address_in_subnet(frontend) if known else "public"))
    for rule in balancer.rules:
        node.add(_line("rule", rule.name, *_facts_of_rule(rule)))
    for probe in balancer.probes:
        node.add(_line("probe", probe.name, f"{probe.protocol} port {probe.port}"))
    for pool in balancer.pools:
        members = node.add(_line("pool", pool.name, *([] if pool.member_ids else ["no members"])))
        for member_id in pool.member_ids:
            members.add(_line("member", _part_of_owner(member_id)))


def _facts_of_rule(rule: BalancingRuleEntry) -> Iterator[str]:
    if rule.protocol.lower() == "all":
        what = "HA ports"
    else:
        what = f"{rule.protocol} port {_port(rule.frontend_port)} to {_port(rule.backend_port)}"
    yield f"{what} of {ids.name(rule.frontend_id)}"
    yield f"to {_names(rule.pool_ids) or 'no pool'}"
    yield f"distribution {rule.distribution}"
    yield f"probe {ids.name(rule.probe_id)}" if rule.probe_id else "no probe"


def _add_tap(parent: Tree, tap: TapEntry) -> None:
    address = f" {tap.destination_address}" if tap.destination_address else ""
    destination = f"sends to {_part_of_owner(tap.destination_id)}{address} port {tap.destination_port}"
    node = parent.add(_line("TAP", tap.name, destination, tap.location))
    for source in tap.sources:
        configuration = f"by tap configuration {ids.name(source.tap_configuration_id)}"
        node.add(_line("source", ids.name(source.interface_id), configuration))
    if not tap.sources:
        node.add(Text("no sources", "dim"))


def _line(kind: str, name: str, *facts: str) -> Text:
    """One line of the tree: what it is, its name, and what there is to know."""
    line = Text.assemble((f"{kind} ", "dim"), (name, "bold"))
    for fact in filter(None, facts):
        line.append(f"  {fact}")
    return line


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
