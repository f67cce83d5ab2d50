"""Plan documents in the form that Terraform shows those of the real azurerm provider: no ID of a new resource
is known, and what it refers to stands in the configuration alone.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.vtaplib.cli.clouds import PUBLIC_KEY

UNKNOWN = object()
"""A value that only the apply can know."""
SUBSCRIPTION = "22222222-2222-3333-4444-555555555555"
IN_LAB = {"resource_group_name": "lab", "location": "eastus"}


def references(*longest: str) -> dict[str, Any]:
    """An expression with references, each followed by its beginnings, as Terraform lists them."""
    listed: dict[str, None] = {}
    for one in longest:
        listed[one] = None
        while one.count(".") > 1 or one.endswith("]"):
            one = one[: max(one.rfind("."), one.rfind("["))]
            listed[one] = None
    return {"references": list(listed)}


def constant(value: Any) -> dict[str, Any]:
    """An expression with a value of its own."""
    return {"constant_value": value}


def group_id(subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/lab"


def network_id(kind: str, name: str, subscription: str = SUBSCRIPTION) -> str:
    return f"{group_id(subscription)}/providers/Microsoft.Network/{kind}/{name}"


@dataclass
class Plan:
    """A plan that is written block by block."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    root: dict[str, Any] = field(default_factory=lambda: {"resources": [], "module_calls": {}})
    variables: dict[str, Any] = field(default_factory=dict)
    provider: dict[str, Any] = field(default_factory=dict)

    def create(self, block: str, values: Mapping[str, Any], *, key: Any = None, module: str = "") -> None:
        """An object that the plan makes: UNKNOWN is what it does not know."""
        known, unknown = _split({"id": UNKNOWN, **values})
        self._change(block, key, module, ["create"], None, known, unknown)

    def keep(self, block: str, values: Mapping[str, Any]) -> None:
        """An object that stays as it is."""
        self._change(block, None, "", ["no-op"], dict(values), dict(values), {})

    def update(self, block: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """An object that is changed in place."""
        known, unknown = _split(after)
        self._change(block, None, "", ["update"], dict(before), known, unknown)

    def delete(self, block: str, before: Mapping[str, Any]) -> None:
        """An object that is destroyed."""
        self._change(block, None, "", ["delete"], dict(before), None, {})

    def configure(self, block: str, expressions: Mapping[str, Any], module: str = "", **more: Any) -> None:
        """A block of the configuration. `module`: the names of its modules, with dots between them."""
        kind, name = block.split(".")
        self.module(module).setdefault("resources", []).append(
            {
                "address": block,
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider_config_key": "azurerm",
                "expressions": dict(expressions),
                **more,
            }
        )

    def module(self, path: str, **call: Any) -> dict[str, Any]:
        """A module of the configuration, and what its call says."""
        found: dict[str, Any] = {"module": self.root}
        for name in path.split(".") if path else ():
            found = found["module"].setdefault("module_calls", {}).setdefault(name, {"module": {}})
        found.update(call)
        module: dict[str, Any] = found["module"]
        return module

    def _change(
        self, block: str, key: Any, module: str, actions: list[str], before: Any, after: Any, unknown: Any
    ) -> None:
        kind, name = block.split(".")
        shown = "" if key is None else f"[{json.dumps(key)}]"
        one: dict[str, Any] = {
            "address": f"{module}.{block}{shown}" if module else f"{block}{shown}",
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider_name": "registry.terraform.io/hashicorp/azurerm",
            "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown},
        }
        self.changes.append(
            one | ({} if key is None else {"index": key}) | ({"module_address": module} if module else {})
        )

    @property
    def document(self) -> dict[str, Any]:
        return {
            "format_version": "1.2",
            "terraform_version": "1.9.8",
            "variables": {name: {"value": value} for name, value in self.variables.items()},
            "resource_changes": self.changes,
            "configuration": {
                "provider_config": {"azurerm": {"name": "azurerm", "expressions": self.provider}},
                "root_module": self.root,
            },
        }

    def write(self, directory: Path, name: str = "plan.json") -> Path:
        path = directory / name
        path.write_text(json.dumps(self.document))
        return path


def _split(value: Any) -> tuple[Any, Any]:
    """A value without what is unknown, and the tree of that."""
    if isinstance(value, Mapping):
        parts = {name: _split(one) for name, one in value.items()}
        return (
            {name: known for name, (known, mark) in parts.items() if mark is not True},
            {name: mark for name, (_, mark) in parts.items() if mark is True or (mark and any(mark))},
        )
    if isinstance(value, list):
        pairs = [_split(one) for one in value]
        return [known for known, _ in pairs], [mark for _, mark in pairs]
    return (None, True) if value is UNKNOWN else (copy.copy(value), False)


def configuration_block(**changes: Any) -> dict[str, Any]:
    """An IP configuration in a subnet that the plan makes."""
    return {
        "name": "ip",
        "private_ip_address_allocation": "Dynamic",
        "private_ip_address_version": "IPv4",
        "private_ip_address": UNKNOWN,
        "primary": UNKNOWN,
        "subnet_id": UNKNOWN,
        **changes,
    }


def interface_values(name: str, **changes: Any) -> dict[str, Any]:
    given = {"name": name, **IN_LAB, "mac_address": UNKNOWN, "ip_configuration": [configuration_block()]}
    return {**given, **changes}


def subnet_values(name: str, network: str, prefix: str) -> dict[str, Any]:
    values = {"name": name, "resource_group_name": "lab", "virtual_network_name": network}
    return {**values, "address_prefixes": [prefix]}


def machine(plan: Plan, name: str, *after: str) -> None:
    """A machine with the interface of its name. `after`: the blocks that it waits for."""
    block = f"azurerm_linux_virtual_machine.{name}"
    disk = {"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    plan.create(
        block,
        {
            "name": f"vm-{name}",
            **IN_LAB,
            "size": "Standard_D2s_v5",
            "admin_username": "operator",
            "admin_ssh_key": [{"username": "operator", "public_key": PUBLIC_KEY}],
            "os_disk": [disk],
            "source_image_reference": [image],
            "network_interface_ids": [UNKNOWN],
        },
    )
    interfaces = references(f"azurerm_network_interface.{name}.id")
    plan.configure(block, {"network_interface_ids": interfaces}, depends_on=list(after))


def tapped_plan(*, peered: bool = True) -> Plan:
    """A machine in one new network that is tapped, its collector in another."""
    plan = Plan()
    plan.create("azurerm_resource_group.lab", {"name": "lab", "location": "eastus"})
    for name, space in (("app", "10.1"), ("tools", "10.2")):
        plan.create(
            f"azurerm_virtual_network.{name}", {"name": name, **IN_LAB, "address_space": [f"{space}.0.0/16"]}
        )
        plan.create(f"azurerm_subnet.{name}", subnet_values("one", name, f"{space}.1.0/24"))
        plan.configure(f"azurerm_virtual_network.{name}", {})
        plan.configure(f"azurerm_subnet.{name}", {})
    for here, there in (("app", "tools"), ("tools", "app")) if peered else (("app", "tools"),):
        peer(plan, here, there)
    for name, subnet in (("web", "app"), ("collector", "tools")):
        interface(plan, name, references(f"azurerm_subnet.{subnet}.id"))
        machine(plan, name, *(("azurerm_virtual_network_tap.tap",) if name == "web" else ()))
    tap(plan, "azurerm_network_interface.collector.ip_configuration[0].name")
    tapped(plan, "web", *map("azurerm_virtual_network_peering.{}".format, ("app", "tools") if peered else ()))
    return plan


def peer(plan: Plan, here: str, there: str) -> None:
    """One side of a peering."""
    block = f"azurerm_virtual_network_peering.{here}"
    values = {"name": f"to-{there}", "resource_group_name": "lab", "virtual_network_name": here}
    more = {"allow_virtual_network_access": True, "remote_virtual_network_id": UNKNOWN}
    plan.create(block, {**values, **more})
    remote = references(f"azurerm_virtual_network.{there}.id")
    plan.configure(block, {"remote_virtual_network_id": remote})


def interface(plan: Plan, name: str, subnet: Mapping[str, Any], **changes: Any) -> None:
    """An interface in a subnet that an expression says."""
    plan.create(f"azurerm_network_interface.{name}", interface_values(name, **changes))
    plan.configure(f"azurerm_network_interface.{name}", {"ip_configuration": [{"subnet_id": subnet}]})


def tap(plan: Plan, *destination: str, **changes: Any) -> None:
    """A TAP, to what is referred to."""
    to = "destination_network_interface_ip_configuration_id"
    values = {"name": "tap", **IN_LAB, "destination_port": 4789, to: UNKNOWN}
    plan.create("azurerm_virtual_network_tap.tap", {**values, **changes})
    plan.configure("azurerm_virtual_network_tap.tap", {to: references(*destination)})


def tapped(plan: Plan, source: str, *after: str) -> None:
    """An interface as a source of the TAP. `after`: the blocks that it waits for."""
    block = f"azurerm_network_interface_tap_configuration.{source}"
    fields = {"network_interface_id": UNKNOWN, "virtual_network_tap_id": UNKNOWN}
    plan.create(block, {"name": "mirror", **fields})
    plan.configure(
        block,
        {
            "network_interface_id": references(f"azurerm_network_interface.{source}.id"),
            "virtual_network_tap_id": references("azurerm_virtual_network_tap.tap.id"),
        },
        depends_on=list(after),
    )
