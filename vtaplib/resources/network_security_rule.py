"""A security rule of a network security group: which traffic, and whether it passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from vtaplib.model.arguments import NetworkName, ResourceGroupName
from vtaplib.model.marks import CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Reference, Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.security_rule_fields import ONE_OF_EACH, SecurityRuleFields
from vtaplib.resources.security_rule_text import ANY, is_service_tag

WITHOUT_PORTS = ("Icmp", "Ah", "Esp")


class SecurityGroupChild(Resource):
    """What belongs to a network security group."""

    name: CreateOnly[NetworkName]
    """The name of the rule, unique in the group."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the security group's resource group."""
    network_security_group_name: CreateOnly[Ref[NetworkSecurityGroup]]
    """The name of the security group."""


class NetworkSecurityRule(SecurityRuleFields, SecurityGroupChild):
    """A security rule of a network security group."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/networkSecurityGroups/{network_security_group_name}"
        "/securityRules/{name}"
    )
    combinations = ONE_OF_EACH

    name: CreateOnly[NetworkName]
    """The name of the rule, unique in the group."""

    @property
    def network_security_group_id(self) -> str:
        """The ID of the security group."""
        return self.id.rpartition("/securityRules/")[0]

    def references(self) -> Iterator[Reference]:
        yield from super().references()
        if self.knows("priority") and self.knows("direction"):
            yield Reference(("priority",), self.place, claim=True)

    @property
    def place(self) -> str:
        """The ID that stands for the rule's place in its group, which only one can have."""
        return f"{self.network_security_group_id}/priorities/{self.direction}:{self.priority}"

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, source="azurerm provider")
    def lists_hold_addresses(self, view: View, policy: Policy) -> Findings:
        """Service tags and `*` stand alone, not in a list of addresses."""
        for name in ("source_address_prefixes", "destination_address_prefixes"):
            for prefix in getattr(self, name) or ():
                if prefix == ANY or is_service_tag(prefix):
                    yield (
                        (name,),
                        f"{self.label}: {name} has {prefix!r}, which is neither an address nor a prefix",
                        f"give it as {name.removesuffix('es')}, in a rule of its own",
                    )

    @rule(
        ErrorCode.INVALID_REQUEST_CONTENT,
        evidence=Evidence.INFERRED,
        source="Azure, network security groups",
        severity=Severity.WARNING,
    )
    def ports_go_with_tcp_and_udp(self, view: View, policy: Policy) -> Findings:
        """A rule for a protocol without ports applies to any port."""
        if self.protocol not in WITHOUT_PORTS:
            return
        for side in ("source", "destination"):
            one, several = f"{side}_port_range", f"{side}_port_ranges"
            name = several if getattr(self, several) else one
            if getattr(self, name) not in (None, ANY):
                yield (
                    (name,),
                    f"{self.label}: {self.protocol} has no ports, so {name} has no effect",
                    f'use {one} = "{ANY}"',
                )
