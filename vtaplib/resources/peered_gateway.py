"""Gateways over a peering: one network lends its own, the other uses it.

Gateways themselves are not simulated; what is judged is what the two sides and their siblings say of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity

if TYPE_CHECKING:
    from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering


@rule(
    ErrorCode.INVALID_PARAMETER_COMBINATION,
    evidence=Evidence.OBSERVED,
    source="Azure, virtual network peering",
    at_apply="The other side may be written after the one that needs it to be.",
)
def a_gateway_is_lent_where_it_is_used(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A remote gateway is used only where the other side of the peering allows it."""
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
                    f"{label(lender.virtual_network_id)} has allow_gateway_transit = false; set that to "
                    "true first, with depends_on if both change"
                ),
            )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure, virtual network peering")
def one_remote_gateway_is_used(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network uses the remote gateways of one peering at most."""
    for other in self.siblings(view) if self.use_remote_gateways else ():
        if other.use_remote_gateways:
            yield (
                ("use_remote_gateways",),
                (
                    f"{self.label}: {other.label} of {label(self.virtual_network_id)} has "
                    "use_remote_gateways = true already; set it on one peering of the network only"
                ),
            )


@rule(
    ErrorCode.INVALID_PARAMETER_COMBINATION,
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source="Azure, virtual network peering",
)
def a_gateway_is_not_lent_and_borrowed(self: VirtualNetworkPeering, view: View, policy: Policy) -> Findings:
    """A network that uses a remote gateway has none of its own to lend."""
    if self.use_remote_gateways and self.allow_gateway_transit:
        yield (
            ("use_remote_gateways",),
            (
                f"{self.label}: use_remote_gateways and allow_gateway_transit are both true; a network "
                "with a gateway of its own cannot use a remote one, so set one of them to false"
            ),
        )
