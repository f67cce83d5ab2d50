"""Configuration from state: it means what is there, for every type, whatever its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from provider_shim.derivation import is_settable, public_fields
from provider_shim.merging import same
from provider_shim.schema import SchemaBlock
from provider_shim.types import RESOURCE_TYPES
from tests.fake_core import RefusedError
from tests.provider_shim.configurations import (
    BASES,
    SECURITY_RULE,
    Values,
    World,
    configuration,
    configurations,
)
from vtaplib.model.marks import IGNORED_AS_IMPORTED, INLINE

TYPES = st.sampled_from(sorted(RESOURCE_TYPES))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@given(st.data())
def test_what_is_generated_for_an_object_plans_clean_and_makes_its_like(
    world: World, data: st.DataObject
) -> None:
    type_name = data.draw(TYPES)
    kind = RESOURCE_TYPES[type_name]
    config = data.draw(configurations(type_name))
    terraform = world.reset()
    try:
        made = terraform.apply(type_name, None, config)
    except RefusedError:
        return
    event(type_name)
    imported = terraform.import_object(type_name, made.value["id"])
    generated = with_secrets(terraform.start().generate_config(imported), imported.value, config)
    plan, _ = terraform.plan(type_name, imported, generated)
    assert plan.action == "no-op", (plan.planned, imported.value, plan.replace_paths)

    terraform.destroy(made)
    # Of a machine with keys that takes passwords too, only a new one must be given its password.
    if "admin_password" in config:
        generated["admin_password"] = config["admin_password"]
    again = terraform.apply(type_name, None, generated)
    found = terraform.import_object(type_name, again.value["id"])
    for field in public_fields(kind):
        if is_settable(field) and not field.has(INLINE):
            one, other = imported.value[field.name], found.value[field.name]
            assert same(field, one, other) or (not one and not other), field.name


PARENTS: Mapping[str, Values] = {
    "azurerm_virtual_network": {"subnet": [{"name": "in", "address_prefixes": ["10.9.1.0/24"]}]},
    "azurerm_network_security_group": {"security_rule": [{**SECURITY_RULE, "name": "in"}]},
}
"""Objects with children that are written inside them."""


@pytest.mark.parametrize("type_name", sorted(RESOURCE_TYPES))
def test_all_that_the_state_has_plans_clean_too_but_for_the_disk_of_a_machine(
    world: World, type_name: str
) -> None:
    """What Terraform writes before 1.14, which does not ask the provider. See docs/importing.md."""
    terraform = world.reset()
    config = configuration(type_name, {**BASES[type_name], **PARENTS.get(type_name, {})})
    made = terraform.apply(type_name, None, config)
    imported = terraform.import_object(type_name, made.value["id"])
    written = copied(terraform.start().block(type_name), imported.value) | {"id": None, "timeouts": None}
    for name in PARENTS.get(type_name, ()):
        assert written[name]
    if "virtual_machine" in type_name:
        with pytest.raises(RefusedError, match="os_managed_disk_id"):
            terraform.plan(type_name, imported, written)
        written["os_managed_disk_id"] = None
    plan, _ = terraform.plan(type_name, imported, with_secrets(written, imported.value, config))
    assert plan.action == "no-op", (plan.planned, imported.value, plan.replace_paths)


def copied(block: SchemaBlock, value: Any) -> Any:
    """Every argument of a state, without secrets."""
    made = {
        one.name: None
        if one.sensitive or one.write_only or not (one.required or one.optional)
        else value[one.name]
        for one in block.attributes
    }
    for nested in block.blocks:
        inside = value[nested.name]
        made[nested.name] = inside and [copied(nested.block, one) for one in inside]
    return made


def with_secrets(generated: Any, imported: Any, config: Any) -> Any:
    """Generated configuration, with the secrets that the object must have and its user fills in."""
    if imported == IGNORED_AS_IMPORTED:
        return config
    if isinstance(generated, dict):
        return {name: with_secrets(generated[name], imported[name], config[name]) for name in generated}
    if isinstance(generated, list) and config and len(generated) == len(config):
        return list(map(with_secrets, generated, imported, config))
    return generated
