"""The table of flows: what is known of the flow that a frame belongs to, found by the octets that say which
flow that is.

Which frames are of one flow is what `vtaplib.packets.flow.read_flow` says, for any octets. A flow is two
words. Of IPv4 they are both addresses, and ports, protocol and what ports there are; of IPv6 the addresses
are numbered first, in a table of the same kind; of what is not IP they are the MAC addresses with the
EtherType. Compiled, tables are of open addressing, three words a slot: the two and what is known.
Interpreted, they are dictionaries, and a frame whose headers are plain is found by those as one number.
"""

from __future__ import annotations

from array import array

import cython

SLOTS_AT_FIRST = 1 << 9
"""Slots of a table to begin with: 12 KiB, for a table is thrown away with every window of time."""

# Of the octets from the EtherType to the ports of a plain frame (`vtaplib.packets.plain_headers`), those that
# tell flows apart: EtherType, version and header length, fragmentation but DF, protocol, addresses and ports.
# Then what is looked at to see that a frame is plain, and what stands there.
MASK = int.from_bytes(bytes.fromhex("ffffff00000000003fff00ff0000ffffffffffffffffffffffff"), "big")
PLAIN_MASK = int.from_bytes(bytes.fromhex("ffffff0000000000 3fff") + bytes(16), "big")
PLAIN = int.from_bytes(bytes.fromhex("080045") + bytes(23), "big")

# Beyond every number that plain headers make.
OTHER = 1 << 208


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(at=cython.p_uchar, place=cython.Py_ssize_t, word=cython.ulonglong)
def _word(at: bytearray, place: int) -> int:
    """The four octets at a place, in the network's order."""
    word: int = cython.cast(cython.ulonglong, at[place]) << 24
    word |= at[place + 1] << 16 | at[place + 2] << 8 | at[place + 3]
    return word


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.Py_ssize_t)
@cython.locals(
    table=cython.p_ulonglong,
    mask=cython.ulonglong,
    first=cython.ulonglong,
    second=cython.ulonglong,
    factor=cython.ulonglong,
    other_factor=cython.ulonglong,
    mixed=cython.ulonglong,
    at=cython.Py_ssize_t,
)
def _slot(table: array[int], mask: int, first: int, second: int) -> int:
    """Where two words stand in a table, or would stand; some slots are free."""
    # Put together from small ones: Cython makes an object of a large constant.
    factor = 0x1E3779B9
    factor = factor << 32 | 0x7F4A7C15
    other_factor = 0x42B2AE3D
    other_factor = other_factor << 32 | 0x27D4EB4F
    mixed = first * factor ^ second * other_factor
    mixed = (mixed ^ mixed >> 32) * factor
    mixed >>= 32
    while True:
        at = (mixed & mask) * 3
        if table[at + 2] == 0 or (table[at] == first and table[at + 1] == second):
            return at
        mixed += 1


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.bint)
@cython.locals(
    at=cython.p_uchar,
    start=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    words=cython.p_ulonglong,
    place=cython.Py_ssize_t,
    end=cython.Py_ssize_t,
    ethertype=cython.Py_ssize_t,
    protocol=cython.Py_ssize_t,
    fields=cython.Py_ssize_t,
    kind=cython.ulonglong,
)
def _read(at: bytearray, start: int, length: int, words: array[int]) -> bool:
    """Put the words of a frame's flow into the first two of six; of IPv6 those of the addresses, source and
    destination, into the last four, and return whether it is.
    """
    words[0] = 0
    end = start + length
    if length < 14:
        words[1] = cython.cast(cython.ulonglong, 5) << 60
        return False
    place = start + 12
    ethertype = at[place] << 8 | at[place + 1]
    while (ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100) and end - place >= 6:
        place += 4
        ethertype = at[place] << 8 | at[place + 1]
    kind = 3
    if end - place < 2 or ethertype == 0x8100 or ethertype == 0x88A8 or ethertype == 0x9100:
        kind = 4
        ethertype = 0
    place += 2
    protocol = -1
    fields = 0
    if ethertype == 0x0800 and end - place >= 20 and at[place] >> 4 == 4 and at[place] & 15 >= 5:
        kind = 1
        protocol = at[place + 9]
        fields = (at[place + 6] << 8 | at[place + 7]) & 0x3FFF
        words[0] = _word(at, place + 12) << 32 | _word(at, place + 16)
        place += (at[place] & 15) * 4
    elif ethertype == 0x86DD and end - place >= 40 and at[place] >> 4 == 6:
        kind = 2
        protocol = at[place + 6]
        words[2] = _word(at, place + 8) << 32 | _word(at, place + 12)
        words[3] = _word(at, place + 16) << 32 | _word(at, place + 20)
        words[4] = _word(at, place + 24) << 32 | _word(at, place + 28)
        words[5] = _word(at, place + 32) << 32 | _word(at, place + 36)
        place += 40
        while (
            (protocol == 0 or protocol == 43 or protocol == 44 or protocol == 60)
            and end - place >= 8
            and fields == 0
        ):
            if protocol == 44:
                fields = (at[place + 2] << 8 | at[place + 3]) & 0xFFF9
                protocol = at[place]
                place += 8
            else:
                protocol = at[place]
                place += (at[place + 1] + 1) * 8
    if kind > 2:
        words[0] = _word(at, start + 6) << 32 | at[start + 10] << 24 | at[start + 11] << 16 | ethertype
        words[1] = kind << 60 | _word(at, start) << 16 | at[start + 4] << 8 | at[start + 5]
        return False
    words[1] = kind << 60 | protocol
    if fields:
        words[1] |= cython.cast(cython.ulonglong, 1) << 41
    elif (protocol == 6 or protocol == 17 or protocol == 132) and end - place >= 4:
        words[1] |= cython.cast(cython.ulonglong, 1) << 40 | _word(at, place) << 8
    return kind == 2


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.ulonglong)
@cython.locals(
    table=cython.p_ulonglong, mask=cython.ulonglong, first=cython.ulonglong, second=cython.ulonglong
)
def _known(table: array[int], mask: int, first: int, second: int) -> int:
    """What a table says of two words, 0 if nothing."""
    known: int = table[_slot(table, mask, first, second) + 2]
    return known


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
@cython.returns(cython.longlong)
@cython.locals(
    at=cython.p_uchar,
    start=cython.Py_ssize_t,
    length=cython.Py_ssize_t,
    table=cython.p_ulonglong,
    mask=cython.ulonglong,
    addresses=cython.p_ulonglong,
    addresses_mask=cython.ulonglong,
    words=cython.ulonglong[6],
    source=cython.ulonglong,
    destination=cython.ulonglong,
    known=cython.ulonglong,
)
def _find(
    at: bytearray,
    start: int,
    length: int,
    table: array[int],
    mask: int,
    addresses: array[int],
    addresses_mask: int,
) -> int:
    """What is known of the flow of a packet, -1 if nothing."""
    words = [0, 0, 0, 0, 0, 0]
    # Nearly all frames are of this one shape; what follows says the same of them.
    if (
        length >= 38
        and at[start + 12] == 8
        and at[start + 13] == 0
        and at[start + 14] == 0x45
        and at[start + 20] & 0x3F == 0
        and at[start + 21] == 0
        and (at[start + 23] == 6 or at[start + 23] == 17)
    ):
        words[0] = _word(at, start + 26) << 32 | _word(at, start + 30)
        words[1] = cython.cast(cython.ulonglong, 0x100001) << 40
        words[1] |= _word(at, start + 34) << 8 | at[start + 23]
    elif _read(at, start, length, words):
        source = _known(addresses, addresses_mask, words[2], words[3])
        destination = _known(addresses, addresses_mask, words[4], words[5])
        if source == 0 or destination == 0:
            return -1
        words[0] = source << 32 | destination
    known = _known(table, mask, words[0], words[1])
    if known > 1:
        found: int = cython.cast(cython.longlong, known)
        return found
    return -1


@cython.cfunc
@cython.locals(
    old=cython.ulonglong[::1],
    new=cython.ulonglong[::1],
    table=cython.p_ulonglong,
    mask=cython.ulonglong,
    at=cython.Py_ssize_t,
    slot=cython.Py_ssize_t,
)
def _doubled(words: array[int]) -> array[int]:
    """A table with twice as many slots, and the same in it."""
    larger = array("Q", bytes(16 * len(words)))
    old = words
    new = larger
    table = cython.address(new[0])
    mask = len(new) // 3 - 1
    for at in range(0, len(old), 3):
        if old[at + 2]:
            slot = _slot(table, mask, old[at], old[at + 1])
            new[slot] = old[at]
            new[slot + 1] = old[at + 1]
            new[slot + 2] = old[at + 2]
    return larger


@cython.cclass
class FlowTable:
    """What is known of flows: numbers above 1, below 2**63."""

    flows = cython.declare(cython.Py_ssize_t, visibility="readonly")
    _addresses = cython.declare(cython.Py_ssize_t)
    _by_words = cython.declare(object)
    _by_address = cython.declare(object)
    _by_key = cython.declare(dict)
    _numbers = cython.declare(dict)

    def __init__(self) -> None:
        self.flows = 0
        """How many flows something is known of, or was."""
        self._addresses = 0
        self._by_words = array("Q", bytes(8 * 3 * SLOTS_AT_FIRST))
        self._by_address = array("Q", bytes(8 * 3 * SLOTS_AT_FIRST))
        # The same where it is interpreted.
        self._by_key = {}
        self._numbers = {}

    @cython.locals(
        buffer=cython.const_uchar[::1],
        starts=cython.const_longlong[::1],
        lengths=cython.const_longlong[::1],
        first=cython.Py_ssize_t,
        stop=cython.Py_ssize_t,
        found=cython.longlong[::1],
        by_words=cython.ulonglong[::1],
        by_address=cython.ulonglong[::1],
        at=cython.p_uchar,
        table=cython.p_ulonglong,
        addresses=cython.p_ulonglong,
        mask=cython.ulonglong,
        addresses_mask=cython.ulonglong,
        index=cython.Py_ssize_t,
    )
    def look_up(
        self,
        buffer: bytes | bytearray | memoryview,
        starts: array[int],
        lengths: array[int],
        first: int,
        stop: int,
        found: array[int],
    ) -> None:
        """Note in `found` what is known of the flows of packets from `first` to before `stop`.

        One after the other and nothing else, so that the processor waits for many places of a large table at
        once.
        """
        if first >= stop:
            return
        if not cython.compiled:
            get = self._by_key.get
            spelt = int.from_bytes
            for index in range(first, stop):
                start, length = starts[index], lengths[index]
                value = None
                if length >= 38:
                    value = get(spelt(buffer[start + 12 : start + 38], "big") & MASK)
                found[index] = get(self._key(buffer[start : start + length]), -1) if value is None else value
            return
        at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if len(buffer) else cython.NULL
        by_words = self._by_words
        by_address = self._by_address
        table = cython.address(by_words[0])
        addresses = cython.address(by_address[0])
        mask = len(by_words) // 3 - 1
        addresses_mask = len(by_address) // 3 - 1
        with cython.nogil:
            for index in range(first, stop):
                found[index] = _find(
                    at, starts[index], lengths[index], table, mask, addresses, addresses_mask
                )

    @cython.locals(
        buffer=cython.const_uchar[::1],
        times_ns=cython.const_longlong[::1],
        starts=cython.const_longlong[::1],
        lengths=cython.const_longlong[::1],
        first=cython.Py_ssize_t,
        stop=cython.Py_ssize_t,
        begin=cython.longlong,
        end=cython.longlong,
        found=cython.longlong[::1],
        by_words=cython.ulonglong[::1],
        by_address=cython.ulonglong[::1],
        at=cython.p_uchar,
        index=cython.Py_ssize_t,
    )
    def next_unknown(
        self,
        buffer: bytes | bytearray | memoryview,
        times_ns: array[int],
        starts: array[int],
        lengths: array[int],
        first: int,
        stop: int,
        begin: int,
        end: int,
        found: array[int],
    ) -> int:
        """The number of the first packet whose flow nothing is known of; `stop` if there is none before one
        of a time that is not from `begin` to `end`. Notes in `found` what became known behind the look-up.
        """
        at = cython.cast(cython.p_uchar, cython.address(buffer[0])) if cython.compiled else buffer
        by_words = self._by_words
        by_address = self._by_address
        for index in range(first, stop):
            if not begin <= times_ns[index] <= end:
                return stop
            if found[index] >= 0:
                continue
            if cython.compiled:
                found[index] = _find(
                    at,
                    starts[index],
                    lengths[index],
                    cython.address(by_words[0]),
                    len(by_words) // 3 - 1,
                    cython.address(by_address[0]),
                    len(by_address) // 3 - 1,
                )
            else:
                self.look_up(buffer, starts, lengths, index, index + 1, found)
            if found[index] < 0:
                return index
        return stop

    @cython.locals(words=cython.ulonglong[6])
    def learn(self, frame: bytes, known: int) -> None:
        """Note what is known of the flow of a frame."""
        words = [0, 0, 0, 0, 0, 0]
        if cython.compiled:
            self._read_frame(frame, words)
            self._set(words[0], words[1], known)
            return
        key = self._key(frame)
        self.flows += key not in self._by_key
        self._by_key[key] = known

    @cython.locals(words=cython.ulonglong[6])
    def forget(self, frame: bytes) -> None:
        """Know nothing of the flow of a frame any more."""
        words = [0, 0, 0, 0, 0, 0]
        if cython.compiled:
            self._read_frame(frame, words)
            self._set(words[0], words[1], 1)
        else:
            self._by_key.pop(self._key(frame), None)

    @cython.locals(words=cython.ulonglong[6])
    def _key(self, frame: bytes | bytearray | memoryview) -> int:
        """What a flow is known by where this is interpreted."""
        number = int.from_bytes(frame[12:38], "big") & MASK
        if len(frame) >= 38 and number & PLAIN_MASK == PLAIN and number >> 112 & 255 in (6, 17, 132):
            return number
        words = [0, 0, 0, 0, 0, 0]
        self._read_frame(frame, words)
        key: int = OTHER | cython.cast(object, words[0]) << 64 | words[1]
        return key

    @cython.cfunc
    @cython.locals(octets=cython.const_uchar[::1], at=cython.p_uchar, words=cython.p_ulonglong)
    def _read_frame(self, frame: bytes | bytearray | memoryview, words: list[int]) -> None:
        """Put the words of a frame's flow into the first two; addresses that are new get numbers."""
        octets = frame
        if cython.compiled:
            at = cython.cast(cython.p_uchar, cython.address(octets[0])) if len(octets) else cython.NULL
        else:
            at = octets
        if _read(at, 0, len(octets), words):
            words[0] = self._number_of(words[2], words[3]) << 32 | self._number_of(words[4], words[5])

    @cython.cfunc
    @cython.returns(cython.ulonglong)
    @cython.locals(
        high=cython.ulonglong, low=cython.ulonglong, by_address=cython.ulonglong[::1], slot=cython.Py_ssize_t
    )
    def _number_of(self, high: int, low: int) -> int:
        """The number of an IPv6 address, from 1 on, given to it when it is first asked for."""
        if not cython.compiled:
            number: int = self._numbers.setdefault(high << 64 | low, len(self._numbers) + 1)
            return number
        if 2 * (self._addresses + 1) * 3 > len(self._by_address):
            self._by_address = _doubled(self._by_address)
        by_address = self._by_address
        slot = _slot(cython.address(by_address[0]), len(by_address) // 3 - 1, high, low)
        if by_address[slot + 2] == 0:
            self._addresses += 1
            by_address[slot] = high
            by_address[slot + 1] = low
            by_address[slot + 2] = self._addresses
        given: int = by_address[slot + 2]
        return given

    @cython.cfunc
    @cython.locals(
        first=cython.ulonglong,
        second=cython.ulonglong,
        known=cython.ulonglong,
        by_words=cython.ulonglong[::1],
        slot=cython.Py_ssize_t,
    )
    def _set(self, first: int, second: int, known: int) -> None:
        if 2 * (self.flows + 1) * 3 > len(self._by_words):
            self._by_words = _doubled(self._by_words)
        by_words = self._by_words
        slot = _slot(cython.address(by_words[0]), len(by_words) // 3 - 1, first, second)
        if by_words[slot + 2] == 0:
            self.flows += 1
        by_words[slot] = first
        by_words[slot + 1] = second
        by_words[slot + 2] = known
