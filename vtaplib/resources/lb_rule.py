"""A load-balancing rule: what of a frontend's traffic goes to which pool, and how it is spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model import ids
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
from vtaplib.model.rule import Findings, Usage, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe

RuleName = Annotated[
    str,
    Length(1, 80),
    Matches(
        r"^[a-zA-Z0-9]([a-zA-Z_0-9.-]*[a-zA-Z0-9_])?\Z",
        "must start with a letter or digit, end with a letter, digit or underscore, and contain only "
        "letters, digits and _ . -",
    ),
]


def balancing_rules_bucket(pool_key: str) -> str:
    """The key under which the rules of a pool are counted."""
    return f"{pool_key}/load-balancing rules"


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
    """How a flow's backend is chosen: `Default` (five-tuple), `SourceIP`,
    `SourceIPProtocol`."""
    probe_id: Ref[LbProbe] | None = None
    """The ID of the health probe."""
    tcp_reset_enabled: Inert[bool] = False
    """Whether idle TCP connections are reset."""
    frontend_ip_configuration_id: Assigned[Ref[LbFrontendIpConfiguration]] = SERVICE
    """The ID of the frontend."""

    @property
    def covers_all_ports(self) -> bool:
        """Whether it is a rule for HA ports."""
        return self.protocol.lower() == "all"

    def carries(self, protocol: str, port: int) -> bool:
        """Whether what is sent to a port of the frontend, over a protocol in lower case, is the rule's."""
        return self.protocol.lower() in ("all", protocol) and self.frontend_port in (0, port)

    def usage(self) -> Iterator[Usage]:
        yield from super().usage()
        if self.knows("backend_address_pool_ids"):
            for pool_id in dict.fromkeys(map(ids.key, self.backend_address_pool_ids or ())):
                yield Usage(balancing_rules_bucket(pool_id), 1)

    def assign(self, view: View, before: LbRule | None) -> Iterator[Assignment]:
        yield (
            ("frontend_ip_configuration_id",),
            lambda it: f"{it.loadbalancer_id}/frontendIPConfigurations/{it.frontend_ip_configuration_name}",
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
                yield (
                    path,
                    f"{self.label}: {label(child)} belongs to another load balancer than the rule",
                    "use one of the rule's own load balancer",
                )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure, load balancer")
    def all_protocols_mean_ha_ports(self, view: View, policy: Policy) -> Findings:
        """Protocol All, which means HA ports, needs ports 0 and 0, and port 0 needs protocol All."""
        ports = (self.frontend_port, self.backend_port)
        if self.covers_all_ports and ports != (0, 0):
            yield (
                ("frontend_port",),
                (
                    f"{self.label}: protocol All needs frontend_port 0 and backend_port 0, "
                    f"not {ports[0]} and {ports[1]}"
                ),
                "set both to 0, or choose another protocol",
            )
        if not self.covers_all_ports and self.frontend_port == 0:
            yield (
                ("frontend_port",),
                f"{self.label}: frontend_port 0 needs protocol All, not {self.protocol}",
                "use protocol All, or choose a port",
            )


def _only_pool(rule: LbRule) -> Mapping[str, str] | None:
    pools = rule.backend_address_pool_ids or ()
    return {"id": pools[0]} if len(pools) == 1 else None
