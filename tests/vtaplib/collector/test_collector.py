from __future__ import annotations

import os
import time
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from tests.vtaplib.collector.recording import LOOPBACK, Recording, send, wrapped
from vtaplib.collector import (
    Acceptance,
    Collector,
    CollectorReport,
    DatagramRefusal,
    Destination,
    Endpoint,
    Streams,
)
from vtaplib.collector.broker import Pipeline, Sample, Slice
from vtaplib.collector.output import Output
from vtaplib.errors import CollectorError, PacketError
from vtaplib.mirror.count import Count
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock

MAX_FRAME = 300


def assert_balanced(report: CollectorReport, sent: int) -> None:
    """Every datagram stands in the account once."""
    refused = sum(count.frames for count in report.refused.values())
    assert report.received.frames == report.taken.frames + refused
    assert sent == report.received.frames + report.waiting + report.kernel_dropped
    assert sum(one.frames for one in report.streams) == report.taken.frames
    assert sum(one.octets for one in report.streams) == report.taken.octets


FRAMES = st.binary(min_size=14, max_size=MAX_FRAME)


@st.composite
def disordered_datagrams(draw: st.DrawFn) -> list[bytes]:
    """Datagrams of which some are whole, cut off, twice there, in another order, or anything."""
    whole = st.builds(wrapped, FRAMES, st.integers(0, 0xFFFFFF))
    cut = st.builds(lambda octets, length: octets[:length], whole, st.integers(0, 30))
    longer = st.builds(wrapped, st.binary(min_size=MAX_FRAME + 1, max_size=MAX_FRAME + 200))
    datagrams = draw(st.lists(st.one_of(whole, cut, longer, st.binary(max_size=60)), max_size=30))
    again = draw(st.lists(st.sampled_from(datagrams), max_size=5)) if datagrams else []
    return draw(st.permutations(datagrams + again))


@settings(max_examples=part_of(60))
@given(disordered_datagrams(), st.booleans())
def test_exactly_the_valid_datagrams_come_out_in_order_whatever_is_sent(
    datagrams: list[bytes], only_low: bool
) -> None:
    vnis = frozenset(range(100)) if only_low else frozenset[int]()
    expected: dict[DatagramRefusal, list[bytes]] = {refusal: [] for refusal in DatagramRefusal}
    frames = []
    for octets in datagrams:
        try:
            packet = vxlan.parse(octets)
        except PacketError:
            expected[DatagramRefusal.TOO_SHORT if len(octets) < 8 else DatagramRefusal.NO_VNI].append(octets)
            continue
        if vnis and packet.vni not in vnis:
            expected[DatagramRefusal.WRONG_VNI].append(octets)
        elif len(packet.frame) < 14:
            expected[DatagramRefusal.RUNT].append(octets)
        elif len(packet.frame) > MAX_FRAME:
            expected[DatagramRefusal.OVERSIZED].append(octets)
        else:
            frames.append(packet.frame)
    output = Recording()
    with Collector(LOOPBACK, [output], acceptance=Acceptance(vnis, (), MAX_FRAME)) as collector:
        send(collector.listen, datagrams)
    report = collector.report()
    assert output.frames == frames
    assert output.is_closed
    assert {refusal: (count.frames, count.octets) for refusal, count in report.refused.items()} == {
        refusal: (len(ones), sum(map(len, ones))) for refusal, ones in expected.items()
    }
    assert report.taken == report.passed == output.taken == report.outputs[0].given
    assert report.received == Count(len(datagrams), sum(map(len, datagrams)))
    assert_balanced(report, len(datagrams))
    assert not report.lost_something


def test_frames_bear_the_kernels_time_and_the_number_of_their_stream() -> None:
    output, streams = Recording(), Streams()
    before = time.time_ns()
    with Collector(LOOPBACK, [output], streams=streams) as collector:
        send(collector.listen, [wrapped(bytes(60), 5), wrapped(bytes(60), 6), wrapped(bytes(60), 5)])
        send(collector.listen, [wrapped(bytes(60), 5)], source="127.0.0.2")
    after = time.time_ns()
    assert output.interfaces == [0, 1, 0, 2]
    assert before <= output.times_ns[0] <= output.times_ns[-1] <= after
    assert output.times_ns == sorted(output.times_ns)
    assert [(one.source, one.vni, one.frames) for one in collector.report().streams] == [
        (IPv4Address("127.0.0.1"), 5, 2),
        (IPv4Address("127.0.0.1"), 6, 1),
        (IPv4Address("127.0.0.2"), 5, 1),
    ]
    assert streams.account(0).first_ns == output.times_ns[0]
    assert streams.account(0).last_ns == output.times_ns[2]


def test_only_senders_of_the_allowed_networks_are_taken() -> None:
    output = Recording()
    acceptance = Acceptance(sources=(ip_network("10.0.0.0/8"), ip_network("127.0.0.2/32")))
    with Collector(LOOPBACK, [output], acceptance=acceptance) as collector:
        send(collector.listen, [wrapped(b"one" * 20), b"short"])
        send(collector.listen, [wrapped(b"two" * 20)], source="127.0.0.2")
    assert output.frames == [b"two" * 20]
    assert collector.report().refused[DatagramRefusal.WRONG_SOURCE].frames == 2


@pytest.mark.parametrize(("address", "source"), [("::1", "::1"), ("::", "127.0.0.1")])
def test_ipv6_is_listened_on_and_every_address_takes_both(address: str, source: str) -> None:
    output = Recording()
    with Collector(Endpoint(address, 0), [output]) as collector:
        send(Endpoint(source, collector.listen.port), [wrapped(bytes(60))], source=source)
    expected = IPv6Address(source) if ":" in source else IPv4Address(source)
    assert [one.source for one in collector.report().streams] == [expected]


def test_a_stop_takes_all_that_the_kernel_still_holds() -> None:
    output = Recording(is_slow=True)
    collector = Collector(LOOPBACK, [output], backlog=64)
    collector.start()
    send(collector.listen, [wrapped(number.to_bytes(60, "big")) for number in range(1000)])
    assert output.is_asked.wait(30)
    # Neither the backlog nor what is being worked on is room for all of them.
    assert collector.report().backlog == 64
    while not collector.report().backlog_full:
        assert not collector.wait(0.001)
    output.may_go_on.set()
    collector.stop()
    report = collector.report()
    assert [int.from_bytes(frame, "big") for frame in output.frames] == list(range(1000))
    assert_balanced(report, 1000)
    assert not report.lost_something
    collector.stop()
    assert collector.report() == report


@settings(max_examples=6)
@given(st.integers(1, 300), st.integers(0, 1500))
def test_a_slow_output_loses_nothing_before_the_stated_backlog_and_then_what_was_lost_is_known(
    backlog: int, more: int
) -> None:
    output = Recording(is_slow=True)
    # A kernel's buffer for some 300 of the smallest datagrams.
    with Collector(LOOPBACK, [output], backlog=backlog, receive_buffer=1 << 18) as collector:
        send(collector.listen, [wrapped(bytes(60))])
        assert output.is_asked.wait(30)
        room = collector.report().backlog
        assert room >= backlog
        for number in range(room):
            send(collector.listen, [wrapped(bytes(60))])
            while collector.report().waiting <= number:
                assert not collector.wait(0.0001)
        assert collector.report().kernel_dropped == 0
        send(collector.listen, [wrapped(bytes(60))] * more)
        output.may_go_on.set()
    report = collector.report()
    assert_balanced(report, 1 + room + more)
    # An arena more is full for a moment, when it was worked on and the next is not taken yet.
    assert room <= report.backlog_high_water <= 2 * room
    assert (report.kernel_dropped > 0) == (more > report.received.frames - 1 - room) == report.lost_something
    assert more < 1200 or report.kernel_dropped > 0
    assert output.taken == report.taken


def test_as_many_frames_are_taken_as_are_wanted_and_then_it_ends_by_itself() -> None:
    output = Recording()
    with Collector(LOOPBACK, [output], count=3) as collector:
        send(collector.listen, [wrapped(bytes([number]) * 60) for number in range(5)])
        assert collector.wait(30)
    assert output.frames == [bytes([number]) * 60 for number in range(3)]
    report = collector.report()
    assert report.taken.frames == 3
    assert not report.lost_something


def test_waiting_ends_with_the_time_that_was_given() -> None:
    with Collector(LOOPBACK) as collector:
        assert not collector.wait(0.01)


def test_an_output_that_fails_ends_the_run_and_the_others_are_finished() -> None:
    failing, other = Recording(fails=True), Recording()
    collector = Collector(LOOPBACK, [other, failing])
    collector.start()
    send(collector.listen, [wrapped(bytes(60))])
    assert collector.wait(30)
    with pytest.raises(CollectorError, match=r"^recording: no more room; use another$"):
        collector.stop()
    assert failing.is_closed
    assert other.is_closed
    report = collector.report()
    assert_balanced(report, 1)
    assert report.outputs[0].given.frames == 1
    assert report.outputs[1].given.frames == 0


class Balancing:
    """A stage that drops frames that begin with 0, and gives others to outputs by their first octet."""

    def apply(self, block: PacketBlock) -> None:
        block.retain(bytes(octets[0] for _, octets, _ in block))
        for index, (_, octets, _) in enumerate(block):
            block.outputs[index] = octets[0] % 2
            block.lengths[index] = 20


def test_frames_go_through_the_pipeline_to_the_outputs_that_it_chose() -> None:
    everything, even, odd = Recording(), Recording(), Recording()
    outputs: list[Output | Destination] = [everything, Destination(even, 0), Destination(odd, 1)]
    with Collector(LOOPBACK, outputs, pipeline=Balancing()) as collector:
        send(collector.listen, [wrapped(bytes([number]) * 60) for number in range(5)])
    report = collector.report()
    assert report.taken == Count(5, 300)
    assert report.passed == Count(4, 80)
    assert [one.given for one in report.outputs] == [Count(4, 80), Count(2, 40), Count(2, 40)]
    assert even.frames == [b"\2" * 20, b"\4" * 20]
    assert odd.frames == [b"\1" * 20, b"\3" * 20]
    assert everything.taken == report.passed


def test_the_accounts_of_a_pipelines_stages_are_in_the_report() -> None:
    output = Recording()
    with Collector(LOOPBACK, [output], pipeline=Pipeline([Slice(20), Sample(1, 1)])) as collector:
        send(collector.listen, [wrapped(bytes(60)), wrapped(bytes(15))])
    report = collector.report()
    assert [(one.entered, one.left) for one in report.stages] == [
        (Count(2, 75), Count(2, 35)),
        (Count(2, 35), Count(2, 35)),
    ]
    assert report.stages[0].removed.octets == 40
    assert report.passed == report.stages[-1].left == output.taken


class Broken:
    """A stage with a bug."""

    def apply(self, block: PacketBlock) -> None:
        raise ZeroDivisionError("a bug")


def test_a_bug_is_not_hidden_in_its_thread_and_outputs_are_finished() -> None:
    output = Recording()
    collector = Collector(LOOPBACK, [output], pipeline=Broken())
    collector.start()
    send(collector.listen, [wrapped(bytes(60))])
    assert collector.wait(30)
    with pytest.raises(ZeroDivisionError, match=r"^a bug$"):
        collector.stop()
    assert output.is_closed


def test_receiving_goes_before_all_else_where_that_is_allowed() -> None:
    if os.geteuid() != 0:
        pytest.skip("declared: needs root, or CAP_SYS_NICE")
    with Collector(LOOPBACK) as collector:
        send(collector.listen, [wrapped(bytes(60))])
        while not collector.report().received.frames:
            assert not collector.wait(0.001)
        threads = [os.getpriority(os.PRIO_PROCESS, int(one)) for one in os.listdir("/proc/self/task")]
    assert sorted(threads)[0] == os.getpriority(os.PRIO_PROCESS, 0) - 10


def test_outputs_are_told_the_time_while_nothing_comes() -> None:
    output = Recording()
    with Collector(LOOPBACK, [output]) as collector:
        while output.ticks < 2:
            assert not collector.wait(0.01)
    assert output.frames == []


def test_a_port_that_is_taken_is_said_and_outputs_are_closed() -> None:
    output = Recording()
    with (
        Collector(LOOPBACK) as first,
        pytest.raises(
            CollectorError, match=rf"^127\.0\.0\.1:{first.listen.port}: cannot be listened on: Addr"
        ),
    ):
        Collector(first.listen, [output]).start()
    assert output.is_closed


def test_a_collector_starts_once() -> None:
    with Collector(LOOPBACK) as collector:
        pass
    with pytest.raises(CollectorError, match=r"a collector starts once"):
        collector.start()


def test_a_backlog_without_room_is_refused() -> None:
    with pytest.raises(CollectorError, match=r"^backlog 0: cannot be"):
        Collector(LOOPBACK, backlog=0)


def test_what_was_not_started_reports_nothing() -> None:
    report = Collector(LOOPBACK).report()
    assert report.received == Count()
    assert report.seconds == 0
