"""Names of the files that a collector writes: what they are of, when they were begun (UTC), a running number.

`vtap-20260131T235959Z-000012.pcapng`. The number goes on across runs, and says what is oldest even where a
clock was set back. A file that is being written has `.part` behind its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vtaplib.packets.nanoseconds import NS_PER_SECOND

PART = ".part"
SUFFIX = ".pcapng"


@dataclass(frozen=True, slots=True)
class CaptureNames:
    """The names of one series of files in a folder."""

    folder: Path
    stem: str
    suffix: str = SUFFIX

    def emit(self, time_ns: int, number: int) -> Path:
        """The path of a finished file."""
        time = datetime.fromtimestamp(time_ns // NS_PER_SECOND, UTC)
        return self.folder / f"{self.stem}-{time:%Y%m%dT%H%M%SZ}-{number:06}{self.suffix}"

    def finished(self) -> list[Path]:
        """The finished files that are there, oldest first."""
        return [path for _, path in sorted(self._numbered(""))]

    def begun(self) -> list[Path]:
        """The files that are being written, or were when what wrote them was killed; oldest first."""
        return [path for _, path in sorted(self._numbered(PART))]

    def next_number(self) -> int:
        """A number higher than every one that is there."""
        return max((number for end in ("", PART) for number, _ in self._numbered(end)), default=0) + 1

    def _numbered(self, end: str) -> Iterator[tuple[int, Path]]:
        pattern = re.compile(
            re.escape(self.stem) + r"-\d{8}T\d{6}Z-(\d{6,})" + re.escape(self.suffix + end), re.ASCII
        )
        try:
            paths = list(self.folder.iterdir())
        except FileNotFoundError:
            return
        for path in paths:
            if found := pattern.fullmatch(path.name):
                yield int(found[1]), path


def part_of(path: Path) -> Path:
    """The path under which a file grows."""
    return path.with_name(path.name + PART)
