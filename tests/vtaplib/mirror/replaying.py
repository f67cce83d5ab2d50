"""Replays of a few records in tests: what collectors get, and the accounts."""

from __future__ import annotations

from collections.abc import Sequence

from vtaplib.mirror.copies import Copies
from vtaplib.mirror.replay import Replay


def batch(run: Replay, timestamps: Sequence[int], frames: Sequence[bytes]) -> dict[str, Copies]:
    """Replay frames at these times; return the copies by the ID of the collector's interface."""
    handed: dict[str, Copies] = {}
    for some in run.run(zip(timestamps, frames, map(len, frames), strict=True)):
        for collector_id, copies in some.items():
            before = handed.setdefault(collector_id, Copies([], []))
            before.timestamps.extend(copies.timestamps)
            before.frames.extend(copies.frames)
    return handed
