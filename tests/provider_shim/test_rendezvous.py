"""The private directory: where it is, who may enter, and what becomes of what dead processes left."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider_shim.rendezvous import Rendezvous, RendezvousError, hidden
from tests.provider_shim.launching import PATIENCE, clean_environment, plugin, write_launcher

OLD = time.time() - 3600
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an attacker as another user")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that other users can reach, unlike those of pytest, as TMPDIR."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="shared-") as name:  # others must reach it
        Path(name).chmod(0o1777)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


@pytest.fixture
def treasure(shared: Path) -> Path:
    """A private directory of ours, which looks like a rendezvous of a dead process."""
    directory = shared / "treasure"
    directory.mkdir(0o700)
    for name in ("b", "s", "k", "l", "diary"):
        (directory / name).write_text("precious")
    os.utime(directory, (OLD, OLD))
    return directory


def content(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def attacker(script: str, *arguments: Path) -> subprocess.Popen[bytes]:
    """A shell of another user, who has no rights but everybody's."""
    command = ["/bin/sh", "-c", script, "sh", *map(str, arguments)]
    return subprocess.Popen(
        command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", stderr=subprocess.DEVNULL
    )


def test_the_directory_is_private_and_goes_with_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    rendezvous = Rendezvous.create()
    path = Path(rendezvous.path)
    assert path.parent == tmp_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    Path(rendezvous.file("s")).write_text("")
    rendezvous.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("too_long", ["x" * 120, "does/not/exist"])
def test_a_useless_tmpdir_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, too_long: str
) -> None:
    parent = tmp_path / too_long
    if "/" not in too_long:
        parent.mkdir()
    monkeypatch.setenv("TMPDIR", str(parent))
    rendezvous = Rendezvous.create()
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(rendezvous.file("s"))
    finally:
        rendezvous.remove()


def test_without_any_place_the_error_names_each_and_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/proc/nowhere")
    monkeypatch.setattr("provider_shim.rendezvous._FALLBACKS", ("/proc",))
    with pytest.raises(RendezvousError, match=r"set TMPDIR\): /proc/nowhere: .*; /proc: "):
        Rendezvous.create()


def test_what_dead_processes_left_is_removed_and_what_living_ones_have_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = (
        "import os; from provider_shim.rendezvous import Rendezvous; "
        "print(Rendezvous.create().path, flush=True); os._exit(9)"
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    dead = Path(killed.stdout.strip())
    alive, young = Rendezvous.create(), tmp_path / "vtap-young"
    young.mkdir()
    (young / "l").touch()
    stranger = tmp_path / "vtap-but-a-file"
    stranger.touch()
    for path in (dead, Path(alive.path), stranger):
        os.utime(path, (OLD, OLD))
    another = Rendezvous.create()
    assert set(tmp_path.iterdir()) == {Path(alive.path), Path(another.path), young, stranger}
    alive.remove()
    another.remove()


def test_a_hidden_socket_has_no_name_and_can_still_be_connected(tmp_path: Path) -> None:
    path = tmp_path / "b"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        connect = hidden(str(path))
        listener.accept()[0].close()
        assert not path.exists()
        with connect() as client, listener.accept()[0] as server:
            client.sendall(b"hello")
            assert server.recv(5) == b"hello"


UNSAFE = {
    "everybody can write to": (0o777, 0, 0),
    f"group {NOBODY} can write to": (0o775, 0, NOBODY),
    "belongs to another user": (0o1777, NOBODY, NOBODY),
}


@needs_root
@pytest.mark.parametrize("problem", UNSAFE)
def test_a_directory_where_others_can_replace_ours_is_refused(shared: Path, problem: str) -> None:
    mode, owner, group = UNSAFE[problem]
    os.chown(shared, owner, group)
    shared.chmod(mode)
    with pytest.raises(RendezvousError, match=f"TMPDIR is {shared}, which {problem}.* Set TMPDIR to "):
        Rendezvous.create()
    assert list(shared.iterdir()) == []


@needs_root
@pytest.mark.parametrize("problem", UNSAFE)
@pytest.mark.parametrize("linked", [False, True])
def test_a_directory_inside_of_one_where_others_can_replace_it_is_refused(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: str, linked: bool
) -> None:
    mine = shared / "mine"
    mine.mkdir(mode=0o700)
    mode, owner, group = UNSAFE[problem]
    os.chown(shared, owner, group)
    shared.chmod(mode)
    place = mine
    if linked:
        place = tmp_path / "link"
        place.symlink_to(mine)
    monkeypatch.setenv("TMPDIR", str(place))
    with pytest.raises(RendezvousError, match=f"TMPDIR is {place}, which lies in {shared}, which {problem}"):
        Rendezvous.create()
    assert list(mine.iterdir()) == []


@needs_root
def test_a_link_that_others_can_replace_is_followed_once(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shared / "link").symlink_to(tmp_path)
    shared.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(shared / "link"))
    rendezvous = Rendezvous.create()
    assert Path(rendezvous.path).parent == tmp_path.resolve()
    rendezvous.remove()


@needs_root
def test_an_unsafe_system_directory_is_passed_over(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.chmod(0o777)
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr("provider_shim.rendezvous._FALLBACKS", (str(shared), str(tmp_path)))
    rendezvous = Rendezvous.create()
    assert Path(rendezvous.path).parent == tmp_path
    rendezvous.remove()


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777, 0o2700])
def test_a_directory_where_nobody_can_replace_ours_is_used(shared: Path, mode: int) -> None:
    shared.chmod(mode)
    rendezvous = Rendezvous.create()
    assert Path(rendezvous.path).parent == shared
    rendezvous.remove()
    assert list(shared.iterdir()) == []


@needs_root
def test_a_provider_in_an_unsafe_directory_says_so_and_ends(shared: Path, tmp_path: Path) -> None:
    shared.chmod(0o777)
    launcher = write_launcher(tmp_path / "terraform-provider-fake")
    with plugin(launcher, clean_environment(TMPDIR=str(shared))) as started:
        _, error = started.process.communicate(timeout=PATIENCE)
        assert started.process.returncode == 2
    assert started.line.startswith(f"vtap's provider cannot start: TMPDIR is {shared}, which everybody can")
    assert error == started.line
    assert list(shared.iterdir()) == []


@needs_root
def test_a_directory_swapped_for_a_link_leads_the_clean_up_nowhere(
    shared: Path, treasure: Path, tmp_path: Path
) -> None:
    launcher = write_launcher(tmp_path / "terraform-provider-fake")
    before = content(treasure)
    with plugin(launcher, clean_environment(TMPDIR=str(shared))) as started:
        shared.chmod(0o777)  # while the provider runs
        moved = shared / "moved"
        swap = 'mv -T "$1" "$2" && ln -s "$3" "$1"'
        assert attacker(swap, started.directory, moved, treasure).wait(PATIENCE) == 0
        started.process.terminate()
        assert started.process.wait(PATIENCE) == 0
    assert content(treasure) == before
    assert started.directory.is_symlink()
    assert list(moved.iterdir()) == []  # what the provider had made is gone all the same


@needs_root
def test_everything_in_a_swapped_directory_is_made_in_the_real_one(shared: Path, treasure: Path) -> None:
    rendezvous = Rendezvous.create()
    shared.chmod(0o777)
    moved = shared / "moved"
    os.rename(rendezvous.path, moved)
    os.symlink(treasure, rendezvous.path)
    (treasure / "s").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(rendezvous.inner_file("s"))
    assert (moved / "s").is_socket()
    assert not (treasure / "s").exists()
    rendezvous.remove()


@needs_root
def test_no_race_leads_the_sweep_through_a_link(shared: Path, treasure: Path) -> None:
    before = content(treasure)
    rendezvous = Rendezvous.create()
    shared.chmod(0o777)
    stale = shared / "vtap-stale"
    stale.mkdir(0o700)
    (stale / "l").touch()
    os.utime(stale, (OLD, OLD))
    swapping = 'while :; do mv -T "$1" "$2"; ln -s "$3" "$1"; rm "$1"; mv -T "$2" "$1"; done'
    attack = attacker(swapping, stale, shared / "aside", treasure)
    try:
        for _ in range(2000):
            rendezvous.sweep()
            with contextlib.suppress(OSError):  # the attacker has it
                os.close(os.open(stale / "l", os.O_CREAT | os.O_NOFOLLOW))
                os.utime(stale, (OLD, OLD), follow_symlinks=False)
    finally:
        attack.kill()
        attack.wait()
    assert content(treasure) == before
    rendezvous.remove()


@needs_root
def test_links_and_directories_of_others_are_not_swept(shared: Path, treasure: Path) -> None:
    before = content(treasure)
    (shared / "vtap-link").symlink_to(treasure)
    (shared / "vtap-open").mkdir(0o755)
    (shared / "vtap-foreign").mkdir(0o700)
    for name in ("vtap-open", "vtap-foreign"):
        (shared / name / "l").touch()
        os.utime(shared / name, (OLD, OLD))
    os.chown(shared / "vtap-foreign", NOBODY, NOBODY)
    Rendezvous.create().remove()
    assert content(treasure) == before
    assert {path.name for path in shared.glob("vtap-*")} == {"vtap-link", "vtap-open", "vtap-foreign"}


def test_a_file_that_is_not_ours_keeps_the_directory(shared: Path) -> None:
    rendezvous = Rendezvous.create()
    Path(rendezvous.file("x")).write_text("")
    rendezvous.remove()
    assert [path.name for path in Path(rendezvous.path).iterdir()] == ["x"]
