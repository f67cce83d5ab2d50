"""The private directory where Terraform finds the provider: one per process, gone when the process is.

A process that is killed cannot clean up, so each one removes what dead ones left. Whether the owner lives
is asked of a lock that it holds, not of its process number, which containers that share a directory use
twice.

The name of a directory may come to stand for another one, so this file goes by descriptors: the parent and
the directory are opened once, their owner is checked, and whatever is made or removed from then on is
reached from there. Terraform alone goes by the name; where somebody else could change what that stands for,
the provider does not start.
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

from provider_shim.start_error import StartError
from vtaplib.errors import words_of

_PREFIX: Final = "vtap-"
BACKEND: Final = "b"
FRONT: Final = "s"
KEY: Final = "k"
_LOCK: Final = "l"
_NAMES: Final = (BACKEND, FRONT, KEY, _LOCK)
"""All that a rendezvous holds. Whatever else is in one is not ours to remove."""
# A directory this young may not have its lock yet.
_SECONDS_TO_LOCK: Final = 60.0
# sun_path is 108 bytes on Linux, 104 on BSD and macOS, with a final zero.
_LONGEST_SOCKET_PATH: Final = 103
_FALLBACKS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  # parents of a private directory
_OPEN_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DESCRIPTORS: Final = "/proc/self/fd"


class RendezvousError(StartError):
    """There is no place for the provider's socket."""


class _UnsafeError(Exception):
    """Somebody else could change what a directory's name stands for."""


class Rendezvous:
    """A directory that only this user can enter, with short names for the sockets in it.

    `parent` and `directory` are descriptors, `name` is the directory's name in its parent and `path` where
    that is; `lock` is the descriptor whose lock says that the owner lives.
    """

    def __init__(self, path: str, parent: int, directory: int, lock: int) -> None:
        self.path = path
        self._parent = parent
        self._directory = directory
        self._lock = lock

    @classmethod
    def create(cls) -> Rendezvous:
        """Make the directory below $TMPDIR, or if that is of no use, in a system directory.

        Raises RendezvousError where there is none, and for a $TMPDIR in which others can replace it.
        """
        given = os.environ.get("TMPDIR")
        tried = []
        for place in dict.fromkeys((given or _FALLBACKS[0], *_FALLBACKS)):
            # Without links: somebody else could lead one elsewhere.
            path = os.path.join(os.path.realpath(place), _PREFIX + os.urandom(5).hex())
            if len(os.fsencode(path)) + len("/s") > _LONGEST_SOCKET_PATH:
                tried.append(f"{place}: its name is too long for a socket's path")
                continue
            if "|" in path or "\n" in path:
                tried.append(f"{place!r}: its name cannot stand in a line of fields")
                continue
            try:
                return cls._create(path)
            except _UnsafeError as error:
                if place == given:
                    raise RendezvousError(
                        f"TMPDIR is {place}, which {error}: they could put something else in the place of "
                        f"the provider's socket. Set TMPDIR to a directory that only you can write to, or "
                        f"set the sticky bit (chmod +t) of a shared directory that belongs to root."
                    ) from error
                tried.append(f"{place} {error}")
            except OSError as error:
                tried.append(f"{place}: {words_of(error)}")
        raise RendezvousError("no directory for the provider's socket (set TMPDIR): " + "; ".join(tried))

    @classmethod
    def _create(cls, path: str) -> Rendezvous:
        place, name = os.path.split(path)
        with contextlib.ExitStack() as undo:
            parent = _opened(undo, place, _OPEN_DIRECTORY)
            _check_safe(os.fstat(parent))
            _check_ancestors(place)
            os.mkdir(name, 0o700, dir_fd=parent)
            undo.callback(_remove_entry, parent, name)
            directory = _opened(undo, name, _OPEN_DIRECTORY | os.O_NOFOLLOW, parent)
            if not _is_ours(os.fstat(directory)):  # as on a file server that gives all to nobody
                raise _UnsafeError("gives new directories another owner or more permissions than asked for")
            undo.callback(_remove, parent, name, directory)
            lock = _opened(undo, _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, directory)
            fcntl.flock(lock, fcntl.LOCK_EX)
            undo.pop_all()
        rendezvous = cls(path, parent, directory, lock)
        rendezvous.sweep()
        return rendezvous

    def file(self, name: str) -> str:
        """The path of one of the names in the directory, as Terraform is told it."""
        return os.path.join(self.path, name)

    def inner_file(self, name: str) -> str:
        """The path of one of the names in the directory, for this process: whatever becomes of its name."""
        through = f"{_DESCRIPTORS}/{self._directory}"
        return os.path.join(through, name) if os.path.isdir(through) else self.file(name)

    def remove(self) -> None:
        """Remove the directory and what the provider made in it."""
        _remove(self._parent, os.path.basename(self.path), self._directory)
        for descriptor in (self._lock, self._directory, self._parent):
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove the directories of this user's dead processes; best effort, for nothing depends on it."""
        for name in _names(self._parent):
            with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
                directory = _opened(undo, name, _OPEN_DIRECTORY | os.O_NOFOLLOW, self._parent)
                status = os.fstat(directory)
                if not _is_ours(status) or time.time() - status.st_mtime < _SECONDS_TO_LOCK:
                    continue
                lock = _opened(undo, _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, directory)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where the owner lives
                _remove(self._parent, name, directory)


def _opened(undo: contextlib.ExitStack, name: str, flags: int, directory: int | None = None) -> int:
    descriptor = os.open(name, flags, 0o600, dir_fd=directory)
    undo.callback(os.close, descriptor)
    return descriptor


def _check_safe(parent: os.stat_result) -> None:
    """Raise _UnsafeError if another user could rename or remove what this user makes in a directory."""
    # Whoever owns the root directory can do anything. In a user namespace that is not number 0.
    if parent.st_uid not in {0, os.geteuid(), os.stat("/").st_uid}:
        raise _UnsafeError(f"belongs to another user (number {parent.st_uid})")
    if parent.st_mode & stat.S_ISVTX:
        return
    mode = f"{stat.S_IMODE(parent.st_mode):04o}"
    if parent.st_mode & stat.S_IWOTH:
        raise _UnsafeError(f"everybody can write to and has no sticky bit (mode {mode})")
    if parent.st_mode & stat.S_IWGRP and not _is_private_group(parent.st_gid):
        raise _UnsafeError(f"group {parent.st_gid} can write to and has no sticky bit (mode {mode})")


def _check_ancestors(place: str) -> None:
    """Raise _UnsafeError if another user could put another directory in the place of this one."""
    while place != (place := os.path.dirname(place)):
        try:
            _check_safe(os.stat(place))
        except _UnsafeError as error:
            raise _UnsafeError(f"lies in {place}, which {error}") from error


def _is_private_group(group: int) -> bool:
    """Whether a group is this user's alone, by the convention of user private groups: it has their name."""
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def _is_ours(status: os.stat_result) -> bool:
    """Whether a directory is this user's, and nobody else can enter it."""
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _names(parent: int) -> list[str]:
    try:
        return [name for name in os.listdir(parent) if name.startswith(_PREFIX)]
    except OSError:
        return []


def _remove(parent: int, name: str, directory: int) -> None:
    """Remove an open rendezvous, and its name where that still stands for it."""
    for own in _NAMES:
        with contextlib.suppress(OSError):
            os.unlink(own, dir_fd=directory)
    with contextlib.suppress(OSError):
        named = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if os.path.samestat(named, os.fstat(directory)):
            _remove_entry(parent, name)


def _remove_entry(parent: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=parent)  # an empty directory or nothing; it follows no link


def hidden(path: str) -> Callable[[], socket.socket]:
    """Take a listening unix socket's name away and return what still connects to it.

    A client that got into the directory would otherwise talk to the plaintext backend, past TLS. Linux
    connects to a socket through a descriptor of its file, name or no name; elsewhere the name stays.
    """
    place = path
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        place = f"{_DESCRIPTORS}/{descriptor}"
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
