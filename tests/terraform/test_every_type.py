"""The life of an object of every type: made, found again, brought back by import, gone without a trace."""

from __future__ import annotations

import pytest

from provider_shim.types import IDENTITIES, RESOURCE_TYPES
from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import Workspace
from tests.terraform.test_every_argument import reads_back
from tests.terraform.worlds import WORLDS

pytestmark = pytest.mark.terraform


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_a_world_is_applied_settles_and_is_destroyed(workspace: Workspace, type_name: str) -> None:
    world = WORLDS[type_name]
    workspace.write(world.surroundings + resource(f"{type_name}.subject", world.body))
    workspace.apply()
    assert len(workspace.cloud_holds()) == len(workspace.state())
    workspace.plans_nothing()
    workspace.apply("-refresh-only")
    workspace.plans_nothing()
    workspace.destroy()
    assert (workspace.cloud_holds(), workspace.state()) == ([], {})


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_an_object_is_imported_by_a_block_with_its_id(workspace: Workspace, type_name: str) -> None:
    address = f"{type_name}.subject"
    state, import_id = existing(workspace, type_name)
    text = f'import {{\n  to = {address}\n  id = "{import_id}"\n}}\n'
    workspace.write(configuration(type_name) + text)
    assert workspace.plan().actions == {address: "import"}
    workspace.apply()
    imported = workspace.state()[address]
    assert {name for name in state if not reads_back(name, state, imported)} == set()
    workspace.plans_nothing()


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", IDENTITIES)
def test_an_object_is_imported_by_its_identity(workspace: Workspace, type_name: str) -> None:
    address = f"{type_name}.subject"
    state, import_id = existing(workspace, type_name)
    segments = import_id.strip("/").split("/")
    names = [name for kind, name in zip(segments[::2], segments[1::2], strict=True) if kind != "providers"]
    identity = "".join(
        f'    {key} = "{name}"\n' for key, name in zip(IDENTITIES[type_name], names, strict=True)
    )
    workspace.write(
        configuration(type_name) + f"import {{\n  to = {address}\n  identity = {{\n{identity}  }}\n}}\n"
    )
    assert workspace.plan().actions == {address: "import"}
    workspace.apply()
    imported = workspace.state()[address]
    assert {name for name in state if not reads_back(name, state, imported)} == set()
    workspace.plans_nothing()


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_creating_what_exists_is_refused_with_the_id_to_import(workspace: Workspace, type_name: str) -> None:
    _, existing_id = existing(workspace, type_name)
    outcome = workspace.try_apply()
    assert outcome.code == 1
    (error,) = outcome.errors
    assert (
        f'A resource with the ID "{existing_id}" already exists - to be managed via Terraform this resource '
        "needs to be imported into the State. Please see the resource documentation for "
        f'"{type_name}" for more information.'
    ) in error.detail
    assert error.address == f"{type_name}.subject"


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_an_object_that_is_gone_is_planned_anew(workspace: Workspace, type_name: str) -> None:
    address = f"{type_name}.subject"
    workspace.write(configuration(type_name))
    workspace.apply()
    with workspace.cloud() as cloud:
        cloud.delete(workspace.state()[address]["id"])
    outcome = workspace.plan()
    assert (outcome.actions[address], outcome.drift[address]) == ("create", "delete")
    workspace.apply()
    workspace.plans_nothing()


@pytest.mark.sampled(8)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_nothing_is_known_of_a_world_whose_names_come_out_at_apply(
    workspace: Workspace, type_name: str
) -> None:
    """Every argument that can be is what `terraform_data` gives, so unknown in the first plan."""
    world = WORLDS[type_name]
    values = {name: value for name, value in world.body.items() if is_plain(value)}
    late = {name: Expression(f"terraform_data.late.output.{name}") for name in values}
    workspace.write(
        world.surroundings
        + resource("terraform_data.late", {"input": values})
        + resource(f"{type_name}.subject", {**world.body, **late})
    )
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told
    workspace.apply()
    workspace.plans_nothing()
    workspace.destroy()
    assert workspace.cloud_holds() == []


def is_plain(value: object) -> bool:
    return isinstance(value, str | int) or (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    )


def configuration(type_name: str) -> str:
    return WORLDS[type_name].surroundings + resource(f"{type_name}.subject", WORLDS[type_name].body)


def existing(workspace: Workspace, type_name: str) -> tuple[dict[str, object], str]:
    """A world that is applied and whose subject Terraform has then forgotten; its attributes and ID."""
    address = f"{type_name}.subject"
    workspace.write(configuration(type_name))
    workspace.apply()
    state = workspace.state()[address]
    workspace.run("state rm", address)
    return state, state["id"]
