"""Reading a capture: whatever format it is, one way to get at its packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self

from vtaplib.capture.block_piece import BlockPiece
from vtaplib.capture.pcap import PcapParser, is_pcap
from vtaplib.capture.pcapng import PcapngParser, is_pcapng
from vtaplib.capture.record import CaptureInterface, Record
from vtaplib.capture.source import ByteSource, CaptureSource
from vtaplib.errors import CaptureError
from vtaplib.packets.block import PacketBlock

MAGIC_LENGTH = 4


class Parser(Protocol):
    """What there is per format."""

    format: str
    interfaces: list[CaptureInterface]
    skipped: dict[int, int]

    def scan(self, piece: BlockPiece) -> int:
        """Put the packets of a piece into its block; return where the first thing starts that is not whole.
        Raises `CaptureError` behind the last packet that can be read.
        """
        ...

    def expected(self, piece: BlockPiece) -> tuple[int, bool]:
        """How many bytes a piece must have for what it starts with to be whole, as far as is known, and
        whether that is a packet.
        """
        ...


class CaptureReader:
    """The packets of a capture, in the file's order, once.

    Take them as `blocks()`, which is how they are read, or iterate for one `Record` at a time, which takes
    many times as long. Both end with a `TruncatedCaptureError` where the file stops in
    the middle of something, and with a `CaptureError` where it holds what no capture does; the packets before
    that have been given by then, and `offset` and `record` of the error say where it is.
    """

    def __init__(self, source: CaptureSource, *, skip_other_link_types: bool = False) -> None:
        self._source = ByteSource(source)
        self._piece = BlockPiece(self._source)
        try:
            self._parser = _choose_parser(self._piece, skip_other_link_types)
        except CaptureError:
            self._source.close()
            raise

    @property
    def name(self) -> str:
        """The file as the user named it."""
        return self._source.name

    @property
    def format(self) -> str:
        """`pcap` or `pcapng`."""
        return self._parser.format

    @property
    def interfaces(self) -> list[CaptureInterface]:
        """The interfaces met so far: in pcapng one can be described anywhere before its first packet."""
        return self._parser.interfaces

    @property
    def skipped(self) -> dict[int, int]:
        """How many packets were left out so far, by link type; empty unless `skip_other_link_types`."""
        return self._parser.skipped

    def blocks(self) -> Iterator[PacketBlock]:
        """Yield the packets as blocks, which compiled loops work on: those of about a mebibyte of a file at a
        time, of what a stream gives otherwise.

        There is one block, which the next piece overwrites. Its times are from 1970 to April 2262, signed
        numbers of 64 bits; another, which a pcapng can have, raises a `CaptureError`.
        """
        piece, parser = self._piece, self._parser
        while True:
            trouble: CaptureError | None = None
            position = 0
            try:
                position = parser.scan(piece)
            except CaptureError as error:
                # What came before the trouble is good, and is given first.
                trouble = error
            records = piece.block.count
            if records:
                yield piece.block
            if trouble is not None:
                raise trouble
            piece.advance(position, records)
            expected, is_packet = parser.expected(piece)
            wanted = max(piece.length + 1, expected)
            try:
                is_at_end = piece.read_at_least(wanted) < wanted
            except CaptureError as error:
                raise piece.unreadable(error) from error
            if is_at_end:
                break
        if piece.length or self._source.ended_inside_gzip:
            raise piece.truncated(expected, is_packet=is_packet)

    def __iter__(self) -> Iterator[Record]:
        for block in self.blocks():
            for packet, interface in zip(block, block.interfaces, strict=False):
                yield Record(*packet, interface)

    def close(self) -> None:
        """Close the file, if the reader opened it."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_capture(source: CaptureSource, *, skip_other_link_types: bool = False) -> CaptureReader:
    """Open a pcap or pcapng, gzipped or not, from a path, `-` for standard input, or a binary stream.

    A packet whose link type is not Ethernet is an error, or with `skip_other_link_types` (pcapng only: a
    pcap has one link type for all) is left out and counted. Raises `CaptureError` when it cannot be opened
    or is no capture.
    """
    return CaptureReader(source, skip_other_link_types=skip_other_link_types)


def _choose_parser(piece: BlockPiece, skip_other_link_types: bool) -> Parser:
    piece.read_at_least(MAGIC_LENGTH)
    magic = bytes(piece.view[: min(piece.length, MAGIC_LENGTH)])
    if is_pcap(magic):
        return PcapParser(piece)
    if is_pcapng(magic):
        return PcapngParser(piece, skip_other_link_types)
    if not magic:
        raise CaptureError(piece.name, "is empty; a capture has at least a file header", offset=0)
    raise CaptureError(
        piece.name, f"is neither pcap nor pcapng: it starts with the bytes {magic.hex(' ')}", offset=0
    )
