"""The database behind a cloud that is kept in a file."""

from __future__ import annotations

from vtaplib import Cloud
from vtaplib.control.backends.sqlite.backend import SqliteBackend
from vtaplib.control.backends.sqlite.database import SqliteDatabase


def database_of(cloud: Cloud) -> SqliteDatabase:
    assert isinstance(cloud.backend, SqliteBackend)
    return cloud.backend.database
