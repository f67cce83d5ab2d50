from __future__ import annotations

import select
import socket
import struct

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, send, wrapped
from vtaplib.collector import Endpoint
from vtaplib.collector.arena import Arena, length_of, sender_of
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.receiver import Receiver
from vtaplib.errors import CollectorError

SLOT = 100


def test_datagrams_come_with_their_sender_and_their_own_length() -> None:
    receiver, arena = Receiver(LOOPBACK), Arena(SLOT, 4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.3", 0))
        for octets in (b"", b"x" * SLOT, b"y" * (SLOT + 1)):
            one.sendto(octets, (receiver.listen.address, receiver.listen.port))
        sender = one.getsockname()
    assert receiver.receive(arena) == arena.count == 3
    assert receiver.receive(arena) == 0
    receiver.close()
    assert [sender_of(arena, index) for index in range(3)] == [sender] * 3
    assert [length_of(arena, index) for index in range(3)] == [0, SLOT, SLOT + 1]
    assert bytes(arena.octets[SLOT : 3 * SLOT]) == b"x" * SLOT + b"y" * SLOT


def test_a_full_arena_takes_no_more_than_it_has_slots() -> None:
    receiver, arena = Receiver(LOOPBACK), Arena(SLOT, 2)
    send(receiver.listen, [b"1", b"2", b"3"])
    assert receiver.receive(arena) == 2
    arena.count = 0
    assert receiver.receive(arena) == 1
    assert arena.octets[0] == ord("3")
    receiver.close()


def test_what_the_kernel_dropped_is_known_exactly() -> None:
    receiver, arena = Receiver(LOOPBACK, receive_buffer=1 << 14), Arena(SLOT)
    send(receiver.listen, [wrapped(bytes(60))] * 500)
    assert receiver.dropped() > 0
    assert receiver.receive(arena) + receiver.dropped() == 500
    receiver.close()
    assert arena.count + receiver.dropped() == 500


def test_after_refusing_more_only_what_was_there_comes() -> None:
    receiver, arena = Receiver(LOOPBACK), Arena(SLOT)
    send(receiver.listen, [b"before"])
    receiver.refuse_more()
    send(receiver.listen, [b"after"])
    assert receiver.receive(arena) == 1
    assert bytes(arena.octets[:6]) == b"before"
    assert receiver.receive(arena) == 0
    assert receiver.dropped() == 0
    receiver.close()


@pytest.mark.parametrize("length", [4, 1000])
def test_a_datagram_with_a_wrong_checksum_ends_nothing_and_is_counted(length: int) -> None:
    before = KernelCounters.read()
    receiver, arena = Receiver(LOOPBACK), Arena(SLOT)
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        receiver.close()
        pytest.skip("declared: raw sockets need root")
    with raw:
        datagram = struct.pack(">4H", 4789, receiver.listen.port, 8 + length, 0xBAD)
        raw.sendto(datagram + bytes(length), ("127.0.0.1", 0))
    send(receiver.listen, [b"good"])
    assert select.select([receiver], [], [], 10)[0]
    while not arena.count:
        receiver.receive(arena)
    assert bytes(arena.octets[:4]) == b"good"
    # That of a small one is looked at before it comes to a socket.
    assert receiver.dropped() == (length > 100)
    assert KernelCounters.read().since(before).checksum_errors >= 1
    receiver.close()


def test_a_buffer_is_as_large_as_was_asked_for_where_that_is_allowed() -> None:
    receiver = Receiver(LOOPBACK, receive_buffer=1 << 17)
    assert receiver.receive_buffer == 1 << 17
    receiver.close()


def test_an_address_that_is_not_here_is_named() -> None:
    with pytest.raises(CollectorError, match=r"^192\.0\.2\.1:4789: cannot be listened on: Cannot assign"):
        Receiver(Endpoint("192.0.2.1", 4789))
