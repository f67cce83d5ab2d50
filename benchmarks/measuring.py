"""What a process took: time on the clock, time on the processor, and memory at its peak, from the system."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of a process. Of its memory, `peak_mib` counts what was resident."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end, its output thrown away; raise `SystemExit` with its words if it fails."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None, "it was asked for"
    with process.stderr as stream:
        said = stream.read()
    # Not `wait`: this is the call that tells what the one child used.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(
            f"{' '.join(command)}: exit code {process.returncode}: {said.decode(errors='replace')}"
        )
    # Linux gives the peak in KiB (getrusage(2)).
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
