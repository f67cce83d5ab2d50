"""Views: anything that answers by ID and by reference, never by scanning the world.

The store is a view of what is; an overlay is a view of what would be. A rule is given a view and does not
know which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final, Protocol, TypeVar

from vtaplib.model import ids
from vtaplib.model.unknown import Undecided


class Identified(Protocol):
    """What a view has: resources. Their module knows of views, so that this one cannot know of it."""

    id_format: ClassVar[str]

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...


R = TypeVar("R", bound=Identified)


class Missing(Undecided):
    """A rule looked up a resource that is not in the view: the rule on references reports that."""


VIEW_WAY_OUT: Final = "give one of a cloud: with cloud.snapshot() as view"


class View(ABC):
    """Resources by ID, by type and by who refers to them. IDs are compared without case."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether all that will be is here. A plan's overlay is not complete: more may be planned."""

    @abstractmethod
    def find(self, resource_id: str) -> Identified | None:
        """The resource with this ID, without its derived fields, or None."""

    def existing(self, resource_id: str) -> Identified | None:
        """The resource with this ID as it is now, whatever is planned for it, or None."""
        return self.find(resource_id)

    @abstractmethod
    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        """The resources of a type, those whose ID starts with `within`, in order of their IDs."""

    @abstractmethod
    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        """The resources of a type (`Resource`: of any) that refer to what the ID names, or to a part of it.

        `certain`: only those that are sure to be there when the plan is applied. An existing resource that a
        plan has not reached yet may still be changed or destroyed by it, so it must not be held against
        another.
        """

    @abstractmethod
    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        """What is referred to below a prefix, and by whom: pairs of keys, in order of targets."""

    def count_targets(self, prefix: str, first: str, last: str, *, certain: bool = False) -> int:
        """How many resources refer to each target below a prefix, within a range that includes both ends.

        The names `first` and `last` are what follows the prefix. `certain`: as in `referrers`.
        """
        low = ids.key(prefix)
        return sum(low + first <= target <= low + last for target, _ in self.targets(low, certain=certain))

    def waits_for(self, resource_id: str, other_id: str) -> bool | None:
        """Whether a plan makes one new resource after another. False: nothing makes it wait. None: nobody can
        say, or there is no plan.
        """
        return None

    @abstractmethod
    def usage(self, bucket: str, *, certain: bool = False) -> int:
        """How much resources take of a limit together (see `Quota`). `certain`: as in `referrers`."""

    def existing_usage(self, bucket: str) -> int:
        """How much is taken of a limit before anything that a plan makes."""
        return self.usage(bucket)

    def is_there_already(self, resource_id: str) -> bool:
        """Whether a resource is there before anything that a plan makes."""
        return self.find(resource_id) is not None

    def get(self, kind: type[R], resource_id: str) -> R:
        """The resource with this ID. Raises Missing, an Undecided, if it is absent or of another type."""
        found = self.find(resource_id)
        if not isinstance(found, kind):
            raise Missing(resource_id)
        return found
