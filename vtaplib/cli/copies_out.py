"""Where a replay writes copies: a capture per collector in a directory, or one for all, with or without
comments.

A comment says of a copy what its bytes do not: which tap point made it, of which packet of the capture, and
its number among all copies. It costs the replay its fast way, for it is the verdict on the single frame that
is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from vtaplib.analysis.naming import distinct_names
from vtaplib.capture import Batch
from vtaplib.cli.collector_captures import CollectorCaptures
from vtaplib.cli.combined_capture import CombinedCapture
from vtaplib.cli.output_files import OutputFiles
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.copies import Copies
from vtaplib.mirror.copy_buffers import RecordsTaker
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Mirrored, TapPoint

PCAPNG, PCAP = ".pcapng", ".pcap"

WayThrough = Callable[[Batch], dict[str, Copies]]
"""What replays a batch, writes its copies where they are to be written, and returns them by the ID of the
collector's interface.
"""


class CopiesOut(RecordsTaker, Protocol):
    """What takes copies."""

    paths: dict[str, Path]
    """The file of each collector, by the ID of its interface."""

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy with a comment."""


def open_out(
    out: Path | None,
    format: str,  # noqa: A002  # the option's name
    collectors: Sequence[Interface],
    files: OutputFiles,
    *,
    comments: bool = False,
) -> CopiesOut | None:
    """What takes copies at `out`: a file for all of them if the name is one of a pcapng and no directory has
    it, else a file for each collector; None if nothing is to be written.

    `format` is `pcapng` or `pcap`. Raises `VtapError` for what cannot hold copies, or not their comments.
    """
    if out is None:
        if comments:
            raise VtapError("--comments: nothing is written to have them; say where with --out")
        return None
    if format == "pcap" and comments:
        raise VtapError("--comments: a pcap has no place for comments; leave out --format pcap")
    if out.is_dir() or out.suffix not in (PCAPNG, PCAP):
        return CollectorCaptures(out, format, collectors, files)
    if out.suffix == PCAP or format == "pcap":
        raise VtapError(
            f"{out}: a pcap cannot tell collectors apart; name a .pcapng for all of them, or a directory"
        )
    return CombinedCapture(out, collectors, files)


def way_through(run: Replay, out: CopiesOut | None, *, comments: bool = False) -> WayThrough:
    """How batches are replayed and their copies written to `out`, with comments or without."""
    if out is None:
        return partial(_in_bulk, run)
    return Commentator(run, out).replay if comments else partial(_written, run, out)


def _in_bulk(run: Replay, batch: Batch) -> dict[str, Copies]:
    return run.batch(batch.timestamps_ns, batch.data, batch.original_lengths)


def _written(run: Replay, out: CopiesOut, batch: Batch) -> dict[str, Copies]:
    handed = _in_bulk(run, batch)
    out.write(handed)
    return handed


class Commentator:
    """Replays packet by packet and writes each copy with its comment. Packets are counted from 1."""

    def __init__(self, run: Replay, out: CopiesOut) -> None:
        self._run = run
        self._out = out
        self._packet = 0
        points = run.accounts.tap_points
        self._interfaces = distinct_names(point.interface_id for point in points)
        self._taps = distinct_names(point.tap_id for point in points)
        self._made_by: dict[TapPoint, str] = {}

    def replay(self, batch: Batch) -> dict[str, Copies]:
        """Replay a batch and write its copies; returns them by the ID of the collector's interface."""
        handed: dict[str, Copies] = {}
        for at, frame, original_length in batch:
            self._packet += 1
            for verdict in self._run.frame(at, frame, original_length):
                if isinstance(verdict, Mirrored):
                    self._write(at, verdict)
                    copies = handed.setdefault(verdict.collector_id, Copies([], []))
                    copies.frames.extend(verdict.copies)
                    copies.timestamps.extend([at] * len(verdict.copies))
        return handed

    def _write(self, at: int, verdict: Mirrored) -> None:
        comment = f"{self._made_by_point(verdict.point)}, packet {self._packet}, copy {verdict.order}"
        if verdict.is_cut:
            comment += f", cut to {verdict.carried_octets} of {verdict.frame_octets} bytes"
        pieces = len(verdict.copies)
        for number, copy in enumerate(verdict.copies, start=1):
            piece = f", fragment {number} of {pieces}" if pieces > 1 else ""
            self._out.write_one(verdict.collector_id, at, copy, comment + piece)

    def _made_by_point(self, point: TapPoint) -> str:
        made_by = self._made_by.get(point)
        if made_by is None:
            interface = "/".join(self._interfaces[point.interface_id])
            tap = "/".join(self._taps[point.tap_id])
            made_by = self._made_by[point] = f"TAP {tap}, interface {interface}, {point.direction}"
        return made_by
