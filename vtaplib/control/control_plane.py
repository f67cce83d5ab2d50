"""The control plane as others see it: what the provider and the analyses need of a cloud.

`Cloud` is one, and so is a `SubscriptionHandle`. A cloud that is kept nowhere here may be another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from vtaplib.control.overlay import Overlay
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.model.violation import Violation

T = TypeVar("T", bound=Resource)


class ControlPlane(Protocol):
    """Resources that are read, checked, written and deleted. Raises VtapError where it cannot be reached."""

    @property
    def policy(self) -> Policy:
        """What it does where Azure's documentation does not say."""

    @property
    def view(self) -> View:
        """The resources as rules see them: without what is computed at a read."""

    def find(self, resource_id: str) -> Resource | None:
        """A resource, with what is computed from others; None if there is none."""

    def list(self, kind: type[T], within: str = "") -> Sequence[T]:
        """The resources of a type whose ID starts with `within`, in order of their IDs."""

    def put(self, resource: T, *, replace: bool = True) -> T:
        """Creates or replaces a resource; returns what was written, as a read gives it. Raises ArmError with
        every broken rule, and then nothing has changed. `replace=False`: an existing one is an error too.
        """

    def delete(self, resource_id: str) -> None:
        """Deletes a resource and its children; nothing if it is not there. Raises ArmError while others
        depend on it.
        """

    def check(self, resource: Resource) -> Sequence[Violation]:
        """What a put of this resource would be refused for, and warned of. Nothing changes."""

    def overlay(self, *, complete: bool = True) -> Overlay:
        """A what-if: puts and deletes there change nothing here."""

    def snapshot(self) -> AbstractContextManager[View]:
        """The view as of one moment, for as long as the block runs."""

    def close(self) -> None:
        """Releases what it holds."""
