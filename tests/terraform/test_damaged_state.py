"""A state file that somebody edited: Terraform shows what is wrong in it, what to do, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.terraform.reattached import Workspace
from tests.terraform.worlds import INTERFACES

pytestmark = pytest.mark.terraform


def attribute(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """An edit of one attribute."""
    return lambda instance: instance["attributes"].update({name: value})


def without(name: str) -> Callable[[dict[str, Any]], None]:
    """An edit that takes an attribute away."""
    return lambda instance: instance["attributes"].pop(name)


DAMAGED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a number for a text": (attribute("location", 7), "location: expected string, got int 7"),
    "a text for blocks": (attribute("ip_configuration", "x"), "ip_configuration: expected list of blocks"),
    "no ID": (attribute("id", None), "id is missing"),
    "another type's ID": (attribute("id", "/subscriptions/x/resourceGroups/y"), "is not of the form"),
    "an attribute gone": (without("name"), "name is missing"),
    "a null in a list": (attribute("dns_servers", [None]), "dns_servers[0] is null"),
    "a newer schema": (lambda instance: instance.update(schema_version=9), "managed by newer provider"),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_state_is_told_and_left_alone(workspace: Workspace, damage: str) -> None:
    edit, problem = DAMAGED[damage]
    workspace.holds(INTERFACES)
    file = workspace.directory / "terraform.tfstate"
    state = json.loads(file.read_text())
    (entry,) = [
        one
        for one in state["resources"]
        if (one["type"], one["name"]) == ("azurerm_network_interface", "one")
    ]
    edit(entry["instances"][0])
    file.write_text(json.dumps(state))
    before = file.read_text(), workspace.cloud_holds()
    for arguments in ((), ("-refresh=false",), ("-destroy",)):
        outcome = workspace.plan(*arguments)
        assert outcome.code == 1
        assert problem in outcome.told
        assert "bug" not in outcome.told
    assert workspace.try_apply().code == 1
    assert (file.read_text(), workspace.cloud_holds()) == before


def test_an_attribute_that_nobody_knows_does_no_harm(workspace: Workspace) -> None:
    workspace.holds(INTERFACES)
    file = workspace.directory / "terraform.tfstate"
    state = json.loads(file.read_text())
    for entry in state["resources"]:
        entry["instances"][0]["attributes"]["unheard_of"] = [1]
    file.write_text(json.dumps(state))
    workspace.plans_nothing()
