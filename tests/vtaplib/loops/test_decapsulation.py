from __future__ import annotations

from array import array
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.vtaplib.loops.interpreted import interpreted
from vtaplib.collector.acceptance import VERDICTS, Acceptance, DatagramRefusal
from vtaplib.collector.arena import Arena, Judge, PackedArena, length_of, sender_of
from vtaplib.collector.streams import Streams
from vtaplib.errors import PacketError
from vtaplib.loops import decapsulation
from vtaplib.packets import vxlan
from vtaplib.packets.block import COLUMNS, PacketBlock

INTERPRETED = interpreted("decapsulation")
BOTH = [pytest.param(decapsulation, id="as imported"), pytest.param(INTERPRETED, id="interpreted")]

NOW_NS = 1_700_000_000_000_000_000
MAX_FRAME = 40
SLOT = MAX_FRAME + 8

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Datagram:
    """What a kernel tells of a received datagram."""

    source: Address
    octets: bytes
    seconds: int | None

    @property
    def time_ns(self) -> int:
        return NOW_NS if self.seconds is None else self.seconds * 1_000_000_000 + 5


def headed(flags: int, vni: int, frame: bytes) -> bytes:
    return bytes((flags, 1, 2, 3)) + vni.to_bytes(3, "big") + b"\xff" + frame


SOURCES = st.one_of(
    st.sampled_from(["10.0.0.4", "10.0.0.5", "10.1.0.4", "0.0.0.0"]).map(IPv4Address),
    st.sampled_from(["2001:db8::4", "2001:db9::4"]).map(IPv6Address),
)
OCTETS = st.one_of(
    st.binary(max_size=SLOT + 3),
    st.builds(
        headed,
        st.sampled_from([0x08, 0x08, 0x08, 0xFF, 0x88, 0x00, 0xF7]),
        st.sampled_from([0, 7, 8, 0xFFFFFF]),
        st.binary(max_size=MAX_FRAME + 3),
    ),
)
DATAGRAMS = st.lists(
    st.builds(Datagram, SOURCES, OCTETS, st.one_of(st.none(), st.integers(0, 4_000_000_000))), max_size=12
)
ACCEPTANCES = st.builds(
    Acceptance,
    st.frozensets(st.sampled_from([0, 7, 0xFFFFFF])),
    st.lists(
        st.sampled_from(["10.0.0.0/16", "10.1.0.4", "0.0.0.0/0", "2001:db8::/32", "::/0"]).map(ip_network),
        max_size=2,
    ).map(tuple),
    st.just(MAX_FRAME),
)
WANTED = st.one_of(st.none(), st.integers(0, 5))


def filled(datagrams: list[Datagram]) -> Arena:
    """An arena as recvmmsg(2) leaves it."""
    arena = Arena(SLOT, max(1, len(datagrams)))
    for index, one in enumerate(datagrams):
        kept = one.octets[:SLOT]
        arena.octets[index * SLOT : index * SLOT + len(kept)] = kept
        is_long = isinstance(one.source, IPv6Address)
        family = 10 if is_long else 2
        told = family.to_bytes(2, "little") + (1234).to_bytes(2, "big")
        told += bytes(4) + one.source.packed + bytes(4) if is_long else one.source.packed
        arena.addresses[4 * index : 4 * index + 4] = array("Q", told.ljust(32, b"\xa5"))
        header = arena.messages[index].header
        header.name_length = 28 if is_long else 16
        header.flags = 0x20 if len(one.octets) > SLOT else 0
        header.control_length = 0
        if one.seconds is not None:
            header.control_length = 32
            arena.controls[8 * index : 8 * index + 4] = array("Q", [32, 1 | 35 << 32, one.seconds, 5])
        arena.messages[index].length = len(one.octets)
    arena.count = len(datagrams)
    return arena


def decapsulated(
    loop: ModuleType, arena: Arena, acceptance: Acceptance, streams: Streams
) -> tuple[PacketBlock, array[int]]:
    """The frames that a loop takes of an arena, and its totals."""
    totals = array("q", bytes(16 * loop.REASONS))
    block = PacketBlock(arena.octets, arena.slots)
    block.count = loop.decapsulate(
        arena.octets,
        arena.offsets,
        SLOT,
        arena.count,
        arena.words,
        arena.addresses,
        arena.controls,
        NOW_NS,
        acceptance.vni_column,
        acceptance.network_column,
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
        arena.verdicts,
        totals,
    )
    return block, totals


def refusal_of(one: Datagram, acceptance: Acceptance) -> DatagramRefusal | None:
    """The verdict, from the words of the reasons."""
    networks = acceptance.sources
    if networks and not any(one.source in network for network in networks):
        # Every IPv4 address is one of IPv6 too, in its mapped form (RFC 4291, section 2.5.5.2).
        mapped = IPv6Address(f"::ffff:{one.source}") if isinstance(one.source, IPv4Address) else one.source
        if not any(mapped in network for network in networks):
            return DatagramRefusal.WRONG_SOURCE
    try:
        packet = vxlan.parse(one.octets)
    except PacketError:
        return DatagramRefusal.TOO_SHORT if len(one.octets) < 8 else DatagramRefusal.NO_VNI
    if acceptance.vnis and packet.vni not in acceptance.vnis:
        return DatagramRefusal.WRONG_VNI
    if len(packet.frame) < 14:
        return DatagramRefusal.RUNT
    return DatagramRefusal.OVERSIZED if len(packet.frame) > MAX_FRAME else None


@pytest.mark.parametrize("loop", BOTH)
@given(DATAGRAMS, ACCEPTANCES)
def test_exactly_the_valid_datagrams_are_taken_in_order_and_others_have_their_reason(
    loop: ModuleType, datagrams: list[Datagram], acceptance: Acceptance
) -> None:
    arena, streams = filled(datagrams), Streams(limit=3)
    block, totals = decapsulated(loop, arena, acceptance, streams)
    expected = [refusal_of(one, acceptance) for one in datagrams]
    assert [VERDICTS.get(verdict) for verdict in arena.verdicts[: len(datagrams)]] == expected
    taken = [one for one, refusal in zip(datagrams, expected, strict=True) if refusal is None]
    assert list(block) == [(one.time_ns, one.octets[8:], len(one.octets) - 8) for one in taken]
    assert totals[1] == sum(len(one.octets) - 8 for one in taken)
    for verdict, refusal in VERDICTS.items():
        lengths = [len(one.octets) for one, why in zip(datagrams, expected, strict=True) if why is refusal]
        assert list(totals[2 * verdict : 2 * verdict + 2]) == [len(lengths), sum(lengths)]

    seen: dict[tuple[Address, int] | None, list[Datagram]] = {}
    numbers = []
    for one in taken:
        key: tuple[Address, int] | None = (one.source, vxlan.parse(one.octets).vni)
        known = [other for other in seen if other is not None]
        if key not in seen and len(known) == streams.limit:
            key = None
        seen.setdefault(key, []).append(one)
        known = [other for other in seen if other is not None]
        numbers.append(streams.limit if key is None else known.index(key))
    assert list(block.interfaces[: len(taken)]) == numbers
    for account in streams:
        mine = seen[None if account.source is None else (account.source, account.vni or 0)]
        assert account.frames == len(mine)
        assert account.octets == sum(len(one.octets) - 8 for one in mine)
        assert (account.first_ns, account.last_ns) == (mine[0].time_ns, mine[-1].time_ns)
    assert len(streams) == len(seen)


@given(DATAGRAMS, ACCEPTANCES, WANTED, st.integers(1, 3))
@example([Datagram(IPv4Address("10.0.0.4"), headed(8, 7, bytes(20)), 4_000_000_000)] * 3, Acceptance(), 2, 1)
def test_compiled_and_interpreted_leave_the_same_behind(
    datagrams: list[Datagram], acceptance: Acceptance, wanted: int | None, limit: int
) -> None:
    left = []
    for loop in (decapsulation, INTERPRETED):
        arena, streams = filled(datagrams), Streams(limit)
        streams.want(wanted)
        block, totals = decapsulated(loop, arena, acceptance, streams)
        # What differs from run to run is where memory lies.
        words = [word for at, word in enumerate(arena.words) if at % 8 in (1, 5, 6, 7)]
        left.append(
            (
                totals,
                block.count,
                words,
                arena.verdicts,
                [getattr(block, name) for name in COLUMNS],
                streams.table,
                streams.keys,
                streams.counters,
                streams.state,
            )
        )
    assert left[0] == left[1]


@pytest.mark.parametrize("loop", BOTH)
@given(st.integers(0, 6), st.integers(0, 6))
def test_what_comes_after_the_last_one_wanted_is_refused(loop: ModuleType, wanted: int, count: int) -> None:
    arena, streams = (
        filled([Datagram(IPv4Address("10.0.0.4"), headed(8, 7, bytes(20)), 1)] * count),
        Streams(),
    )
    streams.want(wanted)
    block, totals = decapsulated(loop, arena, Acceptance(max_frame=MAX_FRAME), streams)
    assert block.count == min(wanted, count)
    assert totals[2 * loop.NOT_WANTED] == count - block.count
    assert streams.is_satisfied == (wanted <= count)


@given(DATAGRAMS, ACCEPTANCES)
def test_packed_datagrams_are_judged_as_they_are_in_their_slots(
    datagrams: list[Datagram], acceptance: Acceptance
) -> None:
    told = []
    for wide in (True, False):
        judge, arena = Judge(acceptance, Streams()), filled(datagrams)
        these = arena if wide else PackedArena(arena)
        block = judge.decapsulate(these, NOW_NS)
        senders = [(sender_of(these, index), length_of(these, index)) for index in range(len(datagrams))]
        told.append((list(block), list(block.interfaces[: block.count]), judge.totals, senders))
        # Either way the arena is ready for the next.
        assert [list(arena.words[8 * index + 1 : 8 * index + 7]) for index in range(len(datagrams))] == [
            [32, *arena.words[8 * index + 2 : 8 * index + 5], 64, 0] for index in range(len(datagrams))
        ]
    assert told[0] == told[1]


def test_many_streams_keep_their_numbers() -> None:
    # More than once around a table of this size, in two passes.
    streams = Streams(limit=200)
    sources = [IPv4Address((10 << 24) + number * 7919 % 65536) for number in range(200)]
    datagrams = [
        Datagram(source, headed(8, number % 5, bytes(20)), 1) for number, source in enumerate(sources)
    ]
    judge = Judge(Acceptance(max_frame=MAX_FRAME), streams)
    for _ in range(2):
        block = judge.decapsulate(filled(datagrams), NOW_NS)
        assert list(block.interfaces[: block.count]) == list(range(200))
    assert [(one.source, one.vni, one.frames) for one in streams] == [
        (source, number % 5, 2) for number, source in enumerate(sources)
    ]


def test_more_datagrams_than_a_block_has_room_for_are_refused() -> None:
    arena = Arena(SLOT, 513)
    arena.count = 513
    with pytest.raises(ValueError, match="513 datagrams are more than the 512 of an arena"):
        Judge(Acceptance(max_frame=MAX_FRAME), Streams()).decapsulate(arena, NOW_NS)
