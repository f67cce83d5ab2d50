"""A cloud under construction: every step draws among what the rules allow at that point.

The order is the one in which a person would build it: networks, peerings, interfaces, load balancers, TAPs,
tap configurations, and then the machines, which get onto the fast path so. So nothing is drawn in vain. The
first of any choices is the simplest: what is left of a failing test after shrinking is a short list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from hypothesis import strategies as st

from vtaplib.model.addresses import RESERVED_AT_START
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ArmError
from vtaplib.resources import (
    Lb,
    LbBackendAddressPool,
    LbFrontendIpConfiguration,
    LbProbe,
    LbRule,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceTapConfiguration,
    ResourceGroup,
    Subnet,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.resources.peering_link import link_between
from vtaplib.testing.addresses import addresses, capacity
from vtaplib.testing.drawn_cloud import DrawnCloud
from vtaplib.testing.resources import (
    GROUP,
    REGION,
    interfaces,
    machines,
    networks,
    tap_configurations,
    taps,
)

R = TypeVar("R", bound=Resource)

LISTENERS = (("Udp", 4789), ("All", 0))
"""Rules that take copies: one for VXLAN's port, and one for HA ports."""
DISTRIBUTIONS = ("Default", "SourceIP", "SourceIPProtocol")
DELETABLE = (
    NetworkInterfaceTapConfiguration,
    VirtualNetworkTap,
    VirtualNetworkPeering,
    LinuxVirtualMachine,
    NetworkInterfaceBackendAddressPoolAssociation,
    LbRule,
    NetworkInterface,
    Lb,
)


class Site:
    """A cloud being built, and what has to be remembered of it meanwhile."""

    def __init__(
        self,
        draw: st.DrawFn,
        cloud: DrawnCloud,
        tenants: int,
        *,
        dual_stack: bool,
        min_interfaces: int,
        min_taps: int,
    ) -> None:
        self.draw = draw
        self.cloud = cloud
        self.dual_stack = dual_stack
        self.min_interfaces = min_interfaces
        self.min_taps = min_taps
        self.sources_needed = min_taps if cloud.policy.multiple_taps_per_nic == "error" else 1
        """How many sources the first TAP's collector must have in reach."""
        self.reserve: Sequence[NetworkInterface] = ()
        """Sources of the first TAP's collector that never collect themselves: what every further TAP that
        there must be can fall back on."""
        self.subscriptions = [
            cloud.subscription(_guid(number, "8000"), tenant_id=_guid(number, "9000"))
            for number in range(1, draw(st.integers(1, tenants)) + 1)
        ]
        for subscription in self.subscriptions:
            subscription.put(ResourceGroup(name=GROUP, location=REGION))
        self.networks: list[VirtualNetwork] = []
        self.peers: dict[str, list[VirtualNetwork]] = {}
        """The networks that a network reaches, itself included, by its ID."""
        self.interfaces: list[NetworkInterface] = []
        self.balancers: dict[str, Lb] = {}
        self.left: dict[str, int] = {}
        """How many addresses a subnet has left, by ID."""
        self.taken: set[tuple[str, IPv4Address]] = set()
        self.tapped: set[str] = set()
        self.behind: dict[str, set[str]] = {}
        """The interfaces behind a load balancer, by its ID."""
        self.collecting: set[str] = set()
        """The interfaces that copies can arrive at."""
        self.floating: set[str] = set()
        """Those behind a rule with floating IP: their machines may not be tapped."""
        self.machines: list[LinuxVirtualMachine] = []
        """Those to be made when there are TAPs."""

    def repeat(self, least: int, most: int, step: Callable[[int], None]) -> None:
        """Takes a step, numbered from 1, at least and at most so many times."""
        for number in range(1, most + 1):
            if not self.draw(_one_more(step, number, certain=number <= least)):
                return

    def put(self, strategy: st.SearchStrategy[R], beside: Resource) -> R:
        """Draws a resource and puts it into the subscription that another is in."""
        resource = self.draw(strategy)
        return self.cloud.put(resource.replace(subscription_id=beside.subscription_id))

    def add_network(self, number: int, *, overlapping: bool, peered: bool | None) -> None:
        """A network with its subnets, and its peerings with earlier ones."""
        space = IPv4Network(f"10.{number}.0.0/16")
        if overlapping and self.networks and self.draw(st.booleans()):
            space = _space(self.draw(st.sampled_from(self.networks)))
        strategy = networks(
            names=st.just(f"network-{number}"),
            spaces=st.just(space),
            # The first has room for all interfaces that there must be, and for a load balancer.
            min_addresses=self.min_interfaces + 1 if number == 1 else 1,
            dual_stack=self.dual_stack,
        )
        owner = self.draw(st.sampled_from(self.subscriptions))
        network = owner.put(self.draw(strategy))
        self.networks.append(network)
        for subnet in self.cloud.list(Subnet, network.id + "/"):
            self.left[subnet.id] = capacity(_prefix(subnet))
        self.peers[network.id] = [network]
        self.add_peerings(network, peered)

    def add_peerings(self, here: VirtualNetwork, peered: bool | None) -> None:
        """Peers a new network with earlier ones, where no address spaces that would meet are the same."""
        if peered is False:
            return
        earlier = [one for one in self.networks if one.id != here.id]
        chosen = earlier if peered else self.draw(_subsets(earlier))
        for there in chosen:
            if _overlap(self.peers[here.id], [there]) or _overlap(self.peers[there.id], [here]):
                continue
            for one, other in ((here, there), (there, here)):
                self.peers[one.id].append(other)
                self.cloud.put(
                    VirtualNetworkPeering(
                        name=f"to-{other.name}",
                        subscription_id=one.subscription_id,
                        resource_group_name=GROUP,
                        virtual_network_name=one.name,
                        remote_virtual_network_id=other.id,
                    )
                )

    def add_interface(self, number: int, *, attached: bool | None) -> None:
        """An interface where there is room, with a machine or without. The first ones are in one network, so
        that one can be the collector and the others its sources.
        """
        choices = [
            subnet_id
            for network in (self.networks if number > self.sources_needed + 1 else self.networks[:1])
            for subnet_id in self.roomy_subnets(network.id, spare=1)
        ]
        if not choices:
            return
        subnet_id = self.draw(st.sampled_from(choices))
        strategy = interfaces(
            st.just(subnet_id),
            names=st.just(f"nic-{number}"),
            addresses=self.free_addresses(subnet_id),
            dual_stack=self.dual_stack and self.either(None),
        )
        interface = self.put(strategy, self.network_of(subnet_id))
        self.note(subnet_id, interface.private_ip_address)
        # Most are, or little would be mirrored.
        if attached or (attached is None and self.draw(st.sampled_from([True, True, True, False]))):
            machine = self.draw(machines(st.just(interface.id), names=st.just(f"vm-{number}")))
            self.machines.append(machine.replace(subscription_id=interface.subscription_id))
        self.interfaces.append(interface)

    def add_tap(self, number: int, *, load_balanced: bool | None) -> None:
        """A TAP, and sources that it may have."""
        balanced = self.either(load_balanced)
        needed = self.sources_needed if number == 1 else 1
        held_back = self.held_back(number)
        collectors = [
            one
            for one in self.interfaces
            if self.may_collect(one) and len(self.sources_for(one, held_back, balanced=balanced)) >= needed
        ]
        if not collectors:
            return
        collector = self.draw(st.sampled_from(collectors))
        if number == 1 < self.min_taps:
            self.reserve = self.draw(_subsets(self.sources_for(collector), needed, needed))
            held_back = self.held_back(number)
        balancer = self.balancer_of(collector) if balanced else None
        behind = {collector.id} if balancer is None else self.behind[balancer.id]
        sources = self.sources_for(collector, held_back, balanced=balanced)
        names = st.just(f"tap-{number}")
        tap = self.put(taps(st.just(balancer or collector), names=names), collector)
        self.collecting |= behind
        for source in self.draw(_subsets(sources, min_size=1)):
            self.tapped.add(source.id)
            configuration = tap_configurations(st.just(source.id), st.just(tap.id), names=names)
            self.cloud.put(self.draw(configuration))

    def add_machines(self) -> None:
        """The machines of the interfaces that have one."""
        for machine in self.machines:
            self.cloud.put(machine)

    def may_collect(self, interface: NetworkInterface) -> bool:
        """Whether copies may go to an interface: not to one of the reserve, and not to one that is tapped
        itself, if the policy says so.
        """
        tapped = interface.id in self.tapped and self.cloud.policy.remirror == "error"
        return not tapped and interface.id not in {one.id for one in self.reserve}

    def held_back(self, number: int) -> AbstractSet[str]:
        """The part of the reserve that a TAP leaves to later ones, which need a source that has none yet."""
        if self.cloud.policy.multiple_taps_per_nic != "error":
            return frozenset()
        untapped = [one.id for one in self.reserve if one.id not in self.tapped]
        return frozenset(untapped[: max(0, self.min_taps - number)])

    def sources_for(
        self,
        collector: NetworkInterface,
        held_back: AbstractSet[str] = frozenset(),
        *,
        balanced: bool = False,
    ) -> Sequence[NetworkInterface]:
        """The interfaces that may be tapped towards a collector: of its tenant, in reach, another.
        `balanced`: by way of the load balancer of its network, if there is one by now.
        """
        there = collector.virtual_network_id
        policy = self.cloud.policy
        excluded = {collector.id} | self.floating | held_back
        if balanced and there in self.balancers:
            excluded |= self.behind[self.balancers[there].id]
        excluded |= self.tapped if policy.multiple_taps_per_nic == "error" else set()
        excluded |= self.collecting if policy.remirror == "error" else set()
        return [
            one
            for one in self.interfaces
            if one.id not in excluded
            and one.subscription_id == collector.subscription_id
            and (
                one.virtual_network_id == there
                or link_between(self.cloud.view, one.virtual_network_id, there).is_open
            )
        ]

    def balancer_of(self, collector: NetworkInterface) -> Lb:
        """The load balancer of a collector's network, made if it is not there."""
        network_id = collector.virtual_network_id
        if network_id not in self.balancers:
            subnet_id = self.draw(st.sampled_from(self.roomy_subnets(network_id)))
            self.balancers[network_id] = self.add_balancer(collector, subnet_id)
        return self.balancers[network_id]

    def roomy_subnets(self, network_id: str, *, spare: int = 0) -> Sequence[str]:
        """The subnets of a network that have an address left, where the network has more than those to
        spare. Interfaces spare one for a load balancer: a /29, which has three, holds the smallest world.
        """
        left = {one: left for one, left in self.left.items() if one.startswith(network_id + "/") and left}
        return list(left) if sum(left.values()) > spare else []

    def add_balancer(self, collector: NetworkInterface, subnet_id: str) -> Lb:
        """A load balancer with a rule that takes copies, and a collector and perhaps more behind it; one that
        can be tapped is spared.
        """
        draw = self.draw
        spared = draw(st.sampled_from(self.sources_for(collector)))
        neighbours = [
            one
            for one in self.interfaces
            if one.virtual_network_id == collector.virtual_network_id
            and one.id not in (collector.id, spared.id)
            and self.may_collect(one)
        ]
        backends = [collector, *draw(_subsets(neighbours))]
        behind = {one.id for one in backends}
        floating = draw(st.booleans()) and not behind & self.tapped
        balancer = self.cloud.put(
            Lb(
                name=f"lb-{len(self.balancers) + 1}",
                subscription_id=collector.subscription_id,
                resource_group_name=GROUP,
                location=REGION,
                frontend_ip_configuration=[LbFrontendIpConfiguration(name="front", subnet_id=subnet_id)],
            )
        )
        self.note(subnet_id, balancer.private_ip_address)
        pool = self.cloud.put(LbBackendAddressPool(name="pool", loadbalancer_id=balancer.id))
        probe_id = None
        if draw(st.booleans()):
            probe_id = self.cloud.put(LbProbe(name="probe", loadbalancer_id=balancer.id, port=80)).id
        protocol, port = draw(st.sampled_from(LISTENERS))
        self.cloud.put(
            LbRule(
                name="copies",
                loadbalancer_id=balancer.id,
                frontend_ip_configuration_name="front",
                protocol=protocol,
                frontend_port=port,
                backend_port=port,
                backend_address_pool_ids=[pool.id],
                probe_id=probe_id,
                load_distribution=draw(st.sampled_from(DISTRIBUTIONS)),
                floating_ip_enabled=floating,
            )
        )
        self.behind[balancer.id] = behind
        self.floating |= behind if floating else set()
        for backend in backends:
            self.cloud.put(
                NetworkInterfaceBackendAddressPoolAssociation(
                    network_interface_id=backend.id,
                    ip_configuration_name="ip",
                    backend_address_pool_id=pool.id,
                )
            )
        return balancer

    def delete_one(self, number: int) -> None:
        """Deletes a resource, unless the cloud refuses that."""
        present = [one.id for kind in DELETABLE for one in self.cloud.list(kind)]
        if not present:
            return
        try:
            self.cloud.delete(self.draw(st.sampled_from(present)))
        except ArmError:
            # Others depend on it: then this world keeps it.
            return

    def free_addresses(self, subnet_id: str) -> st.SearchStrategy[IPv4Address | None]:
        """Nothing asked for, or an address of the subnet that nobody has."""
        subnet = self.cloud.get(subnet_id)
        assert isinstance(subnet, Subnet)
        prefix = _prefix(subnet)

        def next_free(address: IPv4Address) -> IPv4Address:
            first, count = prefix[RESERVED_AT_START], capacity(prefix)
            at = int(address) - int(first)
            return next(
                one
                for step in range(count)
                if (subnet_id, one := first + (at + step) % count) not in self.taken
            )

        return st.none() | addresses(st.just(prefix)).map(next_free)

    def note(self, subnet_id: str, address: str) -> None:
        """Remembers that an address is taken."""
        self.left[subnet_id] -= 1
        self.taken.add((subnet_id, IPv4Address(address)))

    def network_of(self, subnet_id: str) -> VirtualNetwork:
        return next(one for one in self.networks if subnet_id.startswith(one.id + "/"))

    def either(self, wanted: bool | None) -> bool:
        """What an option says, or either; shrinks to False."""
        return self.draw(st.booleans()) if wanted is None else wanted


@st.composite
def _one_more(draw: st.DrawFn, step: Callable[[int], None], number: int, *, certain: bool) -> bool:
    """Whether there is one more step, which then has been taken. A strategy of its own, so that Hypothesis
    sees where the step begins and ends, and leaves it out as a whole.
    """
    if not certain and not draw(st.sampled_from([False, True, True])):
        return False
    step(number)
    return True


def _guid(number: int, variant: str) -> str:
    return f"00000000-0000-4000-{variant}-{number:012d}"


def _subsets(
    choices: Sequence[R], min_size: int = 0, max_size: int | None = None
) -> st.SearchStrategy[list[R]]:
    """Some of the choices, each once."""
    if not choices:
        return st.just([])
    return st.lists(
        st.sampled_from(choices), min_size=min_size, max_size=max_size, unique_by=lambda one: one.id
    )


def _space(network: VirtualNetwork) -> IPv4Network:
    return IPv4Network((network.address_space or ())[0])


def _prefix(subnet: Subnet) -> IPv4Network:
    return IPv4Network((subnet.address_prefixes or ())[0])


def _overlap(some: Sequence[VirtualNetwork], others: Sequence[VirtualNetwork]) -> bool:
    return any(_space(one).overlaps(_space(other)) for one in some for other in others)
