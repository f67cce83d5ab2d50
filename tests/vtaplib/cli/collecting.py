"""A `vtap collect` in the background, as a user has one, and datagrams for it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vtaplib.cli.command import PATIENCE_SECONDS, VTAP, Outcome, Vtap
from vtaplib.packets import vxlan

LISTENING = re.compile(rb"vtap: listening on (?:\[?)([0-9a-f.:]+?)(?:\]?):(\d+), to (.*)\n")
PROBED = re.compile(rb"vtap: answering probes on ([0-9.]+):(\d+)\n")


@dataclass
class Collecting:
    """A collector that runs: where it listens, and how to end it."""

    process: subprocess.Popen[bytes]
    address: tuple[str, int]
    outputs: str
    first_lines: bytes = b""
    outcome: Outcome | None = None

    def send(self, *payloads: bytes) -> None:
        """Send datagrams to it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for payload in payloads:
                sender.sendto(payload, self.address)

    def end(self, code: int = 0, by: signal.Signals = signal.SIGTERM) -> Outcome:
        """End it and check its exit code; what was sent before has been received."""
        if self.outcome is None:
            if self.process.poll() is None:
                self.process.send_signal(by)
            out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
            # What is written to standard output may be a capture.
            self.outcome = Outcome(
                self.process.returncode, out.decode(errors="replace"), (self.first_lines + err).decode()
            )
            self.captured = out
        assert "Traceback" not in self.outcome.stderr, self.outcome.stderr
        assert self.outcome.code == code, self.outcome
        return self.outcome

    def report(self, code: int = 0) -> Any:
        """End it, and return the document that it prints."""
        return self.end(code).document


@contextmanager
def collecting(
    vtap: Vtap,
    *arguments: str | Path,
    listen: str = "127.0.0.1:0",
    stdin: int = subprocess.DEVNULL,
    start_new_session: bool = False,
    before: Callable[[], object] | None = None,
) -> Iterator[Collecting]:
    """Start `vtap collect`; go on when it listens. It is gone in the end, whatever happens.

    `before` is done in its process before it becomes the command.
    """
    with subprocess.Popen(
        [VTAP, "collect", "--listen", listen, *arguments],
        cwd=vtap.directory,
        env=vtap.environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=start_new_session,
        preexec_fn=before,  # noqa: PLW1509  # signals and terminals are given to a process in no other way
    ) as process:
        assert process.stderr is not None
        try:
            said = b""
            # Before it listens it may have to say what it found where it writes.
            while (match := LISTENING.fullmatch(line := process.stderr.readline())) is None:
                said += line
                assert line, said
            yield Collecting(process, (match[1].decode(), int(match[2])), match[3].decode(), said + line)
        finally:
            if process.poll() is None:
                process.kill()


def mirrored(frame: bytes, vni: int = 7) -> bytes:
    """The UDP payload that carries a frame."""
    return vxlan.emit(vxlan.VxlanPacket(vni, frame))
