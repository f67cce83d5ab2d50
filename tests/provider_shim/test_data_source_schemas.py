"""The schemas of the data sources: reviewed as a whole, azurerm's where it has them, valid for Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from provider_shim.derivation import data_source_schema
from provider_shim.lifecycle import Provider
from provider_shim.schema import Attribute
from provider_shim.schema_rules import check_schema
from provider_shim.types import DATA_SOURCES
from tests.provider_shim.golden_schema import GOLDEN_DATA_SOURCES, golden_data_sources

NAMES = sorted(DATA_SOURCES)
AZURERM = GOLDEN_DATA_SOURCES.with_name("azurerm_data_sources.txt")
LINE = re.compile(r"^(\w+) (\w+) ([a-z ]+) ([\[\"].*)$", re.MULTILINE)


def test_the_contract_is_the_reviewed_one() -> None:
    assert golden_data_sources().splitlines() == GOLDEN_DATA_SOURCES.read_text().splitlines(), (
        "the user's contract changed. If that is meant, run `python -m tests.provider_shim.golden_schema`, "
        "look at the difference and commit it"
    )


def azurerm() -> Mapping[str, Mapping[str, tuple[str, Any]]]:
    """By data source and attribute: whether it is required, optional, computed, and its type."""
    found: dict[str, dict[str, tuple[str, Any]]] = {}
    for name, attribute, flags, type_ in LINE.findall(AZURERM.read_text()):
        found.setdefault(name, {})[attribute] = (flags, json.loads(type_))
    return found


def test_all_but_our_own_are_declared_by_azurerm() -> None:
    assert azurerm().keys() == {name for name in NAMES if not name.startswith("vtap_")}


@pytest.mark.parametrize("name", sorted(azurerm()))
def test_the_attributes_are_azurerms(name: str) -> None:
    block = data_source_schema(DATA_SOURCES[name]).block
    ours = {one.name: (_flags(one), one.type) for one in block.attributes if one.name != "id"}
    assert ours == azurerm()[name]
    assert [one.name for one in block.blocks] == ["timeouts"]


def _flags(attribute: Attribute) -> str:
    return " ".join(flag for flag in ("required", "optional", "computed") if getattr(attribute, flag))


@pytest.mark.parametrize("name", NAMES)
def test_terraform_would_take_the_schema(name: str) -> None:
    schema = Provider().data_source_schemas()[name]
    assert list(check_schema(schema, name)) == []
    undescribed = [one.name for one in schema.block.attributes if not one.description.endswith(".")]
    assert undescribed == []
    assert schema.block.description.endswith(".")
