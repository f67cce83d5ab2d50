"""The file that is being written, and what is left of it where a collector was killed.

The one who writes a file holds a lock on it (flock(2)), which ends with the process: what nobody holds was
left, and is kept under a finished name.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path

from vtaplib.loops.whole_blocks import measure

# What file systems say that have no locks, such as some that are on other machines.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL)

_log = logging.getLogger(__name__)

# No block that was written here is longer.
_PIECE = 1 << 24


def create(part: Path) -> int:
    """Create a file and lock it; returns its descriptor. Raises `FileExistsError` where another process has
    it, and other `OSError` where it cannot be created. Where the file system has no locks it goes unlocked:
    then nobody takes it for left either.
    """
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Before it was locked it may have been taken for one that was left, and empty.
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return descriptor
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(part))


def adopt(part: Path, choose_name: Callable[[Path, float], Path]) -> Path | None:
    """Cut a file that was left back to its last whole block and rename it; remove one without packets.

    `choose_name` is given it and the time of its last change, in seconds since 1970. Returns the new path;
    None where there is none: it is still being written, has gone, or cannot be changed (which is logged).
    """
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s was left by an earlier run and cannot be opened: %s", part, error.strerror)
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        state = os.fstat(descriptor)
        whole, packets = _whole(descriptor)
        if not packets:
            part.unlink()
            return None
        if whole < state.st_size:
            os.ftruncate(descriptor, whole)
        path = choose_name(part, state.st_mtime)
        part.rename(path)
    except BlockingIOError:
        return None
    except OSError as error:
        _log.warning("%s was left by an earlier run and cannot be renamed: %s", part, error.strerror)
        return None
    finally:
        os.close(descriptor)
    _log.warning("%s was left by a run that did not end: it is kept as %s (%d packets)", part, path, packets)
    return path


def _whole(descriptor: int) -> tuple[int, int]:
    """How many octets of a file are whole blocks, and how many packets are in them."""
    at = 0
    packets = 0
    while piece := os.pread(descriptor, _PIECE, at):
        whole, more, _ = measure(piece, len(piece))
        if not whole:
            break
        at += whole
        packets += more
    return at, packets
