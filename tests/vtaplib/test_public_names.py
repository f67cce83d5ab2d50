"""The names that vtaplib gives to whoever imports it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vtaplib
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES


@pytest.mark.parametrize("name", vtaplib.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(vtaplib, name) is getattr(vtaplib, name)
    assert name in dir(vtaplib)


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_every_resource_type_and_all_its_blocks_are_public(kind: type[Resource]) -> None:
    pending = [kind.__name__]
    pending += [field.block.__name__ for field in kind.fields().values() if field.block is not None]
    for field in kind.fields().values():
        if field.block is not None:
            pending += [
                inner.block.__name__ for inner in field.block.fields().values() if inner.block is not None
            ]
    assert set(pending) <= set(vtaplib.__all__)


def test_a_type_that_is_named_here_has_the_rules_between_resources_too() -> None:
    # In a process of its own: here others have loaded them.
    program = "from vtaplib import VirtualNetworkTap; print(*VirtualNetworkTap.rules())"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"there_is_a_destination", "pool_has_a_backend"} <= set(shown.stdout.split())


def test_what_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        vtaplib.nothing_like_it  # noqa: B018 - reading is the point


def test_importing_vtaplib_loads_nothing_else_of_it() -> None:
    # The engine must not pay for the resources, nor the provider's start for what it does not use.
    program = "import sys, vtaplib; print([name for name in sys.modules if name.startswith('vtaplib.')])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
