"""A mirror stream: whether copies that reach a TAP's destination reach a machine that can read them.

Azure makes a TAP without asking, so these are warnings. That something is *missing* can be said only where
all is there to see: while a plan is made, the rule, the backend or the machine may still be to come. What is
*wrong* is said in a plan too, on the TAP and on the rule, whichever comes second.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.lb_probe import ALL_PROBED_UP, LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.virtual_network_tap import TO_FRONTEND, VXLAN_PORT, VirtualNetworkTap
from vtaplib.rules.mirror_hop import carriers_of, collectors_of, taps_to_rule
from vtaplib.rules.references import machines_of


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
    on=(VirtualNetworkTap, LbRule),
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source="Azure, load balancer",
)
def carrier_has_a_pool(self: Resource, view: View, policy: Policy) -> Findings:
    """The load-balancing rule that takes a TAP's copies has a backend pool."""
    path = (TO_FRONTEND if isinstance(self, VirtualNetworkTap) else "backend_address_pool_ids",)
    for tap, balancing in _carriers(self, view):
        if not balancing.backend_address_pool_ids:
            yield (
                path,
                (
                    f"{self.label}: the copies of {tap.label} are lost: {balancing.label} takes them and "
                    "has no backend pool"
                ),
                "give it backend_address_pool_ids",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
    on=(VirtualNetworkTap, LbRule),
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source="Azure, load balancer",
)
def probe_can_pass(self: Resource, view: View, policy: Policy) -> Findings:
    """The probe of a load-balancing rule that carries a TAP's stream is not on the port of VXLAN, unless
    it has `no_healthy_backends_behavior = "AllProbedUp"`.
    """
    path = (TO_FRONTEND if isinstance(self, VirtualNetworkTap) else "probe_id",)
    for tap, balancing in _carriers(self, view):
        if not balancing.probe_id:
            continue
        probe = view.get(LbProbe, balancing.probe_id)
        if probe.port == VXLAN_PORT and probe.no_healthy_backends_behavior != ALL_PROBED_UP:
            yield (
                path,
                (
                    f"{self.label}: {probe.label} probes port {VXLAN_PORT} over {probe.protocol}, where a "
                    f"collector listens only over UDP. No backend passes, and {balancing.label} drops the "
                    f"copies of {tap.label}"
                ),
                "There is no probe over UDP: open a health port on the collectors, and probe that",
            )


@singledispatch
def _carriers(part: Resource, view: View) -> Iterator[tuple[VirtualNetworkTap, LbRule]]:
    """The TAPs that a resource makes a stream of, each with a rule that carries it."""
    raise NotImplementedError


@_carriers.register(VirtualNetworkTap)
def _by_tap(tap: VirtualNetworkTap, view: View) -> Iterator[tuple[VirtualNetworkTap, LbRule]]:
    yield from ((tap, balancing) for balancing in carriers_of(tap, view))


@_carriers.register(LbRule)
def _by_rule(balancing: LbRule, view: View) -> Iterator[tuple[VirtualNetworkTap, LbRule]]:
    yield from ((tap, balancing) for tap in taps_to_rule(balancing, view))


lost_unless_it_comes = rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
    on=VirtualNetworkTap,
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source="Azure, virtual network TAP",
    at_apply="While a plan is made, the missing part may still come.",
)
"""Makes a rule that says what is missing on the way of a TAP's stream."""


@lost_unless_it_comes
def frontend_has_a_rule(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """A frontend that a TAP sends to has a load-balancing rule for UDP 4789, or for HA ports."""
    frontend_id = self.destination_load_balancer_frontend_ip_configuration_id
    if view.complete and frontend_id and not any(True for _ in carriers_of(self, view)):
        yield (
            (self.destination_field,),
            (
                f"{self.label}: copies are lost at {label(frontend_id)} of {label(ids.parent(frontend_id))}: "
                f"no rule there covers UDP {VXLAN_PORT}"
            ),
            (
                "add one with protocol Udp and frontend_port "
                f"{VXLAN_PORT}, or one for HA ports (protocol All, both ports 0)"
            ),
        )


@lost_unless_it_comes
def pool_has_a_backend(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """A pool that a TAP's stream goes to has a backend."""
    pool_ids = [one for carrier in carriers_of(self, view) for one in carrier.backend_address_pool_ids or ()]
    if view.complete and pool_ids and not collectors_of(self, view):
        yield (
            (self.destination_field,),
            f"{self.label}: copies are lost: there is no backend in {', '.join(map(label, pool_ids))}",
            "add the collectors",
        )


@lost_unless_it_comes
def collector_has_a_machine(self: VirtualNetworkTap, view: View, policy: Policy) -> Findings:
    """Of the interfaces that a TAP's stream can reach, one is attached to a machine."""
    collectors = collectors_of(self, view).values()
    attached = any(True for one in collectors for _ in machines_of(one, view))
    if view.complete and collectors and not attached:
        yield (
            (self.destination_field,),
            (
                f"{self.label}: nothing receives the copies yet: no machine is attached to "
                f"{', '.join(map(label, collectors))}"
            ),
            "attach one",
        )
