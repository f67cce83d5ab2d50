"""What of a capture could not be read, in words."""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.reports.document import Paragraph, Role
from vtaplib.reports.number import counted


def capture_notices(ended_early: EarlyEnd | None, skipped: Iterable[SkippedEntry]) -> tuple[Paragraph, ...]:
    """What a reader must not miss of a capture that was read in part."""
    texts = [
        f"{counted(one.packets, 'packet')} of link type {one.link_type} left out: not Ethernet, not counted."
        for one in skipped
    ]
    if ended_early is not None:
        what = "is cut off" if ended_early.kind == "cut" else "cannot be read to its end"
        texts.append(f"The capture {what}: {ended_early.trouble}. What comes before it was read.")
    return tuple(Paragraph(text, Role.WARNING) for text in texts)
