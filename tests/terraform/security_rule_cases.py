"""Rules of security groups, their rules and what attaches them, each broken once."""

from __future__ import annotations

from typing import Any, Final

from tests.terraform.hcl import Expression
from tests.terraform.rule_case import CONTENT, REFERENCE, SUBNET, case
from tests.terraform.worlds import guarded_interface, security_group, security_rule

SECURITY_RULE: Final = "azurerm_network_security_rule"
AT_INTERFACE: Final = "azurerm_network_interface_security_group_association"
AT_SUBNET: Final = "azurerm_subnet_network_security_group_association"
NORTHERN: Final = security_group("northern", location="northeurope")


def group_id(name: str) -> Expression:
    return Expression(f"azurerm_network_security_group.{name}.id")


def sent(name: str, version: int) -> dict[str, Any]:
    return {"network_security_group_id_wo": group_id(name), "network_security_group_id_wo_version": version}


def at(interface_name: str) -> dict[str, Any]:
    """An interface, attached to after another has been."""
    return {
        "network_interface_id": Expression(f"azurerm_network_interface.{interface_name}.id"),
        "depends_on": Expression(f"[{AT_INTERFACE}.first]"),
    }


SECURITY_CASES: Final = [
    case(
        SUBNET,
        "sent_security_group_can_be_attached",
        REFERENCE,
        "network_security_group_id_wo",
        sent("northern", 2),
        sent("guard", 1),
        NORTHERN,
    ),
    case(
        SECURITY_RULE,
        "priority_is_unique",
        "SecurityRuleConflict",
        "priority",
        {"priority": 200, "depends_on": Expression(f"[{SECURITY_RULE}.first]")},
        {"priority": 201},
        security_rule("first", "guard", priority=200),
    ),
    case(
        SECURITY_RULE,
        "lists_hold_addresses",
        CONTENT,
        "source_address_prefixes",
        {"source_address_prefix": None, "source_address_prefixes": ["VirtualNetwork"]},
        {"source_address_prefix": None, "source_address_prefixes": ["10.0.0.0/16"]},
    ),
    case(
        AT_INTERFACE,
        "interface_has_one_group",
        "OperationNotAllowed",
        "network_interface_id",
        at("one"),
        at("two"),
        guarded_interface("first", "one", "other"),
    ),
    *(
        case(
            kind,
            "group_is_in_the_same_region",
            REFERENCE,
            "network_security_group_id",
            {"network_security_group_id": group_id("northern")},
            {"network_security_group_id": group_id("guard")},
            NORTHERN,
        )
        for kind in (AT_INTERFACE, AT_SUBNET)
    ),
]
