"""Configuration that Terraform generates for an import: it plans clean, and says no more than it must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from provider_shim.types import RESOURCE_TYPES
from tests.terraform.hcl import Body, literal, resource
from tests.terraform.reattached import Workspace
from tests.terraform.test_every_argument import CHANGES
from tests.terraform.worlds import WORLDS

pytestmark = pytest.mark.terraform

SECRETS = frozenset({"admin_password", "content"})
"""Of what nobody can read, what an object must have all the same."""


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_what_is_generated_for_a_plain_object_plans_clean(workspace: Workspace, type_name: str) -> None:
    generates_clean(workspace, type_name, WORLDS[type_name].body)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_what_is_generated_for_an_object_with_all_that_goes_together_plans_clean(
    workspace: Workspace, type_name: str
) -> None:
    generates_clean(workspace, type_name, fullest(workspace, type_name))


PASSWORD = {
    "admin_ssh_key": None,
    "admin_password": "Correct-Horse-1",
    "disable_password_authentication": False,
}


def test_what_is_generated_for_a_machine_that_takes_passwords_plans_clean_with_one(
    workspace: Workspace,
) -> None:
    linux = "azurerm_linux_virtual_machine"
    generates_clean(workspace, linux, {**WORLDS[linux].body, **PASSWORD})


def fullest(workspace: Workspace, type_name: str) -> Body:
    """The subject of a type's world, with every argument beside those that it has for which the plan still
    has no error. They are tried together, and those that fail are tried in halves.
    """
    world = WORLDS[type_name]
    workspace.write(world.surroundings)
    workspace.apply()
    body = dict(world.body)
    untried = [[one for one in CHANGES[type_name] if one.argument.partition(".")[0] not in body]]
    while untried:
        changes = untried.pop()
        fuller = dict(body)
        for change in changes:
            fuller |= {name: value for name, value in change.after.items() if value is not None}
        workspace.write(world.surroundings + resource(f"{type_name}.subject", fuller))
        if not workspace.plan("-refresh=false").errors:
            body = fuller
        elif len(changes) > 1:
            untried += [changes[len(changes) // 2 :], changes[: len(changes) // 2]]
    return body


def generates_clean(workspace: Workspace, type_name: str, body: Body) -> None:
    """Imports an object into a configuration without it, with what Terraform generates."""
    surroundings, address = WORLDS[type_name].surroundings, f"{type_name}.subject"
    workspace.write(surroundings + resource(address, body))
    workspace.apply()
    import_id = workspace.state()[address]["id"]
    workspace.run("state rm", address)
    workspace.write(f'{surroundings}import {{\n  to = {address}\n  id = "{import_id}"\n}}\n')
    generated = workspace.directory / "generated.tf"
    first = workspace.plan(f"-generate-config-out={generated.name}")
    missing = [(name, value) for name, value in leaves(body) if name in SECRETS and name in first.told]
    generated.write_text(reviewed(generated.read_text(), missing))
    if not missing:
        assert first.actions == {address: "import"}, first.told
    second = workspace.plan()
    assert second.actions == {address: "import"}, second.told
    workspace.apply()
    workspace.plans_nothing()


def reviewed(text: str, missing: Sequence[tuple[str, str]]) -> str:
    """Generated configuration as its user leaves it: with the secrets that Terraform misses, and without the
    last name of the provider's source, which Terraform writes where another local name should be.
    """
    for name, value in missing:
        before, _, after = re.split(rf"(\b{name} +=) null # sensitive", text)
        text = f"{before}{name} = {literal(value)}{after}"
    return text.replace("= vtap\n", "= azurerm\n")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Strings in a body, each with its argument's name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, str):
        yield name, value
