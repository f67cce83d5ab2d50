"""The format of a file: whose it is, of which version, and with which tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from vtaplib.errors import VtapError


class Mark(NamedTuple):
    """What a SQLite file says about itself."""

    application_id: int
    version: int
    names: frozenset[str]
    """Its tables, indexes, views and triggers."""


NO_MARK: Final = Mark(0, 0, frozenset())
"""The mark of a file that is new, or empty."""


class Upgrade(NamedTuple):
    """What brings a file of an earlier version to the next one."""

    script: str
    tables: frozenset[str]
    """The tables that it adds."""
    counts_anew: bool = False
    """Whether every resource is to be written anew, because what is counted of it is new."""


class Format(NamedTuple):
    """The format of a file, with all its versions. The first one is 1."""

    application_id: int
    """What says in the header of a SQLite file whose it is."""
    script: str
    """What makes the tables of the first version."""
    tables: frozenset[str]
    """Those tables."""
    upgrades: tuple[Upgrade, ...]

    @property
    def version(self) -> int:
        """The version that this vtap reads and writes."""
        return 1 + len(self.upgrades)

    def upgrades_from(self, version: int) -> tuple[Upgrade, ...]:
        """What brings a file of a version to this one."""
        return self.upgrades[version - 1 :]

    def is_outdated(self, mark: Mark) -> bool:
        """Whether a file is of an earlier version."""
        return mark.application_id == self.application_id and 0 < mark.version < self.version

    def new_statements(self) -> Iterator[str]:
        """What makes a new file of this version."""
        yield from self._statements(self.script, *(one.script for one in self.upgrades))
        yield f"PRAGMA application_id = {self.application_id}"

    def upgrade_statements(self, version: int) -> Iterator[str]:
        """What makes a file of a version one of this version."""
        yield from self._statements(*(one.script for one in self.upgrades_from(version)))

    def _statements(self, *scripts: str) -> Iterator[str]:
        for script in scripts:
            yield from _split(script)
        yield f"PRAGMA user_version = {self.version}"

    def refuse_others(self, name: str, mark: Mark) -> None:
        """Raises `VtapError` for a file that is not ours, is of a version that we do not know, or does not
        have the tables of its version. `name`: what messages call it.
        """
        if mark.application_id != self.application_id:
            raise VtapError(
                f"{name}: is not a vtap cloud, but a database of something else; name another file"
            )
        if not 0 < mark.version <= self.version:
            raise VtapError(
                f"{name}: the file has version {mark.version}, this vtap reads version {self.version}; use "
                "the vtap that wrote it, or begin a new file"
            )
        added = [self.tables, *(one.tables for one in self.upgrades)]
        expected = frozenset().union(*added[: mark.version])
        tables = mark.names & frozenset().union(*added)
        if tables != expected:
            missing = expected - tables
            wrong = ", ".join(sorted(missing or tables - expected))
            raise VtapError(
                f"{name}: is damaged, or not a vtap cloud: it says that it has version {mark.version}, but "
                f"{'lacks tables of it' if missing else 'has tables of a later one'} ({wrong}); restore a "
                "copy, or name another file"
            )


def _split(script: str) -> Iterator[str]:
    """The statements of a script, in which a statement ends with its line."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
