"""The feed of a command: a capture's packets in batches, with a bar, up to where the capture can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from vtaplib.capture import Batch, CaptureReader, open_capture
from vtaplib.capture.record import name_of_link_type
from vtaplib.cli.progress import Progress
from vtaplib.cli.replay_report import EarlyEnd, SkippedEntry
from vtaplib.errors import CaptureError, TruncatedCaptureError
from vtaplib.packets.block import PacketBlock

Piece = TypeVar("Piece", Batch, PacketBlock)


class Feed:
    """A capture that is being read; `-` is standard input, `doing` what its bar says. Raises `VtapError` for
    what cannot be opened, or holds no packet that could be read.
    """

    def __init__(self, capture: str, doing: str) -> None:
        self.ended_early: EarlyEnd | None = None
        """Where and why the capture could not be read on, once that is known."""
        self._undo = ExitStack()
        with ExitStack() as undo:
            self._progress = undo.enter_context(Progress(capture, doing))
            self._reader: CaptureReader = undo.enter_context(
                open_capture(self._progress.source, skip_other_link_types=True)
            )
            self._undo = undo.pop_all()

    @property
    def name(self) -> str:
        """The capture as the user named it."""
        return self._reader.name

    @property
    def format(self) -> str:
        """`pcap` or `pcapng`."""
        return self._reader.format

    @property
    def skipped(self) -> tuple[SkippedEntry, ...]:
        """The packets left out so far, for they are not Ethernet."""
        return tuple(
            SkippedEntry(name_of_link_type(link_type), packets)
            for link_type, packets in sorted(self._reader.skipped.items())
        )

    def __iter__(self) -> Iterator[Batch]:
        return self._up_to_where_it_can_be_read(self._reader.batches())

    def blocks(self) -> Iterator[PacketBlock]:
        """The same in blocks."""
        return self._up_to_where_it_can_be_read(self._reader.blocks())

    def _up_to_where_it_can_be_read(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        is_first = True
        while True:
            try:
                piece = next(pieces, None)
            except CaptureError as error:
                # A file that is no capture gives nothing to report on; one that was just cut short does.
                if is_first and not isinstance(error, TruncatedCaptureError):
                    raise
                self.ended_early = EarlyEnd.of(error)
                return
            if piece is None:
                return
            if piece:
                is_first = False
                yield piece
            self._progress.advance()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
