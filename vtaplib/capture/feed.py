"""A capture read for a report: up to where it can be read, with an account of what it does not give.

A file that is no capture is an error. One that was cut short, or is damaged further on, gives the packets
before that; the report says where it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from vtaplib.capture.reader import CaptureReader
from vtaplib.capture.record import name_of_link_type
from vtaplib.errors import CaptureError, TruncatedCaptureError, require_type
from vtaplib.packets.block import PacketBlock


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """Where a capture stopped being readable. `kind` is `cut` (it just ends) or `damaged`.

    `offset` is the byte in it, after decompression; `record` the Ethernet packet to come there, counted from
    1. Of `expected` bytes `present` are there, in one that is cut.
    """

    kind: str
    trouble: str
    offset: int
    record: int
    present: int | None
    expected: int | None

    @classmethod
    def of(cls, error: CaptureError) -> Self:
        """The end that an error of the reader describes, which says where it is once the capture is open."""
        assert error.offset is not None
        assert error.record is not None
        is_cut = isinstance(error, TruncatedCaptureError)
        return cls(
            kind="cut" if is_cut else "damaged",
            trouble=error.trouble,
            offset=error.offset,
            record=error.record,
            present=error.present if isinstance(error, TruncatedCaptureError) else None,
            expected=error.expected if isinstance(error, TruncatedCaptureError) else None,
        )


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """Packets of a link type that no network tap knows."""

    link_type: str
    packets: int


class CaptureFeed:
    """The packets of a reader."""

    def __init__(self, reader: CaptureReader) -> None:
        require_type("a capture", reader, CaptureReader, 'open it first: open_capture("traffic.pcap")')
        self.name = reader.name
        """The capture as the user named it."""
        self.format = reader.format
        """`pcap` or `pcapng`."""
        self.ended_early: EarlyEnd | None = None
        """Where and why the capture could not be read on, once that is known."""
        self._reader = reader

    @property
    def skipped(self) -> tuple[SkippedEntry, ...]:
        """The packets left out so far, for they are not Ethernet."""
        return tuple(
            SkippedEntry(name_of_link_type(link_type), packets)
            for link_type, packets in sorted(self._reader.skipped.items())
        )

    def blocks(self) -> Iterator[PacketBlock]:
        """The packets in blocks, each of one or more; a block is good until the next is asked for. Raises
        `CaptureError` where the capture holds no packet that could be read.
        """
        is_first = True
        try:
            for block in self._reader.blocks():
                is_first = False
                yield block
        except CaptureError as error:
            # A file that is no capture gives nothing to report on; one that was just cut short does.
            if is_first and not isinstance(error, TruncatedCaptureError):
                raise
            self.ended_early = EarlyEnd.of(error)
