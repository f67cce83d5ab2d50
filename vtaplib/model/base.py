"""Models: immutable values whose fields are declared once, by annotation.

A `Model` is what a resource and a nested block have in common. It is smaller than a validation library on
purpose: this module is on the start-up path of every Terraform command, and a model must be able to hold a
field whose value is *not known yet* (reading it raises `Undecided`), which validation libraries do not.

`name: CreateOnly[ResourceName]` becomes a `Field`. The annotations are text; those of a class are evaluated
together, as one expression, when somebody first asks for its fields: `typing.get_type_hints` takes longer,
because it compiles and rebuilds each by itself.

Plain values are the exchange form: what JSON can hold, in azurerm's shape. A single nested block is a list of
at most one; a field that is not known is `UNKNOWN`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from vtaplib.model.frozen import ATOMIC_TYPES, frozen
from vtaplib.model.marks import ANY_NUMBER, Arm, Canonical, Constraint, Each, Flag, Items, RefTo
from vtaplib.model.unknown import UNKNOWN, Undecided

if TYPE_CHECKING:
    from inspect import Signature

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


_TYPE_TEXTS: Mapping[Shape, str] = {
    Shape.SCALAR: "{}",
    Shape.LIST: "tuple[{}, ...]",
    Shape.MAP: "Mapping[str, {}]",
    Shape.BLOCK: "{}",
    Shape.BLOCKS: "tuple[{}, ...]",
}

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

    @property
    def type_text(self) -> str:
        """The type of the value without its marks, as text."""
        text = _TYPE_TEXTS[self.shape].format((self.block or self.scalar).__name__)
        return f"{text} | None" if self.nullable else text


def _own_annotations(cls: type) -> Mapping[str, Any]:
    """The annotations in the body of a class that declare fields, so not those of class variables."""
    annotations: Mapping[str, Any] = cls.__annotations__
    return {name: hint for name, hint in annotations.items() if "ClassVar" not in str(hint)}


class _SignatureOfFields:
    """`inspect.signature` of a model class, and so `help`: its fields, when somebody asks."""

    def __get__(self, instance: object, owner: type[Model]) -> Signature:
        from inspect import Parameter, Signature

        return Signature(
            [
                Parameter(
                    name,
                    Parameter.KEYWORD_ONLY,
                    default=Parameter.empty if field.required else field.default,
                    annotation=field.type_text,
                )
                for name, field in owner.fields().items()
            ]
        )


@dataclass_transform(kw_only_default=True)
class Model:
    """Immutable all the way down, unless `vars` is written; keyword-only, compared and hashed by value."""

    _declared: ClassVar[dict[str, Any]] = {}
    """The names of the fields, with their defaults; MISSING for those that have none."""
    _absent: ClassVar[Mapping[str, Any]] = {}
    """What plain values mean that have no field; known when `_fields` are."""
    _fields: ClassVar[Mapping[str, Field] | None] = {}
    """What the annotations say; None until somebody asks."""
    _referring: ClassVar[Mapping[str, Field] | None] = {}
    __signature__: ClassVar = _SignatureOfFields()
    arm_says: ClassVar[Mapping[str, Any]] = {}
    """What ARM's JSON has besides the fields, by path: a value, or a function of the resource and a view that
    gives one; None for what may stand there and means nothing here."""
    arm_words: ClassVar[Mapping[str, str]] = {}
    """What stands for the words in braces in the paths of fields (see `marks.Arm`)."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declared: dict[str, Any] = {}
        for base in reversed(cls.__bases__):
            declared |= getattr(base, "_declared", {})
        for name in _own_annotations(cls):
            declared[name] = frozen(cls.__dict__.get(name, MISSING))
            # The class must not answer for an instance: a field that an instance lacks is not known.
            if name in cls.__dict__:
                delattr(cls, name)
        cls._declared = declared
        cls._fields = None
        cls._referring = None

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
            if value is MISSING:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
            if value is not UNKNOWN:
                state[name] = frozen(value)

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._declared:
            raise Undecided(f"{type(self).__name__}.{name} is not known yet")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace({name}=…)")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable; its {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self.__dict__.items())))

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
        fields = cls._fields
        if fields is None:
            fields = cls._gathered()
            # Before the fields: another thread that finds those counts on this.
            cls._absent = {name: None if field.required else field.default for name, field in fields.items()}
            cls._fields = fields
        return fields

    @classmethod
    def referring_fields(cls) -> Mapping[str, Field]:
        """The fields that refer to a resource, or whose blocks do."""
        referring = cls._referring
        if referring is None:
            referring = cls._referring = {
                name: field
                for name, field in cls.fields().items()
                if field.ref is not None or (field.block is not None and field.block.referring_fields())
            }
        return referring

    @classmethod
    def _gathered(cls) -> Mapping[str, Field]:
        """The fields of the bases, then those that the class declares itself."""
        inherited: Mapping[str, Field] = {}
        for base in reversed(cls.__bases__):
            if issubclass(base, Model):
                inherited = {**inherited, **base.fields()}
        return {**inherited, **_own_fields(cls, cls._declared)}

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
                copy.__dict__[name] = frozen(value)
        return copy

    def values(self) -> Values:
        """Plain values of all fields; UNKNOWN for those not known."""
        return {
            name: _to_plain(field, self.__dict__.get(name, UNKNOWN)) for name, field in self.fields().items()
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The model of plain values. A field that is absent or null gets its default; one that is or holds
        UNKNOWN is not known; a key that is no field is ignored. A Decimal, which says the same number
        exactly, is taken for a float.
        """
        fields = cls.fields()
        self = object.__new__(cls)
        state = self.__dict__
        state.update(cls._absent)
        for name, value in values.items():
            if value is None or name not in fields:
                continue
            if type(value) not in ATOMIC_TYPES:
                value = _from_plain(fields[name], value)
                if value is UNKNOWN:
                    del state[name]
                    continue
            state[name] = value
        return self

    def walk(self, *, referring: bool = False) -> Iterator[tuple[tuple[str | int, ...], Field, Any]]:
        """Every known field with its path and value, through nested blocks. `referring`: those alone that
        refer to a resource, or whose blocks do.
        """
        for name, field in (self.referring_fields() if referring else self.fields()).items():
            if name not in self.__dict__:
                continue
            value = self.__dict__[name]
            yield (name,), field, value
            if field.block is None or value is None:
                continue
            for position, block in enumerate(_as_blocks(field, value)):
                for path, inner, leaf in block.walk(referring=referring):
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
    """Fields that are read from a field of the child of another name, and sent to the child by their own."""


def _as_blocks(field: Field, value: Any) -> Sequence[Model]:
    """The nested blocks in a value; what else may be in their place is for validation to tell."""
    found = (value,) if field.shape is Shape.BLOCK else value if isinstance(value, tuple) else ()
    return tuple(block for block in found if isinstance(block, Model))


def blocks(field: Field, model: Model) -> Sequence[Model]:
    """The nested blocks in a field of a model: none, one or many; raises Undecided if not known."""
    return _as_blocks(field, getattr(model, field.name))


def _from_plain(field: Field, value: Any) -> Any:
    """What a model holds for a plain value that is no scalar; UNKNOWN if it is or holds that. What is not of
    the field's shape is held as it is, for validation to tell.
    """
    if isinstance(value, list):
        if field.block is None and ATOMIC_TYPES.issuperset(map(type, value)):
            return tuple(value)
        if UNKNOWN in value:
            return UNKNOWN
        if field.block is None:
            return frozen(value)
        models = tuple(
            field.block.from_values(one) if isinstance(one, Mapping) else frozen(one) for one in value
        )
        if field.shape is Shape.BLOCKS or len(models) > 1:
            return models
        return models[0] if models else None
    if isinstance(value, dict) and UNKNOWN in value.values():
        return UNKNOWN
    if isinstance(value, Decimal) and field.scalar is float:
        return float(value)
    return frozen(value)


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


def _own_fields(cls: type, defaults: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that a class declares itself, bases excluded. `defaults`: MISSING where there is none."""
    hints = _evaluated(cls, _own_annotations(cls))
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
