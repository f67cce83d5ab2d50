"""`vtap collect` in mid-stream: ended, killed, on a full disk, before a reader that is slow."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from tests.vtaplib.cli.collecting import Collecting, collecting, mirrored
from tests.vtaplib.cli.command import CAPTURE, VTAP, Vtap
from tests.vtaplib.collector.blocks import frame_of
from vtaplib.capture import open_capture
from vtaplib.errors import TruncatedCaptureError

pytestmark = pytest.mark.kill

FRAME_LENGTH = 300


def frames_in(path: Path) -> list[bytes]:
    """The frames of a file, up to where a kill cut it."""
    frames: list[bytes] = []
    if path.stat().st_size:
        with open_capture(path) as reader, contextlib.suppress(TruncatedCaptureError):
            frames.extend(record.data for record in reader)
    return frames


@contextmanager
def streaming(collector: Collecting) -> Iterator[list[int]]:
    """Numbered frames, a thousand or two a second, in the background; a list has how many were sent."""
    over = threading.Event()
    sent = [0]

    def stream() -> None:
        while not over.wait(0.005):
            collector.send(*[mirrored(frame_of(sent[0] + one, FRAME_LENGTH)) for one in range(10)])
            sent[0] += 10

    thread = threading.Thread(target=stream)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to this within a minute"
        time.sleep(0.01)


def test_a_sigterm_in_mid_stream_loses_nothing_that_was_received(vtap: Vtap, tmp_path: Path) -> None:
    out = tmp_path / "traffic.pcapng"
    with collecting(vtap, "--write", out, "--json") as collector, streaming(collector) as sent:
        wait_until(lambda: sent[0] >= 500)
        report = collector.report()
    found = frames_in(out)
    assert len(found) == report["taken"]["frames"] == report["outputs"][0]["taken"]["frames"] >= 500
    assert report["kernel_dropped"] == 0
    assert found == [frame_of(number, FRAME_LENGTH) for number in range(len(found))]


def test_a_kill_in_mid_stream_leaves_what_was_written_and_the_next_run_keeps_it(
    vtap: Vtap, tmp_path: Path
) -> None:
    folder = tmp_path / "captures"
    options = ("--write", folder, "--rotate-size", "100kB")

    def written() -> int:
        return sum(path.stat().st_size for path in folder.iterdir()) if folder.exists() else 0

    with collecting(vtap, *options) as collector, streaming(collector):
        wait_until(lambda: written() > 250_000)
        collector.process.kill()
        collector.process.wait()
    left = sorted(folder.iterdir())
    found = [frame for path in left for frame in frames_in(path)]
    assert len(found) > 250_000 // (FRAME_LENGTH + 100)
    assert found == [frame_of(number, FRAME_LENGTH) for number in range(len(found))]

    with collecting(vtap, *options, "--count", "5") as collector:
        collector.send(*[mirrored(frame_of(number, FRAME_LENGTH)) for number in range(5)])
        collector.process.wait(60)
        collector.end()
    kept = [frame for path in sorted(folder.iterdir()) for frame in frames_in(path)]
    assert all(path.suffix == ".pcapng" for path in folder.iterdir())
    assert kept == found + [frame_of(number, FRAME_LENGTH) for number in range(5)]


def test_what_a_slow_reader_makes_it_lose_is_known_to_the_packet(vtap: Vtap) -> None:
    backlog, count = 1024, 40_000
    with collecting(vtap, "--write", "-", "--backlog", str(backlog)) as collector:
        # Nobody reads standard output for now: a pipe holds 64 KiB.
        address, port = collector.address
        endless = ("--top-speed", "--loop", "0", "--count", str(count))
        sent = vtap("send", CAPTURE, "--to", f"{address}:{port}", "--vni", "7", *endless)
        assert f"{count:,} datagrams sent" in sent.stdout
        outcome = collector.end(code=1)
    with open_capture(BytesIO(collector.captured)) as reader:
        written = len(list(reader))
    assert written >= backlog
    assert f"{count - written:,} datagrams dropped by the kernel" in outcome.stderr
    assert "an output is too slow" in outcome.stderr


@pytest.mark.namespaces
def test_a_full_disk_is_survived_and_its_losses_reported(
    vtap: Vtap, tmp_path: Path, require: Callable[[str], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small disk")
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    # The disk is there for the collector only; when it ends, what it wrote is taken out.
    script = (
        'mount -t tmpfs -o size=200k none "$0" && '
        '"$1" collect --listen 127.0.0.1:0 --write "$0/t.pcapng" --count 2000 --json; '
        'code=$?; cp "$0"/* "$2"; exit $code'
    )
    with subprocess.Popen(
        [require("unshare"), "--mount", "sh", "-c", script, disk, VTAP, kept],
        env=vtap.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            port = int(line.split(", to ")[0].rpartition(":")[2])
            collector = Collecting(process, ("127.0.0.1", port), "")
            for first in range(0, 2000, 50):
                collector.send(*[mirrored(frame_of(first + one, FRAME_LENGTH)) for one in range(50)])
                time.sleep(0.005)
            process.wait(60)
            report = collector.report(code=1)
        finally:
            process.kill()
    assert report["taken"]["frames"] == 2000
    (output,) = report["outputs"]
    lost = output["lost"]["no space left on device"]["frames"]
    assert lost > 1000
    found = frames_in(kept / "t.pcapng")
    assert len(found) == output["taken"]["frames"] == 2000 - lost
    assert found == [frame_of(number, FRAME_LENGTH) for number in range(len(found))]
