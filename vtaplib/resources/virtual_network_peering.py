"""A virtual network peering: one direction of a link between two networks.

Traffic flows when both directions exist and are Connected. The states are a table of the two sides; a
deletion on one side leaves the other Disconnected, and that must be deleted or written again before the link
can be rebuilt.

A peering covers the whole of two networks, the subnets that it names, or only their IPv6 prefixes. Each side
keeps a copy of the other network's prefixes, made when it was written last, and routes by that. Where the
other network has changed since, the link is out of step until that side is written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from vtaplib.model.addresses import maybe_network
from vtaplib.model.arguments import NetworkName, NonEmpty, ResourceGroupName
from vtaplib.model.marks import SERVICE, Arm, Assigned, CreateOnly, Derived, Inert, Internal, NotInArm, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, DeletionOutcome, OnDelete, Reference, Resource
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork


class PeeringState(StrEnum):
    """The state of one side of a peering."""

    INITIATED = "Initiated"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"


class PeeringSyncLevel(StrEnum):
    """Whether the two sides of a peering know each other's address space as it is."""

    FULLY_IN_SYNC = "FullyInSync"
    LOCAL_NOT_IN_SYNC = "LocalNotInSync"
    """The network on this side has changed, and the other side does not know it."""
    REMOTE_NOT_IN_SYNC = "RemoteNotInSync"
    """The network on the other side has changed, and this side does not know it."""
    LOCAL_AND_REMOTE_NOT_IN_SYNC = "LocalAndRemoteNotInSync"


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
    """The local subnets that are peered, if the whole network is not."""
    only_ipv6_peering_enabled: CreateOnly[bool] | None = None
    """Whether only the IPv6 address spaces are peered."""
    peer_complete_virtual_networks_enabled: Annotated[
        CreateOnly[bool], Arm("properties.peerCompleteVnets")
    ] = True
    """Whether the whole networks are peered."""
    remote_subnet_names: Sequence[NonEmpty] | None = None
    """The remote subnets that are peered, if the whole network is not."""
    triggers: NotInArm[Mapping[str, str]] | None = None
    """Any values. A change writes the peering again, so that it learns the remote network's address space."""
    use_remote_gateways: bool = False
    """Whether this network uses the remote network's gateway."""
    peering_state: Internal[Assigned[str]] = SERVICE
    """`Initiated`, `Connected` or `Disconnected`."""
    remote_address_space: (
        Annotated[Internal[Assigned[Sequence[str]]], Arm("properties.remoteAddressSpace.addressPrefixes")]
        | None
    ) = SERVICE
    """The prefixes of the remote network that this side routes to: the peered ones that the network had when
    the peering was last written."""
    peering_sync_level: Internal[Derived[str]] = SERVICE
    """`FullyInSync`, or which network has changed without the other side knowing: `LocalNotInSync`,
    `RemoteNotInSync`, `LocalAndRemoteNotInSync`."""

    @limit(ErrorCode.QUOTA_EXCEEDED, path=("virtual_network_name",))
    def peerings_per_virtual_network(self) -> Iterable[str]:
        """A network has no more peerings than the limit."""
        return [f"{self.virtual_network_id}/peerings"]

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
            if after is None and not view.complete:
                raise Undecided("the plan may write the remote side, or replace it")
            return str(after if after is not None else PeeringState.DISCONNECTED)

        yield ("peering_state",), state
        yield ("remote_address_space",), lambda it: it.remote_space(view)

    def derive(self, view: View) -> Iterator[Assignment]:
        yield ("peering_sync_level",), lambda it: str(it.sync_level(view))

    def local_space(self, view: View) -> Sequence[str]:
        """The prefixes that the peering covers on its own side, as they are now."""
        return self._covered(self.virtual_network_id, self.local_subnet_names, view)

    def remote_space(self, view: View) -> Sequence[str]:
        """The prefixes that the peering covers on the other side, as they are now."""
        return self._covered(self.remote_virtual_network_id, self.remote_subnet_names, view)

    def _covered(self, network_id: str, subnet_names: Sequence[str] | None, view: View) -> Sequence[str]:
        prefixes: Sequence[str] = view.get(VirtualNetwork, network_id).address_space or ()
        if not self.peer_complete_virtual_networks_enabled:
            prefixes = [
                prefix
                for name in subnet_names or ()
                for prefix in view.get(Subnet, f"{network_id}/subnets/{name}").address_prefixes or ()
            ]
        if self.only_ipv6_peering_enabled:
            prefixes = [one for one in prefixes if (found := maybe_network(one)) and found.version == 6]
        return tuple(prefixes)

    def covers_all(self, view: View) -> bool:
        """Whether this side routes to all that is in the other network now."""
        if self.remote_address_space is None:
            return True
        network = view.get(VirtualNetwork, self.remote_virtual_network_id)
        return set(network.address_space or ()) <= set(self.remote_address_space)

    def sync_level(self, view: View) -> PeeringSyncLevel:
        """How far the two sides are in step."""
        other = self.remote_side(view)
        return {
            (False, False): PeeringSyncLevel.FULLY_IN_SYNC,
            (True, False): PeeringSyncLevel.LOCAL_NOT_IN_SYNC,
            (False, True): PeeringSyncLevel.REMOTE_NOT_IN_SYNC,
            (True, True): PeeringSyncLevel.LOCAL_AND_REMOTE_NOT_IN_SYNC,
        }[other is not None and other.is_stale(view), self.is_stale(view)]

    def is_stale(self, view: View) -> bool:
        """Whether this side's copy of the other network's prefixes is an old one."""
        if self.remote_address_space is None:
            return False
        try:
            return set(self.remote_address_space) != set(self.remote_space(view))
        except Undecided:
            return False  # the other network is gone: nothing to be in step with

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

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> DeletionOutcome:
        """The remote network may go: this side stays, Disconnected."""
        if reference.path == ("remote_virtual_network_id",):
            return DeletionOutcome(OnDelete.DANGLE, in_use)
        return super().when_target_goes(reference, in_use, policy)

    @rule(
        ErrorCode.INVALID_PARAMETER_COMBINATION,
        evidence=Evidence.INFERRED,
        severity=Severity.WARNING,
        source="Azure, virtual network peering",
    )
    def a_gateway_is_not_lent_and_borrowed(self, view: View, policy: Policy) -> Findings:
        """A network that uses a remote gateway does not offer one of its own."""
        if self.use_remote_gateways and self.allow_gateway_transit:
            yield (
                ("use_remote_gateways",),
                f"{self.label}: use_remote_gateways and allow_gateway_transit are both true",
                "a network with a gateway of its own cannot use a remote one, so set one of them to false",
            )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure, virtual network peering",
    )
    def remote_network_is_another(self, view: View, policy: Policy) -> Findings:
        """A network is not peered with itself."""
        if self.remote_virtual_network_id.lower() == self.virtual_network_id.lower():
            yield (
                ("remote_virtual_network_id",),
                f"{self.label}: the network cannot be peered with itself",
                "name another network",
            )

    @rule(
        ErrorCode.INVALID_PARAMETER_COMBINATION,
        evidence=Evidence.INFERRED,
        severity=Severity.WARNING,
        source="Azure, virtual network peering",
    )
    def subnets_are_named_where_not_all_is_peered(self, view: View, policy: Policy) -> Findings:
        """A peering names subnets only if it does not cover the whole networks."""
        for field in ("local_subnet_names", "remote_subnet_names"):
            if getattr(self, field) and self.peer_complete_virtual_networks_enabled:
                yield (
                    (field,),
                    f"{self.label}: {field} has no effect while the whole networks are peered",
                    "set peer_complete_virtual_networks_enabled = false",
                )


def _state(peering: VirtualNetworkPeering | None) -> PeeringState | None:
    return None if peering is None else PeeringState(peering.peering_state)
