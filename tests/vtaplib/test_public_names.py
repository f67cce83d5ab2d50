"""The names that vtaplib and its packages give to whoever imports them."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules

import pytest

import vtaplib
from vtaplib.model.base import Model
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES

ROOT = Path(vtaplib.__file__).parent
FACES = [".".join(path.parent.relative_to(ROOT.parent).parts) for path in sorted(ROOT.rglob("__init__.pyi"))]
"""The packages whose names are loaded when they are asked for."""


def printed(program: str) -> str:
    """What a program prints in a process of its own: here others have loaded everything."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_is_there_and_nothing_else_is_shown(face: str) -> None:
    package = importlib.import_module(face)
    public = package.__all__
    assert public
    for name in public:
        assert getattr(package, name) is getattr(package, name)
    assert sorted(dir(package)) == sorted(public)


@pytest.mark.parametrize("face", FACES)
def test_importing_a_package_loads_nothing_else_of_it(face: str) -> None:
    # The engine must not pay for the resources, nor the provider's start for what it does not use.
    shown = printed(
        f"import sys, {face}; print(*(name for name in sys.modules if name.startswith('{face}.')))"
    )
    assert shown == ""


@pytest.mark.parametrize("face", FACES)
def test_a_name_that_is_not_there_is_an_attribute_error(face: str) -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        importlib.import_module(face).nothing_like_it  # noqa: B018 - reading is the point


def test_there_are_few_names_at_the_top() -> None:
    assert {"Cloud", "MirrorEngine", "VirtualNetworkTap", "ArmError"} <= set(dir(vtaplib))
    assert len(dir(vtaplib)) <= 28


def blocks_of(model: type[Model]) -> set[str]:
    """The names of a type's blocks, and of theirs."""
    blocks = {field.block for field in model.fields().values() if field.block is not None}
    return {block.__name__ for block in blocks}.union(*map(blocks_of, blocks))


def modules_of(package: str) -> set[str]:
    """The modules in a package, by their whole names."""
    return {f"{package}.{one.name}" for one in iter_modules(importlib.import_module(package).__path__)}


def types_below(kind: type[Resource]) -> Iterator[type[Resource]]:
    """The types that are below a type in `vtaplib.resources`, and above none."""
    for one in kind.__subclasses__():
        if one.__module__.startswith("vtaplib.resources."):
            yield from list(types_below(one)) or [one]


def test_every_type_that_has_a_module_is_registered() -> None:
    for name in modules_of("vtaplib.resources"):
        importlib.import_module(name)
    assert set(types_below(Resource)) == set(RESOURCE_TYPES)


def test_whoever_imports_the_rules_has_those_of_every_module() -> None:
    loaded = printed("import sys, vtaplib.rules; print(*sys.modules)").split()
    with_rules = {
        name
        for name in modules_of("vtaplib.rules")
        if "\n@rule(" in inspect.getsource(importlib.import_module(name))
    }
    assert with_rules
    assert with_rules <= set(loaded)


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_every_resource_type_and_all_its_blocks_are_public(kind: type[Resource]) -> None:
    resources = importlib.import_module("vtaplib.resources")
    assert {kind.__name__, *blocks_of(kind)} <= set(resources.__all__)


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_resource_type_has_the_signature_that_it_takes(kind: type[Resource]) -> None:
    parameters = inspect.signature(kind).parameters
    assert list(parameters) == list(kind.fields())
    required = {
        name: "x" for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty
    }
    made = kind(**required)
    optional = {name: getattr(made, name) for name in parameters.keys() - required}
    assert optional == {name: parameters[name].default for name in optional}
    for name in required:
        with pytest.raises(TypeError, match=f"needs '{name}'"):
            kind(**{other: "x" for other in required if other != name})


def test_a_signature_names_the_types_of_values() -> None:
    shown = str(inspect.signature(vtaplib.NetworkInterface)).replace("'", "")
    assert "name: str," in shown
    assert "ip_configuration: tuple[NetworkInterfaceIpConfiguration, ...]," in shown
    assert "tags: Mapping[str, str] | None = None" in shown


def test_a_type_that_is_named_here_has_the_rules_between_resources_too() -> None:
    shown = printed("from vtaplib import VirtualNetworkTap; print(*VirtualNetworkTap.rules())")
    assert {"there_is_a_destination", "pool_has_a_backend"} <= set(shown.split())
