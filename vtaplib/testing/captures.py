"""Captures: frames with their times, as `Replay.run` takes them and a capture writer writes them."""

from __future__ import annotations

from hypothesis import strategies as st

from vtaplib.capture import Packet
from vtaplib.packets.nanoseconds import NS_PER_SECOND
from vtaplib.testing.frames import frames as any_frames

_ANY_FRAMES = any_frames()


@st.composite
def captures(
    draw: st.DrawFn,
    frames: st.SearchStrategy[bytes] = _ANY_FRAMES,
    *,
    min_size: int = 0,
    max_size: int = 12,
    start_ns: int = 0,
    max_gap_ns: int = NS_PER_SECOND,
    repeating: bool = True,
    disordered: bool = False,
    cut: bool = True,
) -> list[Packet]:
    """Lists of packets: nanoseconds since 1970, frame, and the length in bytes that the frame had.

    From `min_size` to `max_size` packets, the first at `start_ns` and each at most `max_gap_ns` after the one
    before; with `disordered` it may be before it too. `repeating`: a frame may come again, as those of one
    flow do. `cut`: a frame may have been longer than what the capture kept of it.

    >>> captures(frames(malformed=False), max_size=2).example()  # doctest: +SKIP
    [(0, b'…', 42), (271, b'…', 58)]
    """
    chosen = draw(st.lists(frames, min_size=min_size, max_size=max_size))
    if repeating and chosen:
        for position in range(1, len(chosen)):
            if draw(st.sampled_from([False, False, True])):
                chosen[position] = chosen[draw(st.integers(0, position - 1))]
    lost = st.sampled_from([0, 0, 0, 1000]) if cut else st.just(0)
    gaps = st.integers(-max_gap_ns if disordered else 0, max_gap_ns)
    packets: list[Packet] = []
    at = start_ns
    for position, frame in enumerate(chosen):
        at += draw(gaps) if position else 0
        packets.append((at, frame, len(frame) + draw(lost)))
    return packets
