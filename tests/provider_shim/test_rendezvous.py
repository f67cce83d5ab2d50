"""The private directory: where it is, who may enter, and what becomes of what dead processes left."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provider_shim.rendezvous import Rendezvous, RendezvousError, hidden

OLD = time.time() - 3600


def test_the_directory_is_private_and_goes_with_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    rendezvous = Rendezvous.create()
    path = Path(rendezvous.path)
    assert path.parent == tmp_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    Path(rendezvous.file("x")).write_text("")
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
