"""The backend protocol: what the control plane needs of whatever keeps a cloud.

A backend keeps rows. It knows their keys and kinds, what refers to what, and how much of each quota is used.
It does not know what a resource is: the body of a row is text to it.

Every method raises `VtapError` where what is kept cannot be read or written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

Row = tuple[str, str, bytes]
"""The key, kind and body of a resource."""
KeyForms = Mapping[str, tuple[str, str]]
"""By kind, the form of its keys: the GLOB that a key must match, and the one that it must not match."""


class NewRow(NamedTuple):
    """A row to write, and what is kept beside it."""

    key: str
    """The ID of the resource in lower case: IDs are compared without case."""
    kind: str
    body: str
    references: Sequence[tuple[str, str | None]]
    """What the resource refers to, each with its owner: the key of the resource that the target is or belongs
    to, None where that does not exist. A claim (an address in a subnet, a prefix of a network) is a reference
    to a name below the resource that has it to give."""
    usage: Sequence[tuple[str, int]]
    """How much the resource uses of quotas, by the quota's key."""


class CloudBackend(Protocol):
    """Keeps the rows of a cloud. Safe to use from several threads."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def close(self) -> None:
        """Releases what it holds. A transaction that another thread does not end in time is undone."""

    def copy(self, target: Path) -> None:
        """Writes all that is there, as of one moment, into a file that appears when it is whole."""

    # Transactions

    def reading(self) -> AbstractContextManager[None]:
        """A transaction in which every read sees what is kept as of one moment."""

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that no other writer overlaps; undone if the block raises."""

    def upgrading(self) -> AbstractContextManager[bool]:
        """A transaction that brings what an earlier version of vtap has kept to this version. Yields whether
        the block is to write every resource anew.
        """

    # Reads

    def row(self, key: str) -> Row | None:
        """The row with a key."""

    def rows(self) -> Iterator[Row]:
        """All rows, in order of keys."""

    def rows_by_kind(self, kinds: Collection[str], prefix: str) -> Sequence[Row]:
        """The rows of some kinds whose keys start with a prefix, in order of keys."""

    def rows_by_reference(self, target: str, kinds: Collection[str]) -> Sequence[Row]:
        """The rows of some kinds that refer to a target or to what belongs to it, in order of keys."""

    def targets(self, prefix: str) -> Sequence[tuple[str, str]]:
        """The targets that start with a prefix, each with a source, in order."""

    def count_targets(self, first: str, last: str) -> int:
        """How many references there are to targets from one to another, both included."""

    def orphans(self, key: str) -> Sequence[str]:
        """The sources of references to a resource, or below it, that have no owner."""

    def usage(self, quota: str) -> int:
        """How much all resources together use of a quota."""

    def stray(self, forms: KeyForms) -> tuple[str, str] | None:
        """The key and kind of a row of a kind that is not among these, or whose key does not have the form of
        its kind; None if there is no such row.
        """

    # Writes, inside `writing`

    def put(self, entries: Sequence[NewRow]) -> None:
        """Writes rows; each replaces what was kept under its key."""

    def delete(self, keys: Collection[str]) -> None:
        """Deletes rows; the references of others to them have no owner from then on."""
