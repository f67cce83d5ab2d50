"""What machines have in common: where they are, and the interfaces they are attached to.

ARM has one type; azurerm has one for Linux and one for Windows, which are classes over this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Self

from vtaplib.model import ids
from vtaplib.model.arguments import Location, NonEmpty, ResourceGroupName, VirtualMachineName
from vtaplib.model.ids import label
from vtaplib.model.marks import SERVICE, Arm, Assigned, CreateOnly, Derived, Internal, Items, NotInArm, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources import fastpath
from vtaplib.resources.backend_sku import one_sku_per_machine
from vtaplib.resources.fastpath import gets_onto_fastpath
from vtaplib.resources.machine_size import size_named
from vtaplib.resources.network_interface import NetworkInterface, mac_address
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.size_name import parse_size_name
from vtaplib.resources.tapped_machine import (
    backends_by_machine,
    no_basic_balancer,
    no_floating_ip,
    size_of_known_generation,
    supported_size,
    tapped_by_machine,
)

RUNNING: Final = "running"
DEALLOCATED: Final = "deallocated"


class VirtualMachine(Resource):
    """A virtual machine, of whatever system."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Compute/virtualMachines/{name}"
    )

    name: CreateOnly[VirtualMachineName]
    """The name of the machine."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the machine in."""
    location: CreateOnly[Location]
    """The Azure region; that of the interfaces."""
    network_interface_ids: Annotated[
        Sequence[Ref[NetworkInterface]],
        Items(1),
        Arm("properties.networkProfile.networkInterfaces[].id", first="properties.primary"),
    ]
    """The IDs of the interfaces; the first is the primary one."""
    size: Annotated[NonEmpty, Arm("properties.hardwareProfile.vmSize")]
    """The size, such as `Standard_D2s_v5`."""
    private_ip_address: NotInArm[Derived[str]] = SERVICE
    """The primary private address."""
    private_ip_addresses: NotInArm[Derived[Sequence[str]]] = SERVICE
    """All private addresses."""
    public_ip_address: NotInArm[Derived[str]] = SERVICE
    """The primary public address."""
    public_ip_addresses: NotInArm[Derived[Sequence[str]]] = SERVICE
    """All public addresses."""
    virtual_machine_id: Annotated[Assigned[str], Arm("properties.vmId")] = SERVICE
    """The GUID of the machine."""
    power_state: NotInArm[Internal[Assigned[str]]] = SERVICE
    """`running` or `deallocated`; see `Cloud.deallocate`."""
    on_fastpath: NotInArm[Internal[Assigned[bool]]] = SERVICE
    """Whether the machine's traffic is where a TAP can copy it; see `fastpath`."""

    def assign(self, view: View, before: VirtualMachine | None) -> Iterator[Assignment]:
        yield ("virtual_machine_id",), lambda it: ids.guid(it.id)
        yield ("power_state",), lambda it: (before.power_state if before else None) or RUNNING
        yield ("on_fastpath",), lambda it: it.on_fastpath_after(before, view)

    def on_fastpath_after(self, before: VirtualMachine | None, view: View) -> bool:
        """Whether the machine is on the fast path after a write: a change of interfaces deallocates a running
        machine and starts it again (azurerm).
        """
        if before is not None:
            restarted = (
                before.power_state == RUNNING and before.network_interface_ids != self.network_interface_ids
            )
            if before.on_fastpath or not restarted:
                return bool(before.on_fastpath)
        return gets_onto_fastpath(self, view)

    def runs_with(self, interface_id: str) -> bool:
        """Whether the machine runs, attached to an interface."""
        attached = interface_id.lower() in map(str.lower, self.network_interface_ids)
        return attached and self.power_state != DEALLOCATED

    def deallocated(self) -> Self:
        """The machine without a host: it keeps its addresses and receives nothing."""
        return self.replace(power_state=DEALLOCATED)

    def started(self, view: View) -> Self:
        """The machine on a host."""
        if self.power_state == RUNNING:
            return self
        return self.replace(
            power_state=RUNNING, on_fastpath=self.on_fastpath or gets_onto_fastpath(self, view)
        )

    def derive(self, view: View) -> Iterator[Assignment]:
        def private(it: VirtualMachine) -> tuple[str, ...]:
            return tuple(one for interface in interfaces(it) for one in interface.private_ip_addresses)

        def public(it: VirtualMachine) -> tuple[str, ...]:
            blocks = (block for interface in interfaces(it) for block in interface.ip_configuration)
            held = (block.public_ip_address_id for block in blocks)
            return tuple(view.get(PublicIp, address_id).ip_address for address_id in held if address_id)

        def interfaces(it: VirtualMachine) -> list[NetworkInterface]:
            return [view.get(NetworkInterface, one) for one in it.network_interface_ids]

        yield ("private_ip_addresses",), private
        yield ("private_ip_address",), lambda it: next(iter(private(it)), "")
        yield ("public_ip_addresses",), public
        yield ("public_ip_address",), lambda it: next(iter(public(it)), "")

    def effects(self, view: View, before: VirtualMachine | None) -> Iterator[Resource]:
        for interface_id in self.network_interface_ids:
            interface = view.find(interface_id)
            if isinstance(interface, NetworkInterface) and not interface.mac_address:
                yield interface.replace(mac_address=mac_address(interface))

    @rule(
        ErrorCode.NETWORK_INTERFACE_NOT_ON_FASTPATH,
        source=fastpath.SOURCE,
        switch="fastpath_check",
        at_apply=fastpath.ORDER,
    )
    def tapped_interfaces_are_on_the_fast_path(self, view: View, policy: Policy) -> Findings:
        """A machine with tapped interfaces was created, or started from deallocated, after there was a TAP in
        its subscription and region.
        """
        yield from fastpath.tapped_off_fastpath(self, view)

    @rule(ErrorCode.NIC_IN_USE, evidence=Evidence.DOCUMENTED, source="Azure, interfaces of virtual machines")
    def interfaces_are_not_attached_elsewhere(self, view: View, policy: Policy) -> Findings:
        """Each interface is attached to one machine, once."""
        seen: set[str] = set()
        for position, interface_id in enumerate(self.network_interface_ids):
            path = ("network_interface_ids", position)
            if interface_id.lower() in seen:
                yield path, f"{self.label}: {label(interface_id)} is listed twice"
            seen.add(interface_id.lower())
            for other in view.referrers(interface_id, VirtualMachine, certain=True):
                if other.id.lower() != self.id.lower():
                    yield (
                        path,
                        (
                            f"{self.label}: {label(interface_id)} is attached to {other.label}; "
                            "detach it there first"
                        ),
                    )

    @rule(
        ErrorCode.NETWORK_INTERFACE_COUNT_EXCEEDED,
        evidence=Evidence.INFERRED,
        source="Azure, sizes of virtual machines",
    )
    def size_has_room_for_the_interfaces(self, view: View, policy: Policy) -> Findings:
        """A machine has no more interfaces than its size allows."""
        size, count = size_named(self.size), len(self.network_interface_ids)
        if size is not None and count > size.max_interfaces:
            yield (
                ("network_interface_ids",),
                (
                    f"{self.label}: {count} interfaces, of which {self.size} allows {size.max_interfaces}; "
                    "remove some or choose a larger size"
                ),
            )

    @rule(
        ErrorCode.VIRTUAL_MACHINE_SIZE_NOT_KNOWN,
        evidence=Evidence.OURS,
        severity=Severity.WARNING,
        source="Azure, virtual machine sizes naming conventions",
    )
    def size_is_known(self, view: View, policy: Policy) -> Findings:
        """The size's name is of the form that Azure gives them, and of a family that Azure has."""
        if parse_size_name(self.size) is None:
            yield (
                ("size",),
                (
                    f"{self.label}: vtap knows no size {self.size!r}. Azure's sizes have names such as "
                    "Standard_D2s_v5; check the spelling"
                ),
            )

    @rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, source="Azure, interfaces of virtual machines")
    def interfaces_are_in_one_network(self, view: View, policy: Policy) -> Findings:
        """All interfaces of a machine are in one virtual network."""
        home = ""
        for position, interface_id in enumerate(self.network_interface_ids):
            interface = view.get(NetworkInterface, interface_id)
            home = home or interface.virtual_network_id
            if interface.virtual_network_id.lower() != home.lower():
                yield (
                    ("network_interface_ids", position),
                    (
                        f"{self.label}: {interface.label} is in {label(interface.virtual_network_id)}, "
                        f"{label(self.network_interface_ids[0])} in {label(home)}; they must be in one "
                        "virtual network"
                    ),
                )

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="Azure, interfaces of virtual machines")
    def interfaces_are_in_the_same_region(self, view: View, policy: Policy) -> Findings:
        """A machine and its interfaces are in one region."""
        for position, interface_id in enumerate(self.network_interface_ids):
            interface = view.get(NetworkInterface, interface_id)
            if interface.location != self.location:
                yield (
                    ("network_interface_ids", position),
                    (
                        f"{self.label}: the machine is in {self.location}, {interface.label} in "
                        f"{interface.location}; they must be in one region"
                    ),
                )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure, interfaces of virtual machines",
    )
    def interfaces_are_in_the_same_subscription(self, view: View, policy: Policy) -> Findings:
        """A machine and its interfaces are in one subscription."""
        for position, interface_id in enumerate(self.network_interface_ids):
            theirs = ids.subscription(interface_id)
            if theirs and theirs.lower() != self.subscription_id.lower():
                yield (
                    ("network_interface_ids", position),
                    (
                        f"{self.label}: the machine is in subscription {self.subscription_id}, "
                        f"{label(interface_id)} in {theirs}"
                    ),
                )

    one_sku_per_machine = one_sku_per_machine
    tapped_machine_has_a_supported_size = supported_size(("size",), tapped_by_machine)
    tapped_machine_has_a_known_size = size_of_known_generation(("size",), tapped_by_machine)
    tapped_machine_is_behind_no_floating_ip = no_floating_ip(("network_interface_ids",), backends_by_machine)
    tapped_machine_is_behind_no_basic_balancer = no_basic_balancer(
        ("network_interface_ids",), backends_by_machine
    )
