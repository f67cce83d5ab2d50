from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vtaplib.collector.blocks import frame_of
from vtaplib.capture import open_capture
from vtaplib.collector.rotation import RotatingCapture
from vtaplib.errors import TruncatedCaptureError

PROCESS = [sys.executable, "-m", "tests.vtaplib.collector.capture_process"]


def whole_frames_in(path: Path) -> list[bytes]:
    """The frames of a file up to where it was cut, which may be before its header."""
    frames: list[bytes] = []
    if path.stat().st_size == 0:
        return frames
    with open_capture(path) as reader, contextlib.suppress(TruncatedCaptureError):
        frames.extend(record.data for record in reader)
    return frames


def numbered(frames: int) -> list[bytes]:
    return [frame_of(number, 300) for number in range(frames)]


@pytest.mark.kill
@pytest.mark.parametrize("rotate_octets", [0, 100_000])
@pytest.mark.parametrize("told", [1, 7, 40])
def test_a_killed_run_leaves_all_that_it_had_written(tmp_path: Path, rotate_octets: int, told: int) -> None:
    target = tmp_path / "one.pcapng"
    command = [*PROCESS, "write-until-killed", str(target), str(rotate_octets)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(told):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        last = max([50 * told, *(int(line) for line in process.stdout if line.endswith("\n"))])
    found = [frame for path in sorted(tmp_path.iterdir()) for frame in whole_frames_in(path)]
    assert found == numbered(len(found))
    assert len(found) >= last

    RotatingCapture(target, rotate_octets=rotate_octets or None).close()
    kept = []
    for path in sorted(tmp_path.iterdir()):
        assert path.suffix == ".pcapng"
        with open_capture(path) as reader:
            kept += [record.data for record in reader]
    assert kept == found


def test_a_file_that_may_grow_no_more_is_followed_by_another(tmp_path: Path) -> None:
    told = subprocess.run([*PROCESS, "outgrow", tmp_path], stdout=subprocess.PIPE, check=True)
    assert json.loads(told.stdout) == {"taken": 1000, "lost": 0}
    paths = sorted(tmp_path.iterdir())
    assert len(paths) > 1
    found = []
    for path in paths:
        assert path.suffix == ".pcapng"
        with open_capture(path) as reader:
            found += [record.data for record in reader]
    assert found == numbered(1000)


@pytest.mark.namespaces
@pytest.mark.oracle
@pytest.mark.parametrize("rotate_octets", [10_000_000, 30_000])
def test_a_full_disk_is_told_once_counted_and_survived(
    tmp_path: Path, require: Callable[[str], str], rotate_octets: int
) -> None:
    capinfos = require("capinfos")
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small disk")
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    mount = 'mount -t tmpfs -o size=400k none "$0" && exec "$@"'
    told = subprocess.run(
        [
            require("unshare"),
            "--mount",
            "sh",
            "-c",
            mount,
            disk,
            *PROCESS,
            "fill",
            disk,
            kept,
            f"{rotate_octets}",
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    seen = json.loads(told.stdout)
    first, full, again = seen["steps"]
    reason = "no space left on device"
    assert 0 < first["taken"] < 1000
    for step, written in ((first, 1000), (full, 1250)):
        lost = step["lost"][reason]
        assert step["taken"] + lost[0] == written
        assert lost[1] == 300 * lost[0]
    assert full["taken"] == first["taken"]
    assert again["taken"] == full["taken"] + 250
    assert again["lost"] == full["lost"]
    assert [line.partition(": ")[2] for line in seen["logged"]] == [
        f"{reason}; frames are lost until it can be written again",
        f"is written again, after {reason}",
    ]
    for name, step in (("0", first), ("1", full), ("2", again), ("whole", again)):
        found = []
        counts = []
        for path in sorted((kept / name).iterdir()):
            with open_capture(path) as reader:
                found += [record.data for record in reader]
            counted = subprocess.run([capinfos, "-M", "-c", path], capture_output=True, text=True, check=True)
            assert counted.stderr == ""
            counts.append(int(counted.stdout.split()[-1]))
        assert found == numbered(step["taken"])
        assert sum(counts) == step["taken"]
    assert all(path.suffix == ".pcapng" for path in (kept / "whole").iterdir())
