"""Address translation (RFC 3022): another address in the IPv4 header of a frame, or another port behind it,
and checksums to go with them.

Like `flow`, nothing here raises: what a capture cut off is left as it is. Checksums are corrected by the
difference (RFC 1624), so that one which was wrong before is as wrong after. Addresses inside a payload, such
as the header that an ICMP error quotes, stay.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.packets import ethernet, ipv4
from vtaplib.packets.flow import NO_PORT, Flow

_SOURCE, _DESTINATION = 12, 16
_CHECKSUMS = {ipv4.TCP: 16, ipv4.UDP: 6}
"""Where the checksums that cover addresses stand, from the start of the segment."""


class Rewriting(NamedTuple):
    """What to put into the IPv4 header of a frame: an address of 4 bytes, as source or as destination."""

    address: bytes
    is_source: bool

    def apply(self, frame: bytes) -> bytes:
        """A frame that holds an IPv4 packet, with the other address."""
        return _with_address(frame, _SOURCE if self.is_source else _DESTINATION, self.address)


class PortRewriting(NamedTuple):
    """What to put into the header of TCP or UDP in a frame: a port of 2 bytes, as source or destination."""

    port: bytes
    is_source: bool

    def apply(self, frame: bytes) -> bytes:
        """A frame that holds an IPv4 packet, with the other port, if the port is there to see."""
        return _with_port(frame, 0 if self.is_source else 2, self.port)


class Translation(NamedTuple):
    """Several rewritings, in order."""

    rewritings: tuple[Rewriting | PortRewriting, ...]

    @classmethod
    def between(cls, before: Flow, after: Flow) -> Translation | None:
        """What makes frames of one flow those of another; None if they are alike, or not IPv4."""
        if before == after or before.version != 4:
            return None
        rewritings: list[Rewriting | PortRewriting] = []
        for is_source, name in ((True, "source"), (False, "destination")):
            address = getattr(after, name)
            if address != getattr(before, name):
                rewritings.append(Rewriting(address, is_source))
            port = getattr(after, f"{name}_port")
            if port not in (NO_PORT, getattr(before, f"{name}_port")):
                rewritings.append(PortRewriting(port.to_bytes(2, "big"), is_source))
        return cls(tuple(rewritings))

    def apply(self, frame: bytes) -> bytes:
        """A frame with all of them."""
        for rewriting in self.rewritings:
            frame = rewriting.apply(frame)
        return frame


def _with_address(frame: bytes, offset: int, new: bytes) -> bytes:
    at, _ = ethernet.skip_tags(frame)
    changed = bytearray(frame)
    field = slice(at + offset, at + offset + 4)
    old = bytes(frame[field])
    if len(old) < 4:
        return frame
    changed[field] = new
    _correct(changed, at + ipv4.CHECKSUM.start, old, new)
    _correct_segment(changed, at, old, new)
    return bytes(changed)


def _with_port(frame: bytes, offset: int, new: bytes) -> bytes:
    at, _ = ethernet.skip_tags(frame)
    if len(frame) < at + ipv4.HEADER_LENGTH or not _has_segment_header(frame, at):
        return frame
    where = at + (frame[at] & 0x0F) * 4 + offset
    old = frame[where : where + 2]
    if len(old) < 2:
        return frame
    changed = bytearray(frame)
    changed[where : where + 2] = new
    _correct_segment(changed, at, old, new)
    return bytes(changed)


def _has_segment_header(frame: bytes | bytearray, at: int) -> bool:
    """Whether the header of TCP or UDP follows that of IP: it does not in later fragments."""
    fragmentation = int.from_bytes(frame[at + 6 : at + 8], "big")
    return not fragmentation & ipv4.OFFSET_MASK and frame[at + 9] in _CHECKSUMS


def _correct_segment(frame: bytearray, at: int, old: bytes, new: bytes) -> None:
    """Correct the checksum of TCP or UDP, if it is there."""
    if not _has_segment_header(frame, at):
        return
    protocol = frame[at + 9]
    where = at + (frame[at] & 0x0F) * 4 + _CHECKSUMS[protocol]
    # Zero in UDP says that there is none.
    if protocol == ipv4.TCP or any(frame[where : where + 2]):
        _correct(frame, where, old, new, zero=0xFFFF if protocol == ipv4.UDP else 0)


def _correct(frame: bytearray, where: int, old: bytes, new: bytes, zero: int = 0) -> None:
    """Correct the checksum that stands at `where`, if it is there; `zero` is what a result of zero is sent
    as.
    """
    if len(frame) < where + 2:
        return
    complement = 0xFFFF - int.from_bytes(frame[where : where + 2], "big")
    total = (complement - int.from_bytes(old, "big") + int.from_bytes(new, "big")) % 0xFFFF or 0xFFFF
    frame[where : where + 2] = (0xFFFF - total or zero).to_bytes(2, "big")
