from __future__ import annotations

import logging
import re

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, send, wrapped
from vtaplib.collector import Acceptance, Collector
from vtaplib.collector.arena import Arena, Judge
from vtaplib.collector.receiver import Receiver
from vtaplib.collector.refusal_log import RefusalLog
from vtaplib.collector.streams import Streams

SECOND = 1_000_000_000


def received(receiver: Receiver, judge: Judge, arena: Arena, datagrams: list[bytes]) -> Arena:
    """An arena of these datagrams, judged."""
    send(receiver.listen, datagrams)
    arena.count = 0
    assert receiver.receive(arena) == len(datagrams)
    judge.decapsulate(arena, 0)
    return arena


def test_a_reason_has_so_many_lines_in_a_second_and_then_says_how_many_more_there_were(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = Receiver(LOOPBACK)
    judge = Judge(Acceptance(vnis=frozenset({7}), max_frame=100), Streams())
    arena, log = Arena(judge.slot, 20), RefusalLog(lines_per_second=2)
    with caplog.at_level(logging.WARNING, "vtaplib.collector"):
        for now_ns in (5, SECOND, 2 * SECOND):
            bad = [b"abc", wrapped(bytes(60)), wrapped(bytes(60), 8), b"abcd", b"abc", b"ab"]
            log.note(received(receiver, judge, arena, bad), now_ns)
            log.tick(now_ns)
        log.close()
        log.close()
    receiver.close()
    lines = [record.getMessage() for record in caplog.records]
    lines = [re.sub(r"port \d+", "port N", line) for line in lines]
    first = [
        "refused 3 octets from 127.0.0.1 port N: too short",
        "refused 4 octets from 127.0.0.1 port N: too short",
    ]
    wrong = "refused 68 octets from 127.0.0.1 port N: wrong VNI (--vni)"
    more = "… and {} more: too short"
    # The second time is within the first second.
    assert lines == [*first, wrong, wrong, more.format(6), *first, wrong, more.format(2)]


def test_what_comes_after_the_last_one_wanted_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with Collector(LOOPBACK, count=1) as collector:
        send(collector.listen, [wrapped(bytes(60))] * 3)
    assert collector.report().taken.frames == 1
    assert not caplog.records


def test_a_collector_tells_what_it_refused_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG, "vtaplib.collector"),
        Collector(LOOPBACK) as collector,
    ):
        send(collector.listen, [b"x", wrapped(bytes(60)), *[b"y"] * 1502])
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0].startswith("refused 1 octets from 127.0.0.1 port ")
    told = [line for line in lines if line.startswith("refused")]
    more = [int(line.split()[2].replace(",", "")) for line in lines if line.startswith("…")]
    assert len(told) + sum(more) == 1503
    assert len(told) + len(more) == len(lines)
