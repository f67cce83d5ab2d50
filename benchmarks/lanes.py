"""The lanes of the benchmark of collecting: a sender, a way, and a receiver, each of them processes.

A lane is offered a rate for some seconds, and tells what was sent and what arrived. It knows no clock but
that of its sender.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.cable import MIRRORED, TAP, VNI, Cable
from benchmarks.running import Running

VTAP = str(Path(sys.executable).with_name("vtap"))
FRAME_SENDER = str(Path(__file__).with_name("frame_sender.py"))

VXLAN_HEADER = 8


@dataclass(frozen=True, slots=True)
class Traffic:
    """A capture that is sent round after round, and the mean length of its frames."""

    name: str
    capture: Path
    mean_length: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rate came to: how many were sent, at what rate, how many of them arrived, and the seconds of
    processor time that each side took; None of a side that is no process.
    """

    sent: int
    per_second: float
    arrived: int
    sender_seconds: float
    receiver_seconds: float | None

    @property
    def loss(self) -> float:
        """The part that did not arrive."""
        return 1 - self.arrived / self.sent


@dataclass(frozen=True, slots=True)
class Lane:
    """A contender. `offer` is given a way, what to send, a rate (0: as fast as it goes), for how long, and
    the most packets (0: no limit). What it lost may be up to `tolerance` of it.
    """

    name: str
    offer: Callable[[Cable, Traffic, float, float, int], Trial]
    is_ours: bool = False
    tolerance: float = 0.0

    def trial(self, cable: Cable, traffic: Traffic, rate: float, seconds: float, start: float) -> Trial:
        """Offer a rate; `start` is what the sender takes before it sends."""
        offered = self.offer(cable, traffic, rate, seconds, 0)
        return replace(offered, sender_seconds=max(0.0, offered.sender_seconds - start))

    def start(self, cable: Cable, traffic: Traffic) -> float:
        """The seconds of processor time that the sender takes to send a single packet: its start."""
        return self.offer(cable, traffic, 0, 1, 1).sender_seconds


def all_lanes(cable: Cable, directory: Path) -> list[Lane]:
    """Those that there can be; `directory` is for the file that is written."""
    capture = str(directory / "collected.pcapng")
    outputs: dict[str, tuple[str, ...]] = {"counted": (), "pcapng": ("--write", capture)}
    if cable.has_devices:
        outputs["TAP interface"] = ("--interface", TAP)
    lanes = [
        Lane(f"vtap{offload}, {name}", _vtap(offload, output), is_ours=True)
        for offload in ("", " --offload")
        for name, output in outputs.items()
    ]
    if shutil.which("iperf3"):
        # It ends counting before the last came, and tells a part of a percent.
        lanes.append(Lane("iperf3 UDP", _iperf, tolerance=1e-4))
    if cable.has_devices:
        lanes.append(Lane("kernel: mirred, vxlan", _kernel))
    return lanes


def _vtap(offload: str, output: tuple[str, ...]) -> Callable[[Cable, Traffic, float, float, int], Trial]:
    """What is sent as copies are, or, offloaded, with a checksum of UDP and faster than most can take it."""

    def offer(cable: Cable, traffic: Traffic, rate: float, seconds: float, count: int) -> Trial:
        endpoint = f"{cable.address}:{cable.port}"
        pace = ["--rate", f"{rate:.0f}pps"] if rate else ["--top-speed"]
        most = ["--count", str(count)] if count else []
        send = ["send", str(traffic.capture), "--vni", str(VNI), "--to", endpoint]
        bound = [*offload.split(), *pace, *most, "--loop", "0", "--duration", f"{seconds}", "--json"]
        collect = ["collect", "--listen", endpoint, "--json", *output]
        with Running([*cable.collector, VTAP, *collect]) as collector:
            collector.wait_until_listening("udp", cable.port)
            with Running([*cable.sender, VTAP, *send, *bound]) as sender:
                sent = sender.end()
            # Exit code 1: something was lost, which is what is asked.
            collected = collector.end(signal.SIGINT, (0, 1))
        for path in output[1:]:
            Path(path).unlink(missing_ok=True)
        report: dict[str, Any] = json.loads(collected.said)
        arrived: int = report["passed"]["frames"]
        for one in report["outputs"]:
            arrived = min(arrived, one["taken"]["frames"])
        return _trial(sent.said, arrived, sent.processor_seconds, collected.processor_seconds)

    return offer


def _iperf(cable: Cable, traffic: Traffic, rate: float, seconds: float, count: int) -> Trial:
    """iperf3 knows one length: that of a payload with the mean frame."""
    length = round(traffic.mean_length) + VXLAN_HEADER
    port = str(cable.iperf_port)
    bits = f"{rate * length * 8:.0f}" if rate else "0"
    bound = ["-k", str(count)] if count else ["-t", f"{max(1, round(seconds))}"]
    with Running([*cable.collector, "iperf3", "-s", "-1", "-p", port, "-J"]) as server:
        server.wait_until_listening("tcp", cable.iperf_port)
        what = ["-u", "-l", str(length), "-b", bits, "-w", "4M", *bound]
        with Running([*cable.sender, "iperf3", "-c", cable.address, "-p", port, "-J", *what]) as client:
            sent = client.end()
        received = server.end()
    total = json.loads(sent.said)["end"]["sum"]
    packets = int(total["packets"])
    return Trial(
        packets,
        packets / max(float(total["seconds"]), 1e-9),
        packets - max(0, int(total["lost_packets"])),
        sent.processor_seconds,
        received.processor_seconds,
    )


def _kernel(cable: Cable, traffic: Traffic, rate: float, seconds: float, count: int) -> Trial:
    before = cable.arrived()
    feed = [sys.executable, FRAME_SENDER, MIRRORED, str(traffic.capture)]
    with Running([*cable.sender, *feed, f"{rate}", f"{seconds}", f"{count}"]) as sender:
        sent = sender.end()
    # What waits in a processor's backlog is taken out of it in no time.
    time.sleep(0.05)
    return _trial(sent.said, cable.arrived() - before, sent.processor_seconds, None)


def _trial(said: str, arrived: int, sender_seconds: float, receiver_seconds: float | None) -> Trial:
    sending: dict[str, Any] = json.loads(said)["sending"]
    return Trial(sending["sent"], sending["packets_per_second"], arrived, sender_seconds, receiver_seconds)
