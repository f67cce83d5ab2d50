"""Fragments of IPv4 packets put together again, RFC 791, section 3.2.

A packet is known by its VLAN tags, addresses, protocol and identification. Octets of one place that come
twice are taken as they came last. Little waits: a packet that other fragments push out is given up.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.mirror.count import Count
from vtaplib.packets import ethernet, ipv4

PACKETS_WAITING = 1024
"""Packets that wait for fragments at once; the one that began first is given up for one more."""

_LARGEST_PACKET = 0xFFFF


class Recombined(NamedTuple):
    """The frame of a whole packet, and the fragments that it came in."""

    frame: bytes
    fragments: Count


class _Packet:
    """The fragments of one packet that have come."""

    __slots__ = ("count", "front", "length", "pieces")

    def __init__(self) -> None:
        self.count = Count()
        self.pieces: dict[int, bytes] = {}
        self.length: int | None = None
        """How long the payload is, when the last fragment has come."""
        self.front = b""
        """The headers of the first fragment."""

    def maybe_whole(self) -> bytes | None:
        """The whole payload, if it is there."""
        if self.length is None or not self.front:
            return None
        payload = bytearray()
        for at, piece in sorted(self.pieces.items()):
            if at > len(payload):
                return None
            payload[at : at + len(piece)] = piece
        return bytes(payload[: self.length]) if len(payload) >= self.length else None


class Recombination:
    """Packets that wait for the rest of their fragments, in the order in which they began."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, bytes], _Packet] = {}
        self._given_up = Count()

    @property
    def incomplete(self) -> Count:
        """Fragments of packets that were given up, or wait still."""
        count = Count(self._given_up.frames, self._given_up.octets)
        for one in self._waiting.values():
            count.add(one.count.frames, one.count.octets)
        return count

    def add(self, frame: bytes, place: int = 0) -> Recombined | None:
        """Take an Ethernet frame with a fragment; returns the whole packet, if this was the last
        that it needed. What was seen in different places is not put together. What is no fragment that has
        its place is given up.
        """
        at, ethertype = ethernet.skip_tags(frame)
        is_ipv4 = ethertype == ethernet.IPV4 and len(frame) >= at + ipv4.HEADER_LENGTH
        header_length = (frame[at] & 0x0F) * 4 if is_ipv4 else 0
        total = int.from_bytes(frame[at + 2 : at + 4], "big")
        if header_length < ipv4.HEADER_LENGTH or not header_length < total <= len(frame) - at:
            self._given_up.add(1, len(frame))
            return None
        fragmentation = int.from_bytes(frame[at + 6 : at + 8], "big")
        offset = (fragmentation & ipv4.OFFSET_MASK) * 8
        payload = frame[at + header_length : at + total]
        if offset + len(payload) > _LARGEST_PACKET - ipv4.HEADER_LENGTH:
            self._given_up.add(1, len(frame))
            return None
        key = (
            place,
            frame[12:at] + frame[at + 4 : at + 6] + frame[at + 9 : at + 10] + frame[at + 12 : at + 20],
        )
        packet = self._waiting.get(key)
        if packet is None:
            self._make_room()
            packet = self._waiting[key] = _Packet()
        packet.count.add(1, len(frame))
        packet.pieces[offset] = payload
        if not offset:
            packet.front = frame[: at + header_length]
        if not fragmentation & ipv4.MORE_FRAGMENTS:
            packet.length = offset + len(payload)
        whole = packet.maybe_whole()
        if whole is None:
            return None
        del self._waiting[key]
        front = bytearray(packet.front)
        front[at + 2 : at + 4] = (len(front) - at + len(whole)).to_bytes(2, "big")
        front[at + 6 : at + 8] = b"\0\0"
        return Recombined(bytes(front) + whole, packet.count)

    def _make_room(self) -> None:
        if len(self._waiting) >= PACKETS_WAITING:
            oldest = next(iter(self._waiting))
            count = self._waiting.pop(oldest).count
            self._given_up.add(count.frames, count.octets)
