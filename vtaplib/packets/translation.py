"""Address translation (RFC 3022): another address in the IPv4 header of a frame, and checksums to go with it.

Like `flow`, nothing here raises: what a capture cut off is left as it is. Checksums are corrected by the
difference (RFC 1624), so that one which was wrong before is as wrong after. Addresses inside a payload, such
as the header that an ICMP error quotes, stay.
"""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.packets import ethernet, ipv4

_TAGS = tuple(tag.to_bytes(2, "big") for tag in (ethernet.VLAN, ethernet.PROVIDER_VLAN))
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


def _with_address(frame: bytes, offset: int, new: bytes) -> bytes:
    at = ethernet.HEADER_LENGTH
    while frame[at - 2 : at] in _TAGS:
        at += 4
    changed = bytearray(frame)
    field = slice(at + offset, at + offset + 4)
    old = bytes(frame[field])
    if len(old) < 4:
        return frame
    changed[field] = new
    _correct(changed, at + ipv4.CHECKSUM.start, old, new)
    fragmentation = int.from_bytes(frame[at + 6 : at + 8], "big")
    protocol = frame[at + 9]
    if not fragmentation & ipv4.OFFSET_MASK and protocol in _CHECKSUMS:
        where = at + (frame[at] & 0x0F) * 4 + _CHECKSUMS[protocol]
        # Zero in UDP says that there is none.
        if protocol == ipv4.TCP or any(frame[where : where + 2]):
            _correct(changed, where, old, new, zero=0xFFFF if protocol == ipv4.UDP else 0)
    return bytes(changed)


def _correct(frame: bytearray, where: int, old: bytes, new: bytes, zero: int = 0) -> None:
    """Correct the checksum that stands at `where`, if it is there; `zero` is what a result of zero is sent
    as.
    """
    if len(frame) < where + 2:
        return
    complement = 0xFFFF - int.from_bytes(frame[where : where + 2], "big")
    total = (complement - int.from_bytes(old, "big") + int.from_bytes(new, "big")) % 0xFFFF or 0xFFFF
    frame[where : where + 2] = (0xFFFF - total or zero).to_bytes(2, "big")
