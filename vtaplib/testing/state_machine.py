"""Histories: any order of writes and deletions, for what must hold after each of them.

The rules propose; the cloud accepts or refuses. What is proposed refers to what was put at some time, and is
not otherwise chosen to be valid: address spaces overlap, destinations are out of reach, resources are in use
or gone. A refusal is a part of the history, an exception of any other kind is a failure.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, multiple, rule

from vtaplib.model import ids
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ArmError
from vtaplib.resources import (
    Encryption,
    InlineSubnet,
    Lb,
    LbBackendAddressPool,
    LbFrontendIpConfiguration,
    LbRule,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    NetworkSecurityRule,
    PublicIp,
    ResourceGroup,
    SubnetNetworkSecurityGroupAssociation,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.testing.drawn_cloud import DrawnCloud
from vtaplib.testing.resources import GROUP, REGION, machine_of

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
NAMES = st.sampled_from(["one", "two", "three"])
"""Few, so that resources are written again."""
SPACES = {
    "10.1.0.0/24": ["10.1.0.0/25", "10.1.0.128/29"],
    "10.2.0.0/24": ["10.2.0.0/25", "10.2.0.128/29"],
    "10.1.0.0/25": ["10.1.0.0/26", "10.1.0.64/29"],
}
"""Address spaces and their subnets. The last overlaps the first; a /29 is full with three addresses."""
SUBNETS = st.sampled_from(["subnet-1", "subnet-2"])
SELDOM = st.sampled_from([False, False, False, True])
SIZES = st.sampled_from(["Standard_D2s_v5", "Standard_D8s_v5", "Standard_D2s_v6"])
"""A size that has room for two interfaces, one for four, and one that cannot be tapped."""
SKUS = st.sampled_from(["Standard", "Standard", "Standard", "Basic"])
LISTENERS = st.sampled_from([("Udp", 4789), ("All", 0), ("Tcp", 443)])

Identified: TypeAlias = str | MultipleResults[str]
"""The ID of what a rule has put, or nothing."""


class CloudStateMachine(RuleBasedStateMachine):
    """A cloud that lives through puts and deletions; subclass it to test what follows a cloud.

    `self.cloud` is the cloud, in memory, `self.home` its one subscription. Override `after_put`,
    `after_delete` and `after_refusal` to keep what you test up to date, and say with Hypothesis's
    `@invariant()` what must hold whenever a change is over. Rules of your own may draw from the bundles of
    IDs. `policy` is the cloud's.

        class IndexMachine(CloudStateMachine):
            def after_put(self, resource: Resource) -> None:
                index.note(resource)

            @invariant()
            def the_index_knows_every_tap(self) -> None:
                assert index.taps == {tap.id for tap in self.cloud.list(VirtualNetworkTap)}

        TestIndex = IndexMachine.TestCase
    """

    policy: ClassVar[Policy | None] = None

    network_ids: Bundle[str] = Bundle("network_ids")
    interface_ids: Bundle[str] = Bundle("interface_ids")
    balancer_ids: Bundle[str] = Bundle("balancer_ids")
    tap_ids: Bundle[str] = Bundle("tap_ids")
    machine_ids: Bundle[str] = Bundle("machine_ids")
    group_ids: Bundle[str] = Bundle("group_ids")
    address_ids: Bundle[str] = Bundle("address_ids")
    other_ids: Bundle[str] = Bundle("other_ids")

    def __init__(self) -> None:
        super().__init__()
        self.cloud = DrawnCloud(policy=self.policy)
        self.home = self.cloud.subscription(SUBSCRIPTION)
        self.home.put(ResourceGroup(name=GROUP, location=REGION))

    def teardown(self) -> None:
        """Closes the cloud."""
        self.cloud.close()

    # What a subclass may do at a change.

    def after_put(self, resource: Resource) -> None:
        """A resource was created or replaced; it is as a read gives it."""

    def after_delete(self, resource: Resource) -> None:
        """A resource was deleted, and its children with it; it is as it was read before."""

    def after_refusal(self, error: ArmError) -> None:
        """The cloud refused a put or a deletion, and is as it was."""

    # The changes.

    def put(self, resource: Resource) -> Identified:
        """Puts a resource, if the cloud lets it; gives its ID to the rule's bundle."""
        try:
            written = self.home.put(resource)
        except ArmError as error:
            self.after_refusal(error)
            return multiple()
        self.after_put(written)
        return written.id

    @rule(target=network_ids, name=NAMES, space=st.sampled_from(list(SPACES)), encrypted=SELDOM)
    def put_network(self, name: str, space: str, encrypted: bool) -> Identified:
        return self.put(
            VirtualNetwork(
                name=name,
                resource_group_name=GROUP,
                location=REGION,
                address_space=[space],
                encryption=Encryption(enforcement="AllowUnencrypted") if encrypted else None,
                subnet=[
                    InlineSubnet(name=f"subnet-{number}", address_prefixes=[prefix])
                    for number, prefix in enumerate(SPACES[space], start=1)
                ],
            )
        )

    @rule(target=other_ids, here=network_ids, there=network_ids, lends=st.booleans(), borrows=SELDOM)
    def put_peering(self, here: str, there: str, lends: bool, borrows: bool) -> Identified:
        """A side of a peering, which may lend a gateway or use the other side's."""
        return self.put(
            VirtualNetworkPeering(
                name=f"to-{ids.name(there)}",
                resource_group_name=GROUP,
                virtual_network_name=ids.name(here),
                remote_virtual_network_id=there,
                allow_gateway_transit=lends,
                use_remote_gateways=borrows,
            )
        )

    @rule(target=interface_ids, name=NAMES, network_id=network_ids, subnet=SUBNETS)
    def put_interface(self, name: str, network_id: str, subnet: str) -> Identified:
        configuration = NetworkInterfaceIpConfiguration(
            name="ip", subnet_id=f"{network_id}/subnets/{subnet}", private_ip_address_allocation="Dynamic"
        )
        return self.put(
            NetworkInterface(
                name=name, resource_group_name=GROUP, location=REGION, ip_configuration=[configuration]
            )
        )

    @rule(interface_id=interface_ids, address_id=address_ids)
    def put_public_address(self, interface_id: str, address_id: str) -> None:
        """An interface gets a public address."""
        interface = self.cloud.find(interface_id)
        if isinstance(interface, NetworkInterface):
            configuration = interface.ip_configuration[0].replace(public_ip_address_id=address_id)
            self.put(interface.replace(ip_configuration=[configuration]))

    @rule(target=address_ids, name=NAMES)
    def put_public_ip(self, name: str) -> Identified:
        return self.put(
            PublicIp(name=name, resource_group_name=GROUP, location=REGION, allocation_method="Static")
        )

    @rule(target=machine_ids, name=NAMES, interface_id=interface_ids, size=SIZES)
    def put_machine(self, name: str, interface_id: str, size: str) -> Identified:
        return self.put(machine_of(interface_id, name=name).replace(size=size))

    @rule(target=machine_ids, machine_id=machine_ids, interface_id=interface_ids)
    def attach(self, machine_id: str, interface_id: str) -> Identified:
        """One more interface for a machine."""
        machine = self.cloud.find(machine_id)
        if not isinstance(machine, VirtualMachine):
            return multiple()
        interface_ids = [*machine.network_interface_ids, interface_id]
        return self.put(machine.replace(network_interface_ids=interface_ids))

    @rule(machine_id=machine_ids)
    def start_anew(self, machine_id: str) -> None:
        """A machine is deallocated and started, which gets it onto the fast path if there is a TAP."""
        if self.cloud.find(machine_id) is not None:
            self.cloud.deallocate(machine_id)
            self.after_put(self.cloud.start(machine_id))

    @rule(target=balancer_ids, name=NAMES, network_id=network_ids, subnet=SUBNETS, sku=SKUS)
    def put_load_balancer(self, name: str, network_id: str, subnet: str, sku: str) -> Identified:
        """A load balancer with a pool and a rule that takes copies."""
        frontend = LbFrontendIpConfiguration(name="front", subnet_id=f"{network_id}/subnets/{subnet}")
        balancer_id = self.put(
            Lb(
                name=name,
                resource_group_name=GROUP,
                location=REGION,
                sku=sku,
                frontend_ip_configuration=[frontend],
            )
        )
        if isinstance(balancer_id, str):
            self.put(LbBackendAddressPool(name="pool", loadbalancer_id=balancer_id))
            self.put_balancing_rule("copies", balancer_id, ("Udp", 4789), floating=False)
        return balancer_id

    @rule(
        target=other_ids,
        name=st.sampled_from(["copies", "more"]),
        balancer_id=balancer_ids,
        listener=LISTENERS,
        floating=st.booleans(),
    )
    def put_balancing_rule(
        self, name: str, balancer_id: str, listener: tuple[str, int], floating: bool
    ) -> Identified:
        protocol, port = listener
        return self.put(
            LbRule(
                name=name,
                loadbalancer_id=balancer_id,
                frontend_ip_configuration_name="front",
                protocol=protocol,
                frontend_port=port,
                backend_port=port,
                backend_address_pool_ids=[f"{balancer_id}/backendAddressPools/pool"],
                floating_ip_enabled=floating,
            )
        )

    @rule(target=other_ids, interface_id=interface_ids, balancer_id=balancer_ids)
    def put_backend(self, interface_id: str, balancer_id: str) -> Identified:
        return self.put(
            NetworkInterfaceBackendAddressPoolAssociation(
                network_interface_id=interface_id,
                ip_configuration_name="ip",
                backend_address_pool_id=f"{balancer_id}/backendAddressPools/pool",
            )
        )

    @rule(target=tap_ids, name=NAMES, interface_id=interface_ids)
    def put_tap_to_interface(self, name: str, interface_id: str) -> Identified:
        return self.put(
            VirtualNetworkTap(
                name=name,
                resource_group_name=GROUP,
                location=REGION,
                destination_network_interface_ip_configuration_id=f"{interface_id}/ipConfigurations/ip",
            )
        )

    @rule(target=tap_ids, name=NAMES, balancer_id=balancer_ids)
    def put_tap_to_load_balancer(self, name: str, balancer_id: str) -> Identified:
        frontend_id = f"{balancer_id}/frontendIPConfigurations/front"
        return self.put(
            VirtualNetworkTap(
                name=name,
                resource_group_name=GROUP,
                location=REGION,
                destination_load_balancer_frontend_ip_configuration_id=frontend_id,
            )
        )

    @rule(target=other_ids, name=NAMES, interface_id=interface_ids, tap_id=tap_ids)
    def put_tap_configuration(self, name: str, interface_id: str, tap_id: str) -> Identified:
        return self.put(
            NetworkInterfaceTapConfiguration(
                name=name, network_interface_id=interface_id, virtual_network_tap_id=tap_id
            )
        )

    @rule(target=group_ids, name=NAMES)
    def put_security_group(self, name: str) -> Identified:
        return self.put(NetworkSecurityGroup(name=name, resource_group_name=GROUP, location=REGION))

    @rule(
        target=other_ids,
        name=NAMES,
        group_id=group_ids,
        priority=st.sampled_from([100, 200]),
        direction=st.sampled_from(["Inbound", "Outbound"]),
        access=st.sampled_from(["Allow", "Deny"]),
    )
    def put_security_rule(
        self, name: str, group_id: str, priority: int, direction: str, access: str
    ) -> Identified:
        return self.put(
            NetworkSecurityRule(
                name=name,
                resource_group_name=GROUP,
                network_security_group_name=ids.name(group_id),
                priority=priority,
                direction=direction,
                access=access,
                protocol="Udp",
                source_address_prefix="*",
                source_port_range="*",
                destination_address_prefix="*",
                destination_port_range="4789",
            )
        )

    @rule(target=other_ids, interface_id=interface_ids, group_id=group_ids)
    def guard_interface(self, interface_id: str, group_id: str) -> Identified:
        return self.put(
            NetworkInterfaceSecurityGroupAssociation(
                network_interface_id=interface_id, network_security_group_id=group_id
            )
        )

    @rule(target=other_ids, network_id=network_ids, subnet=SUBNETS, group_id=group_ids)
    def guard_subnet(self, network_id: str, subnet: str, group_id: str) -> Identified:
        return self.put(
            SubnetNetworkSecurityGroupAssociation(
                subnet_id=f"{network_id}/subnets/{subnet}", network_security_group_id=group_id
            )
        )

    @rule(
        resource_id=st.one_of(
            other_ids, tap_ids, balancer_ids, interface_ids, network_ids, machine_ids, group_ids, address_ids
        )
    )
    def delete(self, resource_id: str) -> None:
        """Deletes a resource, if the cloud lets it; it may be gone already."""
        resource = self.cloud.find(resource_id)
        if resource is None:
            return
        try:
            self.cloud.delete(resource_id)
        except ArmError as error:
            self.after_refusal(error)
        else:
            self.after_delete(resource)
