"""A subscription: where resources live, and their tenant. azurerm manages none; the cloud needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.marks import Arm, CreateOnly, Internal, NotInArm, Unordered
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ErrorCode


class Subscription(Resource):
    """A billing and ownership boundary inside a tenant."""

    id_format = "/subscriptions/{subscription_id}"
    missing_code = ErrorCode.SUBSCRIPTION_NOT_FOUND
    arm_says: ClassVar[Mapping[str, Any]] = {
        "subscriptionId": lambda it, view: it.subscription_id,
        "displayName": None,
        "state": None,
    }

    tenant_id: Annotated[CreateOnly[str], Arm("tenantId")]
    """The Microsoft Entra tenant that owns the subscription."""
    registered_features: NotInArm[Internal[Unordered[Sequence[str]]]] = ()
    """The preview features that the subscription is registered for; see the policy's
    `feature_registration`."""


def subscription_of(resource_id: str) -> str:
    """The ID of the subscription that a resource is in."""
    return "/".join(resource_id.split("/")[:3])
