"""Two objects of one ID: refused by the plan that shows both, in every other case by the apply, cleanly."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from provider_shim.claimed_ids import marked, unmarked
from provider_shim.types import RESOURCE_TYPES
from tests.fake_core import Object, Plan, RefusedError
from tests.provider_shim.configurations import SECURITY_RULE, World, base, configuration
from vtaplib.model.ids import placeholders

LAB = {"resource_group_name": "lab", "location": "westeurope"}
NETWORK = configuration(
    "azurerm_virtual_network",
    {
        "name": "both",
        "address_space": ["10.9.0.0/16"],
        "subnet": [{"name": "One", "address_prefixes": ["10.9.1.0/24"]}],
        **LAB,
    },
)
SUBNET = configuration(
    "azurerm_subnet",
    {
        "name": "one",
        "resource_group_name": "lab",
        "virtual_network_name": "both",
        "address_prefixes": ["10.9.2.0/24"],
    },
)
GROUP = configuration(
    "azurerm_network_security_group",
    {
        "name": "both",
        "security_rule": [{**SECURITY_RULE, "name": "One", "priority": 100, "access": "Deny"}],
        **LAB,
    },
)
RULE = configuration(
    "azurerm_network_security_rule",
    {
        **SECURITY_RULE,
        "name": "one",
        "resource_group_name": "lab",
        "network_security_group_name": "both",
        "priority": 200,
        "access": "Deny",
    },
)
LISTED = [
    ("azurerm_virtual_network", NETWORK, "azurerm_subnet", SUBNET),
    ("azurerm_network_security_group", GROUP, "azurerm_network_security_rule", RULE),
]
LISTS = {
    "azurerm_subnet": "subnet of virtualNetworks",
    "azurerm_network_security_rule": "security_rule of networkSecurityGroups",
}
AS_LISTED = {
    "azurerm_subnet": {**SUBNET, "name": "One", "address_prefixes": ["10.9.1.0/24"]},
    "azurerm_network_security_rule": {**RULE, "name": "One", "priority": 100},
}
"""An object that lists a part in an argument, and an object of its own that is the same part."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def other_case(type_name: str) -> dict[str, Any]:
    """A configuration that means the same object, its name in another case where it has one."""
    config = copy.deepcopy(base(type_name))
    if "name" in placeholders(RESOURCE_TYPES[type_name].id_format):
        config["name"] = config["name"].upper()
    return config


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
def test_a_second_object_of_one_id_is_refused_by_the_plan(type_name: str, world: World) -> None:
    process = world.reset().start()
    first = process.plan(type_name, None, base(type_name))
    with pytest.raises(RefusedError, match="the plan has two objects with the ID") as refused:
        process.plan(type_name, None, other_case(type_name))
    (error,) = refused.value.diagnostics
    assert "another block also has it." in error.detail
    other_case_is_told = "It is written" in error.detail
    assert other_case_is_told == (other_case(type_name) != base(type_name))
    assert first.planned is not None
    assert first.planned["id"].lower() in error.detail.lower()
    assert str(error.path[0]) in error.detail.partition("or change its ")[2]


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
@pytest.mark.parametrize("kept_first", [False, True])
def test_a_new_object_with_the_id_of_one_that_stays_is_refused_by_the_plan(
    type_name: str, kept_first: bool, world: World
) -> None:
    terraform = world.reset()
    made = terraform.apply(type_name, None, base(type_name))
    process = terraform.start()
    stored = process.read(process.load(made))
    order = [(stored, base(type_name)), (None, other_case(type_name))]
    (prior, config), (other, other_config) = order if kept_first else reversed(order)
    process.plan(type_name, prior, config)
    with pytest.raises(RefusedError, match="the plan has two objects with the ID"):
        process.plan(type_name, other, other_config)


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
@pytest.mark.parametrize("refresh", [False, True])
def test_an_object_that_is_replaced_has_one_id_and_leaves_room_for_no_other(
    type_name: str, refresh: bool, world: World
) -> None:
    """Replaced because a user says so: no answer of the provider asks for it."""
    terraform = world.reset()
    made = terraform.apply(type_name, None, base(type_name))
    process = terraform.start()
    stored: Object | None = process.load(made)
    assert stored is not None
    stored = process.read(stored) if refresh else stored
    first = process.plan(type_name, stored, base(type_name))
    assert first.action == "no-op"
    second = process.plan(type_name, None, base(type_name), private=first.private)
    with pytest.raises(RefusedError, match="the plan has two objects with the ID"):
        process.plan(type_name, None, other_case(type_name))
    again = terraform.apply_plan((replaced(first), second), base(type_name))
    plan, _ = terraform.plan(type_name, again, base(type_name))
    assert plan.action == "no-op"


def replaced(plan: Plan) -> Plan:
    """A plan that Terraform makes a replacement of."""
    return replace(plan, replace_paths=(("id",),))


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
def test_an_object_that_another_process_makes_after_the_plan_is_refused_at_apply(
    type_name: str, world: World
) -> None:
    """As another alias of the provider does. The apply plans again, which must say what the plan said."""
    terraform = world.reset()
    plans = terraform.plan(type_name, None, base(type_name))
    made = terraform.apply(type_name, None, other_case(type_name))
    with pytest.raises(RefusedError, match="already exists") as refused:
        terraform.apply_plan(plans, base(type_name))
    assert refused.value.call == "apply"
    assert terraform.refresh(made) == made


@pytest.mark.parametrize(("owner_type", "owner", "part_type", "part"), LISTED)
@pytest.mark.parametrize("owner_first", [False, True])
def test_a_part_that_another_object_lists_is_no_object_of_its_own(
    owner_type: str, owner: Any, part_type: str, part: Any, owner_first: bool, world: World
) -> None:
    process = world.reset().start()
    order = [(owner_type, owner), (part_type, part)]
    first, second = order if owner_first else reversed(order)
    process.plan(first[0], None, first[1])
    with pytest.raises(RefusedError, match="the plan has two objects with the ID") as refused:
        process.plan(second[0], None, second[1])
    (error,) = refused.value.diagnostics
    listed = f"{LISTS[part_type]}/both also lists it."
    assert (listed if owner_first else "another block also has it.") in error.detail
    spelled = "One" if owner_first else "one"
    assert f"/{spelled}' there, and IDs are compared without case." in error.detail


@pytest.mark.parametrize(("owner_type", "owner", "part_type", "part"), LISTED)
def test_a_part_may_be_both_where_both_exist(
    owner_type: str, owner: Any, part_type: str, part: Any, world: World
) -> None:
    """As configuration that Terraform generates for imports has it."""
    terraform = world.reset()
    made = terraform.apply(owner_type, None, owner)
    segment = {"azurerm_subnet": "subnets", "azurerm_network_security_rule": "securityRules"}[part_type]
    found = terraform.import_object(part_type, f"{made.value['id']}/{segment}/One")
    process = terraform.start()
    assert process.plan(owner_type, process.read(process.load(made)), owner).action == "no-op"
    assert process.plan(part_type, found, AS_LISTED[part_type]).action == "no-op"


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
@pytest.mark.parametrize("old_first", [False, True])
def test_an_object_is_made_where_the_one_before_it_goes_in_the_same_apply(
    type_name: str, old_first: bool, world: World
) -> None:
    """Its address in the configuration changed, and nobody wrote a moved block."""
    terraform = world.reset()
    made = terraform.apply(type_name, None, base(type_name))
    process = terraform.start()
    plans: dict[bool, Plan] = {}
    for old in (old_first, not old_first):
        prior, config = (process.read(process.load(made)), None) if old else (None, base(type_name))
        plans[old] = process.plan(type_name, prior, config)
    process = terraform.start()
    process.load(made)
    process.apply(plans[True], None)
    assert terraform.carry_out(process, plans[False], base(type_name)).value["id"] == made.value["id"]


def test_a_mark_leaves_the_private_bytes_of_the_state_as_they_are() -> None:
    for private in (b"", b"\n", b'{"schema_version":"1"}', bytes(range(256))):
        assert unmarked(marked("/a/ä", private)) == ("/a/ä", private)
        assert unmarked(private) == ("", private)
