"""The schema derived from the resources: reviewed as a whole, documented, and valid for Terraform."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provider_shim.derivation import identity_schema, operations, resource_schema
from provider_shim.lifecycle import Provider
from provider_shim.provider_configuration import provider_schema
from provider_shim.schema import Nesting, SchemaBlock
from provider_shim.schema_rules import check_identity_schema, check_schema
from provider_shim.types import IDENTITIES, RESOURCE_TYPES
from tests.provider_shim.golden_schema import GOLDEN, golden

TYPES = sorted(RESOURCE_TYPES)


def test_the_contract_is_the_reviewed_one() -> None:
    assert golden().splitlines() == GOLDEN.read_text().splitlines(), (
        "the user's contract changed. If that is meant, run `python -m tests.provider_shim.golden_schema`, "
        "look at the difference and commit it"
    )


@pytest.mark.parametrize("type_name", TYPES)
def test_every_attribute_is_described(type_name: str) -> None:
    schema = Provider().resource_schemas()[type_name]
    assert schema.block.description.endswith(".")
    undescribed = [path for path, text in _descriptions(schema.block, "") if not text.endswith(".")]
    assert undescribed == []


def _descriptions(block: SchemaBlock, where: str) -> Iterator[tuple[str, str]]:
    for attribute in block.attributes:
        yield f"{where}{attribute.name}", attribute.description
    for nested in block.blocks:
        if nested.name != "timeouts":
            yield f"{where}{nested.name}", nested.block.description
            yield from _descriptions(nested.block, f"{where}{nested.name}.")


@pytest.mark.parametrize("type_name", TYPES)
def test_terraform_would_take_the_schema(type_name: str) -> None:
    assert list(check_schema(Provider().resource_schemas()[type_name], type_name)) == []


def test_terraform_would_take_the_provider_schema_and_the_identities() -> None:
    assert list(check_schema(provider_schema(), "provider")) == []
    for name, schema in Provider().identity_schemas().items():
        assert list(check_identity_schema(schema, name)) == []
        assert schema == identity_schema(IDENTITIES[name])


@pytest.mark.parametrize("type_name", TYPES)
def test_the_schema_of_a_call_is_the_advertised_one(type_name: str) -> None:
    advertised, used = Provider().resource_schemas()[type_name], Provider().resource_schema(type_name)
    assert _types(advertised.block) == _types(used.block)


def _types(block: SchemaBlock) -> list[object]:
    attributes = [(one.name, one.type, one.computed, one.optional) for one in block.attributes]
    return [*attributes, *((one.name, one.nesting, _types(one.block)) for one in block.blocks)]


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_has_timeouts_for_what_can_be_done_to_it(type_name: str) -> None:
    kind = RESOURCE_TYPES[type_name]
    timeouts = next(one for one in resource_schema(kind).block.blocks if one.name == "timeouts")
    assert timeouts.nesting is Nesting.SINGLE
    assert tuple(one.name for one in timeouts.block.attributes) == operations(kind)


def test_what_cannot_be_updated_has_no_timeout_for_it() -> None:
    # azurerm's association and tap configuration: every argument forces a new resource.
    association = RESOURCE_TYPES["azurerm_network_interface_backend_address_pool_association"]
    assert operations(association) == ("create", "delete", "read")
    assert operations(RESOURCE_TYPES["azurerm_virtual_network_tap"]) == ("create", "delete", "read", "update")
