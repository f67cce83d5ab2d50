"""A health probe: how a load balancer finds out which backends are well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from vtaplib.model.arguments import NetworkName
from vtaplib.model.marks import SERVICE, Arm, Between, CreateOnly, Derived, Inert, OneOf, Ref, Unordered
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment, Resource, resource_kind
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.lb import Lb

LEAST_SECONDS_TO_DOWN = 10
"""How long a backend must fail before it counts as down, at least (Azure, load balancer health probes)."""

ALL_PROBED_DOWN, ALL_PROBED_UP = "AllProbedDown", "AllProbedUp"


class LbProbe(Resource):
    """A health probe of a load balancer."""

    id_format = "{loadbalancer_id}/probes/{name}"
    dependents = ("LbRule",)
    changed_by_others = ("load_balancer_rules",)

    loadbalancer_id: CreateOnly[Ref[Lb]]
    """The ID of the load balancer."""
    name: CreateOnly[NetworkName]
    """The name of the probe."""
    port: Annotated[int, Between(1, 65535)]
    """The port that is probed."""
    interval_in_seconds: Inert[Annotated[int, Between(5)]] = 15
    """Seconds between two probes of a backend."""
    no_healthy_backends_behavior: Annotated[str, OneOf((ALL_PROBED_DOWN, ALL_PROBED_UP))] = ALL_PROBED_DOWN
    """What happens while no backend is healthy: `AllProbedDown` (new flows are dropped) or `AllProbedUp`
    (they go to all backends, as if all were healthy)."""
    number_of_probes: Inert[int] = 2
    """The number of failed probes after which a backend counts as down."""
    probe_threshold: Inert[Annotated[int, Between(1, 100)]] = 1
    """The number of consecutive probes that decide a change of state."""
    protocol: Annotated[str, OneOf(("Http", "Https", "Tcp"))] = "Tcp"
    """The protocol of the probe. There is none over UDP."""
    request_path: str | None = None
    """The path that the probe requests; required for Http and Https."""
    load_balancer_rules: Annotated[
        Derived[Unordered[Sequence[str]]], Arm("properties.loadBalancingRules[].id")
    ] = SERVICE
    """The IDs of the rules that use the probe."""

    def derive(self, view: View) -> Iterator[Assignment]:
        yield (
            ("load_balancer_rules",),
            lambda it: tuple(one.id for one in view.referrers(it.id, resource_kind("LbRule"))),
        )

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, evidence=Evidence.DOCUMENTED, source="Azure, load balancer")
    def http_probes_have_a_path(self, view: View, policy: Policy) -> Findings:
        """A probe over HTTP has a path, one over TCP has none."""
        if self.protocol == "Tcp" and self.request_path:
            yield (
                ("request_path",),
                f"{self.label}: protocol is Tcp, which takes no request_path",
                "leave it out",
            )
        if self.protocol != "Tcp" and not self.request_path:
            yield (
                ("request_path",),
                f"{self.label}: protocol is {self.protocol}, which needs a request_path",
                'give one, such as "/"',
            )

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, source="Azure, load balancer")
    def probes_take_long_enough(self, view: View, policy: Policy) -> Findings:
        """A backend counts as down after at least ten seconds: the interval times the number of probes."""
        seconds = self.interval_in_seconds * self.number_of_probes
        if seconds < LEAST_SECONDS_TO_DOWN:
            yield (
                ("number_of_probes",),
                (
                    f"{self.label}: {self.number_of_probes} probes every {self.interval_in_seconds} s make "
                    f"{seconds} s, and Azure requires at least {LEAST_SECONDS_TO_DOWN} s"
                ),
                "raise one of the two",
            )
