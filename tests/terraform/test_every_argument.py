"""Every argument of every type is changed in turn: it updates or replaces as azurerm says, and reads back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from provider_shim.derivation import attribute_type, is_settable, operations, public_fields
from provider_shim.schema import Type
from provider_shim.types import RESOURCE_TYPES
from tests.terraform import balancer_changes, machine_changes, network_changes, security_changes
from tests.terraform.arguments import declared
from tests.terraform.changes import Change
from tests.terraform.hcl import resource
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import WORLDS
from vtaplib.model.base import Model
from vtaplib.model.marks import ATTRIBUTE_BLOCK, CREATE_ONLY, SENSITIVE, UNORDERED, WRITE_ONLY

pytestmark = pytest.mark.terraform

Argument = tuple[str, frozenset[str]]
"""Kind and flags."""

CHANGES: Final = {
    "azurerm_resource_group": network_changes.RESOURCE_GROUP,
    "azurerm_network_watcher": network_changes.NETWORK_WATCHER,
    "azurerm_virtual_network": network_changes.VIRTUAL_NETWORK,
    "azurerm_subnet": network_changes.SUBNET,
    "azurerm_virtual_network_peering": network_changes.PEERING,
    "azurerm_network_interface": network_changes.INTERFACE,
    "azurerm_public_ip": network_changes.PUBLIC_IP,
    "azurerm_linux_virtual_machine": machine_changes.LINUX,
    "azurerm_windows_virtual_machine": machine_changes.WINDOWS,
    "azurerm_lb": balancer_changes.BALANCER,
    "azurerm_lb_backend_address_pool": balancer_changes.POOL,
    "azurerm_lb_probe": balancer_changes.PROBE,
    "azurerm_lb_rule": balancer_changes.RULE,
    "azurerm_network_interface_backend_address_pool_association": balancer_changes.ASSOCIATION,
    "azurerm_network_security_group": security_changes.SECURITY_GROUP,
    "azurerm_network_security_rule": security_changes.SECURITY_RULES,
    "azurerm_network_interface_security_group_association": security_changes.INTERFACE_ASSOCIATION,
    "azurerm_subnet_network_security_group_association": security_changes.SUBNET_ASSOCIATION,
    "azurerm_virtual_network_tap": balancer_changes.TAP,
    "azurerm_network_interface_tap_configuration": balancer_changes.TAP_CONFIGURATION,
}

NOT_READ_BACK: Final = {
    "timeouts": "belongs to the configuration, not to the object",
    "admin_password": "a secret, which the service never returns",
    "additional_unattend_content": "holds a secret, which the service never returns",
    "custom_data": "a secret, which the service never returns",
    "network_security_group_id_wo_version": "says when to send the write-only ID; the service knows no such",
    "route_table_id_wo_version": "says when to send the write-only ID; the service knows no such",
    "triggers": "says when to synchronise the peering; the service knows no such",
}

REPLACES_BY_CODE: Final = {
    # azurerm's schema does not say so, its code does: CustomizeDiff of the load balancer.
    ("azurerm_lb", "frontend_ip_configuration.zones"),
    # And that of the public address: once a name has a scope, it keeps it.
    ("azurerm_public_ip", "domain_name_label_scope"),
}

NO_CHANGE: Final = {
    # A default made explicit.
    ("azurerm_virtual_network_tap", "destination_port"),
    ("azurerm_linux_virtual_machine", "os_image_notification.timeout"),
    ("azurerm_windows_virtual_machine", "os_image_notification.timeout"),
    # Given in the world already.
    ("azurerm_public_ip", "allocation_method"),
}


@pytest.mark.sampled(16)
@pytest.mark.parametrize(
    ("type_name", "change"),
    [
        pytest.param(type_name, change, id=f"{type_name.removeprefix('azurerm_')}-{change.argument}")
        for type_name, changes in CHANGES.items()
        for change in changes
    ],
)
def test_a_changed_argument_updates_or_replaces_and_reads_back(
    workspace: Workspace, type_name: str, change: Change
) -> None:
    address = f"{type_name}.subject"
    world = WORLDS[type_name]
    workspace.write(world.surroundings + resource(address, {**world.body, **change.before}))
    workspace.apply()

    workspace.write(world.surroundings + resource(address, {**world.body, **change.after}))
    assert workspace.apply().actions == expected_actions(type_name, change.argument, address)
    workspace.plans_nothing()
    state = workspace.state()[address]
    imported = workspace.imported(address, state["id"])
    assert {
        name: (state[name], imported[name]) for name in state if not reads_back(name, state, imported)
    } == {}


def expected_actions(type_name: str, argument: str, address: str) -> dict[str, str]:
    if (type_name, argument) in NO_CHANGE:
        return {}
    replaces = declared()[type_name][argument].replaces or (type_name, argument) in REPLACES_BY_CODE
    return {address: "replace" if replaces else "update"}


def reads_back(name: str, state: dict[str, Any], imported: dict[str, Any]) -> bool:
    """Whether an import finds an attribute as the state has it. Sets have no order; none is null or []."""
    return name in NOT_READ_BACK or unordered(state[name]) == unordered(imported[name])


def unordered(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(map(unordered, value), key=repr) or None
    if isinstance(value, dict):
        return {name: unordered(one) for name, one in value.items()}
    return value


def test_every_argument_has_a_change() -> None:
    for type_name, attributes in declared().items():
        settable = {path for path, one in attributes.items() if one.settable}
        covered = {change.argument for change in CHANGES[type_name]}
        assert covered == settable, type_name


def test_every_type_has_a_table() -> None:
    assert CHANGES.keys() == RESOURCE_TYPES.keys() == WORLDS.keys() == declared().keys()


@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_the_schema_is_the_one_that_azurerm_declares(type_name: str) -> None:
    kind = RESOURCE_TYPES[type_name]
    theirs = {
        path: (one.kind, one.flags - ({"computed"} if one.settable else set()))
        for path, one in declared()[type_name].items()
    }
    assert theirs.pop("timeouts") == (
        "block(single)",
        frozenset({"optional", ",".join(operations(kind))}),
    )
    ours = {path: one for path, one in arguments(kind) if (type_name, path) not in OURS}
    assert ours == {path: (kind, flags & FLAGS) for path, (kind, flags) in theirs.items()}


OURS: Final = {("azurerm_network_interface", "ip_configuration.id")}
"""What azurerm lacks."""
FLAGS: Final = frozenset({"required", "optional", "computed", "force_new", "write_only", "sensitive"})
MARKED: Final = {CREATE_ONLY: "force_new", WRITE_ONLY: "write_only", SENSITIVE: "sensitive"}


def arguments(cls: type[Model], within: str = "", block: str = "block") -> Iterator[tuple[str, Argument]]:
    """Kind and flags of every argument, at every depth. A default is the provider's to fill in, which
    Terraform calls computed: whether an argument is computed says nothing here.
    """
    for field in public_fields(cls):
        path, inner = f"{within}{field.name}", block
        if field.block is None:
            kind = written_type(attribute_type(field))
        else:
            inner = "attribute_block" if field.has(ATTRIBUTE_BLOCK) else block
            kind = f"{inner}({'set' if field.has(UNORDERED) else 'list'})"
        needed = field.required or (field.block is not None and field.items.minimum > 0)
        given = ("required" if needed else "optional") if is_settable(field) else "computed"
        yield path, (kind, frozenset({given, *(word for flag, word in MARKED.items() if field.has(flag))}))
        if field.block is not None:
            yield from arguments(field.block, f"{path}.", inner)


def written_type(type_: Type) -> str:
    """A type as HCL has it."""
    return type_ if isinstance(type_, str) else f"{type_[0]}({written_type(type_[1])})"
