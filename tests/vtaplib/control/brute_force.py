"""More of what makes a world sound: taps, machines, balancing, security, public addresses, gateways, limits.

Written from Azure's rules over plain lists, as `soundness` is: no rule, no view and no index of vtap's. It
looks at everything each time, so it is slow and short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, TypeVar

from vtaplib import (
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    Policy,
    Subnet,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    Lb,
    LbRule,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkSecurityRule,
    NetworkWatcher,
    PublicIp,
    SubnetNetworkSecurityGroupAssociation,
)

R = TypeVar("R", bound=Resource)

MOST_INTERFACES: Final = {
    "standard_b1s": 2,
    "standard_b1ms": 2,
    "standard_d4_v3": 2,
    "standard_b2s": 3,
    "standard_d2s_v5": 2,
    "standard_d8s_v5": 4,
    "standard_d16s_v5": 8,
    "standard_d2s_v6": 2,
    "standard_f2als_v6": 2,
    "standard_ds1_v2": 2,
    "standard_ds3_v2": 4,
}
"""Azure's pages on machine sizes; those that tests name."""


class World:
    """Resources, looked through from end to end for every question."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = resources

    def all(self, kind: type[R]) -> list[R]:
        return [one for one in self.resources if isinstance(one, kind)]

    def one(self, kind: type[R], resource_id: str) -> R | None:
        return next((one for one in self.all(kind) if same(one.id, resource_id)), None)

    def home(self, interface: NetworkInterface) -> VirtualNetwork | None:
        subnet_id = interface.ip_configuration[0].subnet_id or ""
        return self.one(VirtualNetwork, above(subnet_id, "subnets"))

    def machine(self, interface_id: str) -> VirtualMachine | None:
        return next(
            (
                one
                for one in self.all(VirtualMachine)
                if any(same(each, interface_id) for each in one.network_interface_ids)
            ),
            None,
        )

    def members(self, pool_id: str) -> list[str]:
        return [
            one.network_interface_id
            for one in self.all(NetworkInterfaceBackendAddressPoolAssociation)
            if same(one.backend_address_pool_id, pool_id)
        ]

    def pools(self, interface_id: str) -> list[str]:
        return [
            one.backend_address_pool_id
            for one in self.all(NetworkInterfaceBackendAddressPoolAssociation)
            if same(one.network_interface_id, interface_id)
        ]

    def rules(self, pool_id: str) -> list[LbRule]:
        return [
            one
            for one in self.all(LbRule)
            if any(same(pool_id, each) for each in one.backend_address_pool_ids or ())
        ]

    def balancer(self, pool_id: str) -> Lb | None:
        return self.one(Lb, above(pool_id, "backendAddressPools"))

    def collectors(self, tap: VirtualNetworkTap) -> list[str]:
        """The IDs of the interfaces that copies can arrive at."""
        direct = tap.destination_network_interface_ip_configuration_id
        if direct:
            return [above(direct, "ipConfigurations")]
        frontend_id = tap.destination_load_balancer_frontend_ip_configuration_id or ""
        return [
            member
            for rule in self.all(LbRule)
            if same(above(frontend_id, "frontendIPConfigurations"), rule.loadbalancer_id)
            and same(frontend_id.rpartition("/")[2], rule.frontend_ip_configuration_name)
            and (rule.protocol == "All" or (rule.protocol == "Udp" and rule.frontend_port == 4789))
            for pool_id in rule.backend_address_pool_ids or ()
            for member in self.members(pool_id)
        ]


def same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def above(resource_id: str, segment: str) -> str:
    """The ID of what comes before a segment."""
    return resource_id.lower().rpartition(f"/{segment.lower()}/")[0]


def repeated(things: Iterable[object]) -> Iterator[object]:
    yield from (thing for thing, times in Counter(things).items() if times > 1)


def source_problems(world: World) -> Iterator[str]:
    for configuration in world.all(NetworkInterfaceTapConfiguration):
        source = world.one(NetworkInterface, configuration.network_interface_id)
        tap = world.one(VirtualNetworkTap, configuration.virtual_network_tap_id)
        if source is None or tap is None:
            continue
        network = world.home(source)
        if network is not None and network.encryption is not None:
            yield f"{source.id} is tapped in a network with encryption"
        if any(same(source.id, one) for one in world.collectors(tap)):
            yield f"{source.id} is tapped towards itself"
        machine = world.machine(source.id)
        if machine is None:
            continue
        if machine.size.lower().endswith("_v6"):
            yield f"{machine.id} is tapped and of generation 6"
        if not machine.on_fastpath:
            yield f"{machine.id} is tapped and not on the fast path"
        for interface_id in machine.network_interface_ids:
            for pool_id in world.pools(interface_id):
                balancer = world.balancer(pool_id)
                if balancer is not None and balancer.sku == "Basic":
                    yield f"{machine.id} is tapped and behind a Basic load balancer"
                if any(rule.floating_ip_enabled for rule in world.rules(pool_id)):
                    yield f"{machine.id} is tapped and behind a rule with floating IP"


def destination_problems(world: World) -> Iterator[str]:
    for tap in world.all(VirtualNetworkTap):
        direct = tap.destination_network_interface_ip_configuration_id or ""
        through = tap.destination_load_balancer_frontend_ip_configuration_id or ""
        interface = world.one(NetworkInterface, above(direct, "ipConfigurations"))
        balancer = world.one(Lb, above(through, "frontendIPConfigurations"))
        for block in interface.ip_configuration if interface is not None else ():
            if same(block.name, direct.rpartition("/")[2]) and block.private_ip_address_version == "IPv6":
                yield f"{tap.id} sends over IPv6"
        for frontend in balancer.frontend_ip_configuration if balancer is not None else ():
            if same(frontend.name, through.rpartition("/")[2]) and not frontend.subnet_id:
                yield f"{tap.id} sends to a public frontend"
        if balancer is not None and balancer.sku == "Gateway":
            yield f"{tap.id} sends to a Gateway"


def machine_problems(world: World) -> Iterator[str]:
    for machine in world.all(VirtualMachine):
        most = MOST_INTERFACES.get(machine.size.lower(), 8)
        if len(machine.network_interface_ids) > most:
            yield f"{machine.id} has more than {most} interfaces"
        skus = {
            balancer.sku == "Basic"
            for interface_id in machine.network_interface_ids
            for pool_id in world.pools(interface_id)
            if (balancer := world.balancer(pool_id)) is not None
        }
        if len(skus) > 1:
            yield f"{machine.id} is behind Basic and other load balancers"


def balancing_problems(world: World) -> Iterator[str]:
    for one, other in combinations(world.all(LbRule), 2):
        pools = [{each.lower() for each in rule.backend_address_pool_ids or ()} for rule in (one, other)]
        alike = one.protocol == other.protocol
        floating = (one.floating_ip_enabled, other.floating_ip_enabled)
        if pools[0] & pools[1]:
            if alike and one.backend_port == other.backend_port and not any(floating):
                yield f"{one.id} and {other.id} send to one port of one pool"
            if (one.protocol == "All") != (other.protocol == "All") and not all(floating):
                yield f"{one.id} and {other.id} mix all ports with one in a pool"
        if (
            same(one.loadbalancer_id, other.loadbalancer_id)
            and same(one.frontend_ip_configuration_name, other.frontend_ip_configuration_name)
            and (alike and one.frontend_port == other.frontend_port)
        ):
            yield f"{one.id} and {other.id} take one port of one frontend"
    for rule in world.all(LbRule):
        yield from rule_problems(world, rule)
    for pool_id in {
        one.backend_address_pool_id.lower()
        for one in world.all(NetworkInterfaceBackendAddressPoolAssociation)
    }:
        interfaces = [world.one(NetworkInterface, one) for one in world.members(pool_id)]
        homes = {network.id for one in interfaces if one is not None and (network := world.home(one))}
        balancer = world.balancer(pool_id)
        for frontend in balancer.frontend_ip_configuration if balancer is not None else ():
            home = world.one(VirtualNetwork, above(frontend.subnet_id or "", "subnets"))
            homes |= {home.id} if home is not None else set()
        if len(homes) > 1:
            yield f"{pool_id} is in {len(homes)} networks"


def rule_problems(world: World, rule: LbRule) -> Iterator[str]:
    balancer = world.one(Lb, rule.loadbalancer_id)
    if balancer is None:
        yield f"{rule.id} has no load balancer"
        return
    frontends = [
        one
        for one in balancer.frontend_ip_configuration
        if same(one.name, rule.frontend_ip_configuration_name)
    ]
    if len(frontends) != 1:
        yield f"{rule.id} has {len(frontends)} frontends"
    if (rule.protocol == "All") != (rule.frontend_port == 0 and rule.backend_port == 0):
        yield f"{rule.id}: protocol {rule.protocol}, ports {rule.frontend_port} and {rule.backend_port}"
    if rule.protocol == "All" and (balancer.sku == "Basic" or not all(one.subnet_id for one in frontends)):
        yield f"{rule.id} takes all ports of a frontend that is public, or Basic"
    for part_id in (*(rule.backend_address_pool_ids or ()), rule.probe_id):
        if part_id and not part_id.lower().startswith(f"{balancer.id.lower()}/"):
            yield f"{rule.id} uses {part_id} of another load balancer"


def security_problems(world: World) -> Iterator[str]:
    places = [
        (above(one.id, "securityRules"), one.direction, one.priority)
        for one in world.all(NetworkSecurityRule)
    ]
    yield from (f"{place} has two rules" for place in repeated(places))
    guarded = [
        one.network_interface_id.lower() for one in world.all(NetworkInterfaceSecurityGroupAssociation)
    ]
    yield from (f"{one} has two groups" for one in repeated(guarded))
    for one in world.all(NetworkInterfaceSecurityGroupAssociation):
        interface = world.one(NetworkInterface, one.network_interface_id)
        yield from group_problems(world, one.network_security_group_id, interface, one.id)
    for each in world.all(SubnetNetworkSecurityGroupAssociation):
        network = world.one(VirtualNetwork, above(each.subnet_id, "subnets"))
        yield from group_problems(world, each.network_security_group_id, network, each.id)


def group_problems(
    world: World, group_id: str, guarded: NetworkInterface | VirtualNetwork | None, who: str
) -> Iterator[str]:
    group = world.one(NetworkSecurityGroup, group_id)
    if group is None or guarded is None:
        yield f"{who} attaches what is not there"
    elif group.location != guarded.location:
        yield f"{who} attaches across regions"


def public_address_problems(world: World) -> Iterator[str]:
    held: list[tuple[str, NetworkInterface | Lb]] = []
    for interface in world.all(NetworkInterface):
        held += [(one.public_ip_address_id or "", interface) for one in interface.ip_configuration]
    for balancer in world.all(Lb):
        held += [(one.public_ip_address_id or "", balancer) for one in balancer.frontend_ip_configuration]
    held = [(address_id.lower(), holder) for address_id, holder in held if address_id]
    yield from (f"{address_id} is held twice" for address_id in repeated(one for one, _ in held))
    for address_id, holder in held:
        address = world.one(PublicIp, address_id)
        if address is None:
            yield f"{holder.id} holds {address_id}, which is not there"
            continue
        if address.location != holder.location:
            yield f"{holder.id} holds an address of another region"
        if isinstance(holder, Lb) and (holder.sku == "Basic") != (address.sku == "Basic"):
            yield f"{holder.id} and {address.id} are of different SKUs"
    for address in world.all(PublicIp):
        if address.sku == "Basic" or address.allocation_method != "Static":
            yield f"{address.id} is {address.sku} and {address.allocation_method}"
    addresses = [one.ip_address for one in world.all(PublicIp) if one.ip_address]
    yield from (f"{one} is given twice" for one in repeated(addresses))


def gateway_problems(world: World) -> Iterator[str]:
    peerings = world.all(VirtualNetworkPeering)
    using = [one for one in peerings if one.use_remote_gateways]
    yield from (
        f"{one} uses several gateways"
        for one in repeated(above(one.id, "virtualNetworkPeerings") for one in using)
    )
    for one in using:
        for other in peerings:
            is_other_side = same(
                above(other.id, "virtualNetworkPeerings"), one.remote_virtual_network_id
            ) and (same(above(one.id, "virtualNetworkPeerings"), other.remote_virtual_network_id))
            if is_other_side and not other.allow_gateway_transit:
                yield f"{one.id} uses a gateway that {other.id} does not lend"


def count_problems(world: World, policy: Policy) -> Iterator[str]:
    for setting, things in counted(world).items():
        for owner, times in Counter(things).items():
            if times > getattr(policy, setting):
                yield f"{setting}: {owner} has {times}"


def counted(world: World) -> Mapping[str, Sequence[object]]:
    """By limit, the owner of each thing that counts."""
    interfaces = world.all(NetworkInterface)

    def regions(
        kind: type[NetworkInterface | NetworkWatcher | VirtualNetwork | VirtualNetworkTap],
    ) -> list[object]:
        return [(one.id.split("/")[2].lower(), one.location) for one in world.all(kind)]

    blocks = [block for one in interfaces for block in one.ip_configuration]
    frontends = [block for one in world.all(Lb) for block in one.frontend_ip_configuration]
    return {
        "taps_per_region": regions(VirtualNetworkTap),
        "virtual_networks_per_region": regions(VirtualNetwork),
        "network_interfaces_per_region": regions(NetworkInterface),
        "network_watchers_per_region": regions(NetworkWatcher),
        "subnets_per_virtual_network": [above(one.id, "subnets") for one in world.all(Subnet)],
        "peerings_per_virtual_network": [
            above(one.id, "virtualNetworkPeerings") for one in world.all(VirtualNetworkPeering)
        ],
        "tap_configurations_per_tap": [
            one.virtual_network_tap_id.lower() for one in world.all(NetworkInterfaceTapConfiguration)
        ],
        "private_addresses_per_virtual_network": [
            above(subnet_id, "subnets")
            for block in (*blocks, *frontends)
            if (subnet_id := block.subnet_id)
        ],
        "private_addresses_per_network_interface": [
            one.id.lower() for one in interfaces for _ in one.ip_configuration
        ],
    }  # fmt: skip


PARTS: Final[Sequence[Callable[[World], Iterator[str]]]] = (
    source_problems,
    destination_problems,
    machine_problems,
    balancing_problems,
    security_problems,
    public_address_problems,
    gateway_problems,
)


def more_problems(resources: Sequence[Resource], policy: Policy) -> Iterator[str]:
    """What is wrong with a world beyond its networks and addresses, in words."""
    world = World(resources)
    for part in PARTS:
        yield from part(world)
    yield from count_problems(world, policy)
