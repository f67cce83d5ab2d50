"""A load-balancing rule: what of a frontend's traffic goes to which pool, and how it is spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import CaseInsensitive, NonEmpty
from vtaplib.model.ids import label
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    Between,
    CreateOnly,
    Inert,
    Items,
    Length,
    Matches,
    OneOf,
    Ref,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Resource
from vtaplib.model.rule import Findings, Taking, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources import balancing_conflict
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.mirror_hop import VXLAN_PORT, by_rule
from vtaplib.resources.mirror_loop import chains_by, collectors_not_tapped, no_ring, not_its_own_collector
from vtaplib.resources.mirror_stream import carriers_by_rule, has_a_pool, probe_can_pass
from vtaplib.resources.stream_security import passes_security_groups
from vtaplib.resources.tapped_machine import backends_by_floating_rule, no_floating_ip

RuleName = Annotated[
    str,
    Length(1, 80),
    Matches(
        r"^[a-zA-Z0-9]([a-zA-Z_0-9.-]*[a-zA-Z0-9_])?\Z",
        "must start with a letter or digit, end with a letter, digit or underscore, and contain only "
        "letters, digits and _ . -",
    ),
]


class LbRule(Resource):
    """A load-balancing rule of a load balancer."""

    id_format = "{loadbalancer_id}/loadBalancingRules/{name}"
    arm_says: ClassVar[Mapping[str, Any]] = {"properties.backendAddressPool": lambda it, view: _only_pool(it)}

    loadbalancer_id: CreateOnly[Ref[Lb]]
    """The ID of the load balancer."""
    name: CreateOnly[RuleName]
    """The name of the rule."""
    backend_port: Annotated[int, Between(0, 65535)]
    """The port on the backends; 0 means the port that the client used."""
    frontend_ip_configuration_name: Annotated[
        NonEmpty,
        Arm(
            "properties.frontendIPConfiguration.id",
            text="{loadbalancer_id}/frontendIPConfigurations/{frontend_ip_configuration_name}",
        ),
    ]
    """The name of the frontend."""
    frontend_port: Annotated[int, Between(0, 65535)]
    """The port on the frontend; 0 means any."""
    protocol: Annotated[str, OneOf(("All", "Tcp", "Udp")), CaseInsensitive]
    """The protocol. All, with both ports 0, makes a rule for HA ports."""
    backend_address_pool_ids: (
        Annotated[
            Sequence[Ref[LbBackendAddressPool]], Items(0, 2, 1), Arm(also="properties.backendAddressPool.id")
        ]
        | None
    ) = None
    """The IDs of the pools; one, or two for a Gateway load balancer."""
    disable_outbound_snat: Inert[bool] = False
    """Whether backends do not use the frontend's public address for their own connections."""
    floating_ip_enabled: bool = False
    """Whether backends see the frontend's address instead of their own."""
    idle_timeout_in_minutes: Inert[Annotated[int, Between(4, 100)]] = 4
    """Minutes after which an idle connection is forgotten."""
    load_distribution: Annotated[str, OneOf(("Default", "SourceIP", "SourceIPProtocol"))] = "Default"
    """What a flow's backend is chosen by: `Default` (five-tuple), `SourceIP`,
    `SourceIPProtocol`."""
    probe_id: Ref[LbProbe] | None = None
    """The ID of the health probe."""
    tcp_reset_enabled: Inert[bool] = False
    """Whether idle TCP connections are reset."""
    frontend_ip_configuration_id: Assigned[Ref[LbFrontendIpConfiguration]] = SERVICE
    """The ID of the frontend."""

    ha_ports_are_alone = balancing_conflict.ha_ports_are_alone
    frontend_ports_are_not_shared = balancing_conflict.frontend_ports_are_not_shared
    load_balancer_rules_per_network_interface = balancing_conflict.rules_within_limit(
        balancing_conflict.reached_by_rule
    )

    @property
    def covers_all_ports(self) -> bool:
        """Whether it is a rule for HA ports."""
        return self.protocol.lower() == "all"

    @property
    def carries_mirrored_traffic(self) -> bool:
        """Whether copies that a TAP sends to the frontend are its traffic."""
        return self.covers_all_ports or (self.protocol.lower() == "udp" and self.frontend_port == VXLAN_PORT)

    def takes(self) -> Iterator[Taking]:
        yield from super().takes()
        if self.knows("backend_address_pool_ids"):
            yield from balancing_conflict.takings_of(self)

    def assign(self, view: View, before: LbRule | None) -> Iterator[Assignment]:
        yield (
            ("frontend_ip_configuration_id",),
            lambda it: f"{it.loadbalancer_id}/frontendIPConfigurations/{it.frontend_ip_configuration_name}",
        )

    @rule(
        ErrorCode.LOAD_BALANCER_WITHOUT_FRONTEND_IP_CANT_HAVE_CHILD_RESOURCES, source="Azure, load balancer"
    )
    def load_balancer_has_a_frontend(self, view: View, policy: Policy) -> Findings:
        """A load balancer without a frontend has no rules."""
        balancer = view.get(Lb, self.loadbalancer_id)
        if not balancer.frontend_ip_configuration:
            yield ("loadbalancer_id",), f"{self.label}: {balancer.label} has no frontend_ip_configuration"

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="azurerm provider")
    def frontend_exists(self, view: View, policy: Policy) -> Findings:
        """The frontend is one of the load balancer's."""
        balancer = view.get(Lb, self.loadbalancer_id)
        if balancer.frontend_ip_configuration and not balancer.frontend(self.frontend_ip_configuration_name):
            names = ", ".join(block.name for block in balancer.frontend_ip_configuration)
            yield (
                ("frontend_ip_configuration_name",),
                (
                    f"{self.label}: {balancer.label} has no frontend "
                    f"{self.frontend_ip_configuration_name!r}; it has {names}"
                ),
            )

    @rule(
        ErrorCode.INVALID_RESOURCE_REFERENCE,
        evidence=Evidence.INFERRED,
        source="Azure REST API, load balancers",
    )
    def pools_and_probe_are_the_load_balancers_own(self, view: View, policy: Policy) -> Findings:
        """The pools and the probe are children of the rule's load balancer."""
        home = self.loadbalancer_id.lower() + "/"
        children = [
            (("backend_address_pool_ids", n), pool)
            for n, pool in enumerate(self.backend_address_pool_ids or ())
        ]
        for path, child in [*children, (("probe_id",), self.probe_id)]:
            if child and not child.lower().startswith(home):
                yield path, f"{self.label}: {label(child)} belongs to another load balancer than the rule"

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def two_pools_are_for_gateways(self, view: View, policy: Policy) -> Findings:
        """Only a Gateway load balancer spreads over two pools."""
        balancer = view.get(Lb, self.loadbalancer_id)
        if len(self.backend_address_pool_ids or ()) > 1 and balancer.sku != "Gateway":
            yield (
                ("backend_address_pool_ids",),
                (
                    f"{self.label}: {balancer.label} has sku {balancer.sku}; more than one pool needs sku "
                    "Gateway"
                ),
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure, load balancer")
    def all_protocols_mean_ha_ports(self, view: View, policy: Policy) -> Findings:
        """Protocol All, which makes HA ports, goes with ports 0 and 0, and port 0 with protocol All."""
        ports = (self.frontend_port, self.backend_port)
        if self.covers_all_ports and ports != (0, 0):
            yield (
                ("frontend_port",),
                (
                    f"{self.label}: protocol All needs frontend_port 0 and backend_port 0, "
                    f"not {ports[0]} and {ports[1]}"
                ),
            )
        if not self.covers_all_ports and self.frontend_port == 0:
            yield ("frontend_port",), f"{self.label}: frontend_port 0 needs protocol All, not {self.protocol}"

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure, load balancer")
    def ha_ports_are_internal(self, view: View, policy: Policy) -> Findings:
        """HA ports need an internal frontend of a Standard or Gateway load balancer."""
        balancer = view.get(Lb, self.loadbalancer_id)
        frontend = balancer.frontend(self.frontend_ip_configuration_name)
        if not self.covers_all_ports or frontend is None:
            return
        if balancer.sku == "Basic" or not frontend.internal:
            kind = "internal" if frontend.internal else "public"
            yield (
                ("protocol",),
                (
                    f"{self.label}: HA ports need an internal frontend of a Standard load balancer; "
                    f"{frontend.name} is {kind}, {balancer.label} has sku {balancer.sku}"
                ),
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure, load balancer")
    def ha_ports_are_ipv4(self, view: View, policy: Policy) -> Findings:
        """HA ports are those of an IPv4 frontend."""
        frontend = view.get(Lb, self.loadbalancer_id).frontend(self.frontend_ip_configuration_name)
        if self.covers_all_ports and frontend and frontend.private_ip_address_version == "IPv6":
            yield (
                ("frontend_ip_configuration_name",),
                f"{self.label}: HA ports need an IPv4 frontend; {frontend.name} is IPv6",
            )

    @rule(
        ErrorCode.RULES_USE_SAME_BACKEND_PORT_PROTOCOL_AND_POOL,
        evidence=Evidence.OBSERVED,
        source="Azure, load balancer",
    )
    def backend_ports_are_not_shared(self, view: View, policy: Policy) -> Findings:
        """No two rules send one protocol to one port of one pool, unless floating IP is on."""
        if self.floating_ip_enabled:
            return
        for position, pool_id in enumerate(self.backend_address_pool_ids or ()):
            for other in view.referrers(pool_id, LbRule, certain=True):
                if (
                    other.id.lower() != self.id.lower()
                    and not other.floating_ip_enabled
                    and other.backend_port == self.backend_port
                    and other.protocol.lower() == self.protocol.lower()
                ):
                    yield (
                        ("backend_address_pool_ids", position),
                        (
                            f"{self.label}: {other.label} already sends {self.protocol} to port "
                            f"{self.backend_port} of {label(pool_id)}; use another backend_port or "
                            "floating_ip_enabled = true"
                        ),
                    )

    carrier_has_a_pool = has_a_pool(("backend_address_pool_ids",), carriers_by_rule)
    probe_can_pass = probe_can_pass(("probe_id",), carriers_by_rule)
    no_interface_is_its_own_collector = not_its_own_collector(by_rule)
    taps_form_no_ring = no_ring(by_rule)
    security_groups_let_copies_in = passes_security_groups(by_rule)
    collectors_are_not_tapped = collectors_not_tapped(chains_by(by_rule))
    tapped_machine_is_behind_no_floating_ip = no_floating_ip(
        ("floating_ip_enabled",), backends_by_floating_rule
    )


def _only_pool(rule: LbRule) -> Mapping[str, str] | None:
    pools = rule.backend_address_pool_ids or ()
    return {"id": pools[0]} if len(pools) == 1 else None
