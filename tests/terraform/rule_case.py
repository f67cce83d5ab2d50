"""A configuration that breaks a rule and nothing else, and its nearest neighbour that breaks none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.terraform.hcl import Body, Expression, resource
from tests.terraform.worlds import (
    WORLDS,
    in_subnet,
    interface,
    subnet,
)


@dataclass(frozen=True, slots=True)
class RuleCase:
    """`wrong` and `right` are laid over `body`, the subject; `line` is how the line that is shown begins."""

    type_name: str
    rule: str
    code: str
    line: str
    surroundings: str
    body: Body
    wrong: Mapping[str, Any]
    right: Mapping[str, Any]
    new_only: bool = False
    """Whether an update may go over from `right` to `wrong`: azurerm looks at new machines only."""

    @property
    def address(self) -> str:
        return f"{self.type_name}.subject"

    def configuration(self, side: Mapping[str, Any]) -> str:
        return self.surroundings + resource(self.address, {**self.body, **side})


def case(
    type_name: str,
    rule: str,
    code: str,
    line: str,
    wrong: Body,
    right: Body,
    around: str = "",
    *,
    new_only: bool = False,
) -> RuleCase:
    """A case in the type's own world, with something more around it."""
    world = WORLDS[type_name]
    surroundings = world.surroundings + around
    return RuleCase(type_name, rule, code, line, surroundings, world.body, wrong, right, new_only)


FAR: Final = interface("far", "n", location="northeurope")
DYNAMIC: Final = in_subnet(private_ip_address_allocation="Dynamic")
IN_W: Final = subnet("c", "w", "10.1.0.0/24") + interface("elsewhere", "c")


def at(address: str, **changes: Any) -> dict[str, Any]:
    return {
        "ip_configuration": [
            {**DYNAMIC, "private_ip_address_allocation": "Static", "private_ip_address": address, **changes}
        ]
    }


def front(address: str) -> dict[str, Any]:
    asks = in_subnet(private_ip_address_allocation="Static", private_ip_address=address)
    return {"frontend_ip_configuration": [asks]}


NETWORK, SUBNET, PEERING = "azurerm_virtual_network", "azurerm_subnet", "azurerm_virtual_network_peering"
INTERFACE, PUBLIC_IP, BALANCER = "azurerm_network_interface", "azurerm_public_ip", "azurerm_lb"
MACHINE, WINDOWS = "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine"
POOL, PROBE, RULE = "azurerm_lb_backend_address_pool", "azurerm_lb_probe", "azurerm_lb_rule"
MEMBER: Final = "azurerm_network_interface_backend_address_pool_association"
TAP, TAPPED = "azurerm_virtual_network_tap", "azurerm_network_interface_tap_configuration"
COMBINATION: Final = "InvalidParameterCombination"
REFERENCE: Final = "InvalidResourceReference"
CONTENT: Final = "InvalidRequestContent"
TO_INTERFACE: Final = "destination_network_interface_ip_configuration_id"
TO_FRONTEND: Final = "destination_load_balancer_frontend_ip_configuration_id"
FRONTEND: Final = Expression("azurerm_lb.lb.frontend_ip_configuration[0].id")
