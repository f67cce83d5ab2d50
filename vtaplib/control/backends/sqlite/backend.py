"""The backend in a file: tables, and the statements that read and write them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from vtaplib.control.backends.backend import KeyForms, NewRow, Row
from vtaplib.control.backends.sqlite.database import SqliteDatabase
from vtaplib.control.backends.sqlite.format import Format, Upgrade
from vtaplib.control.backends.sqlite.write_ahead_log import BINDING
from vtaplib.errors import VtapError

ROWS_AND_REFERENCES: Final = """
-- One row a resource.
CREATE TABLE resource (
    key  TEXT PRIMARY KEY,  -- the ID in lower case: IDs are compared without case
    kind TEXT NOT NULL,     -- the resource type, by class name
    body TEXT NOT NULL      -- its fields as JSON
) WITHOUT ROWID;
CREATE INDEX resource_by_kind ON resource (kind, key);

-- One row for each thing that a resource refers to; see `NewRow`.
CREATE TABLE reference (
    source TEXT NOT NULL REFERENCES resource (key) ON DELETE CASCADE,
    target TEXT NOT NULL,   -- key of a resource, of a part of one, or a claim
    owner  TEXT REFERENCES resource (key) DEFERRABLE INITIALLY DEFERRED,
                            -- the resource that the target is or belongs to, null where it is gone
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX reference_by_owner ON reference (owner, source);
CREATE INDEX reference_by_source ON reference (source);
"""
USAGE: Final = """
-- One row for each quota that a resource counts against, and how much all use of a quota together.
CREATE TABLE taking (
    source TEXT NOT NULL REFERENCES resource (key) ON DELETE CASCADE,
    bucket TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (source, bucket)
) WITHOUT ROWID;
CREATE TABLE tally (
    bucket TEXT PRIMARY KEY,
    amount INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER taking_begins AFTER INSERT ON taking BEGIN
    INSERT INTO tally (bucket, amount) VALUES (new.bucket, new.amount)
        ON CONFLICT (bucket) DO UPDATE SET amount = amount + excluded.amount; END;
CREATE TRIGGER taking_ends AFTER DELETE ON taking BEGIN
    UPDATE tally SET amount = amount - old.amount WHERE bucket = old.bucket; END;
"""
FORMAT: Final = Format(
    application_id=int.from_bytes(b"vtap", "big"),
    script=ROWS_AND_REFERENCES,
    tables=frozenset({"resource", "reference"}),
    upgrades=(
        Upgrade(USAGE, frozenset({"taking", "tally"}), counts_anew=True),
        Upgrade(BINDING, frozenset({"binding"})),
    ),
)
KINDS: Final = """
-- Each kind that there is, found by as many steps in the index as there are kinds.
WITH RECURSIVE step (kind) AS (
    SELECT min(kind) FROM resource
    UNION ALL
    SELECT (SELECT min(kind) FROM resource WHERE kind > step.kind) FROM step WHERE step.kind IS NOT NULL
)
SELECT kind FROM step WHERE kind IS NOT NULL
"""
ROW: Final = "key, kind, CAST(body AS BLOB)"
"""The columns of a row. The body may be no text: to find that out, and to say where, is not for SQLite."""
ROWS_AT_A_TIME: Final = 1_000


class SqliteBackend:
    """Rows in a file; see `CloudBackend`. `read_only` and `create` as of `SqliteDatabase`."""

    def __init__(self, path: Path, *, read_only: bool = False, create: bool = True) -> None:
        self.database = SqliteDatabase(path, FORMAT, read_only=read_only, create=create)

    @property
    def name(self) -> str:
        return self.database.name

    def close(self) -> None:
        self.database.close()

    def copy(self, target: Path) -> None:
        self.database.copy(target)

    def reading(self) -> AbstractContextManager[None]:
        return self.database.reading()

    def writing(self) -> AbstractContextManager[None]:
        return self.database.writing()

    def upgrading(self) -> AbstractContextManager[bool]:
        return self.database.upgrading()

    def row(self, key: str) -> Row | None:
        rows = self.database.rows(f"SELECT {ROW} FROM resource WHERE key = ?", key)
        return rows[0] if rows else None

    def rows(self) -> Iterator[Row]:
        """All rows, in order of keys. A few are in memory at a time."""
        last = ""
        statement = f"SELECT {ROW} FROM resource WHERE key > ? ORDER BY key LIMIT {ROWS_AT_A_TIME}"
        while rows := self.database.rows(statement, last):
            yield from rows
            before, last = last, rows[-1][0]
            if not (isinstance(last, str) and before < last):  # what follows would be what was there before
                raise VtapError(
                    f"{self.name}: cannot be read: it is damaged: its resources are out of order at "
                    f"{last!r}; restore a copy, or begin a new file"
                )

    def rows_by_kind(self, kinds: Collection[str], prefix: str) -> Sequence[Row]:
        return self.database.rows(
            f"SELECT {ROW} FROM resource WHERE kind IN ({_marks(kinds)}) AND key >= ? AND key < ? "
            "ORDER BY key",
            *kinds,
            prefix,
            _after(prefix),
        )

    def rows_by_reference(self, target: str, kinds: Collection[str]) -> Sequence[Row]:
        return self.database.rows(
            f"SELECT {ROW} FROM resource WHERE key IN (SELECT source FROM reference WHERE target = ? "
            f"UNION SELECT source FROM reference WHERE owner = ?) AND kind IN ({_marks(kinds)}) ORDER BY key",
            target,
            target,
            *kinds,
        )

    def targets(self, prefix: str) -> Sequence[tuple[str, str]]:
        return self.database.rows(
            "SELECT target, source FROM reference WHERE target >= ? AND target < ? ORDER BY target",
            prefix,
            _after(prefix),
        )

    def count_targets(self, first: str, last: str) -> int:
        statement = "SELECT COUNT(*) FROM reference WHERE target BETWEEN ? AND ?"
        ((count,),) = self.database.rows(statement, first, last)
        return int(count)

    def orphans(self, key: str) -> Sequence[str]:
        rows = self.database.rows(
            "SELECT source FROM reference WHERE owner IS NULL AND (target = ? "
            "OR (target >= ? AND target < ?))",
            key,
            f"{key}/",
            _after(f"{key}/"),
        )
        return [source for (source,) in rows]

    def usage(self, quota: str) -> int:
        rows = self.database.rows("SELECT amount FROM tally WHERE bucket = ?", quota)
        return int(rows[0][0]) if rows else 0

    def stray(self, forms: KeyForms) -> tuple[str, str] | None:
        """As `CloudBackend.stray`; it reads an index, and no row."""
        misplaced = "NOT (typeof(key) = 'text' AND key GLOB ? AND key NOT GLOB ?)"
        for (kind,) in self.database.rows(KINDS):
            statement = f"SELECT key, kind FROM resource WHERE kind = ? AND {misplaced} LIMIT 1"
            for key, _ in self.database.rows(statement, kind, *forms.get(kind, ("", ""))):
                return str(key), str(kind)
        return None

    def put(self, entries: Sequence[NewRow]) -> None:
        write, keys = self.database.write, [(one.key,) for one in entries]
        write(
            "INSERT INTO resource (key, kind, body) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, body = excluded.body",
            [one[:3] for one in entries],
        )
        write("DELETE FROM reference WHERE source = ?", keys)
        write(
            "INSERT OR IGNORE INTO reference (source, target, owner) VALUES (?, ?, ?)",
            [(one.key, target, owner) for one in entries for target, owner in one.references],
        )
        write("DELETE FROM taking WHERE source = ?", keys)
        write(
            "INSERT INTO taking (source, bucket, amount) VALUES (?, ?, ?)",
            [(one.key, quota, amount) for one in entries for quota, amount in one.usage],
        )

    def delete(self, keys: Collection[str]) -> None:
        values = [(key,) for key in keys]
        self.database.write("UPDATE reference SET owner = NULL WHERE owner = ? AND source <> owner", values)
        self.database.write("DELETE FROM resource WHERE key = ?", values)


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _after(prefix: str) -> str:
    """The first string that is past every string with this prefix."""
    return prefix + "\U0010ffff"
