"""Durations as people write them: a number and `s`, `m`, `h` or `d`."""

from __future__ import annotations

import re
from typing import Final

from vtaplib.errors import VtapError

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

_DURATION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhd])")


def read_duration(text: str, option: str = "--duration") -> float:
    """The seconds that an option's text means. Raises `VtapError` for what is no duration, or none at all."""
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = float(match[1]) * SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise VtapError(f"{option} {text}: write a number and s, m, h or d, such as 12h or 30d")
    return seconds
