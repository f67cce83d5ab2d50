"""Blocks of frames as a receiver makes them."""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.packets.block import PacketBlock

SECOND = 1_000_000_000

START_NS = 1_700_000_000 * SECOND
"""2023-11-14T22:13:20Z."""


def block_of(
    frames: Iterable[bytes], *, interfaces: Iterable[int] = (), outputs: Iterable[int] = (), first: int = 0
) -> PacketBlock:
    """A block of frames a microsecond apart, the first of which is number `first` of all."""
    frames = list(frames)
    block = PacketBlock.of(
        (START_NS + 1000 * (first + index), frame, len(frame)) for index, frame in enumerate(frames)
    )
    for index, interface in enumerate(interfaces):
        block.interfaces[index] = interface
    for index, output in enumerate(outputs):
        block.outputs[index] = output
    return block


def frame_of(number: int, length: int = 64) -> bytes:
    """A frame that differs from those of other numbers."""
    head = b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5" + number.to_bytes(8, "big")
    return head + bytes(length - len(head))
