"""A network interface: a machine's place in a subnet, with one or more private addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, ClassVar

from vtaplib.model import ids
from vtaplib.model.addresses import maybe_address
from vtaplib.model.arguments import (
    AddressVersion,
    AllocationMethod,
    EdgeZone,
    IdOf,
    Location,
    NetworkName,
    NonEmpty,
    ResourceGroupName,
    Tags,
)
from vtaplib.model.base import Block
from vtaplib.model.combination import RequiredWith
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    CreateOnly,
    Derived,
    Inert,
    Items,
    NotInArm,
    OneOf,
    OptionalAssigned,
    Ref,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, resource_kind
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.addressed_resource import addresses_per_network
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.publicly_addressed_resource import PubliclyAddressedResource
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet

AUXILIARY_MODES = ("AcceleratedConnections", "Floating", "MaxConnections", "None")
AUXILIARY_SKUS = ("A8", "A4", "A1", "A2", "None")


class NetworkInterfaceIpConfiguration(Block):
    """One private address of the interface, with what is attached to it."""

    id_segment = "ipConfigurations"
    owner = "NetworkInterface"
    arm_says: ClassVar[Mapping[str, Any]] = {"properties.virtualNetworkTaps": None}

    name: NonEmpty
    """The name of the configuration, unique in the interface."""
    gateway_load_balancer_frontend_ip_configuration_id: (
        Annotated[
            OptionalAssigned[
                Inert[Annotated[str, IdOf("Microsoft.Network/loadBalancers/frontendIPConfigurations")]]
            ],
            Arm("properties.gatewayLoadBalancer.id"),
        ]
        | None
    ) = None
    """The frontend of a gateway load balancer that traffic passes through."""
    primary: OptionalAssigned[bool] | None = None
    """Whether it is the interface's primary configuration. Exactly one of several must be."""
    private_ip_address: OptionalAssigned[str] | None = None
    """The private address. You choose it if the allocation is Static; Azure chooses it if it is Dynamic."""
    private_ip_address_allocation: Annotated[AllocationMethod, Arm("properties.privateIPAllocationMethod")]
    """`Dynamic` (the lowest free address, kept) or `Static`."""
    private_ip_address_version: AddressVersion = "IPv4"
    """The address family."""
    public_ip_address_id: Ref[PublicIp] | None = None
    """The ID of the public address in front of the private one."""
    subnet_id: Ref[Subnet] | None = None
    """The ID of the subnet; required for IPv4."""
    id: Assigned[str] = SERVICE
    """The ID of the configuration. azurerm does not have this. Use it as a TAP's destination."""


def _is_first(interface: NetworkInterface, view: View) -> bool | None:
    """Whether the interface is its machine's primary one; None if it has no machine."""
    machine: Any = next(view.referrers(interface.id, resource_kind("VirtualMachine")), None)
    return None if machine is None else ids.key(machine.network_interface_ids[0]) == ids.key(interface.id)


class NetworkInterface(PubliclyAddressedResource):
    """A network interface of a virtual machine."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/networkInterfaces/{name}"
    )
    holder_field = "ip_configuration"
    in_use_code = ErrorCode.NIC_IN_USE
    changed_by_others = ("mac_address", "virtual_machine_id")
    combinations = (
        RequiredWith("auxiliary_mode", "auxiliary_sku"),
        RequiredWith("auxiliary_sku", "auxiliary_mode"),
    )
    dependents = (
        "VirtualMachine",
        "NetworkInterfaceBackendAddressPoolAssociation",
        "NetworkInterfaceTapConfiguration",
        "VirtualNetworkTap",
    )
    arm_says: ClassVar[Mapping[str, Any]] = {
        "kind": "Regular",
        "properties.allowPort25Out": None,
        "properties.disableTcpStateTracking": False,
        "properties.dnsSettings.internalFqdn": None,
        "properties.hostedWorkloads": (),
        "properties.nicType": "Standard",
        "properties.primary": _is_first,
        "properties.privateEndpoint": None,
        "properties.vnetEncryptionSupported": None,
    }

    name: CreateOnly[NetworkName]
    """The name of the interface."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the interface in."""
    location: CreateOnly[Location]
    """The Azure region; that of the virtual network."""
    accelerated_networking_enabled: Inert[bool] = False
    """Whether the machine's traffic bypasses its host's virtual switch."""
    auxiliary_mode: Inert[Annotated[str, OneOf(AUXILIARY_MODES)]] | None = None
    """The mode of the auxiliary network device; needs `auxiliary_sku`."""
    auxiliary_sku: Inert[Annotated[str, OneOf(AUXILIARY_SKUS)]] | None = None
    """The size of the auxiliary network device; needs `auxiliary_mode`."""
    dns_servers: (
        Annotated[Inert[Sequence[NonEmpty]], Arm("properties.dnsSettings.dnsServers", always=True)] | None
    ) = None
    """Addresses of DNS servers, instead of the network's."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    internal_dns_name_label: (
        Annotated[Inert[NonEmpty], Arm("properties.dnsSettings.internalDnsNameLabel")] | None
    ) = None
    """The name of the interface in the network's internal DNS."""
    ip_configuration: Annotated[Sequence[NetworkInterfaceIpConfiguration], Items(1)]
    """The addresses of the interface."""
    ip_forwarding_enabled: bool = False
    """Whether the interface may send packets that are not from its own address."""
    tags: Tags | None = None
    """Tags of the resource."""
    applied_dns_servers: Annotated[
        Assigned[Sequence[str]], Arm("properties.dnsSettings.appliedDnsServers", always=True)
    ] = SERVICE
    """The DNS servers that are used."""
    internal_domain_name_suffix: Annotated[
        Assigned[str], Arm("properties.dnsSettings.internalDomainNameSuffix")
    ] = SERVICE
    """The suffix of the interface's name in the internal DNS."""
    mac_address: Assigned[str] = SERVICE
    """The MAC address; empty until a machine is attached for the first time."""
    private_ip_address: NotInArm[Assigned[str]] = SERVICE
    """The primary private address."""
    private_ip_addresses: NotInArm[Assigned[Sequence[str]]] = SERVICE
    """All private addresses."""
    virtual_machine_id: Derived[str] = SERVICE
    """The ID of the machine that the interface is attached to."""

    @limit(ErrorCode.QUOTA_EXCEEDED, path=("location",))
    def network_interfaces_per_region(self) -> Iterable[str]:
        """A region of a subscription has no more interfaces than the limit."""
        return [ids.in_region(self.subscription_id, self.location, "network interfaces")]

    private_addresses_per_virtual_network = addresses_per_network(holder_field)

    @limit(ErrorCode.QUOTA_EXCEEDED, path=("ip_configuration",), shared=False)
    def private_addresses_per_network_interface(self) -> Iterable[str]:
        """An interface has no more private addresses than the limit."""
        return [f"{self.id}/private addresses"] * len(self.ip_configuration)

    @property
    def primary_configuration(self) -> NetworkInterfaceIpConfiguration:
        """The configuration whose address the interface goes by."""
        for configuration in self.ip_configuration:
            if configuration.primary:
                return configuration
        return self.ip_configuration[0]

    @property
    def virtual_network_id(self) -> str:
        """The ID of the network that the interface is in."""
        for configuration in self.ip_configuration:
            if configuration.subnet_id:
                return configuration.subnet_id.rsplit("/", 2)[0]
        raise Undecided(f"{self.label} names no subnet")

    def assign(self, view: View, before: NetworkInterface | None) -> Iterator[Assignment]:
        grant = self.granting(view, before)
        for position, block in enumerate(self.ip_configuration):
            at = ("ip_configuration", position)
            yield (*at, "id"), partial(_configuration_id, block)
            yield (*at, "primary"), partial(_is_primary, block)
            yield (*at, "private_ip_address"), partial(grant, block)
            yield (*at, "gateway_load_balancer_frontend_ip_configuration_id"), partial(_gateway_id, block)
        yield ("applied_dns_servers",), lambda it: it.dns_servers or ()
        yield ("internal_domain_name_suffix",), lambda it: internal_domain(it.virtual_network_id)
        yield ("private_ip_addresses",), lambda it: tuple(c.private_ip_address for c in it.ip_configuration)
        yield ("private_ip_address",), lambda it: it.primary_configuration.private_ip_address
        yield ("mac_address",), lambda it: it.mac_address_after(before)

    def mac_address_after(self, before: NetworkInterface | None) -> str:
        """The MAC address: none before the first attach, then stable while the primary address is."""
        if before is None or not before.mac_address:
            return ""
        if before.private_ip_address == self.private_ip_address:
            return before.mac_address
        return mac_address(self)

    def derive(self, view: View) -> Iterator[Assignment]:
        def machine_id(it: NetworkInterface) -> str:
            return next(
                (machine.id for machine in view.referrers(it.id, resource_kind("VirtualMachine"))), ""
            )

        yield ("virtual_machine_id",), machine_id

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, evidence=Evidence.DOCUMENTED, source="azurerm provider")
    def ipv4_configurations_name_a_subnet(self, view: View, policy: Policy) -> Findings:
        """Every IPv4 configuration is in a subnet."""
        for position, block in enumerate(self.ip_configuration):
            if not block.subnet_id and block.private_ip_address_version == "IPv4":
                yield (
                    ("ip_configuration", position, "subnet_id"),
                    f"{self.label}: {block.name} is IPv4 and needs a subnet_id",
                    "give one",
                )

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT,
        evidence=Evidence.INFERRED,
        source="Azure REST API, network interfaces",
    )
    def configuration_names_are_unique(self, view: View, policy: Policy) -> Findings:
        """No two configurations have the same name."""
        seen: set[str] = set()
        for position, block in enumerate(self.ip_configuration):
            if block.name.lower() in seen:
                yield (
                    ("ip_configuration", position, "name"),
                    f"{self.label}: {block.name} is used twice",
                    "give each a name of its own",
                )
            seen.add(block.name.lower())

    @rule(
        ErrorCode.NETWORK_INTERFACE_MUST_HAVE_PRIMARY_PROPERTY_SET,
        source="Azure REST API, network interfaces",
    )
    def one_configuration_is_primary(self, view: View, policy: Policy) -> Findings:
        """Exactly one of several configurations is primary."""
        primary = [block.name for block in self.ip_configuration if block.primary]
        if len(self.ip_configuration) > 1 and len(primary) != 1:
            chosen = ", ".join(primary) if primary else "none"
            yield (
                ("ip_configuration",),
                (
                    f"{self.label}: of {len(self.ip_configuration)} configurations exactly one must have "
                    f"primary = true, and {chosen} has it"
                ),
                "set it on one of them",
            )

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT,
        evidence=Evidence.DOCUMENTED,
        source="Azure documentation, IP addresses of network interfaces",
    )
    def primary_configuration_is_ipv4(self, view: View, policy: Policy) -> Findings:
        """The primary configuration is IPv4, also beside IPv6 configurations."""
        primary = self.primary_configuration
        if primary.private_ip_address_version == "IPv6":
            yield (
                ("ip_configuration", self.ip_configuration.index(primary), "private_ip_address_version"),
                f"{self.label}: {primary.name} is IPv6 and primary",
                "the primary configuration must be IPv4",
            )

    @rule(
        ErrorCode.SUBNETS_NOT_IN_SAME_VNET,
        evidence=Evidence.INFERRED,
        source="Azure REST API, network interfaces",
    )
    def subnets_are_in_one_network(self, view: View, policy: Policy) -> Findings:
        """All configurations are in subnets of the same virtual network."""
        home = self.virtual_network_id
        for position, block in enumerate(self.ip_configuration):
            network_id = (block.subnet_id or home).rsplit("/", 2)[0] if block.subnet_id else home
            if network_id.lower() != home.lower():
                yield (
                    ("ip_configuration", position, "subnet_id"),
                    (
                        f"{self.label}: {block.name} is in another virtual network than "
                        f"{self.ip_configuration[0].name}"
                    ),
                    "use subnets of the same network",
                )

    @rule(
        ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED,
        evidence=Evidence.INFERRED,
        source="Azure REST API, network interfaces",
        compares=True,
    )
    def network_stays(self, before: NetworkInterface, view: View, policy: Policy) -> Findings:
        """An interface does not move to another virtual network."""
        if before.virtual_network_id.lower() != self.virtual_network_id.lower():
            yield (
                ("ip_configuration", 0, "subnet_id"),
                f"{self.label}: cannot move from {before.virtual_network_id} to {self.virtual_network_id}",
                "delete it and create it again",
            )

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT,
        evidence=Evidence.INFERRED,
        source="Azure REST API, network interfaces",
    )
    def static_addresses_are_well_formed(self, view: View, policy: Policy) -> Findings:
        """A private address is an address of the configuration's family."""
        for position, block in enumerate(self.ip_configuration):
            address = block.private_ip_address
            parsed = maybe_address(address) if address else None
            if address and (parsed is None or f"IPv{parsed.version}" != block.private_ip_address_version):
                yield (
                    ("ip_configuration", position, "private_ip_address"),
                    f"{self.label}: {address!r} is not an {block.private_ip_address_version} address",
                    "give one, or change private_ip_address_version",
                )


def _configuration_id(block: NetworkInterfaceIpConfiguration, interface: NetworkInterface) -> str:
    return f"{interface.id}/{block.id_segment}/{block.name}"


def _is_primary(block: NetworkInterfaceIpConfiguration, interface: NetworkInterface) -> bool:
    return len(interface.ip_configuration) == 1 if block.primary is None else block.primary


def _gateway_id(block: NetworkInterfaceIpConfiguration, interface: NetworkInterface) -> str:
    return block.gateway_load_balancer_frontend_ip_configuration_id or ""


def mac_address(interface: NetworkInterface) -> str:
    """A locally administered MAC address, as azurerm writes it, from the ID and primary address."""
    digest = sha256(f"{interface.id.lower()} {interface.private_ip_address}".encode()).digest()
    return "-".join(f"{byte:02X}" for byte in (0x02, *digest[:5]))


def internal_domain(virtual_network_id: str) -> str:
    """The internal DNS suffix of a network: a label derived from its ID."""
    digest = sha256(virtual_network_id.lower().encode()).hexdigest()
    return f"{digest[:26]}.internal.cloudapp.net"
