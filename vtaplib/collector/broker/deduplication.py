"""The stage that drops packets which were there before: those of conversations that are tapped at both ends.

Two packets are equal if they are the same IP packet apart from what a way through networks changes: the whole
Ethernet header with its VLAN tags, padding behind the packet, TTL or hop limit, and the checksum of an IPv4
header. What is not IP is compared from the EtherType on. Equality is that of 128 bits of hash.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import ClassVar

from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.deduplication import SET, hash_content, keep_first
from vtaplib.packets.block import PacketBlock

DUPLICATE = "the same as one before"
FORGOTTEN = "forgotten before the window was over"

IGNORABLE = ("dscp", "checksums")
"""What else may differ, where it is asked for: DSCP and ECN (traffic class), and the checksums of TCP, UDP
and ICMP, which are not yet there in packets that hardware is to finish."""

MOST_MEMORY = 1 << 24
MOST_WINDOW_MS = 3_600_000
NS_PER_MS = 1_000_000


class Deduplicate(AccountedStage):
    """Drops a packet that equals one which passed at most `window_ms` away, before or after, by their times.

    The window is counted from the packet that passed, so that what is sent again and again passes once a
    window. Memory is bounded: of `memory` packets, 24 octets each. Where more pass within a window, some are
    forgotten early, which is noted; then a duplicate may pass, and never is another packet dropped.
    """

    name: ClassVar[str] = "dedup"

    def __init__(self, window_ms: float = 50, *, ignore: Iterable[str] = (), memory: int = 1 << 18) -> None:
        """`ignore` are names in `IGNORABLE`; `memory` is rounded up to a power of 2. Raises `CollectorError`
        for what cannot be.
        """
        super().__init__()
        ignored = tuple(ignore)
        for one in ignored:
            if one not in IGNORABLE:
                raise CollectorError(f"dedup: {one!r} cannot be ignored; these can: {', '.join(IGNORABLE)}")
        if not 0 <= window_ms <= MOST_WINDOW_MS:
            raise CollectorError(f"dedup: a window of {window_ms} ms; it is from 0 to {MOST_WINDOW_MS} ms")
        if not SET <= memory <= MOST_MEMORY:
            raise CollectorError(f"dedup: memory of {memory} packets; it is from {SET} to {MOST_MEMORY}")
        self._window_ns = round(window_ms * NS_PER_MS)
        self._without_dscp = "dscp" in ignored
        self._without_checksums = "checksums" in ignored
        self._sets = 1 << (-(-memory // SET) - 1).bit_length()
        slots = self._sets * SET
        self._known = array("Q", bytes(8 * slots))
        self._known_others = array("Q", bytes(8 * slots))
        self._known_times = array("q", bytes(8 * slots))
        self._newest = 0
        self._places = HeaderOffsets()
        self._others = array("Q")

    def _change(self, block: PacketBlock) -> None:
        places = self._places
        places.locate(block)
        if len(self._others) < block.count:
            self._others = array("Q", bytes(8 * block.room))
        hash_content(
            block.buffer,
            block.starts,
            block.lengths,
            block.original_lengths,
            places.links,
            places.networks,
            places.transports,
            places.protocols,
            block.count,
            self._without_dscp,
            self._without_checksums,
            places.hashes,
            self._others,
        )
        kept = bytearray(block.count)
        self._newest, forgotten = keep_first(
            block.times_ns,
            places.hashes,
            self._others,
            block.count,
            self._window_ns,
            self._known,
            self._known_others,
            self._known_times,
            self._sets,
            kept,
            self._newest,
        )
        self.account.note(FORGOTTEN, forgotten)
        self._retain(block, kept, DUPLICATE)
