"""Reading a capture: whatever format it is, one way to get at its packets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Protocol, Self

from vtaplib.capture.pcap import PcapParser, is_pcap
from vtaplib.capture.pcapng import PcapngParser, is_pcapng
from vtaplib.capture.record import Batch, CaptureInterface, Record
from vtaplib.capture.source import ByteSource, CaptureSource
from vtaplib.errors import CaptureError
from vtaplib.packets.block import PacketBlock

MAGIC_LENGTH = 4


class Parser(Protocol):
    """What there is per format."""

    format: str
    interfaces: list[CaptureInterface]
    skipped: dict[int, int]

    def batches(self) -> Iterator[tuple[Batch, list[int] | None]]:
        """Yield packets, and the interface of each (`None`: all of them of the first)."""
        ...

    def blocks(self) -> Iterator[PacketBlock]:
        """Yield the same packets in blocks; a block is good until the next is asked for."""
        ...


class CaptureReader:
    """The packets of a capture, in the file's order, once.

    Iterate over it for one `Record` at a time, or over `batches()` for many in three lists, which is
    several times as fast. Both end with a `TruncatedCaptureError` where the file stops in the middle of
    something, and with a `CaptureError` where it holds what no capture does; the packets before that have
    been given by then.
    """

    def __init__(self, source: CaptureSource, *, skip_other_link_types: bool = False) -> None:
        self._source = ByteSource(source)
        try:
            self._parser = _choose_parser(self._source, skip_other_link_types)
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

    def batches(self) -> Iterator[Batch]:
        """Yield the packets of about a quarter of a mebibyte of the file at a time."""
        for packets, _interfaces in self._parser.batches():
            yield packets

    def blocks(self) -> Iterator[PacketBlock]:
        """Yield the same packets as blocks, which compiled loops work on: those of about a mebibyte of a file
        at a time, of what a stream gives otherwise.

        There is one block, which the next piece overwrites. Its times end in the year 2262: a later one,
        which a pcapng can have, raises a `CaptureError`.
        """
        return self._parser.blocks()

    def __iter__(self) -> Iterator[Record]:
        for packets, interfaces in self._parser.batches():
            for packet, interface in zip(packets, interfaces or repeat(0), strict=False):
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


def _choose_parser(source: ByteSource, skip_other_link_types: bool) -> Parser:
    start = source.read_at_least(MAGIC_LENGTH)
    magic = start[:MAGIC_LENGTH]
    if is_pcap(magic):
        return PcapParser(source, start)
    if is_pcapng(magic):
        return PcapngParser(source, start, skip_other_link_types)
    if not start:
        raise CaptureError(source.name, "is empty; a capture has at least a file header", offset=0)
    raise CaptureError(
        source.name, f"is neither pcap nor pcapng: it starts with the bytes {magic.hex(' ')}", offset=0
    )
