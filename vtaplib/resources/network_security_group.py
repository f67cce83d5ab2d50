"""A network security group: rules that let traffic through or not, at interfaces and subnets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import Location, NetworkName, ResourceGroupName, Tags
from vtaplib.model.base import Block
from vtaplib.model.marks import (
    SERVICE,
    Assigned,
    AttributeBlock,
    CreateOnly,
    Inline,
    Internal,
    NotInArm,
    OptionalAssigned,
    Ref,
    Unordered,
)
from vtaplib.model.resource import Assignment, Resource
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.security_rule_fields import SecurityRuleFields


class InlineSecurityRule(SecurityRuleFields, Block):
    """A security rule that is managed with its group."""

    child = "NetworkSecurityRule"


class NetworkSecurityGroup(Resource):
    """A set of security rules for interfaces and subnets."""

    id_format = (
        "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        "/providers/Microsoft.Network/networkSecurityGroups/{name}"
    )
    in_use_code = ErrorCode.IN_USE_NETWORK_SECURITY_GROUP_CANNOT_BE_DELETED
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.defaultSecurityRules": None,
        "properties.flushConnection": False,
        "properties.networkInterfaces": lambda it, view: _guarded(it, "network_interface_id", view),
        "properties.subnets": lambda it, view: _guarded(it, "subnet_id", view),
    }

    name: CreateOnly[NetworkName]
    """The name of the security group."""
    resource_group_name: CreateOnly[Annotated[Ref[ResourceGroup], *ResourceGroupName.__metadata__]]
    """The name of the resource group to create the security group in."""
    location: CreateOnly[Location]
    """The Azure region; the same as that of the subnets and interfaces that have the group."""
    security_rule: (
        OptionalAssigned[Inline[AttributeBlock[Unordered[Sequence[InlineSecurityRule]]]]] | None
    ) = None
    """Rules managed with the group. Do not mix with rule resources for the same group. If you leave it out,
    existing rules stay. An empty list removes them."""
    tags: Tags | None = None
    """Tags of the resource."""
    lists_its_rules: NotInArm[Internal[Assigned[bool]]] = SERVICE
    """Whether the last write of the group said which rules it has, all of them."""

    def assign(self, view: View, before: NetworkSecurityGroup | None) -> Iterator[Assignment]:
        yield ("lists_its_rules",), lambda it: it.security_rule is not None


def _guarded(group: NetworkSecurityGroup, name: str, view: View) -> Sequence[Mapping[str, str]] | None:
    """What the group is attached to, by the field that says so."""
    attached = view.referrers(group.id, Resource)
    return [{"id": getattr(one, name)} for one in attached if name in one.fields()] or None
