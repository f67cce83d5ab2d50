from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.vtaplib.collector.payload_pieces import octets_of, pieces_of
from vtaplib.collector.payloads import Payloads
from vtaplib.collector.read_ahead import read_ahead
from vtaplib.errors import CaptureError


def test_what_is_read_ahead_is_what_was_read() -> None:
    packets = [b"%d" % number for number in range(100)]
    assert octets_of(read_ahead(pieces_of(*packets))) == packets


def test_an_error_of_reading_comes_after_what_was_read() -> None:
    def broken() -> Iterator[Payloads]:
        yield from pieces_of(b"one")
        raise CaptureError("x.pcap", "is damaged")

    pieces = read_ahead(broken())
    assert next(pieces).block.packet(0) == b"one"
    with pytest.raises(CaptureError, match="damaged"):
        next(pieces)


def test_one_who_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    pieces = read_ahead(pieces_of(*[b"packet"] * 1000))
    next(pieces)
    assert threading.active_count() == before + 1
    pieces.close()
    assert threading.active_count() == before
