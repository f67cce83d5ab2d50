"""Captures that are written together: all of them are put in their places when all is well, none is left when
not.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from vtaplib.capture import PcapngWriter, PcapWriter
from vtaplib.errors import VtapError


class CaptureSet:
    """Captures in a directory, which is made if it is not there. As a context manager it keeps what was
    written when all is well, and only then. Raises `VtapError` where the directory cannot be made.
    """

    def __init__(self, directory: Path | None) -> None:
        self._writers: list[PcapngWriter | PcapWriter] = []
        if directory is None:
            return
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VtapError(
                f"{directory}: cannot be made a directory for captures: {error.strerror}"
            ) from error

    def open(self, path: Path, name: str, description: str) -> PcapngWriter | PcapWriter:
        """Open a capture of the format that its name ends in; a pcapng tells of one interface what it is
        called. Raises `CaptureError` where it cannot be written; then none is left.
        """
        with ExitStack() as undo:
            undo.callback(self.discard)
            writer = PcapWriter(path) if path.suffix == ".pcap" else PcapngWriter(path)
            self._writers.append(writer)
            if isinstance(writer, PcapngWriter):
                writer.add_interface(name, description)
            undo.pop_all()
        return writer

    def discard(self) -> None:
        """Remove what was written."""
        for writer in self._writers:
            writer.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as undo:
            # Does nothing to those that are in their places.
            undo.callback(self.discard)
            if kind is None:
                for writer in self._writers:
                    writer.close()
