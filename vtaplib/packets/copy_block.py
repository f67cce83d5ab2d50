"""A block of copies: packets of another block, each behind an outer header that stands once for all of them.

Nothing is copied until somebody wants octets: a capture writes them as its records, a broker asks for them
bare.
"""

from __future__ import annotations

from array import array

from vtaplib.loops.capture_writing import BARE, TEMPLATE, write
from vtaplib.loops.interleaving import count_outputs, interleave
from vtaplib.packets.block import NONE, PacketBlock

COLUMNS = ("times_ns", "starts", "lengths", "headers", "ports", "outputs")

NO_HEADER = -1
"""The header of a copy that has its own, and lies aside."""


class OuterHeaders:
    """The outer headers of many copies, by number: 50 octets each, in which length, checksum and source port
    are left open, and the sum of the words of the IPv4 header without its length.
    """

    __slots__ = ("sums", "templates")

    def __init__(self) -> None:
        self.templates = bytearray()
        self.sums = array("q")

    def add(self, header: bytes, words: int) -> int:
        """Add a header; returns its number."""
        self.templates += header.ljust(TEMPLATE, b"\0")
        self.sums.append(words)
        return len(self.sums) - 1


class CopyBlock:
    """The first `count` rows of the columns are copies.

    A copy is made at `times_ns` of the `lengths` octets from `starts` on in `buffer`, behind one of the
    `headers` with one of the `ports` as source; with `NO_HEADER` it is what lies there in `aside`. `outputs`
    are the numbers of those who get it. `order` has the numbers of copies in the order in which they are
    written, or nothing.
    """

    __slots__ = (*COLUMNS, "aside", "buffer", "count", "order", "outer")

    times_ns: array[int]
    starts: array[int]
    lengths: array[int]
    headers: array[int]
    ports: array[int]
    outputs: array[int]

    def __init__(self) -> None:
        self.clear(b"", OuterHeaders())
        for name in COLUMNS:
            setattr(self, name, array("q"))

    def clear(self, buffer: bytes | bytearray | memoryview, outer: OuterHeaders) -> None:
        """Begin anew, with copies of packets in a buffer."""
        self.buffer = buffer
        self.outer = outer
        self.aside = bytearray()
        self.order = NONE
        self.count = 0

    def make_room(self, count: int) -> None:
        """Have room for so many copies, or more."""
        missing = count - len(self.times_ns)
        if missing > 0:
            for name in COLUMNS:
                getattr(self, name).frombytes(bytes(8 * missing))

    def add(self, time_ns: int, copy: bytes, output: int) -> None:
        """Add a copy that is made, behind the others; an order that there was has no place for it."""
        self.order = NONE
        if self.count == len(self.times_ns):
            self.make_room(2 * self.count + 1)
        values = time_ns, len(self.aside), len(copy), NO_HEADER, 0, output
        for name, value in zip(COLUMNS, values, strict=True):
            getattr(self, name)[self.count] = value
        self.aside += copy
        self.count += 1

    def counts(self, outputs: int) -> array[int]:
        """How many copies each of so many outputs gets."""
        counts = array("q", bytes(8 * outputs))
        count_outputs(self.outputs, self.count, counts)
        return counts

    def order_by_time(self, outputs: int) -> None:
        """Have copies written in the order of time: those of an output stay in theirs, and of one time those
        of the output with the lower number come first. `outputs` is how many there are.
        """
        order = array("q", bytes(8 * self.count))
        self.order = NONE if interleave(self.times_ns, self.outputs, self.count, outputs, order) else order

    def write(
        self,
        out: bytearray | memoryview,
        first: int,
        *,
        output: int = -1,
        interface: int = -1,
        record_format: int = BARE,
        unit: int = 1,
        bare: PacketBlock | None = None,
    ) -> tuple[int, int, int, int]:
        """Write the copies from number `first` on that go to an output (-1: to any), as
        `vtaplib.loops.capture_writing.write` has it. `interface` -1 stands for the number of each copy's
        output. Bare copies are told of in `bare`.
        """
        columns = (NONE,) * 4 if bare is None else (bare.times_ns, bare.starts, bare.lengths, bare.outputs)
        written: tuple[int, int, int, int] = write(
            self.buffer,
            self.aside,
            self.times_ns,
            self.starts,
            self.lengths,
            NONE,
            self.outputs,
            self.outputs,
            self.headers,
            self.ports,
            self.order,
            self.outer.templates,
            self.outer.sums,
            first,
            self.count,
            output,
            interface,
            record_format,
            unit,
            out,
            *columns,
        )
        return written

    def packets(self, output: int = -1) -> PacketBlock:
        """The copies for an output (-1: for any) as packets of their own: outer Ethernet frames."""
        room = sum(self.lengths[: self.count]) + TEMPLATE * self.count
        block = PacketBlock(bytearray(room), self.count)
        _, _, block.count, _ = self.write(block.buffer, 0, output=output, bare=block)
        block.original_lengths[:] = block.lengths
        return block

    def __len__(self) -> int:
        return self.count
