"""Models: immutable values whose fields are declared once, by annotation.

A `Model` is what a resource and a nested block have in common. It is smaller than a validation library on purpose:
this module is on the start-up path of every Terraform command, and a model must be able to hold a field whose value
is *not known yet* (reading it raises `Undecided`), which validation libraries do not.

Plain values are the exchange form: what JSON can hold, in azurerm's shape. A single nested block is a list of at
most one; a field that is not known is `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from vtaplib.model.marks import Canonical, Constraint, Each, Flag, Items, RefTo
from vtaplib.model.unknown import UNKNOWN, Undecided

Values = dict[str, Any]


class Shape(Enum):
    """How a field's value is built."""

    SCALAR = "scalar"
    LIST = "list"
    MAP = "map"
    BLOCK = "block"
    """One nested block, or none."""
    BLOCKS = "blocks"
    """Any number of nested blocks."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model, as declared."""

    name: str
    shape: Shape
    scalar: type
    """`str`, `bool`, `int` or `float`: the value's type, or that of its elements."""
    block: type[Model] | None
    nullable: bool
    required: bool
    default: Any
    flags: frozenset[str]
    constraints: tuple[Constraint, ...] = ()
    element_constraints: tuple[Constraint, ...] = ()
    items: Items = Items()
    canonical: Canonical | None = None
    ref: RefTo | None = None

    def has(self, flag: Flag) -> bool:
        """Whether the field carries a mark."""
        return flag.name in self.flags


_MISSING: Any = object()


@dataclass_transform(kw_only_default=True)
class Model:
    """Immutable, keyword-only, compared by value."""

    _declared: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declared = dict(cls._declared)
        for name, annotation in cls.__dict__.get("__annotations__", {}).items():
            if "ClassVar" in str(annotation):
                continue
            declared[name] = cls.__dict__.get(name, _MISSING)
            # The class must not answer for an instance: a field that an instance lacks is not known.
            if name in cls.__dict__:
                delattr(cls, name)
        cls._declared = declared

    def __init__(self, **values: Any) -> None:
        declared = self._declared
        for name in values:
            if name not in declared:
                raise TypeError(
                    f"{type(self).__name__} has no field {name!r}; its fields are {', '.join(declared)}"
                )
        state = self.__dict__
        for name, default in declared.items():
            value = values.get(name, default)
            if value is _MISSING:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
            if value is not UNKNOWN:
                state[name] = tuple(value) if isinstance(value, list) else value

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._declared:
            raise Undecided(f"{type(self).__name__}.{name} is not known yet")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace({name}=…)")

    __delattr__ = None  # type: ignore[assignment]  # immutable

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        shown = (
            f"{name}={self.__dict__.get(name, UNKNOWN)!r}"
            for name, default in self._declared.items()
            if self.__dict__.get(name, UNKNOWN) != default
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    @classmethod
    def fields(cls) -> Mapping[str, Field]:
        """The fields by name, in the order of declaration."""
        return _fields_of(cls)

    def knows(self, name: str) -> bool:
        """Whether the field's value is known."""
        return name in self.__dict__

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        for name in changes:
            if name not in self._declared:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        for name, value in changes.items():
            if value is UNKNOWN:
                copy.__dict__.pop(name, None)
            else:
                copy.__dict__[name] = tuple(value) if isinstance(value, list) else value
        return copy

    def values(self) -> Values:
        """Plain values of all fields; UNKNOWN for those not known."""
        return {
            name: _to_plain(field, self.__dict__.get(name, UNKNOWN)) for name, field in self.fields().items()
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The model of plain values. A field that is absent or null gets its default; one that is or holds UNKNOWN
        is not known; a key that is no field is ignored.
        """
        self = object.__new__(cls)
        state = self.__dict__
        for name, field in cls.fields().items():
            value = values.get(name)
            if value is None:
                value = None if field.required else field.default
            elif value is UNKNOWN:
                continue
            elif field.block is not None:
                value = _from_plain_blocks(field, value)
            elif isinstance(value, list):
                if any(element is UNKNOWN for element in value):
                    continue
                value = tuple(value)
            elif isinstance(value, dict) and any(element is UNKNOWN for element in value.values()):
                continue
            if isinstance(value, Unreadable):
                continue
            state[name] = value
        return self

    def walk(self) -> Iterator[tuple[tuple[str | int, ...], Field, Any]]:
        """Every known leaf field with its path and value, through nested blocks."""
        for name, field in self.fields().items():
            if name not in self.__dict__:
                continue
            value = self.__dict__[name]
            yield (name,), field, value
            if field.block is None or value is None:
                continue
            for position, block in enumerate(_as_blocks(field, value)):
                for path, inner, leaf in block.walk():
                    yield (name, position, *path), inner, leaf


class Block(Model):
    """A nested block of a resource."""

    id_segment: ClassVar[str] = ""
    """Set where ARM gives the block an ID of its own: `{owner's ID}/{id_segment}/{block's name}`."""
    owner: ClassVar[str] = ""
    """The resource type whose part it is, by class name."""
    child: ClassVar[str] = ""
    """Set where the block *is* a resource written inside its parent: that resource's type, by class name."""
    renamed: ClassVar[Mapping[str, str]] = {}
    """Fields that the child resource has under another name."""


class Unreadable:
    """Marks blocks of which not even the number is known."""


def _as_blocks(field: Field, value: Any) -> Sequence[Model]:
    if value is None:
        return ()
    return (value,) if field.shape is Shape.BLOCK else value  # type: ignore[no-any-return]  # a tuple of models


def blocks(field: Field, model: Model) -> Sequence[Model]:
    """The nested blocks in a field of a model: none, one or many; raises Undecided if not known."""
    return _as_blocks(field, getattr(model, field.name))


def _from_plain_blocks(field: Field, value: list[Any]) -> Any:
    assert field.block is not None
    if any(element is UNKNOWN for element in value):
        return Unreadable()
    models = tuple(field.block.from_values(element) for element in value)
    if field.shape is Shape.BLOCKS:
        return models
    return models[0] if models else None


def _to_plain(field: Field, value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    if field.block is not None:
        if value is None and field.nullable and field.shape is Shape.BLOCKS:
            return None
        return [block.values() for block in _as_blocks(field, value)]
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


@cache
def _fields_of(cls: type[Model]) -> Mapping[str, Field]:
    hints = get_type_hints(cls, include_extras=True)
    return {name: _field(name, hints[name], default) for name, default in cls._declared.items()}


def _field(name: str, hint: Any, default: Any) -> Field:
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
            break
    shape, scalar, block = Shape.SCALAR, str, None
    element_marks: list[Any] = []
    origin = get_origin(hint)
    if origin is not None and issubclass(origin, Mapping):
        shape = Shape.MAP
    elif origin is not None and issubclass(origin, Sequence):
        shape = Shape.LIST
        (element,) = get_args(hint)
        while get_origin(element) is Annotated:
            element_marks.extend(element.__metadata__)
            element = element.__origin__
        if isinstance(element, type) and issubclass(element, Model):
            shape, block = Shape.BLOCKS, element
        else:
            scalar = element
    elif isinstance(hint, type) and issubclass(hint, Model):
        shape, block = Shape.BLOCK, hint
    else:
        scalar = hint
    refs = [mark for mark in (*marks, *element_marks) if isinstance(mark, RefTo)]
    canonicals = [mark for mark in (*marks, *element_marks) if isinstance(mark, Canonical)]
    items = [mark for mark in marks if isinstance(mark, Items)]
    each = [constraint for mark in marks if isinstance(mark, Each) for constraint in mark.constraints]
    return Field(
        name=name,
        shape=shape,
        scalar=scalar,
        block=block,
        nullable=nullable,
        required=default is _MISSING,
        default=()
        if default is _MISSING and shape is Shape.BLOCKS
        else None
        if default is _MISSING
        else default,
        flags=frozenset(mark.name for mark in marks if isinstance(mark, Flag)),
        constraints=tuple(mark for mark in marks if isinstance(mark, Constraint)),
        element_constraints=tuple(mark for mark in element_marks if isinstance(mark, Constraint))
        + tuple(each),
        items=items[0] if items else Items(),
        canonical=canonicals[0] if canonicals else None,
        ref=refs[0] if refs else None,
    )
