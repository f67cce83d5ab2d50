from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtaplib.mirror import talkers
from vtaplib.mirror.count import Count
from vtaplib.mirror.talkers import Pair, Talkers

TAP = "/taps/a"


def pair(number: int, tap_id: str = TAP) -> Pair:
    return Pair(tap_id, b"\x0a\0\0\x04", number.to_bytes(4, "big"))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(0, 900)), max_size=30))
def test_the_largest_pairs_are_those_with_most_bytes(came: list[tuple[int, int, int]]) -> None:
    counted = Talkers()
    octets: dict[Pair, int] = {}
    for number, frames, size in came:
        counted.add(pair(number), frames, size)
        octets[pair(number)] = octets.get(pair(number), 0) + size
    largest = counted.largest(TAP, 3)
    assert [count.octets for _, count in largest] == sorted(octets.values(), reverse=True)[:3]
    assert all(octets[one] == count.octets for one, count in largest)


def test_the_pairs_of_another_tap_are_told_apart() -> None:
    counted = Talkers()
    counted.add(pair(1), 1, 10)
    counted.add(pair(1, "/taps/b"), 2, 90)
    assert counted.largest(TAP, 5) == [(pair(1), Count(1, 10))]


def test_memory_is_bounded_the_large_stay_and_nothing_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talkers, "PAIRS_KEPT", 10)
    counted = Talkers()
    for number in range(1, 200):
        counted.add(pair(0), 1, 1000)
        counted.add(pair(number), 1, 10)
        assert len(counted.pairs) <= 10
    assert counted.largest(TAP, 1) == [(pair(0), Count(199, 199_000))]
    kept = [*counted.pairs.values(), counted.others]
    assert sum(one.frames for one in kept) == 398
    assert sum(one.octets for one in kept) == 199_000 + 1_990
