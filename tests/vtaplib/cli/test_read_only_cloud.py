"""Commands that only read, on a cloud that cannot be written; and on files in which there is no cloud yet."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import DECLARED_SKIP
from tests.vtaplib.cli.command import CAPTURE, VTAP, Outcome, Vtap
from tests.vtaplib.control.backends.sqlite.test_one_file import put_and_be_killed
from vtaplib import Cloud, ResourceGroup, VtapError

QUESTION = ("--src", "vm-web", "--dst", "vm-database", "--dport", "5432")
COMMANDS: Mapping[str, Sequence[str | Path]] = {
    "show": ("show", "--cloud", "cloud.db", "--json"),
    "check": ("check", "--cloud", "cloud.db", "--json"),
    "replay": ("replay", CAPTURE, "--cloud", "cloud.db", "--json"),
    "explain": ("explain", *QUESTION, "--cloud", "cloud.db", "--json"),
    "estimate": ("estimate", CAPTURE, "--cloud", "cloud.db", "--json"),
    "diff": ("diff", CAPTURE, "--before", "cloud.db", "--policy-after", "oversize=fragment", "--json"),
}
"""Those whose document is the same each time."""
MACHINE = ("machine", "deallocate", "vm-web", "--cloud", "cloud.db")
READ_ONLY_MOUNT = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && cd "$1" && shift && exec "$@"'


@pytest.fixture
def read_only() -> Callable[..., Outcome]:
    """Runs a command in a directory that it sees as a read-only mount."""
    unshare = ("unshare", "--map-root-user", "--mount")
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip(DECLARED_SKIP + "nothing may be mounted here (unshare --map-root-user --mount)")

    def run(directory: Path, *arguments: str | Path) -> Outcome:
        command = [*unshare, "sh", "-c", READ_ONLY_MOUNT, "sh", directory, VTAP, *arguments]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


def killed_at_work(path: Path) -> None:
    put_and_be_killed(path, "late")


def killed_behind_a_link(path: Path) -> None:
    disk = path.with_name("disk")
    disk.mkdir()
    path.rename(disk / "kept.db")
    path.symlink_to("disk/kept.db")
    killed_at_work(path)


def of_the_version_before(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE binding")
        connection.execute("PRAGMA user_version = 2")


STATES: Mapping[str, Callable[[Path], None]] = {
    "whole": lambda path: None,
    "a killed writer's": killed_at_work,
    "an earlier version's": of_the_version_before,
    "a killed writer's behind a link": killed_behind_a_link,
}


@pytest.fixture(params=list(STATES))
def directory(request: pytest.FixtureRequest, quickstart: Path, tmp_path: Path) -> Path:
    """A directory with a cloud in it."""
    directory = tmp_path / "cloud"
    directory.mkdir()
    STATES[request.param](quickstart.rename(directory / "cloud.db"))
    return directory


def contents(directory: Path) -> Mapping[str, bytes]:
    return {str(one): one.read_bytes() for one in directory.rglob("*") if one.is_file()}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_what_only_reads_says_the_same_of_a_read_only_mount(
    vtap: Vtap,
    directory: Path,
    read_only: Callable[..., Outcome],
    arguments: Sequence[str | Path],
    tmp_path: Path,
) -> None:
    before = contents(directory)
    there = read_only(directory, *arguments)
    assert contents(directory) == before
    writable = shutil.copytree(directory, tmp_path / "writable", symlinks=True)
    here = subprocess.run([VTAP, *arguments], cwd=writable, capture_output=True, text=True, check=False)
    assert here.stdout.startswith("{")
    assert (there.code, there.stdout) == (here.returncode, here.stdout), there.stderr
    assert not [*writable.rglob("*-wal"), *writable.rglob("*-shm")]


@pytest.mark.sampled(2)
def test_send_and_copy_read_a_read_only_mount_too(
    directory: Path, read_only: Callable[..., Outcome], tmp_path: Path, vtap: Vtap
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        to = f"127.0.0.1:{collector.getsockname()[1]}"
        sent = read_only(directory, "send", CAPTURE, "--cloud", "cloud.db", "--to", to, "--speed", "1e6")
        assert sent.code == 0, sent.stderr
    copy = tmp_path / "copy.db"
    shown = read_only(directory, "show", "--cloud", "cloud.db", "--copy", copy)
    assert shown.code == 0, shown.stderr
    lines = vtap("show", "--cloud", copy).stdout.splitlines()
    assert lines[1:] == shown.stdout.splitlines()[1:]


def test_what_writes_says_that_it_cannot(directory: Path, read_only: Callable[..., Outcome]) -> None:
    before = contents(directory)
    outcome = read_only(directory, *MACHINE)
    assert outcome.code == 2
    assert outcome.stderr.startswith("vtap: cloud.db: cannot be ")
    assert "make it and its directory" in outcome.stderr
    assert contents(directory) == before


@pytest.fixture
def frozen(quickstart: Path) -> Iterator[Path]:
    """A cloud in a directory in which nobody, root included, can make or change anything."""
    if os.geteuid() != 0:
        quickstart.parent.chmod(0o555)
        yield quickstart
        quickstart.parent.chmod(0o755)
        return
    command = ["chattr", "+i", str(quickstart.parent)]
    if shutil.which("chattr") is None or subprocess.run(command, check=False).returncode != 0:
        pytest.skip(DECLARED_SKIP + "nothing here keeps root from writing to a directory (chattr +i)")
    yield quickstart
    subprocess.run(["chattr", "-i", str(quickstart.parent)], check=True)


def test_python_reads_what_it_cannot_write(frozen: Path) -> None:
    with Cloud.open(frozen, read_only=True) as cloud:
        assert [one.name for one in cloud.list(ResourceGroup)] == ["rg-test"]
        with pytest.raises(VtapError, match="is open to be read only"):
            cloud.delete(cloud.list(ResourceGroup)[0].id)


def empty(path: Path) -> None:
    path.touch()


def made_halfway(path: Path) -> None:
    """As SQLite leaves it when its process is killed in the transaction that makes the tables."""
    made = path.with_name("made.db")
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE resource (body TEXT)")
        # So much that a part goes into the file before the transaction is over.
        connection.executemany("INSERT INTO resource VALUES (?)", [("x" * 4000,)] * 200)
        for name in ("", "-journal"):
            shutil.copyfile(f"{made}{name}", f"{path}{name}")
        connection.execute("ROLLBACK")
    made.unlink()
    assert path.stat().st_size > 0
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0


NO_CLOUD_YET: Mapping[str, Callable[[Path], None]] = {"empty": empty, "made halfway": made_halfway}


@pytest.mark.parametrize("make", NO_CLOUD_YET.values(), ids=NO_CLOUD_YET)
@pytest.mark.parametrize("arguments", [*COMMANDS.values(), MACHINE], ids=[*COMMANDS, "machine"])
def test_a_file_in_which_there_is_no_cloud_yet_is_said_to_hold_none(
    vtap: Vtap, tmp_path: Path, make: Callable[[Path], None], arguments: Sequence[str | Path]
) -> None:
    make(tmp_path / "cloud.db")
    message = vtap.refuses(*arguments)
    assert message.startswith("cloud.db: holds no cloud yet; apply a configuration first")
    with closing(sqlite3.connect(tmp_path / "cloud.db")) as connection:
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []


@pytest.mark.parametrize("make", NO_CLOUD_YET.values(), ids=NO_CLOUD_YET)
def test_a_file_in_which_there_is_no_cloud_yet_is_left_so_and_can_become_one(
    tmp_path: Path, read_only: Callable[..., Outcome], make: Callable[[Path], None]
) -> None:
    directory = tmp_path / "cloud"
    directory.mkdir()
    make(directory / "cloud.db")
    before = contents(directory)
    outcome = read_only(directory, "show", "--cloud", "cloud.db")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "cloud.db: holds no cloud yet" in outcome.stderr
    assert contents(directory) == before
    with Cloud.open(directory / "cloud.db") as cloud:
        assert cloud.list(ResourceGroup) == []
    assert os.listdir(directory) == ["cloud.db"]


FULL_DISK = """
set -e
mount -t tmpfs -o size=4m tmpfs disk
mount -t tmpfs -o size=$1 tmpfs temporary
cp cloud.db* disk
export TMPDIR="$PWD/temporary" && shift
cd disk
cat /dev/zero > rest 2> /dev/null || true
exec "$@"
"""


@pytest.fixture
def full_disk() -> Callable[..., Outcome]:
    """Runs a command on copies of a directory's cloud on a full disk. TMPDIR is on one of some size."""
    unshare = ("unshare", "--map-root-user", "--mount")
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip(DECLARED_SKIP + "nothing may be mounted here (unshare --map-root-user --mount)")

    def run(directory: Path, size: str, *arguments: str | Path) -> Outcome:
        for mount in ("disk", "temporary"):
            (directory / mount).mkdir(exist_ok=True)
        command = [*unshare, "sh", "-c", FULL_DISK, "sh", size, VTAP, *arguments]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.parametrize("state", ["whole", "a killed writer's"])
def test_a_full_disk_can_be_read(quickstart: Path, full_disk: Callable[..., Outcome], state: str) -> None:
    path = quickstart.rename(quickstart.with_name("cloud.db"))
    STATES[state](path)
    path.with_name("cloud.db-shm").unlink(missing_ok=True)  # what SQLite cannot make there
    shown = full_disk(path.parent, "4m", *COMMANDS["show"])
    assert shown.code == 0, shown.stderr
    assert ("late" in shown.stdout) == (state != "whole")
    # Where a copy is needed there must be room for one.
    shown = full_disk(path.parent, "16k", *COMMANDS["show"])
    if state == "whole":
        assert shown.code == 0, shown.stderr
    else:
        assert shown.code == 2
        assert shown.stderr.startswith(
            "vtap: cloud.db: can only be read from a copy, and there is no space for one: "
        )
        assert "TMPDIR" in shown.stderr
    written = full_disk(path.parent, "4m", *MACHINE)
    assert written.code == 2
    assert written.stderr.startswith("vtap: cloud.db: cannot be opened: ")
    assert "its disk is full or faulty; make room" in written.stderr


@pytest.fixture
def unprivileged() -> Callable[..., Outcome]:
    """Runs a command that modes of files stop, also where the user is root."""
    drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    if drop and shutil.which(drop[0]) is None:
        pytest.skip(DECLARED_SKIP + "no modes of files stop root here (setpriv)")

    def run(directory: Path, *arguments: str | Path) -> Outcome:
        done = subprocess.run(
            [*drop, VTAP, *arguments], cwd=directory, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


def test_a_log_that_may_not_be_read_is_named(quickstart: Path, unprivileged: Callable[..., Outcome]) -> None:
    path = quickstart.rename(quickstart.with_name("cloud.db"))
    killed_at_work(path)
    log = path.with_name("cloud.db-wal")
    log.chmod(0o000)
    read = unprivileged(path.parent, *COMMANDS["show"])
    assert read.code == 2
    assert read.stderr.startswith(
        f"vtap: cloud.db: cannot be read: permission denied: {log}; make {log} readable"
    )
    written = unprivileged(path.parent, *MACHINE)
    assert written.code == 2
    assert written.stderr.startswith(
        "vtap: cloud.db: cannot be opened: you may not read and write cloud.db-wal; make it and its "
    )
    log.chmod(0o400)
    assert "late" in unprivileged(path.parent, *COMMANDS["show"]).stdout


def test_a_write_protected_file_can_be_written_again_when_it_is_that_no_more(
    quickstart: Path, unprivileged: Callable[..., Outcome]
) -> None:
    path = quickstart.rename(quickstart.with_name("cloud.db"))
    path.chmod(0o400)
    refused = unprivileged(path.parent, *MACHINE)
    assert refused.code == 2
    assert refused.stderr.startswith("vtap: cloud.db: cannot be written: ")
    assert not [*path.parent.glob("cloud.db-*")]
    path.chmod(0o600)
    assert unprivileged(path.parent, *MACHINE).code == 0


def test_a_link_that_leads_nowhere_is_said_to(vtap: Vtap, tmp_path: Path) -> None:
    (tmp_path / "cloud.db").symlink_to("moved/real.db")
    message = vtap.refuses(*COMMANDS["show"])
    assert message.startswith("cloud.db: is a link to moved/real.db, which is not there; apply")
