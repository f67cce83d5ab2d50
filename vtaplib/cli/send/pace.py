"""The pace that the options of `vtap send` give: `--rate 200kpps`, `--speed 2`, `--top-speed`."""

from __future__ import annotations

from math import isfinite

from vtaplib.collector.pacing import AsRecorded, AtOnce, AtRate, Pace
from vtaplib.errors import VtapError
from vtaplib.packets.nanoseconds import NS_PER_SECOND


def pace_of(
    *, speed: float | None, rate: str | None, top_speed: bool, max_gap: float | None, overhead: int
) -> Pace:
    """The pace that the options give. `overhead` is what a packet has around it on the wire, in octets.
    Raises `VtapError` for options that exclude each other, and for values that are no speed.
    """
    given = [
        name
        for name, is_given in (
            ("--speed", speed is not None),
            ("--rate", rate is not None),
            ("--top-speed", top_speed),
        )
        if is_given
    ]
    if len(given) > 1:
        raise VtapError(f"{' and '.join(given)} exclude each other; give one of them")
    if max_gap is not None and (rate is not None or top_speed):
        raise VtapError(f"--max-gap: with {given[0]} recorded times, and gaps in them, say nothing")
    if rate is not None:
        return AtRate.of(rate, "--rate", overhead=overhead)
    if top_speed:
        return AtOnce()
    if speed is not None and not (isfinite(speed) and 1e-6 <= speed <= 1e9):
        raise VtapError(f"--speed {speed}: a speed is from 0.000001 to 1000000000; 1 is as recorded")
    if max_gap is not None and not 0 <= max_gap <= 1e9:
        raise VtapError(f"--max-gap {max_gap}: a gap is from 0 to 1000000000 seconds")
    return AsRecorded(speed or 1.0, None if max_gap is None else int(max_gap * NS_PER_SECOND))
