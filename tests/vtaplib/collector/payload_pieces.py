"""Pieces of payloads as a reader gives them."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.collector.payloads import Payloads, frame_payloads
from vtaplib.packets.block import PacketBlock


def pieces_of(*packets: bytes) -> Iterator[Payloads]:
    """A piece for each packet, in one block that the next overwrites, as a reader does it."""
    block = PacketBlock(bytearray(100), 1)
    for packet in packets:
        block.buffer[: len(packet)] = packet
        block.lengths[0] = len(packet)
        block.count = 1
        yield frame_payloads(block)


def octets_of(pieces: Iterator[Payloads]) -> list[bytes]:
    return [piece.block.packet(0) for piece in pieces]
