"""What machines have in common: where they are, and the interfaces they are attached to.

ARM has one type; azurerm has one for Linux and one for Windows, which are classes over this one.

On the *fast path* the platform has a machine's traffic where a TAP can copy it. A machine gets onto it when
it is created, or started from deallocated, while there is a TAP in its subscription and region or one of its
interfaces is tapped; once there it stays. A restart inside the machine does not count. Azure, virtual network
TAP; what counts in detail is inferred.
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
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.machine_size import size_named
from vtaplib.resources.network_interface import NetworkInterface, mac_address
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.size_name import parse_size_name
from vtaplib.resources.virtual_network_tap import taps_in_region

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
    """Whether the machine's traffic is on the path where a TAP can copy it."""

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
        return self.gets_onto_fastpath(view)

    def gets_onto_fastpath(self, view: View) -> bool:
        """Whether the machine, created or started now, gets onto the fast path. Not known in a plan that
        makes the first TAP: the order of the apply may be another.
        """
        tapped = any(True for _ in self._tap_configurations(view))
        if view.existing_usage(taps_in_region(self.subscription_id, self.location)) or tapped:
            return True
        if not view.complete:
            raise Undecided("a TAP may be made before the machine is")
        return False

    def _tap_configurations(self, view: View) -> Iterator[NetworkInterfaceTapConfiguration]:
        for interface_id in self.network_interface_ids:
            yield from view.referrers(interface_id, NetworkInterfaceTapConfiguration, certain=True)

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
            power_state=RUNNING, on_fastpath=self.on_fastpath or self.gets_onto_fastpath(view)
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
                f"{self.label}: {count} interfaces, but {self.size} allows {size.max_interfaces}",
                "remove some or choose a larger size",
            )

    @rule(
        ErrorCode.VIRTUAL_MACHINE_SIZE_NOT_KNOWN,
        evidence=Evidence.OURS,
        severity=Severity.WARNING,
        source="Azure, virtual machine sizes naming conventions",
    )
    def size_is_known(self, view: View, policy: Policy) -> Findings:
        """The size's name has the form of Azure's names, and its family is one that Azure has."""
        if parse_size_name(self.size) is None:
            yield (
                ("size",),
                (
                    f"{self.label}: vtap does not know the size {self.size!r}. Azure's sizes have names such "
                    "as Standard_D2s_v5"
                ),
                "check the spelling",
            )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure, interfaces of virtual machines",
    )
    def interfaces_are_in_the_same_subscription(self, view: View, policy: Policy) -> Findings:
        """A machine and its interfaces are in the same subscription."""
        for position, interface_id in enumerate(self.network_interface_ids):
            theirs = ids.subscription(interface_id)
            if theirs and theirs.lower() != self.subscription_id.lower():
                yield (
                    ("network_interface_ids", position),
                    (
                        f"{self.label}: the machine is in subscription {self.subscription_id}, "
                        f"{label(interface_id)} in {theirs}"
                    ),
                    "they must be in the same subscription",
                )
