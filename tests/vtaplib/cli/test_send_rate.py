"""Rates and gaps as `vtap send` is given them."""

from __future__ import annotations

from array import array

import pytest

from vtaplib.cli.send.rate import pace_of, rate_of
from vtaplib.errors import VtapError
from vtaplib.packets.block import PacketBlock


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("200kpps", 5_000),
        ("1Mpps", 1_000),
        ("0.5pps", 2_000_000_000),
        # 125 octets with what is around them are 1000 bits.
        ("1000bps", 1_000_000_000),
        ("1Mbps", 1_000_000),
        ("1.25 Gbps", 800),
    ],
)
def test_rates_say_when_the_second_packet_is_due(text: str, nanoseconds: int) -> None:
    due = array("q", [0, 0])
    rate_of(text, 50).due(PacketBlock.of([(9, bytes(75), 75)] * 2), due)
    assert list(due) == [0, nanoseconds]


@pytest.mark.parametrize(
    "text", ["", "200", "k", "pps", "-1pps", "1e3pps", "1Kpps", "1kbit", "٣pps", "1Gpps1"]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(VtapError, match="no rate"):
        rate_of(text, 50)


@pytest.mark.parametrize("gap", [-1.0, float("nan"), float("inf")])
def test_what_is_no_gap_is_refused(gap: float) -> None:
    with pytest.raises(VtapError, match="--max-gap"):
        pace_of(speed=None, rate=None, top_speed=False, max_gap=gap, overhead=50)
