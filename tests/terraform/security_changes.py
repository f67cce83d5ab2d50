"""Changes of every argument of security groups, their rules, and what attaches them."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.changes import Change, inside, values
from tests.terraform.hcl import Expression
from tests.terraform.network_changes import LAB2, TAGS, TIMEOUTS
from tests.terraform.worlds import SECURITY_RULE, arm

RULE: Final[dict[str, Any]] = {"name": "rule", **SECURITY_RULE}
CLIENTS: Final = arm("Microsoft.Network/applicationSecurityGroups/clients")
SERVERS: Final = arm("Microsoft.Network/applicationSecurityGroups/servers")


def without(*names: str, **instead: Any) -> dict[str, Any]:
    """The arguments of a rule in which others stand in the place of some."""
    return {**RULE, **dict.fromkeys(names), **instead}


FORMS: Final = {
    "description": (RULE, {**RULE, "description": "Copies of packets."}),
    "access": (RULE, {**RULE, "access": "Deny"}),
    "direction": (RULE, {**RULE, "direction": "Outbound"}),
    "priority": (RULE, {**RULE, "priority": 4096}),
    "protocol": (RULE, {**RULE, "protocol": "Tcp"}),
    **{
        f"{side}_address_prefix": (RULE, {**RULE, f"{side}_address_prefix": "VirtualNetwork"})
        for side in ("source", "destination")
    },
    **{
        f"{side}_address_prefixes": (
            RULE,
            without(f"{side}_address_prefix", **{f"{side}_address_prefixes": ["10.0.1.0/24", "10.0.0.4"]}),
        )
        for side in ("source", "destination")
    },
    **{
        f"{side}_application_security_group_ids": (
            without(f"{side}_address_prefix", **{f"{side}_application_security_group_ids": [CLIENTS]}),
            without(
                f"{side}_address_prefix", **{f"{side}_application_security_group_ids": [SERVERS, CLIENTS]}
            ),
        )
        for side in ("source", "destination")
    },
    **{
        f"{side}_port_range": (RULE, {**RULE, f"{side}_port_range": "1024-65535"})
        for side in ("source", "destination")
    },
    **{
        f"{side}_port_ranges": (
            RULE,
            without(f"{side}_port_range", **{f"{side}_port_ranges": ["8000-8100", "4789"]}),
        )
        for side in ("source", "destination")
    },
}
"""Each argument of a rule, before and after a change."""

SECURITY_GROUP: Final = [
    values("name", "guard2"),
    values("resource_group_name", LAB2),
    values("location", "northeurope"),
    values("security_rule", [RULE], [RULE, {**RULE, "name": "other", "priority": 200}]),
    inside("security_rule", RULE, "name", "rule", "renamed"),
    *(
        Change(f"security_rule.{argument}", {"security_rule": [after]}, {"security_rule": [before]})
        for argument, (before, after) in FORMS.items()
    ),
    TAGS,
    TIMEOUTS,
]

SECURITY_RULES: Final = [
    values("name", "renamed"),
    Change(
        "resource_group_name",
        {
            "resource_group_name": LAB2,
            "network_security_group_name": Expression("azurerm_network_security_group.in_lab2.name"),
        },
    ),
    values("network_security_group_name", Expression("azurerm_network_security_group.other.name")),
    *(Change(argument, after, before) for argument, (before, after) in FORMS.items()),
    TIMEOUTS,
]

OTHER_GROUP: Final = values(
    "network_security_group_id", Expression("azurerm_network_security_group.other.id")
)
INTERFACE_ASSOCIATION: Final = [
    values("network_interface_id", Expression("azurerm_network_interface.two.id")),
    OTHER_GROUP,
    TIMEOUTS,
]
SUBNET_ASSOCIATION: Final = [
    values("subnet_id", Expression("azurerm_subnet.b.id")),
    OTHER_GROUP,
    TIMEOUTS,
]
