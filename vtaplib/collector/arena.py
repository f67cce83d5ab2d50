"""Arenas: slots of memory that datagrams are received into, and the block of what was taken of them.

A slot holds a VXLAN header and the largest frame that is taken; what is longer is cut by the kernel, which
says so. Slots that were never filled take no memory: the system gives it when it is first written to.
"""

from __future__ import annotations

import ctypes
import mmap
from array import array
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from vtaplib.collector.acceptance import Acceptance
from vtaplib.collector.message_vector import Message
from vtaplib.collector.streams import Streams
from vtaplib.loops.decapsulation import (
    ADDRESS_LENGTH,
    ADDRESS_WORDS,
    CONTROL_LENGTH,
    REASONS,
    decapsulate,
)
from vtaplib.packets.block import Block
from vtaplib.packets.vxlan import HEADER_LENGTH

ARENA_SLOTS: Final = 512
"""Datagrams in an arena, and so at most in a block: enough that a block's fixed cost is small in each."""


class Judge:
    """What an acceptance and the streams seen so far make of datagrams; `totals` are of all of them, two
    numbers for each verdict: datagrams and octets.
    """

    def __init__(self, acceptance: Acceptance, streams: Streams) -> None:
        self.slot = HEADER_LENGTH + acceptance.max_frame
        self.streams = streams
        self.totals = array("q", bytes(8 * 2 * REASONS))
        self._vnis = acceptance.vni_column
        self._networks = acceptance.network_column

    def decapsulate(self, arena: Arena, now_ns: int) -> Block:
        """Return the block of those of an arena's datagrams that are taken: their frames, where they lie.
        `now_ns` is the time of those that the kernel gave none. The arena is ready to be filled again.
        """
        streams, block = self.streams, arena.block
        block.buffer = arena.octets
        block.count = decapsulate(
            arena.octets,
            self.slot,
            arena.count,
            arena.words,
            arena.addresses,
            arena.controls,
            now_ns,
            self._vnis,
            self._networks,
            streams.table,
            streams.keys,
            streams.counters,
            streams.state,
            block.times_ns,
            block.starts,
            block.lengths,
            block.original_lengths,
            block.interfaces,
            block.outputs,
            arena.verdicts,
            self.totals,
        )
        return block


class Arena:
    """Slots of `slot` octets each, the first `count` of which are filled, and their vector of messages."""

    def __init__(self, slot: int, slots: int = ARENA_SLOTS) -> None:
        self.slots = slots
        self.count = 0
        self.octets = memoryview(mmap.mmap(-1, slot * slots))
        self.addresses = array("Q", bytes(ADDRESS_LENGTH * slots))
        self.controls = array("Q", bytes(CONTROL_LENGTH * slots))
        self.verdicts = bytearray(slots)
        self.block = Block(self.octets, slots)
        first_octet = ctypes.addressof(ctypes.c_char.from_buffer(self.octets))
        first_address, _ = self.addresses.buffer_info()
        first_control, _ = self.controls.buffer_info()
        # As words, which is ten times as fast as by fields: where a backlog grows, arenas are made in haste.
        vectors: list[int] = []
        for start in range(first_octet, first_octet + slot * slots, slot):
            vectors += (start, slot)
        self._vectors = array("Q", vectors)
        vector, _ = self._vectors.buffer_info()
        words: list[int] = []
        for index in range(slots):
            name = first_address + index * ADDRESS_LENGTH
            control = first_control + index * CONTROL_LENGTH
            words += (name, ADDRESS_LENGTH, vector + index * 16, 1, control, CONTROL_LENGTH, 0, 0)
        self.words = array("Q", words)
        self.messages = (Message * slots).from_buffer(self.words)

    def sender(self, index: int) -> tuple[str, int]:
        """The address, as text, and the port that a datagram came from."""
        octets = self.addresses[ADDRESS_WORDS * index : ADDRESS_WORDS * (index + 1)].tobytes()
        port = int.from_bytes(octets[2:4], "big")
        if int.from_bytes(octets[:2], "little") == 2:
            return str(IPv4Address(octets[4:8])), port
        address = IPv6Address(octets[8:24])
        return str(address.ipv4_mapped or address), port

    def datagram_length(self, index: int) -> int:
        """How long a datagram was when it was sent, whatever the slot holds of it."""
        return int(self.messages[index].length)
