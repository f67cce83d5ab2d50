"""Captures read one record at a time, plainly: what the readers of `vtaplib.capture` are held equal to.

From draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng; for what they leave open, as libpcap's sf-pcap.c and
Wireshark's wiretap/pcapng.c have it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction

from vtaplib.capture import Record

LONGEST_PACKET = 262_144
LONGEST_BLOCK = 1 << 24
ETHERNET = 1


@dataclass
class Reading:
    """The Ethernet packets of a capture; its end, if that is early: `cut` or `damaged`, at which byte."""

    records: list[Record] = field(default_factory=list)
    end: tuple[str, int] | None = None
    skipped: dict[int, int] = field(default_factory=dict)


class DamagedError(Exception):
    """What stands here is no part of a capture."""


def read(capture: bytes) -> Reading | None:
    """What a capture holds; None if it cannot be opened."""
    if capture[:4] in (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        return _read_pcap(capture, ">")
    if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        return _read_pcap(capture, "<")
    if capture[:4] == b"\n\r\r\n":
        return _read_pcapng(capture)
    return None


def _read_pcap(capture: bytes, order: str) -> Reading | None:
    if len(capture) < 24:
        return None
    magic, major, minor, _, _, _, link_type = struct.unpack(order + "IHHiIII", capture[:24])
    if ((major, minor) != (543, 0) and not (major == 2 and minor <= 4)) or link_type % 65536 != ETHERNET:
        return None
    reading = Reading()
    at = 24
    while at < len(capture):
        header = capture[at : at + 16]
        if len(header) < 16:
            reading.end = "cut", at
            break
        seconds, fraction, captured, original = struct.unpack(order + "4I", header)
        if major == 543 or minor < 3 or (minor == 3 and captured > original):
            captured, original = original, captured
        if captured > LONGEST_PACKET:
            reading.end = "damaged", at
            break
        data = capture[at + 16 : at + 16 + captured]
        if len(data) < captured:
            reading.end = "cut", at
            break
        unit = 1 if magic == 0xA1B23C4D else 1000
        reading.records.append(Record(seconds * 10**9 + fraction * unit, data, original, 0))
        at += 16 + captured
    return reading


def _read_pcapng(capture: bytes) -> Reading | None:
    reading = Reading()
    order = "<"
    interfaces: list[tuple[int, int, Fraction, int]] = []
    base = at = 0
    try:
        while at < len(capture):
            if len(capture) - at < 12:
                reading.end = "cut", at
                break
            if capture[at : at + 4] == b"\n\r\r\n":
                order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(
                    capture[at + 8 : at + 12], ""
                )
                if not order and at == 0:
                    return None
                if not order:
                    raise DamagedError
            kind, total = struct.unpack_from(order + "II", capture, at)
            total = (total + 3) // 4 * 4
            if not 12 <= total <= LONGEST_BLOCK:
                raise DamagedError
            block = capture[at : at + total]
            if len(block) < total:
                reading.end = "cut", at
                break
            if (struct.unpack(order + "I", block[-4:])[0] + 3) // 4 * 4 != total:
                raise DamagedError
            body = block[8:-4]
            if kind == 0x0A0D0D0A:
                if len(body) < 16 or struct.unpack_from(order + "HH", body, 4) not in ((1, 0), (1, 2)):
                    raise DamagedError
                base += len(interfaces)
                interfaces = []
            elif kind == 1:
                interfaces.append(_interface(body, order))
            elif kind in (2, 3, 6):
                _packet(reading, kind, body, order, interfaces, base)
            at += total
    except DamagedError:
        reading.end = "damaged", at
    return reading


def _interface(body: bytes, order: str) -> tuple[int, int, Fraction, int]:
    """Link type, limit of length, seconds a tick, seconds at tick 0."""
    if len(body) < 8:
        raise DamagedError
    link_type, _, limit = struct.unpack_from(order + "HHI", body)
    tick, offset = Fraction(1, 10**6), 0
    options = body[8:]
    while len(options) >= 4:
        code, length = struct.unpack_from(order + "HH", options)
        if code == 0:
            break
        value, options = options[4 : 4 + length], options[4 + (length + 3) // 4 * 4 :]
        if len(value) < length:
            raise DamagedError
        if code == 9 and length == 1:
            tick = Fraction(1, (2 if value[0] & 128 else 10) ** (value[0] & 127))
        if code == 14 and length == 8:
            (offset,) = struct.unpack(order + "q", value)
    return link_type, limit, tick, offset


def _packet(
    reading: Reading,
    kind: int,
    body: bytes,
    order: str,
    interfaces: list[tuple[int, int, Fraction, int]],
    base: int,
) -> None:
    shape = {2: "HHIIII", 3: "I", 6: "IIIII"}[kind]
    if len(body) < struct.calcsize(order + shape):
        raise DamagedError
    fields = struct.unpack_from(order + shape, body)
    data = body[struct.calcsize(order + shape) :]
    number, high, low = (fields[0], fields[-4], fields[-3]) if kind != 3 else (0, 0, 0)
    if number >= len(interfaces):
        raise DamagedError
    link_type, limit, tick, offset = interfaces[number]
    original = fields[-1]
    captured = fields[-2] if kind != 3 else min(original, len(data), limit or original)
    if captured > len(data) or captured > LONGEST_PACKET:
        raise DamagedError
    if link_type != ETHERNET:
        reading.skipped[link_type] = reading.skipped.get(link_type, 0) + 1
        return
    time = 0 if kind == 3 else ((high << 32 | low) * tick + offset) * 10**9 // 1
    if not 0 <= time < 2**63:
        raise DamagedError
    reading.records.append(Record(int(time), data[:captured], original, base + number))
