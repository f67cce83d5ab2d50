"""Every resource type through histories of commands: the contract is kept, and the cloud says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from provider_shim.identity import to_resource_id
from provider_shim.lifecycle import Provider
from provider_shim.types import IDENTITIES, RESOURCE_TYPES
from tests.fake_core import Object, Plan, RefusedError, Terraform
from tests.provider_shim.configurations import World, base, configurations, hidden
from vtaplib.model.marks import SENSITIVE
from vtaplib.model.unknown import UNKNOWN

T = TypeVar("T")

HELD_BY_ANOTHER = "PrivateIPAddressIsAllocated"
"""The one refusal that a plan of one object cannot foresee: the plan of the other may give the address up."""

TYPES = st.sampled_from(sorted(RESOURCE_TYPES))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def assert_settled(terraform: Terraform, made: Object, config: dict[str, object]) -> None:
    """A plan right after an apply changes nothing, nor does one after a refresh."""
    plan, _ = terraform.plan(made.type_name, made, config)
    assert plan.action == "no-op", (plan.planned, made.value, plan.replace_paths)
    refreshed = terraform.refresh(made)
    assert refreshed == made


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
def test_a_plain_object_is_made_read_imported_and_destroyed(type_name: str, world: World) -> None:
    terraform = world.reset()
    before = world.contents()
    config = base(type_name)
    made = terraform.apply(type_name, None, config)
    assert_settled(terraform, made, config)
    assert world.contents().keys() - before.keys() == {
        to_resource_id(RESOURCE_TYPES[type_name], made.value["id"])
    }
    imported = terraform.import_object(type_name, made.value["id"])
    assert imported.identity == made.identity
    for name, value in imported.value.items():
        if not RESOURCE_TYPES[type_name].fields().get(name, _PLAIN).has(SENSITIVE):
            assert value == made.value[name] or (not value and not made.value[name]), name
    if type_name in IDENTITIES:
        assert terraform.import_object(type_name, identity=made.identity) == imported
    terraform.destroy(made)
    assert world.contents() == before


_PLAIN = RESOURCE_TYPES["azurerm_resource_group"].fields()["name"]


@given(st.data())
def test_what_a_plan_accepts_with_everything_known_the_apply_accepts(
    world: World, data: st.DataObject
) -> None:
    type_name = data.draw(TYPES)
    config = data.draw(configurations(type_name))
    terraform = world.reset()
    before = world.contents()
    plans = attempt(lambda: terraform.plan(type_name, None, config))
    if isinstance(plans, RefusedError):
        event(f"{type_name} refused: {plans.diagnostics[0].summary}")
        return
    event(f"{type_name} accepted")
    made = attempt(lambda: terraform.apply_plan(plans, config))
    if isinstance(made, RefusedError):
        assert {one.summary for one in made.diagnostics} <= unknowable(type_name)
        assert world.contents() == before
        return
    assert_settled(terraform, made, config)
    terraform.destroy(made)
    assert world.contents() == before


def unknowable(type_name: str) -> set[str]:
    """The codes that an apply may answer with all values known, because a plan cannot know: docs/rules.md
    lists them.
    """
    rules = RESOURCE_TYPES[type_name].rules().values()
    return {HELD_BY_ANOTHER} | {str(rule.code) for rule in rules if rule.at_apply}


@given(st.data())
def test_what_was_unknown_to_the_plan_is_applied_as_it_turns_out(world: World, data: st.DataObject) -> None:
    type_name = data.draw(TYPES)
    config = data.draw(configurations(type_name))
    known = data.draw(hidden(config))
    terraform = world.reset()
    before = world.contents()
    made = attempt(lambda: terraform.apply(type_name, None, config, planned_with=known))
    if isinstance(made, RefusedError):
        event(f"refused at {made.call}")
        assert made.kept is None
        assert world.contents() == before
        return
    event(f"{type_name} applied")
    assert_settled(terraform, made, config)


@given(st.data())
def test_a_change_is_made_in_place_or_by_replacement_or_refused_without_a_trace(
    world: World, data: st.DataObject
) -> None:
    type_name = data.draw(TYPES)
    config = data.draw(configurations(type_name))
    changed = data.draw(configurations(type_name, keep=config))
    known = data.draw(st.just(changed) | hidden(changed))
    terraform = world.reset()
    before = world.contents()
    first = attempt(lambda: terraform.apply(type_name, None, config))
    if isinstance(first, RefusedError):
        return
    first = replace(first, private=b"kept")
    contents = world.contents()
    plans = attempt(lambda: terraform.plan(type_name, first, known))
    if isinstance(plans, RefusedError):
        event(f"{type_name} refused by the plan")
        assert world.contents() == contents
        return
    event(f"{type_name} {plans[0].action}")
    if plans[0].action == "replace":
        made = attempt(lambda: change_by_replacement(terraform, plans, changed, data))
    else:
        made = attempt(lambda: terraform.apply_plan(plans, changed))
    if isinstance(made, RefusedError):
        event(f"{type_name} refused by the apply")
        if plans[0].action == "update":
            assert made.call == "validate" or made.kept == plans[0].prior
            assert world.contents() == contents
        else:
            assert world.contents() in (contents, before)
        return
    assert made.private == (b"" if plans[0].action == "replace" else b"kept")
    assert_settled(terraform, made, changed)
    terraform.destroy(made)
    assert world.contents() == before


def attempt(command: Callable[[], T]) -> T | RefusedError:
    """What a command gives, or its refusal."""
    try:
        return command()
    except RefusedError as refusal:
        return refusal


def change_by_replacement(
    terraform: Terraform, plans: tuple[Plan, Plan | None], config: dict[str, object], data: st.DataObject
) -> Object:
    """The new object; where its ID is another it may be made before the old one goes."""
    first, second = plans
    assert second is not None
    assert first.prior is not None
    assert second.planned is not None
    new_id = second.planned["id"]
    apart = isinstance(new_id, str) and new_id.lower() != first.prior.value["id"].lower()
    return terraform.apply_plan(plans, config, create_before_destroy=apart and data.draw(st.booleans()))


@given(st.data())
def test_a_tainted_object_is_planned_anew(world: World, data: st.DataObject) -> None:
    type_name = data.draw(TYPES)
    config = data.draw(configurations(type_name))
    terraform = world.reset()
    made = attempt(lambda: terraform.apply(type_name, None, config))
    if isinstance(made, RefusedError):
        return
    plan, _ = terraform.plan(type_name, replace(made, tainted=True), config)
    assert plan.action == "create"
    terraform.destroy(made)
    assert_settled(terraform, terraform.apply_plan((plan, None), config), config)


@given(TYPES)
def test_an_object_that_is_gone_is_planned_anew(world: World, type_name: str) -> None:
    terraform = world.reset()
    made = terraform.apply(type_name, None, base(type_name))
    world.delete(made.value["id"])
    assert terraform.refresh(made) is None
    plan, _ = terraform.plan(type_name, made, base(type_name))
    assert plan.action == "create"
    terraform.destroy(made)


@given(TYPES)
def test_an_object_that_exists_is_not_created_over(world: World, type_name: str) -> None:
    terraform = world.reset()
    made = terraform.apply(type_name, None, base(type_name))
    contents = world.contents()
    with pytest.raises(RefusedError, match="already exists") as refused:
        terraform.apply(type_name, None, base(type_name))
    assert made.value["id"] in str(refused.value)
    assert refused.value.kept is None
    assert world.contents() == contents


@pytest.mark.parametrize("keys", [True, False])
def test_a_linux_machine_that_takes_passwords_is_made_with_one(world: World, keys: bool) -> None:
    terraform, kind = world.reset(), "azurerm_linux_virtual_machine"
    config = base(kind) | {"disable_password_authentication": False}
    config |= {} if keys else {"admin_ssh_key": []}
    with pytest.raises(RefusedError) as refused:
        terraform.plan(kind, None, config)
    (error,) = refused.value.diagnostics
    assert error.path == ("admin_password",)
    phrase = "an `admin_password` must be specified if `disable_password_authentication` is set to `false`"
    assert f"(azurerm: {phrase})" in error.detail
    terraform.plan(kind, None, config | {"admin_password": UNKNOWN})
    made = terraform.apply(kind, None, config | {"admin_password": "Secret-0-word"})
    # Without it the machine would be made anew, which must not go unsaid.
    with pytest.raises(RefusedError, match="there is no admin_password"):
        terraform.plan(kind, made, config)


def test_what_is_wrong_is_told_by_type_and_name_before_the_provider_is_configured() -> None:
    config = base("azurerm_virtual_network") | {"flow_timeout_in_minutes": 3}
    (error,) = Provider().validate_resource_config("azurerm_virtual_network", config, write_only_allowed=True)
    assert error.detail.startswith("virtualNetworks/new: flow_timeout_in_minutes = 3 ")
