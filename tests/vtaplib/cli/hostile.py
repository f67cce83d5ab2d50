"""What an attacker writes: a cloud, plans and a capture with hostile text; and how each command meets it."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.vtaplib.cli.captures import records_of
from tests.vtaplib.cli.command import CAPTURE
from tests.vtaplib.cli.plans import tapped_plan

STEERING = (
    "\x1b]0;owned\x07\x1b[8m\x1b[2k\x9b31m\x9d\x85\u2028\u2029\u202e\u2066\u200e\u061c\u200b\ufeff\u00ad"
    "\x7f\x08\t\r\n"
)
"""What a terminal would obey. Lower case, as keys of a cloud are; without a slash and NUL, which no name of a
file has.
"""
FORGED = "0-errors"
FORGING = f"\n{FORGED}"
"""A line that looks like one of ours."""
WRAPPING = "x" + f" {FORGED}" * 23
"""The same without a line break: some of it stands where a line is broken, whatever the width. A name of a
file has no more room.
"""

# What of a plan is Terraform's own words.
_STRUCTURE = ("type", "mode", "actions", "format_version", "provider_name", "references", "constant_value")
_NAMES = ("name", "address", "module_address", "virtual_network_name", "resource_group_name")


def poison_cloud(cloud: Path, text: str) -> None:
    """Change names in a cloud's file behind vtap's back."""
    with closing(sqlite3.connect(cloud)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for _, column, *_ in database.execute(f"PRAGMA table_info({table})").fetchall():
                shown = json.dumps(text)[1:-1] if column == "body" else text
                for name in ("web", "collector"):
                    database.execute(
                        f"UPDATE {table} SET {column} = replace({column}, ?, ?) "
                        f"WHERE typeof({column}) = 'text'",
                        (f"-{name}", f"-{name}{shown}"),
                    )
        database.commit()


PLANS = ("broken", "named", "wrong")
"""A plan whose tap configuration breaks a rule, with a hostile address; one with hostile names everywhere;
and one with hostile values everywhere, which cannot be.
"""


def poisoned_plan(text: str, kind: str) -> dict[str, Any]:
    """One of the plans, with hostile tags and a hostile type too."""

    def poison(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: poison(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [poison(one, key) for one in value]
        is_poisoned = key in _NAMES or (kind == "wrong" and key not in _STRUCTURE)
        return f"{value}{text}" if is_poisoned and isinstance(value, str) else value

    document = tapped_plan(peered=False).document
    changes = document["resource_changes"]
    changes[0]["change"]["after"]["tags"] = {text: text}
    changes.append({**changes[0], "type": f"azurerm_{text}", "address": f"azurerm_{text}.x"})
    if kind != "broken":
        return dict(poison(document))
    for one in (*changes, *document["configuration"]["root_module"]["resources"]):
        if one["type"] == "azurerm_network_interface_tap_configuration":
            one |= {"address": f"{one['address']}{text}", "name": f"{one['name']}{text}"}
    return document


def poisoned_capture(text: str) -> bytes:
    """A pcapng with comments, an interface's name and description that are hostile, and a packet of a link
    type that vtap does not know (draft-ietf-opsawg-pcapng, 3.5, 4.2, 4.3).
    """

    def options(*codes: int) -> bytes:
        told = text.encode()
        return b"".join(
            struct.pack("<HH", code, len(told)) + told + bytes(-len(told) % 4) for code in codes
        ) + bytes(4)

    blocks = [(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options(1))]
    blocks += [(1, struct.pack("<HHI", link_type, 0, 0) + options(2, 3)) for link_type in (1, 147)]
    for interface, (_, frame) in enumerate(list(records_of(CAPTURE))[:2]):
        head = struct.pack("<IIIII", interface, 0, 0, len(frame), len(frame))
        blocks.append((6, head + frame + bytes(-len(frame) % 4) + options(1)))
    return b"".join(
        struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        for kind, body in blocks
    )


def write_hostile_files(directory: Path, quickstart: Path, text: str) -> None:
    """All of it, in a directory; `poisoned.db` is the cloud."""
    cloud = directory / "poisoned.db"
    cloud.write_bytes(quickstart.read_bytes())
    poison_cloud(cloud, text)
    (directory / f"capture{text}.pcapng").write_bytes(poisoned_capture(text))
    for kind in PLANS:
        (directory / f"{kind}{text}.json").write_text(json.dumps(poisoned_plan(text, kind)))


def _captures(text: str) -> tuple[str, str]:
    return f"capture{text}.pcapng", str(CAPTURE)


def _of_traffic(text: str, *more: str) -> list[list[str]]:
    clouds = ("poisoned.db", "quickstart.db")
    return [[capture, "--cloud", cloud, *more] for capture in _captures(text) for cloud in clouds]


def _of_explain(text: str) -> list[list[str]]:
    ends = ["--src", "10.10.1.4", "--dst", "10.10.2.4"], ["--src", f"vm-web{text}", "--dst", f"vm{text}"]
    return [
        *([capture, "1", "--cloud", "poisoned.db", "--reply"] for capture in _captures(text)),
        *([*one, "--cloud", "poisoned.db"] for one in ends),
    ]


def _of_diff(text: str) -> list[list[str]]:
    capture = f"capture{text}.pcapng"
    return [
        *([capture, "--plan", f"{kind}{text}.json"] for kind in PLANS),
        [str(CAPTURE), "--before", "poisoned.db", "--policy-after", "oversize=drop"],
        [str(CAPTURE), "--before", "quickstart.db", "--after", "poisoned.db", "--report", f"page{text}.html"],
    ]


def _of_check(text: str) -> list[list[str]]:
    return [
        *([f"{kind}{text}.json"] for kind in PLANS),
        [f"broken{text}.json", "--cloud", "poisoned.db"],
        ["--cloud", "poisoned.db"],
    ]


def _of_send(text: str) -> list[list[str]]:
    to = ["--to", "127.0.0.1:9", "--top-speed"]
    return [[_captures(text)[0], "--cloud", "poisoned.db", *to], [_captures(text)[0], "--vni", "1", *to]]


def _of_machine(text: str) -> list[list[str]]:
    return [[f"vm-web{text}", "--cloud", "poisoned.db"], [text, "--cloud", "poisoned.db"]]


RUNS: dict[tuple[str, ...], Callable[[str], list[list[str]]]] = {
    ("show",): lambda _: [["--cloud", "poisoned.db"]],
    ("replay",): lambda text: _of_traffic(
        text, "--decode", "2", "--report", f"page{text}.html", "--out", f"copies{text}"
    ),
    ("explain",): _of_explain,
    ("estimate",): lambda text: _of_traffic(text, "--report", f"page{text}.html"),
    ("diff",): _of_diff,
    ("collect",): lambda text: [
        ["--listen", "127.0.0.1:0", "--for", "0.01s", "--write", f"frames{text}.pcapng"]
    ],
    ("send",): _of_send,
    ("check",): _of_check,
    ("install",): lambda text: [["--to", f"mirror{text}"], ["--to", f"/dev/null/{text}"]],
    ("terraform",): lambda _: [],
    ("machine", "deallocate"): _of_machine,
    ("machine", "start"): _of_machine,
}
"""How every command meets it. `terraform` becomes Terraform."""
