"""What is sent is collected: `Collector` after `Sender` is the identity, whatever else comes between."""

from __future__ import annotations

import random
import socket
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from vtaplib.capture import open_capture
from vtaplib.collector import Acceptance, Collector, Endpoint, Streams
from vtaplib.collector.pacing import AtOnce
from vtaplib.collector.payloads import frame_payloads
from vtaplib.collector.rotation import RotatingCapture
from vtaplib.collector.sending import Sender
from vtaplib.packets import vxlan
from vtaplib.packets.block import PacketBlock
from vtaplib.testing import frames

VNI = 71
OTHER_VNI = 72

CAPTURES = st.lists(
    st.one_of(
        st.binary(min_size=14, max_size=1500), frames(max_payload=1500).filter(lambda frame: len(frame) >= 14)
    ),
    max_size=30,
)
# Nothing that could be taken under the one VNI that is.
NOISE = st.lists(
    st.one_of(
        st.binary(max_size=7),
        st.binary(max_size=60).map(lambda octets: b"\0" + octets),
        st.binary(max_size=60).map(lambda octets: vxlan.emit(vxlan.VxlanPacket(OTHER_VNI, octets))),
        st.binary(max_size=13).map(lambda octets: vxlan.emit(vxlan.VxlanPacket(VNI, octets))),
    ),
    max_size=10,
)


@settings(max_examples=part_of(40))
@given(CAPTURES, NOISE, st.integers(0, 1 << 32))
def test_what_is_sent_is_what_is_collected(capture: list[bytes], noise: list[bytes], seed: int) -> None:
    """Noise comes in between at random, and does no harm."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "collected.pcapng"
        streams = Streams()
        outputs = [RotatingCapture(path, describe=streams.describe)]
        wanted = Acceptance(frozenset({VNI}))
        with Collector(Endpoint("127.0.0.1", 0), outputs, acceptance=wanted, streams=streams) as collector:
            target = collector.listen
            with (
                Sender([target], AtOnce(), vni=VNI) as sender,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
            ):
                waiting = list(noise)
                for frame in capture:
                    while waiting and chance.random() < 0.3:
                        stranger.sendto(waiting.pop(), target.socket_address)
                    sender.send(frame_payloads(PacketBlock.of([(time.time_ns(), frame, len(frame))])))
                for payload in waiting:
                    stranger.sendto(payload, target.socket_address)
        report = collector.report()
        with open_capture(path) as reader:
            collected = [record.data for record in reader]
            names = {one.name for one in reader.interfaces}
    assert collected == capture
    assert names == ({f"127.0.0.1 VNI {VNI}"} if capture else set())
    assert report.taken.frames == len(capture)
    assert sum(count.frames for count in report.refused.values()) == len(noise)
    assert report.received.frames == len(capture) + len(noise)
    assert report.kernel_dropped == 0


@settings(max_examples=part_of(20))
@given(CAPTURES, st.integers(0, 1 << 32), st.data())
def test_reordered_and_repeated_datagrams_are_collected_as_they_come(
    capture: list[bytes], seed: int, data: st.DataObject
) -> None:
    """A collector is no receiver of a transport: what the network does to a stream is for the eyes behind."""
    network = data.draw(st.permutations(capture + capture[: len(capture) // 2]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "collected.pcapng"
        with (
            Collector(Endpoint("127.0.0.1", 0), [RotatingCapture(path)]) as collector,
            Sender([collector.listen], AtOnce(), vni=VNI) as sender,
        ):
            sender.send(frame_payloads(PacketBlock.of([(0, frame, len(frame)) for frame in network])))
        with open_capture(path) as reader:
            assert [record.data for record in reader] == network
