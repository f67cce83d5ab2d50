"""What takes the copies of a replay, and the comments that it may write beside them.

A comment says of a copy what its bytes do not: which tap point made it, of which packet of the capture, and
its number among all copies. It costs the replay its fast way, for it is the verdict on the single frame that
it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.traffic_replay.decoded_copies import FirstCopies
from vtaplib.mirror.copies import CopyTaker
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Mirrored, TapPoint
from vtaplib.packets.block import PacketBlock


class CopiesOut(CopyTaker, Protocol):
    """What takes copies."""

    @property
    def paths(self) -> Mapping[str, Path]:
        """The file of each collector that has just one, by the ID of its interface."""
        ...


@runtime_checkable
class CommentedCopiesOut(CopiesOut, Protocol):
    """What takes copies, and comments beside them."""

    def write_one(self, collector_id: str, at: int, copy: bytes, comment: str) -> None:
        """Write one copy with a comment."""
        ...


class Commentator:
    """Replays packet by packet and writes each copy with its comment. Packets are counted from 1."""

    def __init__(self, run: Replay, out: CommentedCopiesOut, first: FirstCopies) -> None:
        self._run = run
        self._out = out
        self._first = first
        self._packet = 0
        points = run.accounts.tap_points
        self._interfaces = distinct_names(point.interface_id for point in points)
        self._taps = distinct_names(point.tap_id for point in points)
        self._made_by: dict[TapPoint, str] = {}

    def replay(self, block: PacketBlock) -> None:
        """Replay a block and write its copies."""
        for at, frame, original_length in block:
            self._packet += 1
            for verdict in self._run.frame(at, frame, original_length):
                if isinstance(verdict, Mirrored):
                    self._write(at, verdict)

    def _write(self, at: int, verdict: Mirrored) -> None:
        comment = f"{self._made_by_point(verdict.point)}, packet {self._packet}, copy {verdict.order}"
        if verdict.is_cut:
            comment += f", cut to {verdict.carried_octets} of {verdict.frame_octets} bytes"
        pieces = len(verdict.copies)
        for number, copy in enumerate(verdict.copies, start=1):
            piece = f", fragment {number} of {pieces}" if pieces > 1 else ""
            self._out.write_one(verdict.collector_id, at, copy, comment + piece)
            self._first.note(verdict.collector_id, at, copy)

    def _made_by_point(self, point: TapPoint) -> str:
        made_by = self._made_by.get(point)
        if made_by is None:
            interface = self._interfaces[point.interface_id]
            tap = self._taps[point.tap_id]
            made_by = self._made_by[point] = f"TAP {tap}, interface {interface}, {point.direction}"
        return made_by
