"""Policing: what of a machine's own traffic is above what its size may send.

Azure publishes a rate per size, over all interfaces of a machine together and for what it sends only. How
deep the bucket behind it is, it does not say; and the times in a capture are bunched by interrupts and
buffers, so that they say little below a second. So the bucket is judged second by second of packet time: in
each, a machine may send what the rate gives and what it has saved.

Nothing is dropped here. What would be is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.mirror.series import Series

BITS_PER_MEGABIT = 1_000_000

BURSTS_PER_SECOND = 10
"""A machine can save up a tenth of what it may send in a second. A bucket must hold a round trip's worth, or
TCP never comes up to the rate; 100 ms is a round trip across a continent. A guess of ours: none is
published."""


@dataclass(frozen=True, slots=True)
class Excess:
    """What was above the rate: bytes, the frames that they are at the mean size of their seconds, and the
    number of those seconds.
    """

    frames: int = 0
    octets: int = 0
    seconds: int = 0


def police(sent: Series, megabits_per_second: int) -> Excess:
    """What a token bucket of this rate would drop of what was sent, in Ethernet frames without FCS."""
    rate = megabits_per_second * BITS_PER_MEGABIT
    depth = saved = rate // BURSTS_PER_SECOND
    frames = octets = seconds = 0
    previous: int | None = None
    for second in sent:
        if previous is not None and second.second > previous + 1:
            saved = depth
        left = saved + rate - second.octets * 8
        if left < 0:
            above = min(-(left // 8), second.octets)
            octets += above
            frames += -(-above * second.frames // second.octets)
            seconds += 1
        saved = min(depth, max(0, left))
        previous = second.second
    return Excess(frames, octets, seconds)
