"""What is written as "" although the service gives it: to azurerm the same as what is left out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import pytest

from provider_shim.types import RESOURCE_TYPES
from tests.provider_shim.configurations import Values, World, base
from vtaplib.model.base import Model
from vtaplib.model.marks import OPTIONAL_ASSIGNED

Place = tuple[str | int, ...]


def places(cls: type[Model], config: Values, at: Place = ()) -> Iterator[Place]:
    """The texts that a configuration leaves to the service, in the blocks that it has."""
    for name, field in cls.fields().items():
        written = config.get(name)
        if field.has(OPTIONAL_ASSIGNED) and field.block is None and field.scalar is str and written is None:
            yield (*at, name)
        for position, inner in enumerate(written or () if field.block is not None else ()):
            assert field.block is not None
            yield from places(field.block, inner, (*at, name, position))


def emptied(config: Values, place: Place) -> Values:
    """The configuration with "" at a place."""
    made = copy.deepcopy(config)
    inner: Any = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = ""
    return made


PLACES: Final = [
    (type_name, place)
    for type_name in RESOURCE_TYPES
    for place in places(RESOURCE_TYPES[type_name], base(type_name))
    if place != ("os_managed_disk_id",)  # stands for an image, and counts as given with "" too
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize(("type_name", "place"), PLACES)
def test_an_empty_text_becomes_what_the_service_gives(world: World, type_name: str, place: Place) -> None:
    config = base(type_name)
    empty = emptied(config, place)
    left_out = world.reset().apply(type_name, None, config)
    terraform = world.reset()
    made = terraform.apply(type_name, None, empty)
    assert made.value == left_out.value
    assert terraform.plan(type_name, made, empty)[0].action == "no-op"
    assert terraform.plan(type_name, made, config)[0].action == "no-op"


def test_texts_of_machines_interfaces_and_load_balancers_are_among_them() -> None:
    assert {("azurerm_linux_virtual_machine", ("os_disk", 0, "name"))} < set(PLACES)
    for type_name, block in (
        ("azurerm_network_interface", "ip_configuration"),
        ("azurerm_lb", "frontend_ip_configuration"),
    ):
        assert (type_name, (block, 0, "private_ip_address")) in PLACES
