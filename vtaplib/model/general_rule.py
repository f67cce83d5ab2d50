"""The general rules: what holds for every resource type, and is judged beside the types' own rules.

`Violation.rule` names them, as it names a type's rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from vtaplib.model.violation import ErrorCode

IDS_ARE_UNIQUE: Final = "ids_are_unique"
REFERENCES_EXIST: Final = "references_exist"
TYPE_STAYS: Final = "type_stays"
PARTS_IN_USE_STAY: Final = "parts_in_use_stay"
WHAT_IS_FIXED_STAYS: Final = "what_is_fixed_stays"
WHAT_IS_IN_USE_STAYS: Final = "what_is_in_use_stays"
VALUES_ARE_ALLOWED: Final = "values_are_allowed"
SECRETS_ARE_GIVEN: Final = "secrets_are_given"


class GeneralRule(NamedTuple):
    """What documentation and reports say of a general rule."""

    what: str
    codes: tuple[str, ...]
    """The codes that breaking it may have; a resource type may have one of its own."""
    at_apply: str = ""
    """Why a plan may let pass what an apply then refuses."""


GENERAL_RULES: Final[Mapping[str, GeneralRule]] = {
    VALUES_ARE_ALLOWED: GeneralRule(
        "Every argument has a value that Azure and azurerm take: lengths, ranges, words, forms, and which "
        "arguments go together.",
        (
            ErrorCode.INVALID_REQUEST_CONTENT,
            ErrorCode.INVALID_RESOURCE_NAME,
            ErrorCode.INVALID_PARAMETER_COMBINATION,
        ),
    ),
    SECRETS_ARE_GIVEN: GeneralRule(
        "A new resource has the secrets that it must have. `Cloud.put` does not ask for them, because a "
        "resource that was read elsewhere has none.",
        (ErrorCode.INVALID_PARAMETER_COMBINATION,),
    ),
    REFERENCES_EXIST: GeneralRule(
        "Every ID is that of a resource that exists and is of the right type.",
        (
            ErrorCode.INVALID_RESOURCE_REFERENCE,
            ErrorCode.RESOURCE_GROUP_NOT_FOUND,
            ErrorCode.SUBSCRIPTION_NOT_FOUND,
        ),
        at_apply="A resource that does not exist yet may be made before it is needed, by another part of the "
        "plan or by another configuration.",
    ),
    IDS_ARE_UNIQUE: GeneralRule(
        "No two objects of a configuration have the same ID.",
        (ErrorCode.OPERATION_NOT_ALLOWED,),
        at_apply="A plan does not show what another configuration makes, or an object whose name only the "
        "apply knows.",
    ),
    WHAT_IS_FIXED_STAYS: GeneralRule(
        "An argument that can be set only when a resource is created does not change. Another value needs a "
        "new resource.",
        (ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED, ErrorCode.INVALID_RESOURCE_LOCATION),
    ),
    TYPE_STAYS: GeneralRule(
        "A resource keeps its type, if azurerm has several types for one of ARM's.",
        (ErrorCode.PROPERTY_CHANGE_NOT_ALLOWED,),
        at_apply="The plan may destroy the resource that has the ID now.",
    ),
    PARTS_IN_USE_STAY: GeneralRule(
        "A part of a resource, such as a frontend, is not removed while others refer to it.",
        (ErrorCode.RESOURCE_IN_USE, ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_IN_USE),
        at_apply="The plan may still change the resources that refer to it.",
    ),
    WHAT_IS_IN_USE_STAYS: GeneralRule(
        "A resource is not deleted while others depend on it.",
        (
            ErrorCode.RESOURCE_IN_USE,
            ErrorCode.NIC_IN_USE,
            ErrorCode.IN_USE_SUBNET_CANNOT_BE_DELETED,
            ErrorCode.IN_USE_NETWORK_SECURITY_GROUP_CANNOT_BE_DELETED,
            ErrorCode.PUBLIC_IP_ADDRESS_CANNOT_BE_DELETED,
            ErrorCode.IN_USE_VIRTUAL_NETWORK_TAP_CANNOT_BE_DELETED,
            ErrorCode.VIRTUAL_NETWORK_TAP_DESTINATION_IN_USE,
        ),
        at_apply="A plan does not know everything that depends on what it deletes: it may belong to another "
        "configuration.",
    ),
}
"""The general rules by name."""
