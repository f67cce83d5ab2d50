"""Peering: what holds between the two sides of a link, their networks, and the other peerings of a network.

Gateways themselves are not simulated; what is judged is what the two sides and their siblings say of them.
"""

from __future__ import annotations

from vtaplib.model.addresses import networks, overlaps
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.addressed_resource import address_bucket
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import WRITING_AGAIN, PeeringState, VirtualNetworkPeering

SOURCE = "Azure, virtual network peering"
NAMED = "A plan may come to a subnet after the peering that names it."


@rule(
    ErrorCode.INVALID_PARAMETER_COMBINATION,
    on=VirtualNetworkPeering,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
    at_apply="The other side may be written after the side that needs it.",
)
def a_gateway_is_lent_where_it_is_used(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network uses a remote gateway only if the other side of the peering allows it."""
    remote = self.remote_side(view, certain=True)
    if remote is None:
        return
    for field, user, lender in (
        ("use_remote_gateways", self, remote),
        ("allow_gateway_transit", remote, self),
    ):
        if user.use_remote_gateways and not lender.allow_gateway_transit:
            yield (
                (field,),
                (
                    f"{self.label}: {user.label} has use_remote_gateways = true, {lender.label} of "
                    f"{label(lender.virtual_network_id)} has allow_gateway_transit = false"
                ),
                "set allow_gateway_transit to true first, with depends_on if both change",
            )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=VirtualNetworkPeering, source=SOURCE)
def one_remote_gateway_is_used(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network uses the remote gateways of one peering at most."""
    for other in self.siblings(view) if self.use_remote_gateways else ():
        if other.use_remote_gateways:
            yield (
                ("use_remote_gateways",),
                (
                    f"{self.label}: {other.label} of {label(self.virtual_network_id)} already has "
                    "use_remote_gateways = true"
                ),
                "set it on one peering of the network only",
            )


@rule(
    ErrorCode.REMOTE_PEERING_IS_DISCONNECTED,
    on=VirtualNetworkPeering,
    source=SOURCE,
    at_apply="The plan may write the other side again, or replace it.",
)
def remote_side_is_not_disconnected(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A peering is not created again while its remote side is Disconnected."""
    remote = self.remote_side(view)
    if remote is not None and self.peering_state == PeeringState.DISCONNECTED:
        yield (
            ("remote_virtual_network_id",),
            (
                f"{self.label}: {remote.label} of {label(remote.virtual_network_id)} is "
                f"{remote.peering_state} since its other side was deleted"
            ),
            f"write that peering again first ({WRITING_AGAIN}), or delete it",
        )


@rule(
    ErrorCode.ANOTHER_PEERING_ALREADY_REFERENCES_REMOTE_VNET,
    on=VirtualNetworkPeering,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
)
def one_peering_per_remote_network(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network has at most one peering to each remote network."""
    for other in self.siblings(view):
        if other.remote_virtual_network_id.lower() == self.remote_virtual_network_id.lower():
            yield (
                ("remote_virtual_network_id",),
                (
                    f"{self.label}: {other.label} already peers {label(self.virtual_network_id)} with "
                    f"{label(self.remote_virtual_network_id)}"
                ),
                "remove one of the two",
            )


@rule(
    ErrorCode.VNET_ADDRESS_SPACES_OVERLAP,
    on=VirtualNetworkPeering,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
    at_apply=NAMED,
)
def address_spaces_do_not_overlap(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """The two networks share no addresses."""
    local = view.get(VirtualNetwork, self.virtual_network_id)
    remote = view.get(VirtualNetwork, self.remote_virtual_network_id)
    if local.id.lower() == remote.id.lower():
        return
    theirs = networks(self.remote_space(view))
    for one, other in overlaps(networks(self.local_space(view)), theirs):
        yield (
            ("remote_virtual_network_id",),
            f"{self.label}: {one} of {local.label} overlaps {other} of {remote.label}",
            "peered networks must not overlap, so change one of the two",
        )


@rule(
    ErrorCode.VNET_ADDRESS_SPACE_OVERLAPS_WITH_ALREADY_PEERED_VNET,
    on=VirtualNetworkPeering,
    evidence=Evidence.OBSERVED,
    source=SOURCE,
    at_apply=NAMED,
)
def address_space_does_not_overlap_a_third_network(
    self: VirtualNetworkPeering, view: View, policy: Policy
) -> Findings:
    """The remote network shares no addresses with a network that is already peered with this one."""
    local = view.get(VirtualNetwork, self.virtual_network_id)
    remote = view.get(VirtualNetwork, self.remote_virtual_network_id)
    theirs = networks(self.remote_space(view))
    for peering in self.siblings(view):
        third = view.get(VirtualNetwork, peering.remote_virtual_network_id)
        if third.id.lower() == remote.id.lower():
            continue
        for one, other in overlaps(theirs, networks(peering.remote_space(view))):
            yield (
                ("remote_virtual_network_id",),
                (
                    f"{self.label}: {one} of {remote.label} overlaps {other} of {third.label}, "
                    f"which {local.label} is already peered with"
                ),
                "peered networks must not overlap, so change one of the two",
            )


@rule(
    ErrorCode.INVALID_RESOURCE_REFERENCE,
    on=VirtualNetworkPeering,
    evidence=Evidence.INFERRED,
    source=SOURCE,
    at_apply=NAMED,
)
def named_subnets_exist(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A peering of single subnets names subnets that its networks have."""
    if not view.complete or self.peer_complete_virtual_networks_enabled:
        return
    for field, network_id in (
        ("local_subnet_names", self.virtual_network_id),
        ("remote_subnet_names", self.remote_virtual_network_id),
    ):
        for position, name in enumerate(getattr(self, field) or ()):
            if view.find(f"{network_id}/subnets/{name}") is None:
                yield (
                    (field, position),
                    f"{self.label}: {label(network_id)} has no subnet {name}",
                    "name one of its subnets",
                )


@rule(ErrorCode.QUOTA_EXCEEDED, on=VirtualNetworkPeering, severity=Severity.WARNING, source="Azure, limits")
def private_addresses_in_peered_networks(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network and the networks peered with it hold no more private addresses than the limit.

    Reported where a peering is written: to check it with each interface would be work that grows.
    """
    others = {one.remote_virtual_network_id.lower() for one in self.siblings(view)}
    group = {self.virtual_network_id.lower(), self.remote_virtual_network_id.lower(), *others}
    count = sum(view.usage(address_bucket(network_id)) for network_id in group)
    if count > policy.private_addresses_in_peered_networks:
        yield (
            ("remote_virtual_network_id",),
            (
                f"{self.label}: {label(self.virtual_network_id)} and the networks peered with it hold "
                f"{count} private addresses, and the limit is {policy.private_addresses_in_peered_networks}"
            ),
            (
                "peer fewer networks, or raise the policy's private_addresses_in_peered_networks if your "
                "networks may hold more"
            ),
        )
