"""Resource identities: the names in an ID, one by one, as `import` blocks may give them instead of the ID."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vtaplib.model.base import Values
from vtaplib.model.resource import Resource, id_format_of, resource_kind
from vtaplib.model.unknown import UNKNOWN
from vtaplib.resources.subnet import ATTACHMENT_SUFFIX
from vtaplib.resources.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)

UNTOLD: Final[Mapping[type[Resource], str]] = {SubnetNetworkSecurityGroupAssociation: ATTACHMENT_SUFFIX}
"""How the IDs of some types end that have, in Terraform, the ID of what they are attached to."""


def to_resource_id(kind: type[Resource], terraform_id: Any) -> str:
    """The ID of the resource that has an ID in Terraform."""
    return f"{terraform_id}{UNTOLD.get(kind, '')}"


def to_terraform_id(kind: type[Resource], resource_id: str) -> str:
    """The ID that a resource has in Terraform: the inverse of `to_resource_id`."""
    return resource_id.removesuffix(UNTOLD.get(kind, ""))


def same_id(prior: Values | None, resource_id: str) -> str:
    """An ID in the words of the state, where that means the same."""
    was = None if prior is None else prior.get("id")
    return was if isinstance(was, str) and was.lower() == resource_id.lower() else resource_id


def full_format(kind: type[Resource]) -> str:
    """The ID format of a type in Terraform, down to names: an ID that it starts with is written out too, with
    the owner's name as `{…_name}`.
    """
    id_format = to_terraform_id(kind, kind.id_format)
    match = re.match(r"\{(\w+)\}", id_format)
    if match is None:
        return id_format
    ref = kind.fields()[match.group(1)].ref
    assert ref is not None
    owner = resource_kind(ref.kind)
    return (
        id_format_of(ref.kind).replace("{name}", f"{{{owner.type_name()}_name}}") + id_format[match.end() :]
    )


def in_subscription(resource: Resource, subscription_id: str) -> Resource:
    """A resource in the provider's subscription; "" where that is not known yet."""
    if resource.id_format.startswith("{"):
        return resource
    return resource.replace(subscription_id=subscription_id or UNKNOWN)


def parse_identity(names: Sequence[str], resource_id: str) -> Values:
    """The identity of the resource with an ID: every second segment is a name."""
    segments = resource_id.strip("/").split("/")
    values = [
        value for kind, value in zip(segments[::2], segments[1::2], strict=False) if kind != "providers"
    ]
    return dict(zip(names, values, strict=True))


def format_identity(kind: type[Resource], names: Sequence[str], identity: Mapping[str, Any]) -> str:
    """The ID that an identity means: the inverse of `parse_identity`."""
    values = iter(names)
    return re.sub(r"\{\w+\}", lambda _: str(identity.get(next(values)) or ""), full_format(kind))
