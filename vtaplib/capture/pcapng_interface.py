"""What a pcapng says about an interface: link type, name, how to read its clock (sections 3.5 and 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vtaplib.capture.block_piece import LATEST_NS
from vtaplib.capture.record import CaptureInterface
from vtaplib.packets.nanoseconds import NS_PER_SECOND

# Option codes.
END_OF_OPTIONS = 0
IF_NAME = 2
IF_DESCRIPTION = 3
IF_TSRESOL = 9
IF_TSOFFSET = 14


# Microseconds, when if_tsresol is absent.
DEFAULT_TSRESOL = 6


NO_LOOPS = (0, 0, 0, 0)
"""The clock of an interface whose packets are not for loops."""


@dataclass(frozen=True, slots=True)
class InterfaceClock:
    """Nanoseconds since 1970 are `ticks * numerator // denominator + offset_ns`."""

    numerator: int
    denominator: int
    offset_ns: int = 0

    @property
    def for_loops(self) -> tuple[int, int, int, int]:
        """The numbers that `loops.capture_records` takes; `NO_LOOPS` where they are too large for it."""
        multiplier, divisor, offset = self.numerator, self.denominator, self.offset_ns
        if divisor == 1 and not offset:
            return multiplier, 0, 0, 0
        if multiplier * divisor > LATEST_NS or abs(offset) > LATEST_NS:
            return NO_LOOPS
        return 0, multiplier, divisor, offset

    def to_ns(self, ticks: int) -> int:
        """Return the time; what is finer than a nanosecond is dropped."""
        return ticks * self.numerator // self.denominator + self.offset_ns


def clock_of_resolution(tsresol: int, offset_seconds: int = 0) -> InterfaceClock:
    """Return the clock for an if_tsresol: 10^-n seconds a tick, or 2^-n where the top bit is set."""
    exponent = tsresol & 0x7F
    offset_ns = offset_seconds * NS_PER_SECOND
    if tsresol & 0x80:
        return InterfaceClock(NS_PER_SECOND, 1 << exponent, offset_ns)
    if exponent <= 9:
        return InterfaceClock(10 ** (9 - exponent), 1, offset_ns)
    return InterfaceClock(1, 10 ** (exponent - 9), offset_ns)


def parse_interface(body: bytes, order: str) -> tuple[CaptureInterface, InterfaceClock]:
    """Return what the body of an Interface Description Block says. Raises `ValueError`, in words that follow
    the name of the block.
    """
    if len(body) < 8:
        raise ValueError(f"is too short for an interface: {len(body)} bytes")
    link_type, _reserved, snap_length = struct.unpack_from(order + "HHI", body)
    texts = {IF_NAME: "", IF_DESCRIPTION: ""}
    tsresol, offset_seconds = DEFAULT_TSRESOL, 0
    for code, value in parse_options(body[8:], order):
        if code in texts:
            # Some writers count a closing zero in.
            texts[code] = value.rstrip(b"\0").decode("utf-8", "replace")
        elif code == IF_TSRESOL and len(value) == 1:
            tsresol = value[0]
        elif code == IF_TSOFFSET and len(value) == 8:
            (offset_seconds,) = struct.unpack(order + "q", value)
    interface = CaptureInterface(link_type, snap_length, texts[IF_NAME], texts[IF_DESCRIPTION])
    return interface, clock_of_resolution(tsresol, offset_seconds)


def parse_options(options: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield `(code, value)` up to the end-of-options mark, which may be absent. Raises `ValueError` where a
    length lies.
    """
    position = 0
    while position + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, position)
        if code == END_OF_OPTIONS:
            return
        position += 4
        there = len(options) - position
        if length > there:
            raise ValueError(f"claims {length:,} bytes for its option {code}, and {there:,} are there")
        yield code, options[position : position + length]
        # Values are padded to 32 bits.
        position += (length + 3) & ~3
