"""Declarations: what the annotation of a field says, as a value.

`name: CreateOnly[ResourceName]` becomes a `Field`. The annotations are text; those of a class are evaluated
together, as one expression, when somebody first asks for its fields. That is on the start-up path of every
Terraform command, and `typing.get_type_hints` takes longer: it compiles and rebuilds each by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from vtaplib.model.marks import ANY_NUMBER, Arm, Canonical, Constraint, Each, Flag, Items, RefTo

if TYPE_CHECKING:
    from vtaplib.model.base import Block


class Shape(Enum):
    """How a field's value is built."""

    SCALAR = "scalar"
    LIST = "list"
    MAP = "map"
    BLOCK = "block"
    """One nested block, or none."""
    BLOCKS = "blocks"
    """Any number of nested blocks."""


SCALARS = (str, bool, int, float)
"""The types of single values. Every other class in an annotation is that of a nested block."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model, as declared."""

    name: str
    shape: Shape
    scalar: type
    """`str`, `bool`, `int` or `float`: the value's type, or that of its elements."""
    block: type[Block] | None
    nullable: bool
    required: bool
    default: Any
    flags: frozenset[str]
    constraints: tuple[Constraint, ...] = ()
    element_constraints: tuple[Constraint, ...] = ()
    items: Items = ANY_NUMBER
    canonical: Canonical | None = None
    ref: RefTo | None = None
    arm: Arm | None = None

    def has(self, flag: Flag) -> bool:
        """Whether the field carries a mark."""
        return flag.name in self.flags


def own_annotations(cls: type) -> Mapping[str, Any]:
    """The annotations in the body of a class that declare fields, so not those of class variables."""
    annotations: Mapping[str, Any] = cls.__annotations__
    return {name: hint for name, hint in annotations.items() if "ClassVar" not in str(hint)}


def own_fields(cls: type, defaults: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that a class declares itself, bases excluded. `defaults`: MISSING where there is none."""
    hints = _evaluated(cls, own_annotations(cls))
    return {name: _field(name, hint, defaults[name]) for name, hint in hints.items()}


def _evaluated(cls: type, annotations: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: text for name, text in annotations.items() if isinstance(text, str)}
    expression = "{" + ",".join(f"{name!r}:({text})" for name, text in texts.items()) + "}"
    evaluated = eval(expression, vars(sys.modules[cls.__module__]))  # noqa: S307 - source code, not input
    return {**annotations, **evaluated}


def _field(name: str, hint: Any, default: Any) -> Field:
    hint, marks, nullable = _unwrapped(name, hint)
    shape, scalar, block = Shape.SCALAR, str, None
    element_marks: list[Any] = []
    origin = get_origin(hint)
    if origin is None:
        if hint in SCALARS:
            scalar = hint
        else:
            shape, block = Shape.BLOCK, hint
    elif issubclass(origin, Mapping):
        shape = Shape.MAP
    else:
        assert issubclass(origin, Sequence), f"{name}: a field holds a scalar, a sequence, a map or a block"
        element, element_marks, _ = _unwrapped(name, *get_args(hint))
        if element in SCALARS:
            shape, scalar = Shape.LIST, element
        else:
            shape, block = Shape.BLOCKS, element
    each = tuple(constraint for mark in marks if isinstance(mark, Each) for constraint in mark.constraints)
    absent = () if shape is Shape.BLOCKS else None
    return Field(
        name=name,
        shape=shape,
        scalar=scalar,
        block=block,
        nullable=nullable,
        required=default is MISSING,
        default=absent if default is MISSING else default,
        flags=frozenset(mark.name for mark in marks if isinstance(mark, Flag)),
        constraints=_constraints(marks),
        element_constraints=_constraints(element_marks) + each,
        items=next((mark for mark in marks if isinstance(mark, Items)), ANY_NUMBER),
        canonical=next((mark for mark in (*marks, *element_marks) if isinstance(mark, Canonical)), None),
        ref=next((mark for mark in (*marks, *element_marks) if isinstance(mark, RefTo)), None),
        arm=next((mark for mark in marks if isinstance(mark, Arm)), None),
    )


def _unwrapped(name: str, hint: Any) -> tuple[Any, list[Any], bool]:
    """A type without its marks and without `| None`; the marks; whether None was there."""
    marks: list[Any] = []
    nullable = False
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            marks.extend(hint.__metadata__)
            hint = hint.__origin__
        elif origin in (Union, UnionType):
            inner = [arg for arg in get_args(hint) if arg is not NoneType]
            assert len(inner) == 1, f"{name}: a field has one type, or one type or None"
            nullable, hint = True, inner[0]
        else:
            return hint, marks, nullable


def _constraints(marks: Sequence[Any]) -> tuple[Constraint, ...]:
    return tuple(mark for mark in marks if isinstance(mark, Constraint))
