"""Captures that a collector writes: one pcapng, a stream, or files that follow one another.

A file grows under its name with `.part` behind it, and is renamed in one step when it is finished: a name
without `.part` is a whole capture that nobody writes to any more. What `write` has taken the operating system
has, so that after `kill -9` the `.part` holds all of it (a power cut is what `fsync` is for); the next run to
write there keeps it under a finished name.

Nothing that is there is written over: a series goes on with the next number, and a single file that bears the
name already moves aside to one with its time. Only `keep` removes files, and only finished ones of this
series.

A disk that is full, or fails, is logged once and counted by frames; the file stays readable, and writing goes
on when there is room again. A disk that is slow makes `write` slow: how much is held meanwhile is the
collector's business.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from vtaplib.capture.record import MAX_PACKET_LENGTH
from vtaplib.collector.capture_names import SUFFIX, CaptureNames, part_of
from vtaplib.collector.growing_capture import Describe, GrowingCapture
from vtaplib.collector.output import EVERY_OUTPUT, add_lost, count_lost
from vtaplib.collector.part_file import adopt, create
from vtaplib.errors import CollectorError, ReaderGoneError, words_of
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

STANDARD_OUTPUT: Final = "-"

# A full disk may have room again, in the same file; after other trouble another file is tried.
_FULL = (errno.ENOSPC, errno.EDQUOT)

# Where there is room for one frame now and then, the log must not take it.
_QUIET_NS: Final = 10 * NS_PER_SECOND

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedCapture:
    """A file that is complete: its frames with their octets, and its size on the disk."""

    path: Path
    frames: int
    octets: int
    size: int


class RotatingCapture:
    """Writes what it is given into pcapng files.

    `target` is `-` (standard output), a pipe or a device, a file, or a folder. It is a folder if it is one or
    ends in a slash, or if anything says that there are several files, which are then called `name` and what
    tells them apart; a target that ends in `.pcapng` and is no folder then stands for files of this name
    beside it. A file takes at most `rotate_octets` (or one packet), and begins at the earliest at a multiple
    of `rotate_seconds` since 1970 (UTC), so that files of 3600 seconds are those of the hours. Of finished
    files the newest `keep` stay. `fsync` has each file on the disk before it has its name, and what was
    written until then every second.

    `describe` gives the name and description of a stream by its number, and `clock` nanoseconds since 1970.

    Raises `CollectorError` where the target cannot be written to at all.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        describe: Describe = lambda _: ("", ""),
        name: str = "vtap",
        rotate_octets: int | None = None,
        rotate_seconds: float | None = None,
        keep: int | None = None,
        fsync: bool = False,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.taken = Count()
        self.lost: dict[str, Count] = {}
        self.finished: deque[FinishedCapture] = deque(maxlen=1000)
        """The last files that were finished."""
        self.finished_count = 0
        self._describe = describe
        self._clock = clock
        self._fsync = fsync
        self._limit = rotate_octets
        self._period_ns = None if rotate_seconds is None else round(rotate_seconds * NS_PER_SECOND)
        self._keep = keep
        for option, value in (("size", rotate_octets), ("seconds", self._period_ns), ("number kept", keep)):
            if value is not None and value < 1:
                raise CollectorError(f"{target}: {option} of files must be more than 0")
        self._due_ns: int | None = None
        self._synced_ns = 0
        self._file: GrowingCapture | None = None
        self._descriptor = -1
        self._path = Path()
        self._failing = ""
        self._told_ns = 0
        self._closed = False
        self._is_reopen_asked = False
        self._single: Path | None = None
        self._is_stream = False
        several = rotate_octets is not None or rotate_seconds is not None or keep is not None
        try:
            self._names = self._prepare(os.fspath(target), name, several)
        except (OSError, ValueError) as error:
            name_of = "standard output" if target == STANDARD_OUTPUT else target
            raise CollectorError(f"{name_of}: cannot be written: {words_of(error)}") from error

    def write(self, block: PacketBlock, output: int = EVERY_OUTPUT) -> None:
        """Write the packets of a block that go to this output number; raises `CollectorError` where a stream
        has no reader any more.
        """
        if self._due_ns is not None:
            self._finish_if_due(self._clock())
        index = 0
        while index < block.count:
            file = self._open_if_needed(block, index, output)
            if file is None:
                return
            frames, octets = file.taken.frames, file.taken.octets
            reached = file.append(block, index, output, self._limit)
            self.taken.add(file.taken.frames - frames, file.taken.octets - octets)
            if self._is_too_large(file):
                self._finish()
                index = reached
                continue
            if file.trouble is not None:
                self._suffer(file.trouble, block, reached, output)
                return
            if file.taken.frames > frames:
                self._recover()
            if reached < block.count:
                if block.lengths[reached] > MAX_PACKET_LENGTH:
                    add_lost(self.lost, "longer than packets of a capture can be", 1, block.lengths[reached])
                    reached += 1
                else:
                    self._finish()
            index = reached

    def reopen(self) -> None:
        """Ask for the file that is being written to be finished, from any thread: at the next `tick` it gets
        its name, and the next packet begins another. A file without packets is kept, and so is a stream.
        """
        self._is_reopen_asked = True

    def tick(self, now_ns: int) -> None:
        """Finish the file whose time is over, or that was asked for, and with `fsync` see every second to
        what was written.
        """
        self._finish_if_due(now_ns)
        if self._is_reopen_asked:
            self._is_reopen_asked = False
            if self._file is not None and self._file.taken.frames and not self._is_stream:
                self._finish()
        if self._fsync and self._file is not None and abs(now_ns - self._synced_ns) >= NS_PER_SECOND:
            self._synced_ns = now_ns
            self._sync()

    def close(self) -> None:
        """Finish the file that is being written. A second call does nothing."""
        if not self._closed:
            self._closed = True
            self._finish()

    def _prepare(self, target: str, name: str, several: bool) -> CaptureNames:
        path = Path(os.path.realpath(target))
        # Not that of `path`: /dev/fd/63, which a shell makes of >(tshark -i -), leads to no path.
        mode = os.stat(target).st_mode if target != STANDARD_OUTPUT and os.path.exists(target) else 0
        if target == STANDARD_OUTPUT or (mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)):
            if several:
                raise ValueError("it is not a directory and cannot hold several files; leave rotation out")
            self._is_stream = True
            self._path = Path(target)
            if target == STANDARD_OUTPUT:
                sys.stdout.flush()
                self._descriptor = os.dup(sys.stdout.fileno())
            else:
                self._descriptor = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
            self._file = self._grow(self._descriptor)
            return CaptureNames(path.parent, path.stem)
        if stat.S_ISDIR(mode) or (several and path.suffix != SUFFIX) or target.endswith("/"):
            names = CaptureNames(path, name)
        else:
            names = CaptureNames(path.parent, path.stem, path.suffix)
        names.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(names.folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        for left in names.begun():
            adopt(left, lambda part, _: part.with_suffix(""))
        if names.folder != path and not several:
            self._single = path
            try:
                self._begin_single(path, names)
            except FileExistsError as error:
                raise ValueError(f"{part_of(path)} is being written by another process") from error
        return names

    def _aside(self, names: CaptureNames, time_ns: int) -> Path:
        return names.emit(time_ns, names.next_number())

    def _open_if_needed(self, block: PacketBlock, first: int, output: int) -> GrowingCapture | None:
        """The file to write to; None where there is none, and the packets have been counted."""
        if self._file is None:
            now_ns = self._clock()
            try:
                self._names.folder.mkdir(parents=True, exist_ok=True)
                self._begin_next(now_ns)
            except OSError as error:
                self._suffer(error, block, first, output)
                return None
            if self._period_ns is not None:
                self._due_ns = (now_ns // self._period_ns + 1) * self._period_ns
        return self._file

    def _begin_single(self, path: Path, names: CaptureNames) -> None:
        """Begin the single file; what an earlier run left of it gets a name with its time."""
        adopt(part_of(path), lambda _, changed: self._aside(names, int(changed) * NS_PER_SECOND))
        self._begin(path)

    def _begin_next(self, now_ns: int) -> None:
        if self._single is not None:
            return self._begin_single(self._single, self._names)
        number = self._names.next_number()
        while True:
            try:
                return self._begin(self._names.emit(now_ns, number))
            except FileExistsError:
                # Another process writes to the same series.
                number += 1

    def _begin(self, path: Path) -> None:
        """Begin a file that grows beside this path; raises `OSError`."""
        descriptor = create(part_of(path))
        try:
            self._file = self._grow(descriptor)
        except OSError:
            os.close(descriptor)
            part_of(path).unlink(missing_ok=True)
            raise
        self._descriptor = descriptor
        self._path = path

    def _grow(self, descriptor: int) -> GrowingCapture:
        return GrowingCapture(descriptor, self._describe, is_stream=self._is_stream)

    def _finish_if_due(self, now_ns: int) -> None:
        if self._due_ns is not None and now_ns >= self._due_ns:
            self._finish()

    def _finish(self) -> None:
        file, self._file, self._due_ns = self._file, None, None
        if file is None:
            return
        part = part_of(self._path)
        try:
            if self._is_stream:
                return
            if not file.taken.frames and self._single is None:
                part.unlink(missing_ok=True)
                return
            self._sync()
            if self._is_at(part):
                self._make_room()
                part.rename(self._path)
            else:
                self._path = self._whereabouts()
                _log.warning("%s was renamed while it was written: its packets are in %s", part, self._path)
            self._sync_folder()
        except FileNotFoundError:
            _log.error("%s was removed while it was written", part)
            self.taken.add(-file.taken.frames, -file.taken.octets)
            add_lost(self.lost, "in a file that was removed", file.taken.frames, file.taken.octets)
            return
        except OSError as error:
            _log.error(
                "%s cannot be finished: %s; what was written is in %s", self._path, words_of(error), part
            )
            return
        finally:
            self._let_go()
        self.finished_count += 1
        self.finished.append(FinishedCapture(self._path, file.taken.frames, file.taken.octets, file.size))
        self._remove_oldest()

    def _is_at(self, part: Path) -> bool:
        """Whether the file that is being written still has this name. Raises `FileNotFoundError` where it has
        none at all.
        """
        ours = os.fstat(self._descriptor)
        if not ours.st_nlink:
            raise FileNotFoundError
        try:
            return os.path.samestat(os.stat(part), ours)
        except FileNotFoundError:
            return False

    def _whereabouts(self) -> Path:
        """The name that somebody else gave the file that is being written."""
        return Path(os.readlink(f"/proc/self/fd/{self._descriptor}"))

    def _make_room(self) -> None:
        """Let a single file that has the name already move aside to one with its time."""
        if self._single is None or not self._path.exists():
            return
        aside = self._aside(self._names, self._path.stat().st_mtime_ns)
        self._path.rename(aside)
        if self.finished and self.finished[-1].path == self._path:
            self.finished[-1] = replace(self.finished[-1], path=aside)

    def _remove_oldest(self) -> None:
        if self._keep is None:
            return
        try:
            for path in self._names.finished()[: -self._keep]:
                path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: the oldest file cannot be removed: %s", self._names.folder, words_of(error))

    def _let_go(self) -> None:
        try:
            os.close(self._descriptor)
        except OSError as error:
            # On other machines' disks a write may fail as late as here.
            _log.error("%s may not be whole: %s", self._path, words_of(error))

    def _sync(self) -> None:
        if self._fsync and not self._is_stream:
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                _log.error("%s may not be on the disk: %s", part_of(self._path), words_of(error))

    def _sync_folder(self) -> None:
        if self._fsync:
            descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _suffer(self, trouble: OSError, block: PacketBlock, first: int, output: int) -> None:
        """Count what could not be written; say so once; leave a file that has failed."""
        if self._is_stream:
            name = "standard output" if self._path == Path(STANDARD_OUTPUT) else self._path
            if trouble.errno == errno.EPIPE:
                raise ReaderGoneError(f"{name}: the program that read it has ended") from trouble
            raise CollectorError(f"{name}: cannot be written: {words_of(trouble)}") from trouble
        reason = words_of(trouble)
        count_lost(self.lost, reason, block, first, output)
        now_ns = self._clock()
        if self._failing != reason and abs(now_ns - self._told_ns) >= _QUIET_NS:
            self._failing = reason
            self._told_ns = now_ns
            _log.error("%s: %s; frames are lost until it can be written again", self._path, reason)
        if self._single is None and trouble.errno not in _FULL:
            self._finish()

    def _is_too_large(self, file: GrowingCapture) -> bool:
        """Whether the file system or a resource limit lets this file grow no more, and another one may."""
        is_refused = file.trouble is not None and file.trouble.errno == errno.EFBIG
        return is_refused and file.taken.frames > 0 and self._single is None and not self._is_stream

    def _recover(self) -> None:
        if self._failing:
            _log.warning("%s: is written again, after %s", self._path, self._failing)
            self._failing = ""
