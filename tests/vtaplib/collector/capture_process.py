"""A process that writes what a collector would, to be killed or to run into a full disk: run by tests."""

from __future__ import annotations

import json
import logging
import resource
import shutil
import sys
from itertools import count
from pathlib import Path

from tests.vtaplib.collector.blocks import block_of, frame_of
from vtaplib.collector.rotation import RotatingCapture

BLOCK = 50


def write_until_killed(target: str, rotate_octets: int) -> None:
    """Write frames of rising numbers, and tell after each block how many were written."""
    capture = RotatingCapture(target, rotate_octets=rotate_octets or None)
    for number in count(step=BLOCK):
        capture.write(block_of(frame_of(n, 300) for n in range(number, number + BLOCK)))
        print(capture.taken.frames, flush=True)


def fill(folder: str, kept: str, rotate_octets: int) -> None:
    """Fill a disk with captures, make room, go on; tell what was counted at each step.

    What is in the folder at each step is copied to another.
    """
    logged: list[str] = []
    told = logging.Handler()
    told.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]  # all it does
    logging.getLogger().addHandler(told)
    ballast = Path(folder) / "ballast"
    ballast.write_bytes(bytes(200_000))
    capture = RotatingCapture(folder, rotate_octets=rotate_octets, fsync=True)
    steps = []
    for step, blocks in enumerate((20, 5, 5)):
        if step == 2:
            ballast.unlink()
        for _ in range(blocks):
            # Numbers go on from what was taken: what is read must be that, without a gap.
            first = capture.taken.frames
            capture.write(block_of(frame_of(n, 300) for n in range(first, first + BLOCK)))
        shutil.copytree(folder, f"{kept}/{step}", ignore=shutil.ignore_patterns("ballast"))
        lost = {reason: [count.frames, count.octets] for reason, count in capture.lost.items()}
        steps.append({"taken": capture.taken.frames, "lost": lost, "logged": len(logged)})
    capture.close()
    shutil.copytree(folder, f"{kept}/whole")
    json.dump({"steps": steps, "logged": logged}, sys.stdout)


def outgrow(folder: str) -> None:
    """Write more into a folder than a file may hold by the process's limits."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    capture = RotatingCapture(f"{folder}/")
    for number in range(0, 20 * BLOCK, BLOCK):
        capture.write(block_of(frame_of(n, 300) for n in range(number, number + BLOCK)))
    capture.close()
    json.dump({"taken": capture.taken.frames, "lost": len(capture.lost)}, sys.stdout)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write-until-killed", target, rotate_octets]:
            write_until_killed(target, int(rotate_octets))
        case ["fill", folder, kept, rotate_octets]:
            fill(folder, kept, int(rotate_octets))
        case ["outgrow", folder]:
            outgrow(folder)
