from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.vtaplib.control.arm.arm_paths import NOT_MODELLED, PATHS
from tests.vtaplib.control.arm.full_world import world
from vtaplib.control.arm import encode
from vtaplib.model.resource import resource_kind
from vtaplib.resources import RESOURCE_TYPES, Subscription

WORLD = world()


def expected(kind: str) -> set[str]:
    """The paths of the reference, without their marks."""
    return {path.lstrip("!=~") for path in PATHS[kind].split()}


def paths_in(value: Any, at: str = "") -> Iterator[str]:
    """The paths of a document. An empty list has one of its own; `*` stands for names that users choose."""
    if isinstance(value, dict):
        for name, inner in value.items():
            step = "*" if at.endswith(("tags", "userAssignedIdentities")) else name
            yield from paths_in(inner, f"{at}.{step}" if at else step) if inner != {} else [f"{at}.{step}"]
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for one in value:
            yield from paths_in(one, f"{at}[]")
    else:
        yield at


def shown(kind: str) -> set[str]:
    """The paths of the document of a resource of which everything is set."""
    resource = next(WORLD.list(resource_kind(kind)))
    return set(paths_in(encode(resource, WORLD)))


def reason(path: str) -> str | None:
    """Why no document has a path, by what it ends with."""
    below = path.rpartition("]")[2].removeprefix(".")
    return next((NOT_MODELLED[one] for one in (path, below, *_tails(path)) if one in NOT_MODELLED), None)


def _tails(path: str) -> Iterator[str]:
    steps = path.split("properties.")
    for start in range(1, len(steps)):
        yield "properties.".join(steps[start:])


def test_the_reference_tells_of_every_type_that_arm_has() -> None:
    in_arm = {kind.__name__ for kind in RESOURCE_TYPES if not kind.arm_owner and kind is not Subscription}
    assert set(PATHS) == in_arm


@pytest.mark.parametrize("kind", PATHS)
def test_a_document_has_every_path_of_the_reference_or_there_is_a_reason(kind: str) -> None:
    missing = {path for path in expected(kind) - shown(kind) if reason(path) is None}
    assert missing == set()


@pytest.mark.parametrize("kind", PATHS)
def test_a_document_has_no_path_that_the_reference_does_not(kind: str) -> None:
    assert shown(kind) - expected(kind) == set()


def test_every_reason_is_needed() -> None:
    missing = {path for kind in PATHS for path in expected(kind) - shown(kind)}
    needed = {reason(path) for path in missing}
    assert {path for path, why in NOT_MODELLED.items() if why not in needed} == set()
