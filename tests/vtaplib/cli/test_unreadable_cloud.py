"""A cloud of which one resource cannot be read: every command says which one, in which file, and stops."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import CAPTURE, Vtap

CLOUD = "quickstart.db"
COMMANDS: Sequence[Sequence[str]] = [
    ["show", "--cloud", CLOUD],
    ["check", "--cloud", CLOUD],
    ["replay", str(CAPTURE), "--cloud", CLOUD],
    ["explain", "--src", "10.0.1.4", "--dst", "10.0.1.5", "--cloud", CLOUD],
    ["estimate", str(CAPTURE), "--cloud", CLOUD],
    ["diff", str(CAPTURE), "--before", CLOUD, "--after", CLOUD],
    ["send", str(CAPTURE), "--to", "127.0.0.1", "--cloud", CLOUD],
    ["machine", "deallocate", "vm-web", "--cloud", CLOUD],
    ["machine", "start", "vm-web", "--cloud", CLOUD],
]
DAMAGES = {
    "cut off": ("UPDATE resource SET body = substr(body, 1, 90) WHERE key = ?", "its contents are not JSON"),
    "of a wrong type": (
        "UPDATE resource SET body = json_set(body, '$.ip_configuration', 'web') WHERE key = ?",
        "ip_configuration = 'web' is not a list",
    ),
    "of an unknown type": ("UPDATE resource SET kind = 'VirtualWan' WHERE key = ?", "'VirtualWan'"),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("statement", "said"), DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]).split("/")[0])
def test_a_command_names_what_it_cannot_read_and_the_file(
    vtap: Vtap, quickstart: Path, command: Sequence[str], statement: str, said: str
) -> None:
    with closing(sqlite3.connect(quickstart, isolation_level=None)) as connection:
        (key,) = connection.execute("SELECT key FROM resource WHERE kind = 'NetworkInterface'").fetchone()
        connection.execute(statement, (key,))
    before = quickstart.read_bytes()
    error = vtap.refuses(*command)
    assert f"{CLOUD}: networkinterfaces/{key.rpartition('/')[2]} cannot be read: " in error
    assert key in error
    assert said in error
    assert quickstart.read_bytes() == before
