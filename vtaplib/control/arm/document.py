"""A JSON document as it is read: names found without case, and a record of what nobody has read.

ARM puts what is special to a type under `properties`; the Azure CLI prints the same without that level. A
step into `properties` that are not there stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vtaplib.control.arm.arm_path import Steps
from vtaplib.errors import VtapError
from vtaplib.model.violation import Path, dotted
from vtaplib.model.wording import shown

PROPERTIES = "properties"
STATE = frozenset({"type", "etag", "provisioningstate", "resourceguid", "resourcegroup"})
"""What says of what type something is and in what state; the last is the Azure CLI's."""
IDENTITY = STATE | {"id", "name"}


class DocumentError(VtapError):
    """JSON that is not what ARM has there. The message names the place and what it should be."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{dotted(path) or 'the document'}: {problem}")
        self.path = path


class Element:
    """A value in a document, with its place."""

    __slots__ = ("_opened", "_parts", "path", "read", "value")

    def __init__(self, value: Any, path: Path = ()) -> None:
        self.value = value
        self.path = path
        self.read = False
        """Whether somebody has taken the value with all that is in it."""
        self._opened = False
        self._parts: dict[str | int, Element] = {}

    def take(self) -> Any:
        """The value; it counts as read from now on."""
        self.read = True
        return self.value

    def error(self, expected: str) -> DocumentError:
        """An error about this value."""
        return DocumentError(self.path, f"= {shown(self.value)} is not {expected}")

    def members(self) -> Mapping[str, Any]:
        """The members of an object; raises DocumentError if it is none."""
        if not isinstance(self.value, Mapping):
            raise self.error("an object")
        self._opened = True
        return self.value

    def member(self, name: str) -> Element | None:
        """A member of an object by name, compared without case; None if it is absent or null."""
        members = self.members()
        if name not in members:
            low = name.lower()
            name = next((one for one in members if str(one).lower() == low), name)
        if members.get(name) is None:
            return self if name == PROPERTIES else None
        return self._part(name, members[name])

    def elements(self) -> Iterator[Element]:
        """The elements of a list; raises DocumentError if it is none."""
        if not isinstance(self.value, list | tuple):
            raise self.error("a list")
        self._opened = True
        for position, value in enumerate(self.value):
            if value is not None:
                yield self._part(position, value)

    def find(self, steps: Steps) -> Element | None:
        """What is at the end of a path without lists; None if there is nothing."""
        found: Element | None = self
        for step in steps:
            if found is None:
                return None
            found = next(found.elements(), None) if step == "[0]" else found.member(step)
        return found

    def unread(self) -> Iterator[str]:
        """The places that hold something nobody has taken, or so much as looked into."""
        if self.read or is_empty(self.value):
            return
        if not self._opened:
            yield dotted(self.path)
            return
        members = self.value.items() if isinstance(self.value, Mapping) else enumerate(self.value)
        for step, value in members:
            if str(step).lower() not in IDENTITY:
                yield from self._part(step, value).unread()

    def _part(self, step: str | int, value: Any) -> Element:
        if step not in self._parts:
            self._parts[step] = Element(value, (*self.path, step))
        return self._parts[step]


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: null, an empty text, list or object, or such in one."""
    if isinstance(value, Mapping):
        return all(is_empty(inner) or str(name).lower() in STATE for name, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_empty, value))
    return value is None or value == ""
