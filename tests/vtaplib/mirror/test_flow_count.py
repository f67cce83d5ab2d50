from __future__ import annotations

import pytest

from vtaplib.mirror.flow_count import COUNTED_EXACTLY, WINDOW_SECONDS, FlowCount, flow_hash
from vtaplib.packets.flow import Flow


def flow(number: int) -> Flow:
    """One of many that differ in little."""
    return Flow(
        4, 0x0800, bytes([10, 0, number >> 16 & 255, 4]), bytes([10, 0, 0, 5]), 6, number & 0xFFFF, 443
    )


def count(first: int, last: int, second: int = 0, counted: FlowCount | None = None) -> FlowCount:
    counted = counted or FlowCount()
    for number in range(first, last):
        counted.add(second, flow_hash(flow(number)))
    return counted


def test_few_flows_are_counted_exactly_and_each_once() -> None:
    assert FlowCount().most == 0
    assert count(0, COUNTED_EXACTLY, counted=count(0, 7)).most == COUNTED_EXACTLY


@pytest.mark.parametrize("flows", [1_000, 9_000, 12_000, 200_000])
def test_many_flows_are_estimated_within_five_standard_errors(flows: int) -> None:
    counted = count(0, flows)
    assert counted.most == pytest.approx(flows, rel=5 * 0.016)
    assert count(0, flows // 2, counted=counted).most == counted.most


def test_flows_that_are_not_there_at_once_are_not_added_up() -> None:
    counted = count(0, 30)
    count(100, 120, WINDOW_SECONDS - 1, counted)
    count(200, 240, WINDOW_SECONDS, counted)
    assert counted.most == 50
    count(300, 312, 2 * WINDOW_SECONDS, count(240, 300, WINDOW_SECONDS, counted))
    assert counted.most == 100


def test_a_flow_that_comes_late_counts_as_of_now() -> None:
    counted = count(0, 5, 10 * WINDOW_SECONDS)
    assert count(5, 8, 0, counted).most == 8
