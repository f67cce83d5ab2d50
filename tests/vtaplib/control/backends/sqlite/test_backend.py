"""The backend in a file against files that are no cloud, that cannot be written, and disks that are full."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import DECLARED_SKIP
from tests.vtaplib.control.backends.sqlite.databases import database_of
from tests.vtaplib.control.lab import HOME, TENANT, WEST, network
from vtaplib import ArmError, Cloud, Policy, ResourceGroup, VirtualNetwork, VtapError
from vtaplib.control import SubscriptionHandle
from vtaplib.control.backends.backend import NewRow
from vtaplib.control.backends.sqlite import backend
from vtaplib.control.backends.sqlite.backend import FORMAT, SqliteBackend
from vtaplib.control.backends.sqlite.database import SqliteDatabase
from vtaplib.model.resource import Resource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cloud's file, with a resource group, that no process has open."""
    path = tmp_path / "home" / "cloud.db"
    with Cloud.open(path) as cloud:
        cloud.subscription(HOME, tenant_id=TENANT).put(ResourceGroup(name="lab", location=WEST))
    return path


def refusal(path: Path) -> str:
    """What opening the file is refused with."""
    with pytest.raises(VtapError) as error, Cloud.open(path):
        pass
    return str(error.value)


def database(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return make


def content(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


SQLITE_HEADER = b"SQLite format 3\0"  # https://sqlite.org/fileformat2.html, section 1.3
OTHER_FILES: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "tables of something else": (database("CREATE TABLE customer (name TEXT)"), "is not a vtap cloud"),
    "a view of something else": (database("CREATE VIEW one AS SELECT 1"), "is not a vtap cloud"),
    "a version of something else": (database("PRAGMA user_version = 1"), "is not a vtap cloud"),
    "our tables without our mark": (
        database("CREATE TABLE resource (key TEXT)", f"PRAGMA user_version = {FORMAT.version}"),
        "is not a vtap cloud",
    ),
    "an application of something else": (
        database("PRAGMA application_id = 252006674"),
        "is not a vtap cloud",
    ),
    "a write-ahead log of something else": (
        database("PRAGMA journal_mode = WAL", "CREATE TABLE customer (name TEXT)"),
        "is not a vtap cloud",
    ),
    "a later version": (
        database(f"PRAGMA application_id = {FORMAT.application_id}", "PRAGMA user_version = 4789"),
        "has version 4789",
    ),
    "text": (content(b"resource group\n" * 400), "is not a vtap cloud"),
    "zeros": (content(bytes(8192)), "is not a vtap cloud"),
    "a line of text": (content(b"resource group\n"), "is not a vtap cloud"),
    "one byte": (content(b"\n"), "is not a vtap cloud"),
    "a header and no more": (content(SQLITE_HEADER), "is not a vtap cloud"),
    "a header and garbage": (content(SQLITE_HEADER + b"\xff" * 8176), "is not a vtap cloud"),
}


@pytest.mark.parametrize(("make", "trouble"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_a_file_that_is_no_cloud_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], trouble: str
) -> None:
    path = tmp_path / "other.db"
    make(path)
    before = path.read_bytes()
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert trouble in message
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_an_empty_file_becomes_a_cloud(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    path.touch()
    Cloud.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x76746170,)  # "vtap" in ASCII
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_who_opens_a_new_file_waits_for_another_that_is_about_to_make_it(path: Path) -> None:
    # As between the two steps of making it: the tables are there, write-ahead logging is not on yet.
    database("PRAGMA journal_mode = DELETE")(path)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        release.start()
        with Cloud.open(path) as cloud:
            assert [one.name for one in cloud.list(ResourceGroup)] == ["lab"]
        release.join()


def test_the_name_that_sqlite_gives_to_memory_is_a_file_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Cloud.open("file::memory:").close()
    assert (tmp_path / ":memory:").is_file()


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    assert refusal(Path("a\0b")) == r"'a\x00b': has a NUL character in it; name another file"
    assert refusal(tmp_path / ("n" * 300)).endswith("or name another file")
    assert refusal(tmp_path).startswith(f"{tmp_path}: is a directory; name a file")
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe").startswith(f"{tmp_path / 'pipe'}: is not a file")
    # What is written there is gone.
    assert refusal(Path(os.devnull)).startswith(f"{os.devnull}: is not a file")


@pytest.mark.parametrize("below", ["cloud.db", "deeper/cloud.db"])
def test_a_path_below_a_file_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("kept")
    path = tmp_path / "file" / below
    message = refusal(path)
    assert message.startswith(f"{path}: cannot make its directory: ")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("keep", [100, 4096, 12000], ids=["in the header", "one page", "in a table"])
def test_a_damaged_cloud_is_an_error_with_its_name(path: Path, keep: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:keep] + b"\xff" * (len(whole) - keep))
    with pytest.raises(VtapError) as error:
        read_and_write(path)
    assert str(error.value).startswith(f"{path}: ")


def read_and_write(path: Path) -> None:
    with Cloud.open(path) as cloud:
        cloud.list(ResourceGroup)
        cloud.subscription(HOME, tenant_id=TENANT).put(network("app", "10.1.0.0/16"))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE reference", "it says that it has version 3, but lacks tables of it (reference)"),
        (
            "PRAGMA user_version = 1",
            "it says that it has version 1, but has tables of a later one (binding, ",
        ),
        ("PRAGMA user_version = 2", "it says that it has version 2, but has tables of a later one (binding)"),
        ("DELETE FROM binding", "its table `binding` is empty"),
    ],
)
def test_tables_of_another_version_are_refused_when_the_file_is_opened(
    path: Path, statement: str, said: str
) -> None:
    database(statement)(path)
    before = path.read_bytes()
    message = refusal(path)
    assert message.startswith(f"{path}: is damaged")
    assert said in message
    assert "restore a copy" in message
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_an_index_of_ones_own_does_no_harm(path: Path) -> None:
    database("CREATE INDEX own ON resource (body)", "ANALYZE")(path)
    read_and_write(path)


def test_rows_that_are_out_of_order_are_an_error_and_no_endless_reading(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "ROWS_AT_A_TIME", 3)
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        for name in ("lac", "lae", "laf", "lag", "lah", "lai", "laj"):
            home.put(ResourceGroup(name=name, location=WEST))
    # The last of two times three, "lag", becomes one after which the last three come again.
    path.write_bytes(path.read_bytes().replace(b"/lag", b"/lad").replace(b'"lag"', b'"lad"'))
    with Cloud.open(path) as cloud, pytest.raises(VtapError, match="its resources are out of order") as error:
        cloud.subscription(HOME, tenant_id=TENANT).put(network("app", "10.1.0.0/16"))
    assert str(error.value).startswith(f"{path}: cannot be read: it is damaged: ")
    assert "restore a copy" in str(error.value)


@pytest.mark.parametrize("create", [True, False])
def test_who_makes_nothing_leaves_no_file(tmp_path: Path, create: bool) -> None:
    for one in ("empty.db", "none.db"):
        path = tmp_path / one
        if one == "empty.db":
            path.touch()
        if create:
            Cloud.open(path).close()
            assert path.stat().st_size > 0
        else:
            with pytest.raises(VtapError, match="holds no cloud yet") as error:
                Cloud.open(path, create=False)
            assert str(error.value).startswith(f"{path}: ")
            assert not path.exists() or path.stat().st_size == 0


@pytest.fixture
def freeze() -> Iterator[Callable[[Path], None]]:
    """Makes files or directories read-only, for root too."""
    frozen: list[list[str]] = []

    def make_read_only(path: Path) -> None:
        if os.geteuid() != 0:
            path.chmod(0o555)
            return
        # No permission stops root; the attribute does, where the file system has it.
        chattr = shutil.which("chattr")
        if chattr is None or subprocess.run([chattr, "+i", str(path)], check=False).returncode != 0:
            pytest.skip(DECLARED_SKIP + "nothing here keeps root from writing to a file (chattr +i)")
        frozen.append([chattr, "-i", str(path)])

    yield make_read_only
    for command in frozen:
        subprocess.run(command, check=True)


def test_a_file_that_is_read_only_can_be_read_and_says_so_when_written(
    path: Path, freeze: Callable[[Path], None]
) -> None:
    before = path.read_bytes()
    freeze(path)
    with Cloud.open(path) as cloud:
        assert [one.name for one in cloud.list(ResourceGroup)] == ["lab"]
        with pytest.raises(VtapError, match=r"cannot be written: .*it and its directory writable") as error:
            cloud.subscription(HOME, tenant_id=TENANT).put(network("app", "10.1.0.0/16"))
        assert str(error.value).startswith(f"{path}: ")
        assert cloud.list(VirtualNetwork) == []
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_directory_that_is_read_only_is_named(path: Path, freeze: Callable[[Path], None]) -> None:
    freeze(path.parent)
    for one in (path, path.with_name("new.db")):
        message = refusal(one)
        assert message.startswith(f"{one}: cannot be ")
        assert "make it and its directory readable and writable" in message
    below = path.with_name("new") / "cloud.db"
    assert refusal(below).startswith(f"{below}: cannot make its directory: ")
    assert os.listdir(path.parent) == [path.name]


def bound(database: SqliteDatabase, spare: int) -> None:
    """Lets the file grow by some pages at most. SQLite then says what it says of a full disk."""
    ((pages,),) = database.connection.execute("PRAGMA page_count")
    database.connection.execute(f"PRAGMA max_page_count = {pages + spare}")


def put_until_refused(home: SubscriptionHandle) -> tuple[list[str], str]:
    """The names of networks that were put, and why the next was not."""
    put: list[str] = []
    for number in range(200):
        name = f"net-{number}"
        try:
            home.put(network(name, f"10.{number}.0.0/16", tags={"padding": "x" * 200}))
        except VtapError as error:
            return put, str(error)
        put.append(name)
    raise AssertionError("the file has grown past its bound")


@pytest.mark.parametrize("spare", [0, 1, 2, 5])
def test_a_full_disk_refuses_a_write_and_keeps_all_that_was_there(path: Path, spare: int) -> None:
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        bound(database_of(cloud), spare)
        put, message = put_until_refused(home)
        assert message == (
            f"{path}: cannot be written: database or disk is full; "
            "nothing was written; make room on its disk and try again"
        )
        assert sorted(one.name for one in cloud.list(VirtualNetwork)) == sorted(put)
        database_of(cloud).connection.execute("PRAGMA max_page_count = 1000000")
        home.put(network("after", "10.250.0.0/16"))
    with Cloud.open(path) as cloud:
        assert sorted(one.name for one in cloud.list(VirtualNetwork)) == sorted([*put, "after"])


def test_a_broken_constraint_is_a_bug_and_not_the_files_trouble(path: Path) -> None:
    kept = SqliteBackend(path)
    with pytest.raises(sqlite3.IntegrityError), kept.writing():
        kept.put([NewRow("/a", "ResourceGroup", "{}", [("/b", "/b")], [])])
    assert kept.row("/a") is None
    kept.close()


FIRST_VERSION = (
    "DROP TRIGGER taking_begins",
    "DROP TRIGGER taking_ends",
    "DROP TABLE taking",
    "DROP TABLE tally",
    "DROP TABLE binding",
    "PRAGMA user_version = 1",
)
"""What makes a file of today's one of the first version, which counted nothing."""


def test_a_file_of_the_first_version_is_read_and_counts_from_then_on(path: Path) -> None:
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        for number in range(3):
            home.put(network(f"n{number}", f"10.{number}.0.0/16"))
        before = [one.values() for one in cloud.list(Resource)]
    database(*FIRST_VERSION)(path)
    with Cloud.open(path, policy=Policy(virtual_networks_per_region=4)) as cloud:
        assert [one.values() for one in cloud.list(Resource)] == before
        home = cloud.subscription(HOME, tenant_id=TENANT)
        home.put(network("n3", "10.3.0.0/16"))
        with pytest.raises(ArmError, match="VnetCountLimitReached"):
            home.put(network("n4", "10.4.0.0/16"))
    with Cloud.open(path) as cloud:
        assert len(cloud.list(VirtualNetwork)) == 4
