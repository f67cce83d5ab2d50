"""Merging what is written, what was and what the service says: case by case, then as rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_shim import merging
from vtaplib.model.base import Block
from vtaplib.model.marks import (
    SERVICE,
    Assigned,
    Canonical,
    CreateOnly,
    Derived,
    OptionalAssigned,
    Sensitive,
    Unordered,
    WriteOnly,
)
from vtaplib.model.unknown import UNKNOWN

Folded = Annotated[str, Canonical(str.lower)]


class Part(Block):
    """A part with a value of its own and one of the service's."""

    name: CreateOnly[Folded]
    """Its name."""
    made: Assigned[str] = SERVICE
    """The service's."""


class Thing(Block):
    """A field of every kind."""

    plain: str | None = None
    """A plain value."""
    folded: Folded | None = None
    """Compared without case."""
    fixed: CreateOnly[Folded] | None = None
    """Cannot change."""
    default: str = "given"
    """With a default."""
    chosen: OptionalAssigned[str] | None = None
    """The service's, unless the user's."""
    made: Assigned[str] = SERVICE
    """The service's."""
    seen: Derived[Sequence[str]] = SERVICE
    """Computed at read."""
    secret: CreateOnly[Sensitive[str]] | None = None
    """Never read back."""
    sent: WriteOnly[str] | None = None
    """Only sent."""
    bag: Unordered[Sequence[Folded]] | None = None
    """A set."""
    parts: Sequence[Part] = ()
    """Blocks in order."""
    set_of_parts: Unordered[Sequence[Part]] = ()
    """Blocks without order."""


EMPTY: dict[str, Any] = dict.fromkeys(Thing.fields()) | {"parts": [], "set_of_parts": []}


def plan(written: dict[str, Any], was: dict[str, Any] | None, gives: dict[str, Any], **named: Any) -> Any:
    prior = None if was is None else EMPTY | was
    return merging.planned(Thing, EMPTY | written, prior, gives, **{"fresh": False, **named})


@pytest.mark.parametrize(
    ("field", "written", "was", "gives", "expected"),
    [
        ("plain", None, "old", "old", None),
        ("plain", "", "old", "", ""),
        ("plain", "new", None, "new", "new"),
        ("plain", UNKNOWN, "old", UNKNOWN, UNKNOWN),
        ("folded", "West", "west", "west", "west"),
        ("folded", "West", None, "west", "West"),
        ("folded", "East", "west", "east", "East"),
        ("default", None, None, "given", "given"),
        ("default", None, "other", "given", "given"),
        ("default", "other", "given", "other", "other"),
        ("chosen", None, None, "one", "one"),
        ("chosen", None, None, UNKNOWN, UNKNOWN),
        ("chosen", None, "one", "one", "one"),
        ("chosen", "mine", "one", "mine", "mine"),
        ("chosen", "", "one", "one", "one"),
        ("chosen", "", None, "one", "one"),
        ("chosen", "", None, UNKNOWN, UNKNOWN),
        ("chosen", "", "", "one", "one"),
        ("made", None, None, "one", "one"),
        ("made", None, "one", "two", "two"),
        ("seen", None, None, ["x"], UNKNOWN),
        ("seen", None, ["x"], UNKNOWN, ["x"]),
        ("secret", "new", "old", None, "new"),
        ("sent", "word", None, "word", None),
        ("bag", ["b", "A"], ["a", "b"], ["a", "b"], ["a", "b"]),
        ("bag", ["b", "c"], ["a", "b"], ["b", "c"], ["b", "c"]),
        ("bag", [], None, [], []),
        ("bag", None, ["a"], None, None),
        ("parts", [], None, [], []),
        ("parts", UNKNOWN, [], UNKNOWN, UNKNOWN),
        (
            "parts",
            [{"name": "A", "made": None}],
            [{"name": "a", "made": "m"}],
            [{"name": "a", "made": "m"}],
            [{"name": "a", "made": "m"}],
        ),
        ("parts", [{"name": "a", "made": None}], [], [], [{"name": "a", "made": UNKNOWN}]),
        (
            "set_of_parts",
            [{"name": "b", "made": None}, {"name": "a", "made": None}],
            [{"name": "a", "made": "1"}, {"name": "b", "made": "2"}],
            [{"name": "a", "made": "1"}, {"name": "b", "made": "2"}],
            [{"name": "b", "made": "2"}, {"name": "a", "made": "1"}],
        ),
    ],
)
def test_a_field_is_planned(field: str, written: Any, was: Any, gives: Any, expected: Any) -> None:
    prior = None if was is None else {field: was}
    assert plan({field: written}, prior, {field: gives})[field] == expected


def test_what_the_service_gives_to_a_fresh_object_is_not_known_although_it_may_look_the_same() -> None:
    fresh = plan({"chosen": None}, None, {"chosen": "one", "made": "two"}, fresh=True)
    assert (fresh["chosen"], fresh["made"]) == (UNKNOWN, UNKNOWN)
    assert plan({"chosen": "mine"}, None, {}, fresh=True)["chosen"] == "mine"


@pytest.mark.parametrize(
    ("field", "was", "actual", "expected"),
    [
        ("folded", "West", "west", "West"),
        ("folded", "West", "east", "east"),
        ("folded", None, "west", "west"),
        ("plain", "x", None, None),
        ("secret", "word", None, "word"),
        ("sent", "word", "word", None),
        ("chosen", "", "one", "one"),
        ("made", None, None, ""),
        ("seen", None, None, []),
        ("bag", ["B", "a"], ["a", "b"], ["B", "a"]),
        ("bag", ["B"], ["a", "b"], ["a", "b"]),
        (
            "set_of_parts",
            [{"name": "A", "made": "1"}, {"name": "b", "made": "2"}],
            [{"name": "b", "made": "2"}, {"name": "a", "made": "1"}],
            [{"name": "A", "made": "1"}, {"name": "b", "made": "2"}],
        ),
        (
            "parts",
            [{"name": "A", "made": "1"}],
            [{"name": "a", "made": "2"}],
            [{"name": "A", "made": "2"}],
        ),
    ],
)
def test_a_field_is_read_in_the_words_of_the_state(field: str, was: Any, actual: Any, expected: Any) -> None:
    assert merging.observed(Thing, EMPTY | {field: was}, EMPTY | {field: actual})[field] == expected


def test_two_blocks_that_mean_the_same_have_each_its_own_partner() -> None:
    field = Thing.fields()["set_of_parts"]
    blocks = [{"name": "a", "made": None}, {"name": "A", "made": None}]
    others = [{"name": "A", "made": "1"}, {"name": "a", "made": "2"}]
    assert merging.partners(field, blocks, others) == [others[1], others[0]]
    assert merging.partners(field, blocks, others[:1]) == [None, others[0]]


def test_a_change_of_what_is_fixed_needs_a_new_object() -> None:
    was = EMPTY | {"fixed": "a", "parts": [{"name": "x", "made": "m"}], "secret": None}
    will = EMPTY | {"fixed": "b", "parts": [{"name": "y", "made": "m"}], "secret": "new"}
    assert list(merging.changed_for_good(Thing, was, will)) == [("fixed",), ("parts", 0, "name")]
    same = EMPTY | {"fixed": "A", "parts": [{"name": "X", "made": "n"}], "plain": "new"}
    assert list(merging.changed_for_good(Thing, was, same)) == []


VALUES = st.none() | st.sampled_from(["", "a", "A", "b"])
SETS = st.none() | st.lists(st.sampled_from(["a", "A", "b"]), max_size=3, unique=True)
PARTS = st.lists(
    st.sampled_from(["a", "A", "b"]).map(lambda name: {"name": name, "made": None}),
    max_size=3,
    unique_by=lambda part: str(part["name"]),
)
WRITTEN = st.fixed_dictionaries(
    {
        "plain": VALUES,
        "folded": VALUES,
        "fixed": VALUES,
        "default": VALUES,
        "chosen": VALUES,
        "secret": VALUES,
        "sent": VALUES,
        "bag": SETS,
        "parts": PARTS,
        "set_of_parts": PARTS,
    }
)


def served(written: dict[str, Any]) -> dict[str, Any]:
    """What a service that gives "m" for everything makes of a configuration."""
    made = dict(Thing.from_values(EMPTY | written).values())
    for name in ("parts", "set_of_parts"):
        made[name] = [part | {"made": "m"} for part in made[name]]
    return made | {"made": "m", "seen": ["s"], "chosen": made["chosen"] or "m"}


@given(WRITTEN)
def test_what_was_planned_is_what_is_filled_and_read(written: dict[str, Any]) -> None:
    planned = plan(written, None, {})
    actual = served(written)
    state = merging.filled(Thing, planned, actual)
    assert not merging.holds_unknown(state)
    for name, value in planned.items():
        if not merging.holds_unknown(value):
            assert state[name] == value
    assert merging.observed(Thing, state, actual | {"secret": None, "sent": None}) == state


@given(WRITTEN)
def test_a_plan_after_an_apply_is_what_is_there(written: dict[str, Any]) -> None:
    planned = plan(written, None, {})
    actual = served(written)
    state = merging.filled(Thing, planned, actual)
    again = merging.planned(Thing, EMPTY | written, state, actual, fresh=False)
    assert again == state
    assert list(merging.changed_for_good(Thing, state, again)) == []
