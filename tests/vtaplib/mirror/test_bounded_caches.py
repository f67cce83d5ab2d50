"""What the engine remembers is bounded, and forgetting is gentle."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.fabric.worlds import interface_id, quickstart, udp_frame
from vtaplib.mirror import outer_header
from vtaplib.mirror.bounded_cache import BoundedCache
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.outer_header import HeaderCache, OuterHeader
from vtaplib.mirror.verdict import Direction, Mirrored
from vtaplib.packets.flow import read_flow
from vtaplib.packets.plain_headers import HEADERS, MASK, is_plain

PORTS = b"\xc0\x00\x12\xb5"


def header(number: int, header_cache: HeaderCache) -> OuterHeader:
    return OuterHeader(
        bytes(6), bytes(6), IPv4Address(number), IPv4Address(number + 1), 4789, 1, header_cache
    )


@given(st.integers(1, 4), st.lists(st.integers(0, 9)))
def test_the_newest_are_remembered_and_of_the_others_no_more_than_fit(room: int, asked: list[int]) -> None:
    memory = BoundedCache[int, str](room)
    seen: list[int] = []
    for key in asked:
        value = memory.get(key) or memory.recall(key)
        assert value in (None, str(key))
        if key in list(dict.fromkeys(reversed(seen)))[:room]:
            assert value is not None
        if value is None:
            memory.remember(key, str(key))
        seen.append(key)
        assert len(memory) <= room
    assert sum((memory.get(one) or memory.recall(one)) is not None for one in range(10)) <= 2 * room


def test_what_is_in_use_outlives_any_number_of_others() -> None:
    memory = BoundedCache[int, str](4)
    memory.remember(-1, "in use")
    for other in range(100):
        memory.remember(other, "other")
        assert (memory.get(-1) or memory.recall(-1)) == "in use"


def test_headers_of_many_paths_share_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outer_header, "PIECES_KEPT", 10)
    header_cache = HeaderCache()
    headers = [header(number, header_cache) for number in range(5)]
    for length in range(50):
        for one in headers:
            frame = bytes(length)
            alone = header(int(one.source), HeaderCache())
            assert one.wrap(PORTS, frame) == alone.wrap(PORTS, frame)
            assert sum(len(kept.template) for kept in headers) <= 10


def test_a_path_of_its_own_has_a_room_of_its_own() -> None:
    one = OuterHeader(bytes(6), bytes(6), IPv4Address(1), IPv4Address(2), 4789, 1)
    one.wrap(PORTS, b"")
    assert len(one.template) == 1


@given(st.binary(max_size=80) | st.builds(udp_frame, st.just("10.0.0.4"), st.just("10.0.0.5")))
def test_plain_headers_tell_flows_apart(frame: bytes) -> None:
    number, flow = int.from_bytes(frame[HEADERS], "big") & MASK, read_flow(frame)
    if not is_plain(number, flow):
        return
    for position in range(12, 38):
        for bit in range(8):
            other = bytearray(frame)
            other[position] ^= 1 << bit
            other_number = int.from_bytes(other[HEADERS], "big") & MASK
            if other_number == number:
                assert read_flow(bytes(other)) == flow


def test_an_interface_in_other_letters_is_the_same() -> None:
    mirror = MirrorEngine(quickstart("web"))
    frame = udp_frame("10.0.0.4", "10.0.0.5")
    (first,) = mirror.frame(interface_id("web"), Direction.EGRESS, frame)
    (second,) = mirror.frame(interface_id("web").upper(), Direction.EGRESS, frame)
    assert isinstance(first, Mirrored)
    assert isinstance(second, Mirrored)
    assert (second.copies, second.point) == (first.copies, first.point)
