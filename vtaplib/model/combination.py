"""Combinations: which fields of one resource go together, as a table in the resource's module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from enum import Enum

from vtaplib.model.violation import Path

Finding = tuple[Path, str]


class Presence(Enum):
    """Whether a field was given."""

    GIVEN = "given"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """Given, but it may turn out to be null."""


class Combination(ABC):
    """Says which of several fields go together; they are named by dotted path from the resource."""

    def __init__(self, *names: str) -> None:
        self.names = names

    @abstractmethod
    def findings(self, presence: dict[str, Presence]) -> Iterator[Finding]:
        """What is wrong; nothing where that depends on what is not known yet."""


def _path(name: str) -> Path:
    return tuple(int(step) if step.isdigit() else step for step in name.split("."))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"


class ExactlyOneOf(Combination):
    """One and only one of the fields is given."""

    def findings(self, presence: dict[str, Presence]) -> Iterator[Finding]:
        given = tuple(name for name in self.names if presence[name] is Presence.GIVEN)
        if len(given) > 1:
            yield _path(given[1]), f"only one of {_listed(self.names)} can be given, not {_listed(given)}"
        elif not given and all(presence[name] is Presence.ABSENT for name in self.names):
            yield _path(self.names[0]), f"one of {_listed(self.names)} must be given"


class AtLeastOneOf(Combination):
    """One or more of the fields are given."""

    def findings(self, presence: dict[str, Presence]) -> Iterator[Finding]:
        if all(presence[name] is Presence.ABSENT for name in self.names):
            yield _path(self.names[0]), f"one of {_listed(self.names)} must be given"


class ConflictsWith(Combination):
    """The first field excludes each of the others."""

    def findings(self, presence: dict[str, Presence]) -> Iterator[Finding]:
        first, *others = self.names
        if presence[first] is Presence.GIVEN:
            for other in others:
                if presence[other] is Presence.GIVEN:
                    yield _path(first), f"{first} cannot be given together with {other}"


class RequiredWith(Combination):
    """The first field needs each of the others."""

    def findings(self, presence: dict[str, Presence]) -> Iterator[Finding]:
        first, *others = self.names
        if presence[first] is Presence.GIVEN:
            for other in others:
                if presence[other] is Presence.ABSENT:
                    yield _path(first), f"{first} needs {other} to be given too"
