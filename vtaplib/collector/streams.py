"""Streams: what came from each sender under each VNI.

VXLAN numbers no datagrams, so what is missing from a stream cannot be known. What can: the datagrams that
the own socket dropped (`Receiver.dropped`), those that the kernel dropped before it (`KernelCounters`), and
octets of TCP inside that were sent and never seen, which is an estimate (`vtaplib.loops.tcp_gaps`).

So many streams are kept apart; what comes from more is counted together, as the last one, so that nobody can
fill the memory with invented VNIs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from vtaplib.loops.decapsulation import COUNTERS, KEY_WORDS, STREAMS, WANTED
from vtaplib.loops.tcp_gaps import GAP_WORDS, ROW_WORDS, look
from vtaplib.packets.block import PacketBlock

DEFAULT_LIMIT: Final = 4096
"""Streams that are kept apart: as many tapped interfaces as one collector is likely to see."""

FLOWS: Final = 16_384
"""TCP flows that are followed at a time, for the estimate: 96 octets each."""


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """What was taken of one stream: inner frames and their octets, and when the first and last came,
    nanoseconds since 1970. `source` and `vni` are None where streams beyond the limit are counted together.
    """

    number: int
    source: IPv4Address | IPv6Address | None
    vni: int | None
    frames: int
    octets: int
    first_ns: int
    last_ns: int
    tcp_gaps: int = 0
    """Estimated: how often a TCP flow in it went on further than where it was."""
    tcp_missing_octets: int = 0
    """Estimated: octets in those gaps that did not come later either."""

    @property
    def name(self) -> str:
        """What distinguishes it, in words."""
        return f"{self.source} VNI {self.vni}" if self.source is not None else "other streams"


class Streams:
    """The streams seen, numbered from 0 in the order of their first frames; number `limit` is all others."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        # At most half full, so that looking up ends soon.
        self.table = array("q", [-1]) * (1 << (2 * limit).bit_length())
        self.keys = array("Q", bytes(8 * KEY_WORDS * limit))
        self.counters = array("q", bytes(8 * COUNTERS * (limit + 1)))
        self.state = array("q", [0, -1])
        self._flows = array("q", bytes(8 * ROW_WORDS * FLOWS))
        self._gaps = array("q", bytes(8 * GAP_WORDS * (limit + 1)))

    def want(self, frames: int | None) -> None:
        """Take so many frames more and refuse what comes then; None: take all."""
        self.state[WANTED] = -1 if frames is None else frames

    def look_for_gaps(self, block: PacketBlock) -> None:
        """Follow the TCP flows in frames whose interfaces are numbers of streams."""
        look(
            block.buffer, block.starts, block.lengths, block.interfaces, block.count, self._flows, self._gaps
        )

    @property
    def is_satisfied(self) -> bool:
        """Whether no more frames are wanted."""
        return self.state[WANTED] == 0

    def account(self, number: int) -> StreamAccount:
        """What was taken of a stream so far."""
        frames, octets, first_ns, last_ns = self.counters[COUNTERS * number : COUNTERS * (number + 1)]
        source, vni = self._key(number) if number < self.limit else (None, None)
        gaps, missing = self._gaps[GAP_WORDS * number : GAP_WORDS * (number + 1)]
        return StreamAccount(number, source, vni, frames, octets, first_ns, last_ns, gaps, missing)

    def describe(self, number: int) -> tuple[str, str]:
        """The name of a stream, and a description of it: what captures say of an interface."""
        if number >= self.limit:
            return "other streams", f"senders and VNIs beyond the first {self.limit}"
        source, vni = self._key(number)
        return f"{source} VNI {vni}", f"frames mirrored by {source} in VXLAN network {vni}"

    def vni(self, number: int) -> int | None:
        """The VNI of a stream; None of those that are counted together."""
        return self._key(number)[1] if number < self.limit else None

    def _key(self, number: int) -> tuple[IPv4Address | IPv6Address, int]:
        upper, lower, vni = self.keys[KEY_WORDS * number : KEY_WORDS * (number + 1)]
        address = IPv6Address(upper.to_bytes(8, "little") + lower.to_bytes(8, "little"))
        return address.ipv4_mapped or address, vni

    def __len__(self) -> int:
        """How many there are, those counted together as one."""
        return self.state[STREAMS] + (self.counters[COUNTERS * self.limit] > 0)

    def __iter__(self) -> Iterator[StreamAccount]:
        for number in range(self.state[STREAMS]):
            yield self.account(number)
        if self.counters[COUNTERS * self.limit]:
            yield self.account(self.limit)
