"""Processes that have imported already what the `vtap` command needs: forked from one that has.

To start Python and to import is most of what a command does in a test. Each is a process of its own all the
same, with its own directory, environment and streams. That each command imports what it needs is tested by
starting it from nothing (`test_json_documents.py`).
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LONGEST_REQUEST = 100_000


class ForkServer:
    """A process that forks commands, one at a time."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def maybe_run(
        self, arguments: Sequence[str], directory: Path, environment: Mapping[str, str], stdin: bytes
    ) -> subprocess.CompletedProcess[bytes] | None:
        """What a command says and how it ends; None where one is running, or its arguments are too long."""
        request = json.dumps([list(arguments), str(directory), dict(environment)]).encode()
        if len(request) > LONGEST_REQUEST or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._run(request, stdin)
        finally:
            self._lock.release()

    def _run(self, request: bytes, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        pipes = [os.pipe() for _ in range(3)]
        (read, feed), (stdout, write_out), (stderr, write_err) = pipes
        socket.send_fds(self._ours, [request], [read, write_out, write_err])
        for theirs in (read, write_out, write_err):
            os.close(theirs)
        feeding = threading.Thread(target=_feed, args=(feed, stdin))
        errors: list[bytes] = []
        listening = threading.Thread(target=lambda: errors.append(_read(stderr)))
        feeding.start()
        listening.start()
        out = _read(stdout)
        feeding.join()
        listening.join()
        (code,) = struct.unpack("i", self._ours.recv(4))
        return subprocess.CompletedProcess([], code, out, errors[0])

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._process.wait()


def _feed(pipe: int, content: bytes) -> None:
    try:
        with open(pipe, "wb") as file:
            file.write(content)
    except BrokenPipeError:
        return  # a command need not read all


def _read(pipe: int) -> bytes:
    with open(pipe, "rb") as file:
        return file.read()


def main() -> None:
    """Fork a command for each request, until nobody is there to make one."""
    import rich.table
    import rich.tree  # noqa: F401  # rich imports what it draws with when it draws

    import vtaplib.__main__

    for one in pkgutil.walk_packages(vtaplib.__path__, "vtaplib."):
        if not one.name.startswith("vtaplib.testing"):
            importlib.import_module(one.name)
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        while True:
            request, streams, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, 3)
            if not request:
                return
            child = os.fork()
            if child == 0:
                break
            for stream in streams:
                os.close(stream)
            _, status = os.waitpid(child, 0)
            requests.send(struct.pack("i", os.waitstatus_to_exitcode(status)))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    arguments, directory, environment = json.loads(request)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["vtap", *arguments]
    vtaplib.__main__.main()


if __name__ == "__main__":
    main()
