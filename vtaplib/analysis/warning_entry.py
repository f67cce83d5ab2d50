"""A warning as reports have it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WarningEntry:
    """Something to look at: `subject_id` is what it is about."""

    code: str
    subject_id: str
    text: str
