"""SIGHUP and `vtap collect`: under nohup, on a terminal that goes away, in a service whose files rotate."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.vtaplib.cli.collecting import Collecting, collecting, mirrored
from tests.vtaplib.cli.command import PATIENCE_SECONDS, Vtap
from vtaplib.capture import open_capture

FRAMES = [bytes([number]) * (60 + number) for number in range(6)]


def frames_in(path: Path) -> list[bytes]:
    with open_capture(path) as reader:
        return [record.data for record in reader]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def send_and_wait(collector: Collecting, path: Path, *frames: bytes) -> None:
    """Send frames, and wait until the file, or one in the folder, has the last of them."""
    collector.send(*map(mirrored, frames))

    def has_come() -> bool:
        paths = [*path.glob("*.part")] if path.is_dir() else [path] if path.exists() else []
        return any(frames[-1] in one.read_bytes() for one in paths)

    wait_until(has_come)


def files_of(collector: Collecting) -> set[str]:
    """What the collector has open."""
    return set(map(os.path.realpath, Path(f"/proc/{collector.process.pid}/fd").iterdir()))


def ignore_hangups() -> None:
    """What nohup does."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def on_a_terminal(vtap: Vtap, *arguments: str | Path) -> Iterator[tuple[Collecting, Callable[[], None]]]:
    """A collector whose controlling terminal it is, and what hangs that up."""
    ours, theirs = pty.openpty()
    is_open = True

    def hang_up() -> None:
        nonlocal is_open
        if is_open:
            os.close(ours)
        is_open = False

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    try:
        with collecting(vtap, *arguments, stdin=theirs, before=take_terminal) as collector:
            os.close(theirs)
            yield collector, hang_up
    finally:
        hang_up()


@contextmanager
def as_a_service(vtap: Vtap, *arguments: str | Path) -> Iterator[Collecting]:
    """A collector without a terminal."""
    with collecting(vtap, *arguments, start_new_session=True) as collector:
        yield collector


def test_under_nohup_a_hangup_is_nothing(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--json", before=ignore_hangups) as collector:
        send_and_wait(collector, tmp_path / "traffic.pcapng.part", *FRAMES[:3])
        collector.process.send_signal(signal.SIGHUP)
        collector.send(*map(mirrored, FRAMES[3:]))
        report = collector.report()
    assert frames_in(out) == FRAMES
    assert report["outputs"][0]["files"] == [str(out)]


@pytest.mark.parametrize("times", [1, 3])
def test_a_terminal_that_hangs_up_ends_it_with_its_report(vtap: Vtap, tmp_path: Path, times: int) -> None:
    """It comes once from the system, and more often where a shell passes it on."""
    out = tmp_path / "traffic.pcapng"
    with on_a_terminal(vtap, "--write", out, "--json") as (collector, hang_up):
        send_and_wait(collector, tmp_path / "traffic.pcapng.part", *FRAMES)
        hang_up()
        for _ in range(times - 1):
            collector.process.send_signal(signal.SIGHUP)
        collector.process.wait(PATIENCE_SECONDS)
        report = collector.report()
    assert frames_in(out) == FRAMES
    assert report["taken"]["frames"] == len(FRAMES)
    assert [one.name for one in tmp_path.glob("traffic*")] == ["traffic.pcapng"]


def test_a_hangup_behind_sigterm_ends_nothing_early(vtap: Vtap, tmp_path: Path) -> None:
    """As systemd sends them with SendSIGHUP=yes."""
    out = tmp_path / "traffic.pcapng"
    with as_a_service(vtap, "--write", out, "--json") as collector:
        send_and_wait(collector, tmp_path / "traffic.pcapng.part", *FRAMES)
        collector.process.send_signal(signal.SIGTERM)
        collector.process.send_signal(signal.SIGHUP)
        collector.process.wait(PATIENCE_SECONDS)
        assert collector.report()["taken"]["frames"] == len(FRAMES)
    assert frames_in(out) == FRAMES


def test_a_service_finishes_the_files_of_a_series_and_goes_on(vtap: Vtap, tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    with as_a_service(vtap, "--write", folder, "--rotate-every", "1h", "--json") as collector:
        for first in (0, 2, 4):
            send_and_wait(collector, folder, *FRAMES[first : first + 2])
            collector.process.send_signal(signal.SIGHUP)
            wait_until(lambda: not any(folder.glob("*.part")))
        # Nothing came since: there is no file without packets.
        collector.process.send_signal(signal.SIGHUP)
        report = collector.report()
    assert [frames_in(one) for one in sorted(folder.iterdir())] == [FRAMES[:2], FRAMES[2:4], FRAMES[4:]]
    assert report["outputs"][0]["finished_files"] == 3
    assert report["lost_something"] is False


def test_a_service_finishes_its_single_file_and_begins_another_of_that_name(
    vtap: Vtap, tmp_path: Path
) -> None:
    out, part = tmp_path / "traffic.pcapng", tmp_path / "traffic.pcapng.part"
    with as_a_service(vtap, "--write", out, "--json") as collector:
        send_and_wait(collector, part, *FRAMES[:2])
        collector.process.send_signal(signal.SIGHUP)
        wait_until(out.exists)
        assert frames_in(out) == FRAMES[:2]
        # As logrotate does, which then sends SIGHUP.
        out.rename(tmp_path / "traffic.pcapng.1")
        send_and_wait(collector, part, *FRAMES[2:4])
        collector.process.send_signal(signal.SIGHUP)
        wait_until(out.exists)
        send_and_wait(collector, part, *FRAMES[4:])
        report = collector.report()
    # What has the name already moves aside.
    (aside,) = tmp_path.glob("traffic-*.pcapng")
    files = [tmp_path / "traffic.pcapng.1", aside, out]
    assert [frames_in(one) for one in files] == [FRAMES[:2], FRAMES[2:4], FRAMES[4:]]
    # Nobody told it of the first.
    assert report["outputs"][0]["files"] == [str(out), str(aside), str(out)]


def test_a_file_that_is_renamed_while_it_is_written_is_finished_there(vtap: Vtap, tmp_path: Path) -> None:
    out, part, old = (tmp_path / name for name in ("traffic.pcapng", "traffic.pcapng.part", "old.pcapng"))
    with as_a_service(vtap, "--write", out, "--json") as collector:
        send_and_wait(collector, part, *FRAMES[:3])
        part.rename(old)
        # As logrotate's option `create` does.
        part.touch()
        collector.process.send_signal(signal.SIGHUP)
        wait_until(lambda: str(old) not in files_of(collector))
        collector.send(*map(mirrored, FRAMES[3:]))
        report = collector.report()
    assert [frames_in(one) for one in (old, out)] == [FRAMES[:3], FRAMES[3:]]
    assert report["outputs"][0]["files"] == [str(old), str(out)]
    assert report["lost_something"] is False


@pytest.mark.parametrize("where", ["nohup", "service"])
@pytest.mark.parametrize("does", ["end", "reopen", "ignore"])
def test_what_is_said_overrides_what_is_usual(vtap: Vtap, tmp_path: Path, where: str, does: str) -> None:
    out, part = tmp_path / "traffic.pcapng", tmp_path / "traffic.pcapng.part"
    before = ignore_hangups if where == "nohup" else None
    options = ("--write", out, "--on-hangup", does, "--json")
    with collecting(vtap, *options, start_new_session=True, before=before) as collector:
        send_and_wait(collector, part, *FRAMES[:3])
        collector.process.send_signal(signal.SIGHUP)
        if does == "end":
            collector.process.wait(PATIENCE_SECONDS)
        else:
            if does == "reopen":
                wait_until(out.exists)
            send_and_wait(collector, part, *FRAMES[3:])
        report = collector.report()
    assert report["outputs"][0]["finished_files"] == (2 if does == "reopen" else 1)
    assert report["taken"]["frames"] == (3 if does == "end" else 6)


def test_on_a_terminal_it_goes_on_if_that_is_said(vtap: Vtap, tmp_path: Path) -> None:
    out, part = tmp_path / "traffic.pcapng", tmp_path / "traffic.pcapng.part"
    with on_a_terminal(vtap, "--write", out, "--on-hangup", "ignore", "--json") as (collector, hang_up):
        send_and_wait(collector, part, *FRAMES[:3])
        hang_up()
        send_and_wait(collector, part, *FRAMES[3:])
        assert collector.report()["taken"]["frames"] == 6
