"""A process that runs while others do: until it is ready, until it is told to end, and what it took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# /proc/PID/net/udp: the state of a socket that is bound and not connected; net/tcp: of one that listens.
_WAITING = {"udp": "07", "tcp": "0A"}

# Longer than any rate is tried.
_PATIENCE_SECONDS = 90
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process said, and the seconds of processor time that it took since it was ready."""

    said: str
    processor_seconds: float


class Running:
    """A process from its start to `end`; as a context manager it is killed if it has not come to that."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._files = ExitStack()
        self._said = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # until the process has ended
        self._complained = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # likewise
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._complained
        )
        self._before = 0.0

    def wait_until_listening(self, protocol: str, port: int) -> None:
        """Wait until a socket of its network namespace is bound to a port; its start is not counted."""
        # A socket of IPv6 may take IPv4 as well.
        tables = [Path(f"/proc/{self._process.pid}/net/{protocol}{version}") for version in ("", "6")]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in [line for table in tables for line in table.read_text().splitlines()[1:]]:
                _, local, _, state, *_ = line.split()
                if local.endswith(f":{port:04X}") and state == _WAITING[protocol]:
                    self._before = self._processor_seconds()
                    return
            time.sleep(0.02)
        raise SystemExit(f"{' '.join(self._command)}: does not listen: {self._complaint()}")

    def end(self, number: int | None = None, codes: tuple[int, ...] = (0,)) -> Ended:
        """Wait for its end, after a signal if one is given. Raises `SystemExit` with its words if it ends
        with another exit code than `codes`.
        """
        if number is not None:
            # Not `send_signal`: it would take notice of an end that is waited for below.
            os.kill(self._process.pid, number)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        # Not `wait`: this is the call that tells what the one child used.
        while not (ended := os.wait4(self._process.pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(self._command)}: does not end")
            time.sleep(0.01)
        _, status, usage = ended
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode not in codes:
            raise SystemExit(
                f"{' '.join(self._command)}: exit code {self._process.returncode}: {self._complaint()}"
            )
        self._said.seek(0)
        taken = usage.ru_utime + usage.ru_stime - self._before
        return Ended(self._said.read().decode(), taken)

    def _complaint(self) -> str:
        self._said.seek(0)
        self._complained.seek(0)
        return (self._complained.read() or self._said.read()).decode(errors="replace")

    def _processor_seconds(self) -> float:
        # proc_pid_stat(5): fields 14 and 15; the second may have spaces, in brackets.
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        self._files.close()
