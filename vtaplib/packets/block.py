"""A block: packets in one buffer, and columns that say where each lies and what is known of it.

The same shape wherever many packets are moved: a piece of a capture, an arena of received datagrams, what a
broker's stage works on, what is written or sent. Nothing in it is an object per packet, so that compiled
loops work on it (`vtaplib.loops`), and columns are numbers, so that the garbage collector does not look at
them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self

from vtaplib.loops.bounds import first_outside
from vtaplib.loops.capture_writing import write
from vtaplib.loops.selection import retain
from vtaplib.packets.ethernet import require_frame

PACKETS_OF_MANY = 4096
"""Enough to spread the cost of a block, few enough to stay in the cache."""

NONE = array("q")
"""The column of a block that has none."""

COLUMNS = ("times_ns", "starts", "lengths", "original_lengths", "interfaces", "outputs")


class PacketBlock:
    """Room for packets, the first `count` of which are there.

    `times_ns` are nanoseconds since 1970; a packet is the `lengths` octets of the buffer from `starts` on;
    `original_lengths` are how long packets were before something cut them; `interfaces` are numbers of the
    interfaces or streams that they were seen on, and `outputs` those of the outputs that they go to: 0 unless
    something chose another. Packets may lie in the buffer in any order, with anything between them.
    """

    __slots__ = (*COLUMNS, "buffer", "count")

    times_ns: array[int]
    starts: array[int]
    lengths: array[int]
    original_lengths: array[int]
    interfaces: array[int]
    outputs: array[int]

    def __init__(self, buffer: bytearray | memoryview, room: int) -> None:
        """`buffer` is writable and flat; `room` is the most packets that the columns can tell of."""
        self.buffer = buffer
        self.count = 0
        for name in COLUMNS:
            setattr(self, name, array("q", bytes(8 * room)))

    @classmethod
    def of(cls, packets: Iterable[tuple[int, bytes, int]]) -> Self:
        """The block of packets given as time in nanoseconds, octets and original length."""
        packets = list(packets)
        try:
            buffer = bytearray().join([octets for _, octets, _ in packets])
        except TypeError:
            for _, octets, _ in packets:
                require_frame(octets)
            raise
        block = cls(buffer, len(packets))
        start = 0
        for index, (time_ns, octets, original_length) in enumerate(packets):
            block.times_ns[index] = time_ns
            block.starts[index] = start
            block.lengths[index] = len(octets)
            block.original_lengths[index] = original_length
            start += len(octets)
        block.count = len(packets)
        return block

    @classmethod
    def many(cls, packets: Iterable[tuple[int, bytes, int]]) -> Iterator[Self]:
        """The blocks of any number of packets, some thousands in each."""
        packets = iter(packets)
        while piece := list(islice(packets, PACKETS_OF_MANY)):
            yield cls.of(piece)

    @property
    def room(self) -> int:
        """The most packets that can be told of."""
        return len(self.starts)

    @property
    def octets(self) -> int:
        """The octets of all packets together."""
        return sum(self.lengths[: self.count])

    def packet(self, index: int) -> bytes:
        """The octets of one packet."""
        start = self.starts[index]
        return bytes(self.buffer[start : start + self.lengths[index]])

    def write(
        self,
        out: bytearray | memoryview,
        first: int,
        *,
        stop: int | None = None,
        output: int = -1,
        interface: int = -1,
        interfaces: array[int] | None = None,
        record_format: int,
        unit: int = 1,
    ) -> tuple[int, int, int, int]:
        """Write the packets from number `first` to before `stop` (None: the end) that go to an output (-1: to
        any) as `vtaplib.loops.capture_writing.write` has it. `interfaces` stand in for the block's own.
        """
        written: tuple[int, int, int, int] = write(
            self.buffer,
            b"",
            self.times_ns,
            self.starts,
            self.lengths,
            self.original_lengths,
            self.interfaces if interfaces is None else interfaces,
            self.outputs,
            NONE,
            NONE,
            NONE,
            b"",
            NONE,
            first,
            self.count if stop is None else stop,
            output,
            interface,
            record_format,
            unit,
            out,
            NONE,
            NONE,
            NONE,
            NONE,
        )
        return written

    def check(self) -> None:
        """Raise `ValueError` unless all columns tell of every packet, and each lies in the buffer.

        Compiled loops read whatever memory they are told to, so what is given a block from elsewhere asks
        this first.
        """
        if not 0 <= self.count <= min([len(getattr(self, name)) for name in COLUMNS]):
            raise ValueError(f"a block's columns do not have {self.count} packets")
        outside = first_outside(self.starts, self.lengths, self.count, len(self.buffer))
        if outside != self.count:
            raise ValueError(
                f"packet {outside}, {self.lengths[outside]} octets from {self.starts[outside]}, does not lie "
                f"in a buffer of {len(self.buffer)}"
            )

    def retain(self, kept: bytes | bytearray) -> None:
        """Let only those packets stay whose byte in `kept` is not 0; they keep their order. Raises
        `ValueError` where `kept` does not tell of all.
        """
        if len(kept) < self.count:
            raise ValueError(f"which of {self.count} packets stay, {len(kept)} octets cannot tell")
        count = 0
        for name in COLUMNS:
            count = retain(kept, getattr(self, name), self.count)
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[int, bytes, int]]:
        """Each packet as time, octets and original length."""
        count = self.count
        starts, lengths = self.starts[:count], self.lengths[:count]
        # Copied in one go first: octets are sliced faster than other buffers. Empty packets may lie anywhere.
        first = max(min(starts, default=0), 0)
        last = max(starts, default=0) + max(lengths, default=0)
        octets = bytes(memoryview(self.buffer)[first:last])
        places = zip(starts, lengths, strict=True)
        packets = [octets[at - first : at - first + length] for at, length in places]
        return zip(self.times_ns, packets, self.original_lengths, strict=False)
