"""Rates and speeds as a person writes them: `200kpps`, `800Mbps`, `--speed 2`, `--top-speed`."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

from vtaplib.collector.pacing import AsRecorded, AtOnce, AtRate, Pace
from vtaplib.errors import VtapError
from vtaplib.packets.nanoseconds import NS_PER_SECOND

_RATE: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<prefix>[kMG]?)(?P<unit>pps|bps)", re.ASCII)
_PREFIXES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


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
        return rate_of(rate, overhead)
    if top_speed:
        return AtOnce()
    if speed is not None and not (isfinite(speed) and 1e-6 <= speed <= 1e9):
        raise VtapError(f"--speed {speed}: a speed is from 0.000001 to 1000000000; 1 is as recorded")
    if max_gap is not None and not 0 <= max_gap <= 1e9:
        raise VtapError(f"--max-gap {max_gap}: a gap is from 0 to 1000000000 seconds")
    return AsRecorded(speed or 1.0, None if max_gap is None else int(max_gap * NS_PER_SECOND))


def rate_of(text: str, overhead: int) -> AtRate:
    """The rate that a text gives in packets or bits a second. Raises `VtapError`."""
    match = _RATE.fullmatch(text)
    number = float(match["number"]) * _PREFIXES[match["prefix"]] if match is not None else 0.0
    # From a packet in a quarter of an hour to more than any system sends.
    if match is None or not 1e-3 <= number <= 1e15:
        raise VtapError(
            f"--rate {text}: no rate; write packets a second such as 200kpps, or bits a second such as "
            "800Mbps or 1.5Gbps"
        )
    if match["unit"] == "pps":
        return AtRate(packets=number)
    return AtRate(bits=number, overhead=overhead)
