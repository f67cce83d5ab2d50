"""Numbers as people read them: counts, bytes, rates, shares and times; and the marks of an axis."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil, floor, log10
from typing import Final

_THOUSANDS: Final = ("", " k", " M", " G", " T", " P")
# Steps between marks of seconds: those that clocks have.
_CLOCK_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)

_UNITS_OF_TIME: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))

# What rounding of binary fractions may take away.
_NEARLY: Final = 0.999_999


def counted(number: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 frame", "1,450 frames"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def octets(number: int) -> str:
    """Bytes in powers of 1000: "1.15 MB"."""
    size = float(number)
    for prefix in _THOUSANDS:
        if size < 999.5 or prefix == _THOUSANDS[-1]:
            return f"{number} B" if not prefix else f"{three_digits(size)}{prefix}B"
        size /= 1000
    raise AssertionError("the last prefix takes every number")


def three_digits(number: float) -> str:
    """A number with three digits that tell, or all before its point: "0.0123", "4.50", "1,234"."""
    if not number:
        return "0"
    before = floor(log10(abs(float(f"{number:.3g}")))) + 1
    return f"{number:,.{min(max(3 - before, 0), 6)}f}"


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent. Only all is "100 %", and only nothing "0 %"."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "< 0.1 %"
    if part < whole and percent > 99.9:
        return "> 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def duration(seconds: int) -> str:
    """A time span to the second: "45 s", "12 min", "1 h 30 min"."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{left} s" if left else ""]
    return " ".join(filter(None, parts)) or "0 s"


def whole_duration(seconds: float) -> str:
    """A time span in the largest unit that it fills: "30 days"."""
    size, name = next((one for one in _UNITS_OF_TIME if one[0] <= seconds), _UNITS_OF_TIME[-1])
    number = seconds / size
    return f"{number:,g} {name}{'' if number == 1 else 's'}"


def moment(second: int) -> str:
    """A second of Unix time as date and time, UTC; the number itself where the calendar ends."""
    try:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"second {second:,}"


def marks(largest: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 up to one that is no less than `largest`, about as many as wanted."""
    if largest <= 0:
        return [0.0, 1.0]
    raw = largest / wanted
    power = 10.0 ** floor(log10(raw))
    step = power * next(one for one in (1, 2, 2.5, 5, 10) if one * power >= raw * _NEARLY)
    return [number * step for number in range(ceil(largest / step * _NEARLY) + 1)]


def clock_marks(seconds: int, wanted: int = 6) -> list[int]:
    """Seconds from 0 on within a span, at steps that clocks have."""
    step = next((one for one in _CLOCK_STEPS if one * wanted >= seconds), _CLOCK_STEPS[-1])
    while step * wanted < seconds:
        step *= 2
    return list(range(0, seconds + 1, step))
