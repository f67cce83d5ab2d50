"""A cloud whose file is sound and whose contents are not: it is said of which resource, in which file."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.control.lab import HOME, Lab, network, network_id, nic_id, tap_id, vm_id
from vtaplib import ArmError, Cloud, Topology, VtapError
from vtaplib.analysis import audit_coverage, check, judge_eligibility, take_inventory
from vtaplib.cli.machine.operation import Operation, operate
from vtaplib.control import SubscriptionHandle
from vtaplib.control.row import KINDS, stored_values, to_body, to_resource
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES

# Every way into a cloud

USES: Mapping[str, Callable[[Path], object]] = {
    "lists": lambda path: used(path, lambda cloud: [cloud.list(kind) for kind in RESOURCE_TYPES]),
    "reads one by one": lambda path: used(path, lambda cloud: [cloud.find(key) for key in KEYS]),
    "who refers": lambda path: used(
        path, lambda cloud: [list(cloud.view.referrers(key, Resource)) for key in KEYS]
    ),
    "topology": lambda path: used(path, Topology.of),
    "audit": lambda path: used(path, Cloud.audit),
    "coverage": lambda path: used(path, lambda cloud: audit_coverage(cloud.view, cloud.policy)),
    "eligibility": lambda path: used(
        path, lambda cloud: judge_eligibility(cloud.view, cloud.policy, nic_id("web"), tap_id("tap"))
    ),
    "what-if": lambda path: used(path, lambda cloud: cloud.check(network("app", "10.1.0.0/16"))),
    "put": lambda path: used(path, lambda cloud: home(cloud).put(network("another", "10.9.0.0/16"))),
    "delete": lambda path: used(path, lambda cloud: cloud.delete(network_id("app"))),
    "deallocate": lambda path: used(path, lambda cloud: cloud.deallocate(vm_id("vm-web"))),
    "start": lambda path: used(path, lambda cloud: cloud.start(vm_id("vm-web"))),
    "vtap show": lambda path: used(path, lambda cloud: take_inventory(cloud, str(path)), read_only=True),
    "vtap check": lambda path: used(
        path, lambda cloud: check(cloud=cloud.view.list(Resource)), read_only=True
    ),
    "vtap machine": lambda path: operate(path, "vm-web", Operation.START),
}
WRITES = ("put", "delete", "deallocate", "start", "vtap machine")


def used(path: Path, use: Callable[[Cloud], object], *, read_only: bool = False) -> object:
    with Cloud.open(path, read_only=read_only) as cloud:
        return use(cloud)


def home(cloud: Cloud) -> SubscriptionHandle:
    return SubscriptionHandle(cloud, HOME)


# Rows

Row = tuple[str, str, bytes]


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT key, kind, CAST(body AS BLOB) FROM resource ORDER BY key"
        ).fetchall()


def stocked() -> list[Row]:
    with closing(Lab().cloud) as cloud:
        return [
            (ids.key(one.id), type(one).__name__, to_body(stored_values(one)).encode())
            for one in cloud.view.list(Resource)
        ]


ROWS = stocked()
KEYS: list[str] = [key for key, _, _ in ROWS]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab, in a file."""
    path = tmp_path_factory.mktemp("sound") / "cloud.db"
    with closing(Lab().cloud) as cloud:
        cloud.copy(path)
    return path


@dataclass(frozen=True)
class Damage:
    """A row as it was, and as it is."""

    before: Row
    after: Row

    def do(self, path: Path) -> None:
        key, kind, body = self.after
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(
                "UPDATE resource SET key = ?, kind = ?, body = CAST(? AS TEXT) WHERE key = ?",
                (key, kind, body, self.before[0]),
            )


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["\ud800", "\x1b[2J", "/", "10.0.0.0/8", "10.0.0.4", "../x", 10**400, -1, 1.0]),
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2)


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON document."""
    yield ()
    inside: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, one in inside:
        yield from ((step, *rest) for rest in paths(one))


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """A row in which one thing is not as it was."""
    key, kind, body = before = draw(st.sampled_from(ROWS))
    match draw(st.sampled_from(["cut", "byte", "value", "gone", "more", "kind", "key", "body"])):
        case "cut":
            body = body[: draw(st.integers(0, len(body) - 1))]
        case "byte":
            at = draw(st.integers(0, len(body) - 1))
            body = body[:at] + draw(st.binary(min_size=1, max_size=2)) + body[at + 1 :]
        case "kind":
            kind = draw(st.sampled_from([*KINDS, "VirtualWan", "", "lb"]))
        case "key":
            key += draw(st.sampled_from(["x", "/", "/subnets/x"]))
        case "body":
            body = json.dumps(draw(VALUES)).encode()
        case what:
            body = changed(draw, body, what)
    return Damage(before, (key, kind, body))


def changed(draw: st.DrawFn, body: bytes, what: str) -> bytes:
    document = json.loads(body)
    at = draw(st.sampled_from([path for path in paths(document) if path]))
    parent = document
    for step in at[:-1]:
        parent = parent[step]
    if what == "gone":
        del parent[at[-1]]
    elif what == "value":
        parent[at[-1]] = draw(VALUES)
    elif isinstance(parent, dict):
        parent[draw(st.text(max_size=4))] = draw(VALUES)
    else:
        parent.append(draw(VALUES))
    return json.dumps(document).encode()


# What becomes of them


@settings(max_examples=part_of(150))
@given(damage=damages(), name=st.sampled_from(sorted(USES)))
def test_whoever_uses_a_damaged_cloud_is_told_which_resource_or_gets_an_answer(
    sound: Path, damage: Damage, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = sound.with_name("damaged.db")
    shutil.copy(sound, path)
    damage.do(path)
    before = rows_of(path)
    answer, unreadable = None, ""
    try:
        answer = USES[name](path)
    except ArmError:
        event(f"{name}: refused")
    except VtapError as error:
        event(f"{name}: unreadable")
        unreadable = str(error)
    if unreadable:
        assert unreadable.startswith(f"{path}: ")
        assert damage.after[0] in unreadable
        assert rows_of(path) == before
    if rows_of(path) != before:
        assert is_readable(damage.after), "it was written to a cloud that cannot be read"
    if isinstance(answer, list) and name == "lists":
        assert sum(map(len, answer)) == len(ROWS)


def is_readable(row: Row) -> bool:
    try:
        return bool(to_resource(row))
    except VtapError:
        return False


@given(damage=damages())
def test_what_a_row_has_is_all_in_its_resource(damage: Damage) -> None:
    """Or nobody gets the resource: nothing is left out of it."""
    if not is_readable(damage.after):
        return
    resource = to_resource(damage.after)
    stored = stored_values(resource)
    for name, value in json.loads(damage.after[2]).items():
        assert value is None or contained(value, stored[name])


def contained(value: Any, whole: Any) -> bool:
    """Whether all of a JSON value is in another, which may have defaults besides."""
    if isinstance(value, dict):
        return all(contained(one, whole[name]) for name, one in value.items() if one is not None)
    if isinstance(value, list):
        return len(value) == len(whole) and all(map(contained, value, whole))
    return bool(value == whole)
