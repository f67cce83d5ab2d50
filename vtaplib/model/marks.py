"""Marks: facts about a field that the type system cannot say.

A mark stands in the annotation (`name: CreateOnly[ResourceName]`) and is read by everything that follows from
a resource's definition: validation, references, the Terraform schema, plan behaviour, test strategies,
documentation. A mark carries no behaviour of its own beyond answering questions about a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

T = TypeVar("T")


class Flag(NamedTuple):
    """A yes-or-no fact about a field."""

    name: str


CREATE_ONLY = Flag("create_only")
ASSIGNED = Flag("assigned")
OPTIONAL_ASSIGNED = Flag("optional_assigned")
DERIVED = Flag("derived")
SENSITIVE = Flag("sensitive")
IGNORED_AS_IMPORTED = "ignored-as-imported"
"""What azurerm has in the state for a secret that was there before Terraform. Whatever the configuration says
is then taken for it.
"""
INERT = Flag("inert")
INTERNAL = Flag("internal")
WRITE_ONLY = Flag("write_only")
UNORDERED = Flag("unordered")
INLINE = Flag("inline")
ATTRIBUTE_BLOCK = Flag("attribute_block")
NOT_IN_ARM = Flag("not_in_arm")

CreateOnly = Annotated[T, CREATE_ONLY]
"""A change needs a new resource."""
Assigned = Annotated[T, ASSIGNED]
"""The service gives it; nobody can set it. Write `= SERVICE` as its default."""
OptionalAssigned = Annotated[T, OPTIONAL_ASSIGNED]
"""The service gives it, or keeps what it was, where the user does not."""
Derived = Annotated[T, DERIVED]
"""Computed at every read from who refers to the resource; never stored."""
Sensitive = Annotated[T, SENSITIVE]
"""A secret: never stored, never returned, hidden in output."""
Inert = Annotated[T, INERT]
"""Accepted, stored and read back, without effect in the simulation."""
Internal = Annotated[T, INTERNAL]
"""Kept by the service, visible in Python, not part of azurerm's arguments."""
WriteOnly = Annotated[T, WRITE_ONLY]
"""Sent by the client, never read back (Terraform keeps it out of plan and state)."""
Unordered = Annotated[T, UNORDERED]
"""A set: order and repetition mean nothing."""
Inline = Annotated[T, INLINE]
"""Blocks that *are* child resources, written and read through their parent."""
AttributeBlock = Annotated[T, ATTRIBUTE_BLOCK]
"""Blocks that azurerm declares as an attribute of objects (written as blocks or as a value)."""
NotInArm = Annotated[T, NOT_IN_ARM]
"""A field of azurerm's, or of ours, that ARM's JSON does not have."""


class Arm(NamedTuple):
    """Where ARM's JSON has a field, and as what, as far as that does not follow from the field's name."""

    path: str = ""
    """Where it is, from the root of the document or of the block: `properties.dhcpOptions.dnsServers`.

    `[]` after a name goes into each element of a list, `[0]` into its only one, and the step `*` stands for
    the names in an object. `{os}` is what `arm_words` of the class has for it.
    """
    also: str = ""
    """Where a document may have it instead, as a single value where the field is a list."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Where it is if it starts with a text: pairs of text and path."""
    words: tuple[tuple[Any, Any], ...] = ()
    """Values of ours and what ARM has for each."""
    text: str = ""
    """A text that holds the value in the field's own placeholder, and those of other fields."""
    unset: Any = None
    """The value for which ARM has nothing."""
    always: bool = False
    """Whether an empty list is there, and not left out."""
    beside: tuple[str, str] | None = None
    """A path and the value that ARM has there with the field."""
    first: str = ""
    """In the elements of a list, what is true of the first of them."""
    pairs: tuple[str, str] | None = None
    """What ARM calls key and value where it has a list for our map."""


class RefTo(NamedTuple):
    """The field names another resource, or a part of one, by ID or by name."""

    kind: str


if TYPE_CHECKING:
    from typing_extensions import TypeAliasType

    Ref = TypeAliasType("Ref", str, type_params=(T,))
else:

    class Ref:
        """`Ref[Subnet]`, or `Ref["Subnet"]` where an import would make a cycle: a `str`."""

        def __class_getitem__(cls, kind: Any) -> Any:
            return Annotated[str, RefTo(kind if isinstance(kind, str) else kind.__name__)]


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Constraint:
    """What a value must satisfy. `problem` says what is wrong, in a clause that follows the value."""

    __slots__ = ()

    def problem(self, value: Any) -> str | None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OneOf(Constraint):
    """One of a closed list of words."""

    values: tuple[str, ...]
    ignore_case: bool = False

    def problem(self, value: Any) -> str | None:
        fold = str.lower if self.ignore_case else str
        if fold(value) in map(fold, self.values):
            return None
        listed = (
            ", ".join(self.values) if len(self.values) <= 12 else f"{len(self.values)} values azurerm lists"
        )
        return f"is not one of {listed}"


@dataclass(frozen=True, slots=True)
class Between(Constraint):
    """A number within bounds, both included."""

    minimum: float | None = None
    maximum: float | None = None

    def problem(self, value: Any) -> str | None:
        if self.minimum is not None and value < self.minimum:
            return f"is below the minimum of {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"is above the maximum of {self.maximum:g}"
        return None


@dataclass(frozen=True, slots=True)
class Length(Constraint):
    """A string of some number of characters."""

    minimum: int = 0
    maximum: int | None = None

    def problem(self, value: Any) -> str | None:
        if len(value) < self.minimum:
            return "is empty" if not value else f"has fewer than {self.minimum} characters"
        if self.maximum is not None and len(value) > self.maximum:
            return f"has {len(value)} characters, more than {self.maximum}"
        return None


@dataclass(frozen=True, slots=True)
class Matches(Constraint):
    """A string of a certain form; `says` puts the form in words."""

    pattern: str
    says: str

    def problem(self, value: Any) -> str | None:
        return None if re.search(self.pattern, value) else self.says


@dataclass(frozen=True, slots=True)
class NoControlCharacters(Constraint):
    """A string without control characters: C0, DEL and C1 (Unicode, chapter 23.1)."""

    def problem(self, value: Any) -> str | None:
        return "has a control character" if _CONTROL.search(value) else None


@dataclass(frozen=True, slots=True)
class Satisfies(Constraint):
    """Anything a function can judge; the function gives the problem or None."""

    judge: Callable[[Any], str | None]

    def problem(self, value: Any) -> str | None:
        return self.judge(value)


class Items(NamedTuple):
    """How many elements a list, set, map or repeated block may have."""

    minimum: int = 0
    maximum: int | None = None
    minimum_if_set: int = 0
    """Holds only where the argument is given at all."""

    def problem(self, count: int) -> str | None:
        least = max(self.minimum, self.minimum_if_set)
        if count < least:
            return f"needs at least {least} element{'s' if least > 1 else ''}, has {count}"
        if self.maximum is not None and count > self.maximum:
            return f"takes at most {self.maximum} element{'s' if self.maximum > 1 else ''}, has {count}"
        return None


ANY_NUMBER = Items()


class Each(NamedTuple):
    """Constraints on every element of a list or set."""

    constraints: tuple[Constraint, ...]


class Canonical(NamedTuple):
    """Two values are the same if this function makes them equal; what is stored is its result."""

    form: Callable[[Any], Any]
    keeps_spelling: bool = False
    """What is stored is the value as it was given."""


SERVICE: Any = None
"""The default of a field that the service fills."""
