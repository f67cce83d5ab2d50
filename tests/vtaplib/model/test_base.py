"""Models: values that are given, missing, or not known yet; and their plain form."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.control.lab import Lab
from vtaplib.model import UNKNOWN, Undecided
from vtaplib.model.base import Block, Field, Model, Shape
from vtaplib.model.marks import (
    CREATE_ONLY,
    UNORDERED,
    Canonical,
    CreateOnly,
    Each,
    Items,
    Length,
    OneOf,
    Ref,
    Unordered,
)
from vtaplib.resources import RESOURCE_TYPES


class Wheel(Block):
    """A block."""

    size: int
    spokes: Sequence[str] = ()


class Cart(Model):
    """A model with a field of every shape."""

    name: CreateOnly[Annotated[str, Length(1), Canonical(str.lower)]]
    weight: float | None = None
    covered: bool = False
    labels: Mapping[str, str] | None = None
    colours: Unordered[Annotated[Sequence[Annotated[str, OneOf(("red", "blue"))]], Items(0, 2)]] | None = None
    notes: Annotated[Sequence[str], Each((Length(2),))] = ()
    axle: Wheel | None = None
    wheels: Sequence[Wheel] = ()
    wheel_id: Ref[Wheel] | None = None


def cart(**more: object) -> Cart:
    return Cart(**({"name": "c"} | more))  # type: ignore[arg-type]  # names and values are the test's


# Declarations


@pytest.mark.parametrize(
    ("name", "shape", "scalar", "nullable", "required"),
    [
        ("name", Shape.SCALAR, str, False, True),
        ("weight", Shape.SCALAR, float, True, False),
        ("covered", Shape.SCALAR, bool, False, False),
        ("labels", Shape.MAP, str, True, False),
        ("colours", Shape.LIST, str, True, False),
        ("notes", Shape.LIST, str, False, False),
        ("axle", Shape.BLOCK, str, True, False),
        ("wheels", Shape.BLOCKS, str, False, False),
        ("wheel_id", Shape.SCALAR, str, True, False),
    ],
)
def test_an_annotation_says_what_a_field_is(
    name: str, shape: Shape, scalar: type, nullable: bool, required: bool
) -> None:
    field = Cart.fields()[name]
    assert (field.shape, field.nullable, field.required) == (shape, nullable, required)
    if field.block is None:
        assert field.scalar is scalar
    else:
        assert field.block is Wheel


def test_marks_are_found_at_any_depth() -> None:
    fields = Cart.fields()
    assert fields["name"].has(CREATE_ONLY)
    assert fields["name"].constraints == (Length(1),)
    assert fields["name"].canonical == Canonical(str.lower)
    assert fields["colours"].has(UNORDERED)
    assert not fields["notes"].has(UNORDERED)
    assert fields["colours"].element_constraints == (OneOf(("red", "blue")),)
    assert fields["colours"].items == Items(0, 2)
    assert fields["notes"].element_constraints == (Length(2),)
    assert fields["wheel_id"].ref is not None
    assert fields["wheel_id"].ref.kind == "Wheel"


def test_a_subclass_has_its_bases_fields_first() -> None:
    class Truck(Cart):
        cab: bool = True

    assert list(Truck.fields()) == [*Cart.fields(), "cab"]
    assert "cab" not in Cart.fields()
    assert Truck(name="t").cab is True


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_every_resource_type_declares_fields_that_can_be_read(kind: type[Model]) -> None:
    fields = kind.fields()
    assert [name for name, field in fields.items() if field.name != name] == []
    assert fields.keys() >= {"subscription_id"}


# Values


def test_a_field_that_is_left_out_has_its_default() -> None:
    one = cart()
    assert (one.weight, one.covered, one.wheels, one.axle) == (None, False, (), None)


def test_a_model_does_not_change() -> None:
    one = cart(notes=["ab"])
    with pytest.raises(AttributeError, match="replace"):
        one.name = "other"
    with pytest.raises(AttributeError, match="immutable"):
        del one.name
    assert one.replace(name="other") == cart(name="other", notes=["ab"])
    assert one == cart(notes=["ab"])


def test_a_list_that_changes_later_does_not_change_the_model() -> None:
    notes = ["ab"]
    one = cart(notes=notes)
    notes.append("cd")
    assert one.notes == ("ab",)


def test_models_are_equal_by_type_and_value() -> None:
    class Other(Cart):
        pass

    assert cart() == cart()
    assert cart() != cart(covered=True)
    assert cart() != Other(name="c")
    assert len({cart(), cart(), cart(covered=True)}) == 2
    assert cart() != "c"


def test_a_model_shows_what_differs_from_the_default() -> None:
    assert repr(cart(covered=True)) == "Cart(name='c', covered=True)"
    assert repr(cart(weight=UNKNOWN)) == "Cart(name='c', weight=UNKNOWN)"


# What is not known


def test_reading_what_is_not_known_is_undecided() -> None:
    one = cart(weight=UNKNOWN)
    assert not one.knows("weight")
    assert one.knows("covered")
    with pytest.raises(Undecided, match=r"Cart\.weight"):
        one.weight  # noqa: B018 - reading is the point
    assert one.replace(weight=2.0).weight == 2.0
    assert not one.replace(covered=UNKNOWN).knows("covered")


def test_what_no_model_has_is_an_error_and_not_undecided() -> None:
    with pytest.raises(AttributeError, match="colour"):
        cart().colour  # noqa: B018 - reading is the point


def test_the_unknown_is_neither_true_nor_false_and_there_is_one() -> None:
    with pytest.raises(TypeError, match="is UNKNOWN"):
        bool(UNKNOWN)
    assert copy.deepcopy(UNKNOWN) is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN  # noqa: S301 - our own bytes
    assert repr(UNKNOWN) == "UNKNOWN"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([UNKNOWN], "notes"),
        (["ab", UNKNOWN], "notes"),
        ({"a": UNKNOWN}, "labels"),
        ([UNKNOWN], "wheels"),
        (UNKNOWN, "wheels"),
        (UNKNOWN, "name"),
    ],
)
def test_plain_values_that_hold_an_unknown_are_not_known(value: object, field: str) -> None:
    made = Cart.from_values({"name": "c"} | {field: value})
    assert not made.knows(field)
    assert made.values()[field] is UNKNOWN


def test_an_unknown_inside_a_block_leaves_the_rest_of_the_block_known() -> None:
    made = Cart.from_values({"name": "c", "wheels": [{"size": UNKNOWN, "spokes": ["ab"]}]})
    (wheel,) = made.wheels
    assert not wheel.knows("size")
    assert wheel.spokes == ("ab",)


# Plain values

WHEELS = st.builds(Wheel, size=st.integers(), spokes=st.lists(st.text()))
CARTS = st.builds(
    Cart,
    name=st.text() | st.just(UNKNOWN),
    weight=st.none() | st.floats(allow_nan=False) | st.just(UNKNOWN),
    covered=st.booleans() | st.just(UNKNOWN),
    labels=st.none() | st.dictionaries(st.text(), st.text()),
    colours=st.none() | st.lists(st.text()),
    notes=st.lists(st.text()) | st.just(UNKNOWN),
    axle=st.none() | WHEELS,
    wheels=st.lists(WHEELS) | st.just(UNKNOWN),
)


@given(CARTS)
def test_plain_values_say_all_about_a_model(one: Cart) -> None:
    assert Cart.from_values(one.values()) == one


@given(CARTS)
def test_plain_values_are_what_json_can_hold(one: Cart) -> None:
    def plain(value: object) -> object:
        return "unknown" if value is UNKNOWN else value

    known = {name: value for name, value in one.values().items() if plain(value) != "unknown"}
    assert json.loads(json.dumps(known)) == known


def test_every_resource_of_the_lab_survives_its_plain_form() -> None:
    lab = Lab()
    for kind in RESOURCE_TYPES:
        for one in lab.cloud.list(kind):
            assert kind.from_values(one.values()) == one


def test_a_single_block_is_a_list_of_at_most_one() -> None:
    assert cart().values()["axle"] == []
    assert cart(axle=Wheel(size=1)).values()["axle"] == [{"size": 1, "spokes": []}]
    assert Cart.from_values({"name": "c", "axle": []}).axle is None


def test_what_is_absent_or_null_gets_its_default_and_what_is_no_field_is_ignored() -> None:
    made = Cart.from_values({"name": "c", "covered": None, "notes": None, "wings": 2})
    assert made == cart()


def test_a_class_is_whole_for_a_thread_that_asks_while_another_reads_its_annotations() -> None:
    class Asked(Model):
        name: str
        size: int = 4

    between, answered = Event(), Event()

    class Slow(dict[str, Field]):
        """Fields that are gone through slowly by the thread that comes first."""

        def items(self) -> Any:
            if not between.is_set():
                between.set()
                assert answered.wait(10)
            return super().items()

    gathered = Asked._gathered
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Asked, "_gathered", lambda: Slow(gathered()))
        first = Thread(target=Asked.fields)
        first.start()
        assert between.wait(10)
        try:
            asked = Asked.from_values({"name": UNKNOWN})
        finally:
            answered.set()
            first.join()
    assert asked.size == 4
    assert not asked.knows("name")
