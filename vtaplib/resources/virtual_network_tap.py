"""A virtual network TAP: where mirrored traffic is sent. One destination, many tapped interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Annotated, Final

from vtaplib.model import ids
from vtaplib.model.arguments import Location, NetworkName, ResourceGroupName, Tags
from vtaplib.model.marks import SERVICE, Arm, Assigned, CreateOnly, Derived, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, DeletionOutcome, OnDelete, Reference, Resource, resource_kind
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.resource_group import ResourceGroup

TO_INTERFACE = "destination_network_interface_ip_configuration_id"
TO_FRONTEND = "destination_load_balancer_frontend_ip_configuration_id"
SOURCE = "Azure, virtual network TAP"
VXLAN_PORT: Final = 4789
"""RFC 7348 section 5: the port that IANA assigned to VXLAN; Azure sends copies to no other."""
LISTED_REGIONS = (
    # The preview's.
    "centralindia",
    "centralus",
    "eastasia",
    "eastus",
    "germanywestcentral",
    "uksouth",
    "westcentralus",
    # Announced.
    "australiaeast",
    "canadacentral",
    "koreacentral",
)


def taps_in_region(subscription_id: str, location: str) -> str:
    """The ID under which the TAPs of a region are counted."""
    return ids.in_region(subscription_id, location, "TAPs")


class VirtualNetworkTap(Resource):
    """A virtual network TAP: it sends the copies of many tapped interfaces to one destination."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/virtualNetworkTaps/{name}"
    )
    in_use_code = ErrorCode.IN_USE_VIRTUAL_NETWORK_TAP_CANNOT_BE_DELETED
    dependents = ("NetworkInterfaceTapConfiguration",)
    changed_by_others = ("network_interface_tap_configuration_ids",)
    foreign_id_codes = MappingProxyType(
        dict.fromkeys((TO_INTERFACE, TO_FRONTEND), ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_NOT_SUPPORTED)
    )
    awaited = True

    name: CreateOnly[NetworkName]
    """The name of the TAP."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the TAP in."""
    location: CreateOnly[Location]
    """The Azure region; that of the tapped interfaces and of the destination."""
    destination_load_balancer_frontend_ip_configuration_id: Ref[LbFrontendIpConfiguration] | None = None
    """The ID of an internal load balancer's frontend that collects the traffic. Give exactly one
    destination."""
    destination_network_interface_ip_configuration_id: Ref[NetworkInterfaceIpConfiguration] | None = None
    """The ID of an interface's IP configuration that collects the traffic. Give exactly one destination."""
    destination_port: int = VXLAN_PORT
    """The UDP port that the traffic is sent to; 4789, the port of VXLAN."""
    tags: Tags | None = None
    """Tags of the resource."""
    guid: Annotated[Assigned[str], Arm("properties.resourceGuid")] = SERVICE
    """The GUID of the TAP."""
    network_interface_tap_configuration_ids: Derived[Sequence[str]] = SERVICE
    """The IDs of the tap configurations that send to the TAP."""

    @limit(ErrorCode.VIRTUAL_NETWORK_TAP_COUNT_LIMIT_REACHED, path=("location",))
    def taps_per_region(self) -> Iterable[str]:
        """A region of a subscription has no more TAPs than the limit."""
        return [taps_in_region(self.subscription_id, self.location)]

    def assign(self, view: View, before: VirtualNetworkTap | None) -> Iterator[Assignment]:
        yield ("guid",), lambda it: ids.guid(it.id)

    def derive(self, view: View) -> Iterator[Assignment]:
        configurations = resource_kind("NetworkInterfaceTapConfiguration")
        yield (
            ("network_interface_tap_configuration_ids",),
            lambda it: tuple(one.id for one in view.referrers(it.id, configurations)),
        )

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> DeletionOutcome:
        if reference.path[0] not in (TO_INTERFACE, TO_FRONTEND):
            return super().when_target_goes(reference, in_use, policy)
        dangles = policy.delete_destination_in_use == "dangle"
        on_delete = OnDelete.DANGLE if dangles else OnDelete.REFUSE
        return DeletionOutcome(on_delete, ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_IN_USE)

    @property
    def destination_id(self) -> str:
        """The ID of the destination, of whichever kind; "" if there is none."""
        return (
            self.destination_network_interface_ip_configuration_id
            or self.destination_load_balancer_frontend_ip_configuration_id
            or ""
        )

    @property
    def destination_field(self) -> str:
        """The name of the field that gives the destination."""
        return TO_INTERFACE if self.destination_network_interface_ip_configuration_id else TO_FRONTEND

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_REQUIRED, source=SOURCE)
    def there_is_a_destination(self, view: View, policy: Policy) -> Findings:
        """A TAP has a destination."""
        if not self.destination_id:
            yield (
                (TO_INTERFACE,),
                f"{self.label}: it has no destination",
                f"give {TO_INTERFACE} or {TO_FRONTEND}",
            )

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_AMBIGUOUS,
        evidence=Evidence.INFERRED,
        source=SOURCE,
    )
    def there_is_one_destination(self, view: View, policy: Policy) -> Findings:
        """A TAP has only one destination."""
        if (
            self.destination_network_interface_ip_configuration_id
            and self.destination_load_balancer_frontend_ip_configuration_id
        ):
            yield (
                (TO_FRONTEND,),
                f"{self.label}: it has two destinations",
                f"give {TO_INTERFACE} or {TO_FRONTEND}, not both",
            )

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_PORT_NOT_SUPPORTED, source=SOURCE)
    def destination_port_is_vxlan(self, view: View, policy: Policy) -> Findings:
        """The destination port is 4789."""
        if self.destination_port != VXLAN_PORT:
            port = f"destination_port is {self.destination_port}"
            only = f"Azure sends to {VXLAN_PORT} only"
            yield ("destination_port",), f"{self.label}: {port}; {only}", "leave it out"

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_REGION_NOT_LISTED,
        source=SOURCE,
        severity=Severity.WARNING,
        switch="region_check",
    )
    def region_is_listed(self, view: View, policy: Policy) -> Findings:
        """The TAP is in a region that the preview lists, or for which it is announced."""
        if self.location not in LISTED_REGIONS:
            yield (
                ("location",),
                (
                    f"{self.label}: {self.location} is not among the regions that the preview lists "
                    f"({', '.join(LISTED_REGIONS)}); that it works there is not documented"
                ),
                "Choose one of these to be sure",
            )

    def destination_owner(self, view: View) -> NetworkInterface | Lb:
        """The interface or load balancer that the destination is a part of."""
        owner_id = ids.parent(self.destination_id)
        if self.destination_network_interface_ip_configuration_id:
            return view.get(NetworkInterface, owner_id)
        return view.get(Lb, owner_id)

    def destination_network_id(self, view: View) -> str:
        """The ID of the virtual network that the destination is in."""
        owner = self.destination_owner(view)
        if isinstance(owner, NetworkInterface):
            return owner.virtual_network_id
        frontend = owner.frontend(ids.name(self.destination_id))
        subnet_id = frontend.subnet_id if frontend is not None else None
        return (subnet_id or "").rpartition("/subnets/")[0]
