"""Header fields as data: where each lies, what it may hold, and what is said when it does not.

A layout is a `struct` format and a length; a field is bounded by its width in bits. Every error names the
protocol, the field and the value.
"""

from __future__ import annotations

from vtaplib.errors import PacketError


def require_unsigned(protocol: str, name: str, value: int, bits: int) -> None:
    """Raise `PacketError` unless `value` fits an unsigned field of `bits` bits."""
    if not 0 <= value < 1 << bits:
        raise PacketError(f"{protocol}: {name} is {value}, must be from 0 to {(1 << bits) - 1}")


def require_length(protocol: str, present: int, needed: int, what: str = "its header") -> None:
    """Raise `PacketError` if fewer bytes are present than `what` needs."""
    if present < needed:
        raise PacketError(f"{protocol}: {present} bytes, {what} needs {needed}")


def require_space(protocol: str, buffer: bytearray, needed: int) -> None:
    """Raise `PacketError` if a buffer is too short to emit into."""
    if len(buffer) < needed:
        raise PacketError(f"{protocol}: the buffer holds {len(buffer)} bytes, emitting needs {needed}")


def require_options(protocol: str, options: bytes) -> None:
    """Raise `PacketError` unless header options fill whole 32-bit words, at most ten (IHL and data offset are
    4 bits).
    """
    if len(options) % 4 or len(options) > 40:
        raise PacketError(
            f"{protocol}: options are {len(options)} bytes, must be a multiple of 4, at most 40"
        )
