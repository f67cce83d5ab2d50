"""Arenas: slots of memory that datagrams are received into, and closer ones that they wait in.

A slot holds a VXLAN header and the largest frame that is taken; what is longer is cut by the kernel, which
says so. Slots are wide and datagrams mostly short, so those that have to wait are packed: memory that is
touched for the first time costs several times what receiving does.
"""

from __future__ import annotations

import ctypes
import mmap
from array import array
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Protocol

from vtaplib.collector.acceptance import Acceptance
from vtaplib.collector.message_vector import Message
from vtaplib.collector.streams import Streams
from vtaplib.loops.decapsulation import (
    ADDRESS_LENGTH,
    ADDRESS_WORDS,
    CONTROL_LENGTH,
    CONTROL_WORDS,
    MESSAGE_WORDS,
    REASONS,
    decapsulate,
)
from vtaplib.loops.packing import pack, packed_length
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.vxlan import HEADER_LENGTH

ARENA_SLOTS: Final = 512
"""Datagrams in an arena, and so at most in a block: enough that a block's fixed cost is small in each."""

_AF_INET: Final = 2


class Datagrams(Protocol):
    """Received datagrams, `count` of them, in slots or packed.

    Each lies in `octets` from its offset on; what the kernel said of it stands in `words` of its message
    (`struct mmsghdr`), of its sender's address and of its control octets; and the loop's in `verdicts`.
    """

    count: int
    octets: memoryview
    offsets: array[int]
    words: array[int]
    addresses: array[int]
    controls: array[int]
    verdicts: bytearray


class Arena:
    """Slots of `slot` octets each, the first `count` of which are filled, and their vector of messages."""

    def __init__(self, slot: int, slots: int = ARENA_SLOTS) -> None:
        self.slot = slot
        self.slots = slots
        self.count = 0
        self.octets = memoryview(mmap.mmap(-1, slot * slots))
        self.offsets = array("q", range(0, slot * slots, slot))
        self.addresses = array("Q", bytes(ADDRESS_LENGTH * slots))
        self.controls = array("Q", bytes(CONTROL_LENGTH * slots))
        self.verdicts = bytearray(slots)
        first_octet = ctypes.addressof(ctypes.c_char.from_buffer(self.octets))
        first_address, _ = self.addresses.buffer_info()
        first_control, _ = self.controls.buffer_info()
        # As words, which is ten times as fast as by fields.
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


class PackedArena:
    """The datagrams of an arena, close together in memory of their own; the arena is free again."""

    def __init__(self, arena: Arena) -> None:
        count = self.count = arena.count
        self.octets = memoryview(bytearray(packed_length(arena.words, count, arena.slot)))
        self.offsets = array("q", bytes(8 * count))
        # Packing makes the messages ready for the next.
        self.words = arena.words[: MESSAGE_WORDS * count]
        pack(arena.octets, arena.words, count, arena.slot, self.octets, self.offsets)
        self.addresses = arena.addresses[: ADDRESS_WORDS * count]
        self.controls = arena.controls[: CONTROL_WORDS * count]
        self.verdicts = bytearray(count)
        arena.count = 0


class Judge:
    """What an acceptance and the streams seen so far make of datagrams; `totals` are of all of them, two
    numbers for each verdict: datagrams and octets.
    """

    def __init__(self, acceptance: Acceptance, streams: Streams) -> None:
        self.slot = HEADER_LENGTH + acceptance.max_frame
        self.streams = streams
        self.totals = array("q", bytes(8 * 2 * REASONS))
        self._block = PacketBlock(bytearray(), ARENA_SLOTS)
        self._vnis = acceptance.vni_column
        self._networks = acceptance.network_column

    def decapsulate(self, datagrams: Datagrams, now_ns: int) -> PacketBlock:
        """Return the block of those datagrams that are taken, at most `ARENA_SLOTS`: their frames, where they
        lie, until the next call. `now_ns` is the time of those that the kernel gave none. An arena is ready
        to be received into again. Raises `ValueError` for more of them.
        """
        streams, block = self.streams, self._block
        if datagrams.count > block.room:
            raise ValueError(f"{datagrams.count} datagrams are more than the {block.room} of an arena")
        block.buffer = datagrams.octets
        block.count = decapsulate(
            datagrams.octets,
            datagrams.offsets,
            self.slot,
            datagrams.count,
            datagrams.words,
            datagrams.addresses,
            datagrams.controls,
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
            datagrams.verdicts,
            self.totals,
        )
        return block


def sender_of(datagrams: Datagrams, index: int) -> tuple[str, int]:
    """The address, as text, and the port that a datagram came from."""
    octets = datagrams.addresses[ADDRESS_WORDS * index : ADDRESS_WORDS * (index + 1)].tobytes()
    port = int.from_bytes(octets[2:4], "big")
    if int.from_bytes(octets[:2], "little") == _AF_INET:
        return str(IPv4Address(octets[4:8])), port
    address = IPv6Address(octets[8:24])
    return str(address.ipv4_mapped or address), port


def length_of(datagrams: Datagrams, index: int) -> int:
    """How long a datagram was when it was sent, whatever is kept of it."""
    return datagrams.words[MESSAGE_WORDS * index + 7] & 0xFFFFFFFF
