from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vtaplib.mirror.policing import Excess, police
from vtaplib.mirror.series import Series

# 1 Mbit/s: 125 000 bytes a second, and 12 500 saved.
RATE = 1


def sent(*seconds: tuple[int, int], start: int = 0) -> Series:
    """Frames and bytes per second."""
    made = Series()
    for second, (frames, octets) in enumerate(seconds, start):
        made.add(second, frames, octets)
    return made


def test_what_the_rate_gives_and_what_is_saved_passes() -> None:
    assert police(sent((100, 137_500)), RATE) == Excess()
    assert police(sent(*[(100, 125_000)] * 50), RATE) == Excess()


def test_a_byte_above_is_counted_with_the_frame_that_has_it() -> None:
    assert police(sent((100, 137_501)), RATE) == Excess(frames=1, octets=1, seconds=1)


def test_what_was_saved_is_spent_once() -> None:
    # The first second spends the savings; the second is 12 500 bytes above, one frame in eleven.
    assert police(sent((110, 137_500), (110, 137_500)), RATE) == Excess(frames=10, octets=12_500, seconds=1)


def test_a_silent_second_fills_the_bucket_again() -> None:
    made = sent((110, 137_500))
    made.add(2, 110, 137_500)
    assert police(made, RATE) == Excess()


def test_a_second_below_the_rate_saves_what_it_leaves_and_no_more_than_the_bucket_holds() -> None:
    assert police(sent((1, 137_500), (1, 120_000), (1, 130_000)), RATE) == Excess()
    assert police(sent((1, 137_500), (1, 120_000), (1, 130_001)), RATE).octets == 1
    assert police(sent((1, 137_500), (1, 10), (1, 137_501)), RATE).octets == 1


def test_a_size_of_more_carries_it() -> None:
    made = sent(*[(120_000, 150_000_000)] * 5)
    assert police(made, 1500) == Excess()
    # 1 200 Mbit/s on 1 000: of every second 25 000 000 bytes, less the 12 500 000 saved at first.
    assert police(made, 1000) == Excess(frames=90_000, octets=112_500_000, seconds=5)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 50), st.integers(1, 400_000)), max_size=20),
    st.integers(1, 5),
)
def test_what_is_above_is_never_more_than_was_sent_and_grows_as_the_rate_falls(
    came: list[tuple[int, int, int]], rate: int
) -> None:
    made = Series()
    for second, frames, octets in came:
        made.add(second, frames, octets)
    excess = police(made, rate)
    assert 0 <= excess.octets <= made.octets
    assert 0 <= excess.frames <= made.frames
    assert excess.seconds <= len(made)
    assert police(made, rate + 1).octets <= excess.octets
