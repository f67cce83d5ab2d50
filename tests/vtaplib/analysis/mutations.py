"""Mutations of JSON documents: what somebody else's program, or somebody who means harm, could write."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

from vtaplib.analysis import check, parse_azure_export, parse_terraform
from vtaplib.analysis.coverage_diff.planned_design import designs_of_plan
from vtaplib.analysis.design_check.document import check_document
from vtaplib.analysis.design_check.sarif import sarif_log
from vtaplib.errors import VtapError
from vtaplib.model.policy import Policy
from vtaplib.reports.terminal import renderables

_FROM = int(os.environ.get("VTAP_MUTATIONS_FROM", "1"))
SEEDS: Final = range(_FROM, _FROM + int(os.environ.get("VTAP_MUTATIONS", "50")))
"""The ways of damage that a test tries: the same in every run, unless the environment says so."""

STRANGE: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    65536,
    10**30,
    float("inf"),
    "",
    "x",
    "§ a/b",
    "\0\x1b[31m\u202e",
    "🙂" * 300,
    "0.0.0.0/0",
    "10.0.0.0/99",
    "::/0",
    "10.1.1.4",
    "/",
    "/subscriptions",
    "/subscriptions/s/resourceGroups/g",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s|x",
    "module.a",
    'module.a["b"].c[0]',
    "azurerm_subnet.s.id",
    "Dynamic",
    "*",
    "0-65535",
    [],
    [None],
    [[]],
    ["x"],
    [{}],
    {},
    {"x": None},
    {"references": ["var", "module", "each.value", "[0]", "..", "module.a.b"]},
    {"constant_value": []},
)
"""One value and more of every type that JSON has, and texts that are nearly what is wanted."""

Place = tuple[Any, Any]
"""A list or an object, and the index or name in it."""


def mutated(document: Any, random: Random, most: int = 4) -> Any:
    """A copy of a document with one to `most` things changed in it."""
    root = [copy.deepcopy(document)]
    for _ in range(random.randint(1, most)):
        places = list(_places(root))
        _change(random.choice(places), places, random)
    return root[0]


def _places(value: Any) -> Iterator[Place]:
    """Every place in a document."""
    inside: Iterator[tuple[Any, Any]]
    inside = iter(value.items()) if isinstance(value, Mapping) else iter(enumerate(value))
    for key, one in inside:
        yield value, key
        if isinstance(one, dict | list):
            yield from _places(one)


def _change(place: Place, places: list[Place], random: Random) -> None:
    owner, key = place
    match random.randrange(8):
        case 0 | 1 | 2:
            owner[key] = copy.deepcopy(random.choice(STRANGE))
        case 3:  # what is elsewhere in the document: another ID, another address, another block
            other, there = random.choice(places)
            owner[key] = copy.deepcopy(_at(other, there))
        case 4:
            other, there = random.choice(places)
            mine, theirs = copy.deepcopy(owner[key]), copy.deepcopy(_at(other, there))
            owner[key] = theirs
            if _has(other, there):
                other[there] = mine
        case 5 if len(owner) > 1:
            del owner[key]
        case 6 if isinstance(owner, list):
            owner.insert(key, copy.deepcopy(owner[key]))
        case 6:
            owner[random.choice(("x", "id", "name", "type", "references", "index"))] = owner.pop(key)
        case _:
            owner[key] = [owner[key]] if random.random() < 0.5 else {"x": owner[key]}


def _has(owner: Any, key: Any) -> bool:
    return key in owner if isinstance(owner, dict) else key < len(owner)


def _at(owner: Any, key: Any) -> Any:
    """What is at a place that an earlier change may have taken away."""
    return owner[key] if _has(owner, key) else None


# What is done with a document


def check_plan(content: bytes) -> None:
    """Check a plan or a state, and show the report in every form."""
    report = check(parse_terraform("plan.json", content))
    list(renderables(check_document(report)))
    sarif_log(report, "plan.json")


def check_over_nothing(content: bytes) -> None:
    """Check a plan or a state over an empty cloud: nothing is elsewhere."""
    check(parse_terraform("plan.json", content), cloud=())


def check_export(content: bytes) -> None:
    """Check an export of Azure's."""
    check(azure=parse_azure_export([("export.json", content)]))


def diff_plan(content: bytes) -> None:
    """Make the designs before and after a plan."""
    designs_of_plan(parse_terraform("plan.json", content), Policy())


def assert_answers(use: Callable[[bytes], None], document: Any, seeds: Iterable[int]) -> None:
    """Use a document whole, and damaged in as many ways as there are seeds: no exception but a `VtapError`
    that names the file.
    """
    use(json.dumps(document).encode())
    for seed in seeds:
        damaged = json.dumps(mutated(document, Random(seed))).encode()
        refusal = ""
        try:
            use(damaged)
        except VtapError as error:
            refusal = str(error)
        except Exception as error:
            raise AssertionError(f"mutation {seed}: {error!r}") from error
        assert not refusal or ".json: " in refusal, refusal
