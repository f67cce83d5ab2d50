"""The cloud is one file: whoever has written leaves it whole, and no log of another is ever applied to it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.examples import part_of
from tests.vtaplib.control.backends.sqlite.databases import database_of
from tests.vtaplib.control.backends.sqlite.test_processes import ROOT
from tests.vtaplib.control.lab import HOME, TENANT, WEST
from vtaplib import Cloud, ResourceGroup, VtapError
from vtaplib.control.backends.sqlite import database, write_ahead_log
from vtaplib.control.backends.sqlite.backend import FORMAT

PATIENCE_SECONDS = 60

WRITER = """
import os, sys
from vtaplib import Cloud, ResourceGroup
cloud = Cloud.open(f"file:{sys.argv[1]}")
home = cloud.subscription(sys.argv[2], tenant_id=sys.argv[3])
for name in sys.argv[4:]:
    home.put(ResourceGroup(name=name, location="westeurope"))
    print(name, flush=True)
os.kill(os.getpid(), 9)
"""


def put(path: Path, *names: str) -> None:
    with Cloud.open(path) as cloud:
        add(cloud, *names)


def add(cloud: Cloud, *names: str) -> None:
    home = cloud.subscription(HOME, tenant_id=TENANT)
    for name in names:
        home.put(ResourceGroup(name=name, location=WEST))


def put_and_be_killed(path: Path, *names: str) -> None:
    """Another process puts groups, and is killed before it can leave the file whole."""
    command = [sys.executable, "-c", WRITER, str(path), HOME, TENANT, *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.split() == list(names)
    assert log_of(path).stat().st_size > 0


def log_of(path: Path) -> Path:
    """SQLite has the log beside the file that a link leads to."""
    real = real_file(path)
    return real.with_name(f"{real.name}-wal")


def real_file(path: Path) -> Path:
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def is_one_file(path: Path) -> bool:
    """Whether nothing stands beside a cloud's file."""
    real = real_file(path)
    return [one for one in os.listdir(real.parent) if one.startswith(real.name)] == [real.name]


def names(path: Path) -> list[str]:
    """The groups in a file."""
    with Cloud.open(path) as cloud:
        return held(cloud)


def held(cloud: Cloud) -> list[str]:
    return [one.name for one in cloud.list(ResourceGroup)]


def copied(path: Path, name: str) -> Path:
    """The file alone, copied as `cp` does."""
    return Path(shutil.copyfile(path, path.with_name(name)))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=["a file", "a link"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A cloud's file, or a link to one in another directory, that no process has open."""
    path = tmp_path / "cloud.db"
    if request.param == "a link":
        path.symlink_to("elsewhere/real.db")
    put(path, "a")
    return path


def test_a_cloud_that_is_closed_is_one_file(path: Path) -> None:
    assert is_one_file(path)
    assert names(copied(path, "copy.db")) == ["a"]


def test_a_writer_that_closes_leaves_the_file_whole_though_another_has_it_open(path: Path) -> None:
    with Cloud.open(path) as other:
        assert held(other) == ["a"]
        put(path, "b")
        assert log_of(path).stat().st_size == 0
        assert names(copied(path, "copy.db")) == ["a", "b"]
        assert held(other) == ["a", "b"]


def test_a_writer_that_is_idle_leaves_the_file_whole(path: Path) -> None:
    with Cloud.open(path) as cloud:
        for turn in range(2):
            add(cloud, f"b{turn}")
            assert log_of(path).stat().st_size > 0
            wait_until(lambda: log_of(path).stat().st_size == 0)
            assert names(copied(path, f"copy{turn}.db")) == held(cloud)


def test_a_writer_that_goes_on_and_on_keeps_its_log_short(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead_log, "LONG_BYTES", 64 << 10)
    sizes = []
    with Cloud.open(path) as cloud:
        for number in range(40):
            add(cloud, f"b{number}")
            sizes.append(log_of(path).stat().st_size)
    assert max(sizes) < 128 << 10
    assert sizes.count(0) > 1


def test_a_reader_that_holds_an_old_state_is_no_error_and_loses_nothing(path: Path) -> None:
    with Cloud.open(path) as reader:
        with reader.snapshot() as view:
            assert [one.name for one in view.list(ResourceGroup)] == ["a"]
            put(path, "b")
            assert [one.name for one in view.list(ResourceGroup)] == ["a"]
            with Cloud.open(path) as writer:
                add(writer, "c")
                assert not database_of(writer).checkpoint()
        assert held(reader) == ["a", "b", "c"]
    assert is_one_file(path)
    assert names(copied(path, "copy.db")) == ["a", "b", "c"]


def test_a_writer_that_is_never_closed_leaves_the_file_whole_when_its_process_ends(path: Path) -> None:
    script = WRITER.replace("os.kill(os.getpid(), 9)", "")
    with Cloud.open(path):
        subprocess.run([sys.executable, "-c", script, path, HOME, TENANT, "b"], cwd=ROOT, check=True)
        assert names(copied(path, "copy.db")) == ["a", "b"]


def test_a_process_that_ends_while_its_log_goes_into_the_file_ends_well(path: Path) -> None:
    # The thread that brings the log back is due at once, and again and again.
    soon = "from vtaplib.control.backends.sqlite import database; database.IDLE_SECONDS = 0.0001"
    script = f"{soon}\n{WRITER.replace('os.kill(os.getpid(), 9)', '')}"
    names_put = [f"b{number}" for number in range(20)]
    for _ in range(part_of(10)):
        command = [sys.executable, "-c", script, str(path), HOME, TENANT, *names_put]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert is_one_file(path)
    assert names(path) == ["a", *sorted(names_put)]


def test_what_a_killed_writer_had_done_is_there_for_the_next_who_leaves_the_file_whole(path: Path) -> None:
    put_and_be_killed(path, "b", "c")
    assert names(path) == ["a", "b", "c"]
    assert is_one_file(path)
    assert names(copied(path, "copy.db")) == ["a", "b", "c"]


def assert_refused(path: Path) -> None:
    """Refused by name, twice, with file and log left as they are; then each way out is gone."""
    before = path.read_bytes(), log_of(path).read_bytes()
    for how in (False, True):
        with pytest.raises(VtapError) as error, Cloud.open(path, read_only=how):
            pass
        log = log_of(path)
        assert str(error.value) == (
            f"{log} belongs to another version of {path}. To keep {path}, delete {log}. "
            f"To keep the changes in {log}, restore the {path} they were made on."
        )
        assert (path.read_bytes(), log_of(path).read_bytes()) == before


def test_a_copy_restored_over_a_newer_file_is_what_is_there(path: Path) -> None:
    copy = copied(path, "copy.db")
    put(path, "b")
    shutil.copyfile(copy, path)
    assert names(path) == ["a"]
    put(path, "c")
    assert names(path) == ["a", "c"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("made", ["the state before", "an earlier one", "a later one", "another cloud"])
def test_a_file_restored_beside_the_log_of_a_killed_writer_is_refused(path: Path, made: str) -> None:
    earlier = copied(path, "earlier.db")
    put(path, "b")
    before = copied(path, "before.db")
    put(path, "c", "d")
    later = copied(path, "later.db")
    other = path.with_name("other.db")
    put(other, "z", "y")
    shutil.copyfile(before, path)
    put_and_be_killed(path, "e")
    held_up = copied(path, "held-up.db")
    files = {
        "the state before": before,
        "an earlier one": earlier,
        "a later one": later,
        "another cloud": other,
    }
    restored = files[made]
    shutil.copyfile(restored, path)
    assert_refused(path)
    # One way out: the file that the log belongs to.
    log = copied(log_of(path), "log")
    shutil.copyfile(held_up, path)
    assert names(path) == ["a", "b", "e"]
    # The other: without the log.
    shutil.copyfile(restored, path)
    shutil.copyfile(log, log_of(path))
    log_of(path).unlink()
    assert names(path) == names(restored)


def test_a_file_that_is_made_anew_beside_the_log_of_a_killed_writer_is_refused(path: Path) -> None:
    put_and_be_killed(path, "b")
    real_file(path).unlink()
    log = log_of(path).read_bytes()
    with pytest.raises(VtapError, match="belongs to another version of"), Cloud.open(path):
        pass
    assert log_of(path).read_bytes() == log
    assert not path.exists()


def test_a_file_of_the_version_before_beside_a_log_of_today_is_refused(path: Path) -> None:
    old = copied(path, "old.db")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("DROP TABLE binding")
        connection.execute("PRAGMA user_version = 2")
    put_and_be_killed(path, "b")
    shutil.copyfile(old, path)
    assert_refused(path)
    log_of(path).unlink()
    assert names(path) == ["a"]
    put(path, "c")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT.version,)
        assert connection.execute("SELECT writes > 0 FROM binding").fetchone() == (1,)


@pytest.mark.parametrize("how", ["copied over", "moved over", "deleted"])
def test_a_file_that_is_replaced_while_a_writer_has_it_open_is_not_written(path: Path, how: str) -> None:
    copy = copied(path, "copy.db")
    with Cloud.open(path) as cloud:
        add(cloud, "b")
        database_of(cloud).checkpoint()
        if how == "copied over":
            shutil.copyfile(copy, path)
        elif how == "moved over":
            copy.rename(path)
        else:
            path.unlink()
        with pytest.raises(
            VtapError, match=r"belongs to another version of|was moved, replaced or deleted"
        ) as error:
            add(cloud, "c")
        assert str(path) in str(error.value)
    if how != "deleted":
        log_of(path).unlink(missing_ok=True)
        assert names(path) == ["a"]


def test_a_link_that_leads_elsewhere_by_now_is_not_written_through(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    other = path.with_name("other.db")
    put(other, "z")
    with Cloud.open(link) as cloud:
        add(cloud, "b")
        link.unlink()
        link.symlink_to(other)
        with pytest.raises(VtapError, match="was moved, replaced or deleted while") as error:
            add(cloud, "c")
        assert str(error.value).startswith(f"{link}: ")
    assert names(path) == ["a", "b"]
    assert names(other) == ["z"]


def test_a_link_to_a_file_that_is_not_there_makes_it_and_reads_nothing(tmp_path: Path) -> None:
    link, real = tmp_path / "link.db", tmp_path / "new" / "real.db"
    link.symlink_to(real)
    for how in (True, False):
        with pytest.raises(VtapError, match="holds no cloud yet") as error:
            Cloud.open(link, read_only=how, create=False)
        assert str(error.value).startswith(f"{link}: ")
        assert not real.parent.exists()
    put(link, "a")
    assert link.is_symlink()
    assert names(real) == names(link) == ["a"]


def test_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    for how in (False, True):
        with pytest.raises(VtapError, match="cannot be opened: too many levels of symbolic links") as error:
            Cloud.open(tmp_path / "one", read_only=how)
        assert str(error.value).startswith(f"{tmp_path / 'one'}: ")


def test_a_file_is_the_same_when_its_process_changes_its_directory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with Cloud.open(f"file:{path.name}") as cloud:
        monkeypatch.chdir("/")
        add(cloud, "b")
        database_of(cloud).checkpoint()
        add(cloud, "c")
    assert names(path) == ["a", "b", "c"]


@pytest.mark.parametrize("when", ["before the first write", "after a write"])
def test_a_log_that_is_deleted_while_a_writer_has_it_open_ends_its_writes(path: Path, when: str) -> None:
    with Cloud.open(path) as cloud:
        if when == "after a write":
            add(cloud, "b")
        log_of(path).unlink()
        with pytest.raises(VtapError, match="was moved, replaced or deleted while") as error:
            add(cloud, "c")
        assert str(error.value).startswith(f"{log_of(path)}: ")
        assert str(path) in str(error.value)
    assert "c" not in names(path)
    put(path, "d")
    assert "d" in names(path)


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_file_that_no_log_can_be_bound_to_is_refused(path: Path) -> None:
    with Cloud.open(path) as cloud:
        run(path, "DELETE FROM binding")
        with pytest.raises(
            VtapError, match="is damaged: its table `binding` is empty; restore a copy"
        ) as error:
            add(cloud, "b")
        assert str(error.value).startswith(f"{path}: ")
    for how in (False, True):
        with pytest.raises(VtapError, match="is damaged: its table `binding` is empty; restore a copy"):
            Cloud.open(path, read_only=how)


def test_a_log_that_does_not_last_is_not_claimed_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    run(path, "CREATE TRIGGER never BEFORE UPDATE ON binding BEGIN SELECT RAISE(IGNORE); END")
    with Cloud.open(path) as cloud:
        with pytest.raises(VtapError, match="end every process that has the file open") as error:
            add(cloud, "b")
        assert str(error.value).startswith(f"{path}: cannot be written: ")
    run(path, "DROP TRIGGER never")
    put(path, "c")
    assert names(path) == ["a", "c"]


def test_a_journal_that_goes_while_it_is_looked_at_is_no_obstacle(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = path.resolve().with_name(f"{path.resolve().name}-journal")
    journal.touch()
    access = os.access

    def access_too_late(one: Path, mode: int) -> bool:
        if one == journal:
            journal.unlink(missing_ok=True)
        return access(one, mode)

    monkeypatch.setattr(os, "access", access_too_late)
    put(path, "b")
    assert "b" in names(path)


def is_whole(path: Path, done: list[str]) -> bool:
    """Whether a file by itself has what was done: its log has just been brought in, and begins anew."""
    try:
        return set(names(path)) >= set(done)
    except VtapError:  # it was being brought in
        return False


@pytest.mark.kill
@pytest.mark.parametrize("path", ["a file"], indirect=True)
def test_whatever_moment_a_writer_is_killed_at_its_log_takes_no_earlier_file(path: Path) -> None:
    # Repeatable moments; where they fall in the work is up to the machine.
    moments = random.Random(4789)
    refused = 0
    for turn in range(20):
        put(path, f"before{turn}")
        before, contents = copied(path, "before.db"), names(path)
        script = WRITER.replace("cloud = ", "print(flush=True); cloud = ")
        command = [
            sys.executable,
            "-c",
            script,
            str(path),
            HOME,
            TENANT,
            *(f"{turn}-{n}" for n in range(200)),
        ]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(moments.uniform(0, 0.1))
            process.kill()
            done = process.stdout.read().split()
        left = copied(path, "left.db"), log_of(path).exists() and copied(log_of(path), "left.log")
        shutil.copyfile(before, path)
        if not is_whole(copied(left[0], "alone.db"), done):
            assert_refused(path)
            refused += 1
        # What it had done is there with the file that it was killed over; the one it was at may be.
        log_of(path).unlink(missing_ok=True)
        assert names(path) == contents
        shutil.copyfile(left[0], path)
        if left[1]:
            shutil.copyfile(left[1], log_of(path))
        recovered = set(names(path)) - set(contents)
        assert recovered >= set(done)
        assert len(recovered) <= len(done) + 1
    assert refused > 0


def test_a_forked_process_reads_and_writes_with_a_connection_of_its_own(path: Path) -> None:
    with Cloud.open(path) as cloud:
        add(cloud, "b")
        child = os.fork()
        if child == 0:
            try:
                add(cloud, "c")
                cloud.close()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        add(cloud, "d")
        assert held(cloud) == ["a", "b", "c", "d"]
    assert is_one_file(path)
    assert names(path) == ["a", "b", "c", "d"]


def test_a_forked_process_that_is_idle_leaves_the_file_whole(path: Path) -> None:
    with Cloud.open(path) as cloud:
        add(cloud, "b")
        child = os.fork()
        if child == 0:
            try:
                # The process that it was forked from has nothing more to bring back then.
                wait_until(lambda: log_of(path).stat().st_size == 0)
                add(cloud, "c")
                wait_until(lambda: log_of(path).stat().st_size == 0)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert names(copied(path, "copy.db")) == ["a", "b", "c"]


def test_a_forked_process_that_only_closes_takes_nothing_from_the_other(path: Path) -> None:
    with Cloud.open(path) as cloud:
        add(cloud, "b")
        database_of(cloud)._idle._lock.acquire()  # as if another thread were just there
        child = os.fork()
        if child == 0:
            try:
                cloud.close()
                os._exit(0)
            finally:
                os._exit(1)
        database_of(cloud)._idle._lock.release()
        assert os.waitpid(child, 0)[1] == 0
        add(cloud, "c")
    assert names(path) == ["a", "b", "c"]


def test_threads_that_write_and_one_that_is_idle_do_not_get_in_each_others_way(path: Path) -> None:
    with Cloud.open(path) as one, Cloud.open(path) as other:
        done = threading.Event()

        def bring_back() -> None:
            while not done.is_set():
                database_of(one).checkpoint()

        thread = threading.Thread(target=bring_back)
        thread.start()
        for number in range(20):
            add(one, f"one{number:02}")
            add(other, f"other{number:02}")
        done.set()
        thread.join()
        assert len(held(one)) == len(held(other)) == 41
    assert is_one_file(path)


@pytest.mark.parametrize("state", ["idle", "at work", "killed"])
def test_a_copy_may_be_made_at_any_time_and_takes_no_log(path: Path, state: str) -> None:
    copy = path.with_name("copy.db")
    if state == "killed":
        put_and_be_killed(path, "b")
        with Cloud.open(path, read_only=True) as reader:
            reader.copy(copy)
    else:
        with Cloud.open(path) as writer, Cloud.open(path, read_only=True) as reader:
            add(writer, "b")
            if state == "idle":
                database_of(writer).checkpoint()
            reader.copy(copy)
    assert names(copy) == ["a", "b"]
    assert is_one_file(path)
    assert is_one_file(copy)
    put_and_be_killed(path, "c")
    shutil.copyfile(copy, path)
    assert_refused(path)


def test_a_copy_is_never_written_onto_its_cloud_nor_onto_one_in_use(path: Path) -> None:
    link = path.with_name("link.db")
    os.link(path, link)
    symbolic = path.with_name("symbolic.db")
    symbolic.symlink_to(path)
    other = path.with_name("other.db")
    with Cloud.open(path) as cloud, Cloud.open(other) as used:
        add(used, "z")
        for target, said in (
            (path, "is the cloud itself"),
            (link, "is the cloud itself"),
            (symbolic, "is the cloud itself"),
            (log_of(path), "is the cloud itself"),
            (other, "is in use"),
        ):
            with pytest.raises(VtapError, match=said) as error:
                cloud.copy(target)
            assert str(error.value).startswith(f"{target}: ")
        with pytest.raises(VtapError, match="cannot be written: "):
            cloud.copy(path.with_name("nowhere") / "copy.db")
    assert names(other) == ["z"]
    assert names(path) == ["a"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_and_what_stands_beside_it_are_for_their_owner_alone(tmp_path: Path, mask: int) -> None:
    path = tmp_path / "cloud.db"
    before = os.umask(mask)
    try:
        with Cloud.open(path) as cloud:
            add(cloud, "a")
            found = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
            cloud.copy(tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert found == {"cloud.db": 0o600, "cloud.db-wal": 0o600, "cloud.db-shm": 0o600}
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_may_use_stays_so(path: Path) -> None:
    path.chmod(0o664)
    with Cloud.open(path) as cloud:
        add(cloud, "b")
        assert {one.stat().st_mode & 0o777 for one in real_file(path).parent.glob("*.db*")} == {0o664}
    assert path.stat().st_mode & 0o777 == 0o664


def test_a_copy_is_for_its_owner_alone_and_one_over_a_file_keeps_that_files_mode(path: Path) -> None:
    path.chmod(0o664)
    new, old = path.with_name("new.db"), path.with_name("old.db")
    old.write_text("an older copy")
    old.chmod(0o640)
    link = path.with_name("link.db")
    link.symlink_to(old)
    with Cloud.open(path) as cloud:
        for target, mode in ((new, 0o600), (old, 0o640), (link, 0o640)):
            cloud.copy(target)
            assert target.stat().st_mode & 0o777 == mode
            assert names(target) == ["a"]
    assert link.is_symlink()
