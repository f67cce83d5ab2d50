"""Acceptance: which datagrams a collector takes, and the closed list of reasons why it refuses one.

It says what is wanted; the judging itself is a loop (`vtaplib.loops.decapsulation`), which sees the reasons
as numbers. A datagram has one reason, the first that holds in the order in which they stand here.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Final

from vtaplib.errors import CollectorError
from vtaplib.loops import decapsulation
from vtaplib.packets.vxlan import HEADER_LENGTH, LARGEST_VNI

SMALLEST_FRAME: Final = 14
"""Octets of an Ethernet header: what is shorter is no frame."""

LARGEST_FRAME: Final = 65507 - HEADER_LENGTH
"""Octets that fit into a UDP datagram of IPv4 behind the VXLAN header."""

DEFAULT_MAX_FRAME: Final = 9216
"""Octets of the largest frames that are common: jumbo frames of switches, headers and tags included. What is
sent is bounded by the same.
"""

_MAPPED: Final = IPv6Address("::ffff:0:0")


class DatagramRefusal(StrEnum):
    """Why a datagram is not taken."""

    WRONG_SOURCE = "wrong source"
    """Its sender is in none of the networks that are allowed."""
    TOO_SHORT = "too short"
    """Malformed: it ends before the VXLAN header does."""
    NO_VNI = "no VNI"
    """Malformed: the header's I flag is not set (RFC 7348, section 5)."""
    WRONG_VNI = "wrong VNI"
    """Its VNI is none of those that are allowed."""
    RUNT = "no whole Ethernet header"
    """Malformed: what is inside is shorter than an Ethernet header."""
    OVERSIZED = "oversized"
    """The frame inside is longer than the collector takes."""
    NOT_WANTED = "after the last one wanted"
    """As many frames as were asked for have been taken."""

    @property
    def option(self) -> str:
        """The option of `vtap collect` that decides it; none where nothing does."""
        return _OPTIONS.get(self, "")

    @property
    def is_malformed(self) -> bool:
        """Whether it is not a VXLAN datagram with a frame, from any sender."""
        return self in (DatagramRefusal.TOO_SHORT, DatagramRefusal.NO_VNI, DatagramRefusal.RUNT)


_OPTIONS: Final = {
    DatagramRefusal.WRONG_SOURCE: "--source",
    DatagramRefusal.WRONG_VNI: "--vni",
    DatagramRefusal.OVERSIZED: "--max-frame",
    DatagramRefusal.NOT_WANTED: "--count",
}

VERDICTS: Final = {
    decapsulation.WRONG_SOURCE: DatagramRefusal.WRONG_SOURCE,
    decapsulation.TOO_SHORT: DatagramRefusal.TOO_SHORT,
    decapsulation.NO_VNI: DatagramRefusal.NO_VNI,
    decapsulation.WRONG_VNI: DatagramRefusal.WRONG_VNI,
    decapsulation.RUNT: DatagramRefusal.RUNT,
    decapsulation.OVERSIZED: DatagramRefusal.OVERSIZED,
    decapsulation.NOT_WANTED: DatagramRefusal.NOT_WANTED,
}
"""The loop's numbers of the reasons."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is taken: these VNIs and senders in these networks (all, where none is named), and frames up to
    `max_frame` octets. Raises `CollectorError` for a VNI or a length that cannot be.
    """

    vnis: frozenset[int] = frozenset()
    sources: tuple[IPv4Network | IPv6Network, ...] = ()
    max_frame: int = DEFAULT_MAX_FRAME

    def __post_init__(self) -> None:
        for vni in sorted(self.vnis):
            if not 0 <= vni <= LARGEST_VNI:
                raise CollectorError(f"VNI {vni}: cannot be; VNIs are 0 to {LARGEST_VNI}")
        if not SMALLEST_FRAME <= self.max_frame <= LARGEST_FRAME:
            raise CollectorError(
                f"largest frame {self.max_frame}: cannot be; "
                f"it has {SMALLEST_FRAME} to {LARGEST_FRAME} octets"
            )

    @property
    def vni_column(self) -> array[int]:
        """The VNIs, as the loop takes them."""
        return array("Q", sorted(self.vnis))

    @property
    def network_column(self) -> array[int]:
        """The networks, as the loop takes them: two words of value, two of mask."""
        words = array("Q")
        for network in self.sources:
            value, mask = _mapped(network)
            words.extend(words_of(value))
            words.extend(words_of(mask))
        return words


def words_of(octets: bytes) -> tuple[int, int]:
    """The two words in which the loop keeps 16 octets."""
    return int.from_bytes(octets[:8], "little"), int.from_bytes(octets[8:], "little")


def _mapped(network: IPv4Network | IPv6Network) -> tuple[bytes, bytes]:
    """Value and mask of a network as 16 octets, an IPv4 one in its mapped form."""
    if isinstance(network, IPv6Network):
        return network.network_address.packed, network.netmask.packed
    value = int(_MAPPED) | int(network.network_address)
    mask = ((1 << 96) - 1) << 32 | int(network.netmask)
    return value.to_bytes(16, "big"), mask.to_bytes(16, "big")
