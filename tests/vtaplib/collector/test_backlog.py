from __future__ import annotations

from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vtaplib.collector.arena import Arena
from vtaplib.collector.backlog import SPARE_ARENAS, Backlog

SLOTS, ARENAS = 4, 6


class BacklogMachine(RuleBasedStateMachine):
    """A backlog beside a plain queue of numbers, each of which stands in the first octet of a slot."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog(SLOTS * ARENAS, 64, SLOTS)
        self.waiting: deque[int] = deque()
        self.number = 0
        self.filling: Arena | None = None
        self.taken: Arena | None = None

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
            arena.count += 1
            self.waiting.append(self.number)
        self.backlog.filled(count)
        self.filling = None

    @precondition(lambda self: self.taken is None)
    @rule()
    def take(self) -> None:
        self.taken = arena = self.backlog.take(0)
        if arena is None:
            # Nothing waits but what stands in the arena that is being filled.
            assert len(self.waiting) < SLOTS
            assert self.filling is not None or not self.waiting
            return
        assert arena is not self.filling
        assert arena.count
        for index in range(arena.count):
            assert arena.octets[index * 64] == self.waiting.popleft()

    @precondition(lambda self: self.taken is not None)
    @rule()
    def release(self) -> None:
        assert self.taken is not None
        self.backlog.release(self.taken)
        self.taken = None

    @rule()
    def give_back(self) -> None:
        self.backlog.give_back()

    @invariant()
    def the_same_waits(self) -> None:
        assert self.backlog.waiting == len(self.waiting) <= self.backlog.capacity + SLOTS
        assert self.backlog.high_water >= len(self.waiting)


TestBacklog = BacklogMachine.TestCase
TestBacklog.settings = settings(max_examples=60, stateful_step_count=40)


@pytest.mark.parametrize(("packets", "capacity"), [(1, 1), (512, 512), (513, 1024), (65536, 65536)])
def test_there_is_room_for_at_least_what_was_asked_for(packets: int, capacity: int) -> None:
    assert Backlog(packets, 64).capacity == capacity


def test_memory_that_was_not_needed_for_a_while_is_given_back() -> None:
    backlog = Backlog(512 * 40, 64)
    for _ in range(40):
        arena = backlog.begin(0)
        assert arena is not None
        arena.count = 512
        backlog.filled(512)
    assert backlog.waiting == backlog.high_water == 512 * 40
    while (arena := backlog.take(0)) is not None:
        backlog.release(arena)
    made = [backlog.arenas]
    for _ in range(20):
        backlog.give_back()
        made.append(backlog.arenas)
    # Not at once, nor before they were idle for a whole interval; and some are kept.
    assert made[:3] == [40, 40, 32]
    assert made[-1] == SPARE_ARENAS
    assert made == sorted(made, reverse=True)


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
