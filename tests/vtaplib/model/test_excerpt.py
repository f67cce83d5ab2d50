"""Excerpts: what they show of another model, and what they say themselves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vtaplib.model.base import Block
from vtaplib.model.documentation import field_descriptions
from vtaplib.model.excerpt import Excerpt
from vtaplib.model.marks import ASSIGNED, SERVICE, UNORDERED, Assigned
from vtaplib.resources.virtual_network import VirtualNetwork


class ShownNetwork(Block, Excerpt):
    """Some of a network."""

    of = VirtualNetwork
    shows = ("name", "address_space", "encryption")

    address_space: Assigned[Sequence[str]] = SERVICE
    size: Assigned[int] = SERVICE
    """How large it is."""


def test_an_excerpt_has_the_fields_that_it_names_and_its_own() -> None:
    assert list(ShownNetwork.fields()) == ["size", "name", "address_space", "encryption"]
    assert all(field.has(ASSIGNED) for field in ShownNetwork.fields().values())


def test_nothing_of_a_shown_field_is_left_that_is_about_setting_it() -> None:
    theirs, shown = VirtualNetwork.fields()["name"], ShownNetwork.fields()["name"]
    assert theirs.required
    assert theirs.constraints
    assert not shown.required
    assert not shown.constraints


def test_a_field_declared_anew_is_as_declared_and_described_as_there() -> None:
    assert VirtualNetwork.fields()["address_space"].has(UNORDERED)
    assert not ShownNetwork.fields()["address_space"].has(UNORDERED)
    texts = field_descriptions(ShownNetwork)
    assert texts["address_space"] == field_descriptions(VirtualNetwork)["address_space"]
    assert texts["size"] == "How large it is."


def test_an_excerpt_is_made_of_the_values_of_what_it_shows() -> None:
    network = VirtualNetwork(
        name="hub", resource_group_name="lab", location="westeurope", address_space=["10.0.0.0/8"]
    )
    shown = ShownNetwork.from_values({**network.values(), "size": 1})
    assert (shown.name, shown.address_space, shown.encryption, shown.size) == (
        "hub",
        ("10.0.0.0/8",),
        None,
        1,
    )
    assert shown.replace(name="spoke").name == "spoke"
    with pytest.raises(AttributeError):
        _ = shown.location
