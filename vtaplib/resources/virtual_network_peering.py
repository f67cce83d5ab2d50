"""A virtual network peering: one direction of a link between two networks.

Traffic flows when both directions exist and are Connected. The states are a table of the two sides; a
deletion on one side leaves the other Disconnected, and that must be deleted or written again before the link
can be rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from vtaplib.model.addresses import networks, overlaps
from vtaplib.model.arguments import NetworkName, NonEmpty, ResourceGroupName
from vtaplib.model.ids import label
from vtaplib.model.marks import SERVICE, Arm, Assigned, CreateOnly, Derived, Inert, Internal, NotInArm, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Departure, Farewell, Reference, Resource
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.addressed_resource import address_bucket
from vtaplib.resources.peered_gateway import (
    a_gateway_is_lent_where_it_is_used,
    a_gateway_is_not_lent_and_borrowed,
    one_remote_gateway_is_used,
)
from vtaplib.resources.peered_space import local_space, remote_space, sync_level
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.virtual_network import VirtualNetwork


class PeeringState(StrEnum):
    """The state of one side of a peering."""

    INITIATED = "Initiated"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"


ABSENT = None
AFTER_PUT: Mapping[tuple[PeeringState | None, PeeringState | None], PeeringState | None] = {
    # (this side before, remote side) -> this side after; None: refused
    (ABSENT, ABSENT): PeeringState.INITIATED,
    (ABSENT, PeeringState.INITIATED): PeeringState.CONNECTED,
    (ABSENT, PeeringState.CONNECTED): PeeringState.INITIATED,
    (ABSENT, PeeringState.DISCONNECTED): None,
    (PeeringState.INITIATED, ABSENT): PeeringState.INITIATED,
    (PeeringState.INITIATED, PeeringState.INITIATED): PeeringState.CONNECTED,
    (PeeringState.INITIATED, PeeringState.CONNECTED): PeeringState.INITIATED,
    (PeeringState.INITIATED, PeeringState.DISCONNECTED): PeeringState.INITIATED,
    (PeeringState.CONNECTED, ABSENT): PeeringState.INITIATED,
    (PeeringState.CONNECTED, PeeringState.INITIATED): PeeringState.CONNECTED,
    (PeeringState.CONNECTED, PeeringState.CONNECTED): PeeringState.CONNECTED,
    (PeeringState.CONNECTED, PeeringState.DISCONNECTED): None,
    (PeeringState.DISCONNECTED, ABSENT): PeeringState.INITIATED,
    (PeeringState.DISCONNECTED, PeeringState.INITIATED): PeeringState.CONNECTED,
    (PeeringState.DISCONNECTED, PeeringState.CONNECTED): PeeringState.INITIATED,
    (PeeringState.DISCONNECTED, PeeringState.DISCONNECTED): PeeringState.INITIATED,
}
"""What a write makes of a side. One that is not Connected, next to one that is, is of another link."""


WRITING_AGAIN = "azurerm: change its triggers, or terraform apply -replace=ADDRESS"
"""How the users of azurerm write a peering of which nothing else changes."""
NAMED = "A subnet that a peering names may be planned after it."


def _remote_space(peering: VirtualNetworkPeering, view: View) -> Mapping[str, Any] | None:
    remote = view.find(peering.remote_virtual_network_id)
    if not isinstance(remote, VirtualNetwork) or not remote.address_space:
        return None
    return {"addressPrefixes": list(remote.address_space)}


class VirtualNetworkPeering(Resource):
    """One direction of a peering between two virtual networks."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/virtualNetworks/{virtual_network_name}/virtualNetworkPeerings/{name}"
    )
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.doNotVerifyRemoteGateways": False,
        "properties.localAddressSpace": None,
        "properties.localVirtualNetworkAddressSpace": None,
        "properties.remoteBgpCommunities": None,
        "properties.remoteGateways": None,
        "properties.remoteVirtualNetworkAddressSpace": _remote_space,
        "properties.remoteVirtualNetworkEncryption": None,
        "properties.routeServiceVips": None,
    }

    name: CreateOnly[NetworkName]
    """The name of the peering."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the network's resource group."""
    virtual_network_name: CreateOnly[Ref[VirtualNetwork]]
    """The name of the network on this side."""
    remote_virtual_network_id: CreateOnly[Ref[VirtualNetwork]]
    """The ID of the network on the other side."""
    allow_forwarded_traffic: Inert[bool] = False
    """Whether traffic that the remote network forwards is accepted."""
    allow_gateway_transit: bool = False
    """Whether the remote network may use this network's gateway."""
    allow_virtual_network_access: bool = True
    """Whether machines of the remote network reach this network."""
    local_subnet_names: Sequence[NonEmpty] | None = None
    """The local subnets that are peered, where not the whole network is."""
    only_ipv6_peering_enabled: CreateOnly[bool] | None = None
    """Whether only the IPv6 address spaces are peered."""
    peer_complete_virtual_networks_enabled: Annotated[
        CreateOnly[bool], Arm("properties.peerCompleteVnets")
    ] = True
    """Whether the whole networks are peered."""
    remote_subnet_names: Sequence[NonEmpty] | None = None
    """The remote subnets that are peered, where not the whole network is."""
    triggers: NotInArm[Mapping[str, str]] | None = None
    """Any values; a change writes the peering again, and it learns the remote network's address space."""
    use_remote_gateways: bool = False
    """Whether this network uses the remote network's gateway."""
    peering_state: Internal[Assigned[str]] = SERVICE
    """`Initiated`, `Connected` or `Disconnected`."""
    remote_address_space: (
        Annotated[Internal[Assigned[Sequence[str]]], Arm("properties.remoteAddressSpace.addressPrefixes")]
        | None
    ) = SERVICE
    """The prefixes of the remote network that this side routes to: those that it had, as far as they are
    peered, when the peering was written last."""
    peering_sync_level: Internal[Derived[str]] = SERVICE
    """`FullyInSync`, or which network has changed without the other side knowing it: `LocalNotInSync`,
    `RemoteNotInSync`, `LocalAndRemoteNotInSync`."""

    a_gateway_is_lent_where_it_is_used = a_gateway_is_lent_where_it_is_used
    a_gateway_is_not_lent_and_borrowed = a_gateway_is_not_lent_and_borrowed
    one_remote_gateway_is_used = one_remote_gateway_is_used
    peerings_per_virtual_network = limit(
        "peerings_per_virtual_network",
        ErrorCode.QUOTA_EXCEEDED,
        what="A network has no more peerings than the limit.",
        buckets=lambda it: [f"{it.virtual_network_id}/peerings"],
        path=("virtual_network_name",),
    )

    @property
    def virtual_network_id(self) -> str:
        """The ID of the network on this side."""
        return self.id.rpartition("/virtualNetworkPeerings/")[0]

    def remote_side(self, view: View, *, certain: bool = False) -> VirtualNetworkPeering | None:
        """The peering in the other direction, if there is one. `certain`: see `View.referrers`."""
        here = self.virtual_network_id.lower()
        there = self.remote_virtual_network_id.lower()
        for peering in view.referrers(here, VirtualNetworkPeering, certain=certain):
            if (
                peering.virtual_network_id.lower() == there
                and peering.remote_virtual_network_id.lower() == here
            ):
                return peering
        return None

    def assign(self, view: View, before: VirtualNetworkPeering | None) -> Iterator[Assignment]:
        def state(it: VirtualNetworkPeering) -> str:
            remote = it.remote_side(view)
            after = AFTER_PUT[_state(before), _state(remote)]
            if after is None and not view.settled:
                raise Undecided("the plan may write the remote side, or replace it")
            return str(after if after is not None else PeeringState.DISCONNECTED)

        yield ("peering_state",), state
        yield ("remote_address_space",), lambda it: remote_space(it, view)

    def derive(self, view: View) -> Iterator[Assignment]:
        yield ("peering_sync_level",), lambda it: str(sync_level(it, view))

    def siblings(self, view: View) -> Iterator[VirtualNetworkPeering]:
        """The other peerings that this side's network has, as far as they are sure to be there."""
        home, own = f"{self.virtual_network_id}/".lower(), self.id.lower()
        for peering in view.referrers(self.virtual_network_id, VirtualNetworkPeering, certain=True):
            other = peering.id.lower()
            if other != own and other.startswith(home):
                yield peering

    def effects(self, view: View, before: VirtualNetworkPeering | None) -> Iterator[Resource]:
        remote = self.remote_side(view)
        if remote is not None and self.peering_state == PeeringState.CONNECTED:
            yield remote.replace(peering_state=str(PeeringState.CONNECTED))

    def aftermath(self, view: View) -> Iterator[Resource]:
        remote = self.remote_side(view)
        if remote is not None and remote.peering_state == PeeringState.CONNECTED:
            yield remote.replace(peering_state=str(PeeringState.DISCONNECTED))

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> Farewell:
        """The remote network may go: this side stays, Disconnected."""
        if reference.path == ("remote_virtual_network_id",):
            return Farewell(Departure.DANGLE, in_use)
        return super().when_target_goes(reference, in_use, policy)

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure, virtual network peering",
    )
    def remote_network_is_another(self, view: View, policy: Policy) -> Findings:
        """A network is not peered with itself."""
        if self.remote_virtual_network_id.lower() == self.virtual_network_id.lower():
            yield ("remote_virtual_network_id",), f"{self.label}: the network cannot be peered with itself"

    @rule(
        ErrorCode.REMOTE_PEERING_IS_DISCONNECTED,
        source="Azure, virtual network peering",
        at_apply="The plan may write the other side again, or replace it.",
    )
    def remote_side_is_not_disconnected(self, view: View, policy: Policy) -> Findings:
        """A link is not rebuilt onto a remote side that is Disconnected."""
        remote = self.remote_side(view)
        if remote is not None and self.peering_state == PeeringState.DISCONNECTED:
            yield (
                ("remote_virtual_network_id",),
                (
                    f"{self.label}: {remote.label} of {label(remote.virtual_network_id)} is "
                    f"{remote.peering_state} since its other side was deleted; write it again first "
                    f"({WRITING_AGAIN}), or delete it"
                ),
            )

    @rule(
        ErrorCode.ANOTHER_PEERING_ALREADY_REFERENCES_REMOTE_VNET,
        evidence=Evidence.OBSERVED,
        source="Azure, virtual network peering",
    )
    def one_peering_per_remote_network(self, view: View, policy: Policy) -> Findings:
        """A network has at most one peering to each remote network."""
        for other in self.siblings(view):
            if other.remote_virtual_network_id.lower() == self.remote_virtual_network_id.lower():
                yield (
                    ("remote_virtual_network_id",),
                    (
                        f"{self.label}: {other.label} already peers {label(self.virtual_network_id)} with "
                        f"{label(self.remote_virtual_network_id)}"
                    ),
                )

    @rule(
        ErrorCode.VNET_ADDRESS_SPACES_OVERLAP,
        evidence=Evidence.OBSERVED,
        source="Azure, virtual network peering",
        at_apply=NAMED,
    )
    def address_spaces_do_not_overlap(self, view: View, policy: Policy) -> Findings:
        """The two networks share no addresses."""
        local = view.get(VirtualNetwork, self.virtual_network_id)
        remote = view.get(VirtualNetwork, self.remote_virtual_network_id)
        if local.id.lower() == remote.id.lower():
            return
        theirs = networks(remote_space(self, view))
        for one, other in overlaps(networks(local_space(self, view)), theirs):
            yield (
                ("remote_virtual_network_id",),
                f"{self.label}: {one} of {local.label} overlaps {other} of {remote.label}",
            )

    @rule(
        ErrorCode.VNET_ADDRESS_SPACE_OVERLAPS_WITH_ALREADY_PEERED_VNET,
        evidence=Evidence.OBSERVED,
        source="Azure, virtual network peering",
        at_apply=NAMED,
    )
    def address_space_does_not_overlap_a_third_network(self, view: View, policy: Policy) -> Findings:
        """The remote network shares no addresses with a network that is already peered with this one."""
        local = view.get(VirtualNetwork, self.virtual_network_id)
        remote = view.get(VirtualNetwork, self.remote_virtual_network_id)
        theirs = networks(remote_space(self, view))
        for peering in self.siblings(view):
            third = view.get(VirtualNetwork, peering.remote_virtual_network_id)
            if third.id.lower() == remote.id.lower():
                continue
            for one, other in overlaps(theirs, networks(remote_space(peering, view))):
                yield (
                    ("remote_virtual_network_id",),
                    (
                        f"{self.label}: {one} of {remote.label} overlaps {other} of {third.label}, "
                        f"which {local.label} is already peered with"
                    ),
                )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure, virtual network peering",
        at_apply=NAMED,
    )
    def named_subnets_exist(self, view: View, policy: Policy) -> Findings:
        """The subnets that a peering names are in its networks, where it covers no more than those."""
        if not view.settled or self.peer_complete_virtual_networks_enabled:
            return
        for field, network_id in (
            ("local_subnet_names", self.virtual_network_id),
            ("remote_subnet_names", self.remote_virtual_network_id),
        ):
            for position, name in enumerate(getattr(self, field) or ()):
                if view.find(f"{network_id}/subnets/{name}") is None:
                    yield (field, position), f"{self.label}: {label(network_id)} has no subnet {name}"

    @rule(
        ErrorCode.INVALID_PARAMETER_COMBINATION,
        evidence=Evidence.INFERRED,
        severity=Severity.WARNING,
        source="Azure, virtual network peering",
    )
    def subnets_are_named_where_not_all_is_peered(self, view: View, policy: Policy) -> Findings:
        """Subnets are named where not the whole networks are peered."""
        for field in ("local_subnet_names", "remote_subnet_names"):
            if getattr(self, field) and self.peer_complete_virtual_networks_enabled:
                yield (
                    (field,),
                    (
                        f"{self.label}: {field} means nothing while the whole networks are peered; set "
                        "peer_complete_virtual_networks_enabled = false"
                    ),
                )

    @rule(
        ErrorCode.QUOTA_EXCEEDED,
        severity=Severity.WARNING,
        source="Azure, limits",
    )
    def private_addresses_in_peered_networks(self, view: View, policy: Policy) -> Findings:
        """A network and all that are peered with it hold no more private addresses than the limit.

        Told where a peering is written: to look at it with each interface would be work that grows.
        """
        others = {one.remote_virtual_network_id.lower() for one in self.siblings(view)}
        group = {self.virtual_network_id.lower(), self.remote_virtual_network_id.lower(), *others}
        count = sum(view.taken(address_bucket(network_id)) for network_id in group)
        if count > policy.private_addresses_in_peered_networks:
            yield (
                ("remote_virtual_network_id",),
                (
                    f"{self.label}: {label(self.virtual_network_id)} and the networks peered with it hold "
                    f"{count} private addresses, {policy.private_addresses_in_peered_networks} at most"
                ),
            )


def _state(peering: VirtualNetworkPeering | None) -> PeeringState | None:
    return None if peering is None else PeeringState(peering.peering_state)
