from __future__ import annotations

from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.examples import part_of
from vtaplib.collector.arena import Arena, Datagrams, PackedArena, length_of
from vtaplib.collector.backlog import ARENAS as GOING_ROUND
from vtaplib.collector.backlog import Backlog

SLOTS, ARENAS = 4, 6


class BacklogMachine(RuleBasedStateMachine):
    """A backlog beside a plain queue of numbers, each of which stands in the first octet of a slot."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog(SLOTS * ARENAS, 64, SLOTS, arenas=3)
        self.waiting: deque[int] = deque()
        self.number = 0
        self.filling: Arena | None = None
        self.taken: Datagrams | None = None

    @precondition(lambda self: self.filling is None)
    @rule()
    def begin(self) -> None:
        self.filling = self.backlog.begin(0)
        if self.filling is None:
            assert len(self.waiting) >= self.backlog.capacity
        else:
            assert self.filling.count < self.filling.slots

    @precondition(lambda self: self.filling is not None)
    @rule(count=st.integers(0, SLOTS))
    def fill(self, count: int) -> None:
        arena = self.filling
        assert arena is not None
        count = min(count, arena.slots - arena.count)
        for _ in range(count):
            self.number = (self.number + 1) % 256
            arena.octets[arena.count * 64] = self.number
            arena.messages[arena.count].length = 1 + self.number % 64
            arena.count += 1
            self.waiting.append(self.number)
        self.backlog.filled(count)
        self.filling = None

    @precondition(lambda self: self.taken is None)
    @rule()
    def take(self) -> None:
        self.taken = taken = self.backlog.take(0)
        if taken is None:
            # Nothing waits but what stands in the arena that is being filled.
            assert len(self.waiting) < SLOTS
            assert self.filling is not None or not self.waiting
            return
        assert taken is not self.filling
        assert taken.count
        for index in range(taken.count):
            number = self.waiting.popleft()
            assert taken.octets[taken.offsets[index]] == number
            assert length_of(taken, index) == 1 + number % 64

    @precondition(lambda self: self.taken is not None)
    @rule()
    def release(self) -> None:
        assert self.taken is not None
        self.backlog.release(self.taken)
        self.taken = None

    @invariant()
    def the_same_waits(self) -> None:
        assert self.backlog.waiting == len(self.waiting) <= self.backlog.capacity
        assert self.backlog.high_water >= len(self.waiting)


TestBacklog = BacklogMachine.TestCase
TestBacklog.settings = settings(max_examples=part_of(60), stateful_step_count=40)


@pytest.mark.parametrize(("packets", "capacity"), [(1, 1), (512, 512), (513, 1024), (65536, 65536)])
def test_there_is_room_for_at_least_what_was_asked_for(packets: int, capacity: int) -> None:
    assert Backlog(packets, 64).capacity == capacity


def test_what_waits_is_packed_where_arenas_run_out() -> None:
    backlog = Backlog(512 * 40, 1000)
    for _ in range(40):
        arena = backlog.begin(0)
        assert arena is not None
        for message in arena.messages:
            message.length = 10
        arena.count = 512
        backlog.filled(512)
    assert backlog.begin(0) is None
    assert backlog.waiting == backlog.high_water == 512 * 40
    taken = []
    while (one := backlog.take(0)) is not None:
        taken.append(one)
        backlog.release(one)
    packed = [one for one in taken if isinstance(one, PackedArena)]
    assert len(taken) == 40
    assert len(packed) == 40 - (GOING_ROUND - 1)
    assert {len(one.octets) for one in packed} == {5120}


def test_what_ended_is_over_when_nothing_waits() -> None:
    backlog = Backlog(4, 64)
    arena = backlog.begin(0)
    assert arena is not None
    arena.count = 1
    backlog.filled(1)
    backlog.end()
    is_over_before = backlog.is_over
    assert backlog.take(0) is arena
    assert (is_over_before, backlog.is_over) == (False, True)
    assert backlog.take(10) is None
