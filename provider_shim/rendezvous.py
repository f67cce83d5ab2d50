"""The private directory where Terraform finds the provider: one per process, gone when the process is.

A process that is killed cannot clean up, so each one removes what dead ones left. Whether the owner lives
is asked of a lock that it holds, not of its process number, which containers that share a directory use
twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import time
from collections.abc import Callable
from typing import Final

_PREFIX: Final = "vtap-"
_LOCK: Final = "l"
# A directory this young may not have its lock yet.
_SECONDS_TO_LOCK: Final = 60.0
# sun_path is 108 bytes on Linux, 104 on BSD and macOS, with a final zero.
_LONGEST_SOCKET_PATH: Final = 103
_FALLBACKS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  # parents of a private directory


class RendezvousError(Exception):
    """There is no place for the provider's socket."""


class Rendezvous:
    """A directory that only this user can enter, with short names for the sockets in it."""

    def __init__(self, path: str, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls) -> Rendezvous:
        """Make the directory below $TMPDIR, or if that is too long for a socket, a system directory."""
        tried = []
        for parent in dict.fromkeys((os.environ.get("TMPDIR") or _FALLBACKS[0], *_FALLBACKS)):
            path = os.path.join(os.path.abspath(parent), _PREFIX + os.urandom(5).hex())
            if len(os.fsencode(path)) + len("/s") > _LONGEST_SOCKET_PATH:
                tried.append(f"{parent}: its name is too long for a socket's path")
                continue
            try:
                os.mkdir(path, 0o700)
                lock = os.open(os.path.join(path, _LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                tried.append(f"{parent}: {error.strerror}")
                continue
            _sweep(os.path.dirname(path))
            return cls(path, lock)
        raise RendezvousError("no directory for the provider's socket (set TMPDIR): " + "; ".join(tried))

    def file(self, name: str) -> str:
        """The path of a (one-letter) name in the directory."""
        return os.path.join(self.path, name)

    def remove(self) -> None:
        """Remove the directory and everything in it."""
        _remove(self.path)
        os.close(self._lock)


def _sweep(parent: str) -> None:
    """Remove the directories of this user's dead processes; best effort, for nothing depends on it."""
    try:
        entries = [entry for entry in os.scandir(parent) if entry.name.startswith(_PREFIX)]
    except OSError:
        return
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            if time.time() - status.st_mtime < _SECONDS_TO_LOCK:
                continue
            lock = os.open(os.path.join(entry.path, _LOCK), os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(entry.path)
        except OSError:  # somebody holds the lock: the owner lives
            continue
        finally:
            os.close(lock)


def _remove(path: str) -> None:
    # The directory is flat. Whatever else somebody put into it is not ours to delete.
    with contextlib.suppress(OSError):
        for name in os.listdir(path):
            os.unlink(os.path.join(path, name))
        os.rmdir(path)


def hidden(path: str) -> Callable[[], socket.socket]:
    """Take a listening unix socket's name away and return what still connects to it.

    A client that got into the directory would otherwise talk to the plaintext backend, past TLS. Linux
    connects to a socket through a descriptor of its file, name or no name; elsewhere the name stays.
    """
    place = path
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        place = f"/proc/self/fd/{descriptor}"
        with _connected(place):
            os.unlink(path)
    except (AttributeError, OSError):  # no O_PATH, or no /proc
        place = path
    return lambda: _connected(place)


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
