"""A soak: `vtap send` to `vtap collect` for minutes, at half of the rate that this machine carries.

`VTAP_SOAK_SECONDS` is how long, 600 if not set; `VTAP_SOAK_RATE` the frames a second, found out if not set.
Datagrams go to loopback.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from benchmarks.captures import MIXES, packets_of
from tests.vtaplib.cli.collecting import Collecting, collecting
from tests.vtaplib.cli.command import Vtap
from vtaplib.capture import PcapWriter
from vtaplib.packets.block import PacketBlock

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("VTAP_SOAK_SECONDS", "600"))

# Frames a second that are tried, the fastest first.
RATES = (400_000, 200_000, 100_000, 50_000, 25_000)
TRIAL_SECONDS = 5

# What an allocator may still do once all that is kept has been seen.
LARGEST_GROWTH = 4 << 20


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """IMIX frames."""
    path = tmp_path_factory.mktemp("soak") / "imix.pcap"
    with PcapWriter(path) as writer:
        for block in PacketBlock.many(packets_of(MIXES["imix"], 100_000)):
            writer.write_block(block)
    return path


@pytest.fixture
def vtap(tmp_path: Path) -> Vtap:
    return Vtap.in_directory(tmp_path)


def send(vtap: Vtap, collector: Collecting, capture: Path, rate: int, seconds: float) -> int:
    """Send to a collector at a rate for some time; returns how many datagrams went."""
    address, port = collector.address
    how_long = ("--loop", "0", "--duration", f"{seconds}")
    target = ("--to", f"{address}:{port}", "--vni", "7")
    report = vtap("send", capture, *target, "--rate", f"{rate}pps", *how_long, "--json").document
    return int(report["sending"]["sent"])


def resident(collector: Collecting) -> int:
    """The collector's memory in octets, statm(5)."""
    pages = Path(f"/proc/{collector.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def half_of_the_lossless_rate(vtap: Vtap, capture: Path, options: tuple[str | Path, ...]) -> int:
    """Half of the first rate that goes through without loss, and that the sender keeps up with."""
    if given := os.environ.get("VTAP_SOAK_RATE"):
        return int(given)
    for rate in RATES:
        with collecting(vtap, *options) as collector:
            sent = send(vtap, collector, capture, rate, TRIAL_SECONDS)
            collector.process.terminate()
            out, _ = collector.process.communicate()
        lost = collector.process.returncode != 0
        if not lost and sent > 0.95 * rate * TRIAL_SECONDS and f'"frames": {sent}'.encode() in out:
            return rate // 2
    raise AssertionError(f"not even {RATES[-1]:,} frames a second go through")


def test_for_minutes_nothing_is_lost_and_memory_stays(vtap: Vtap, capture: Path, tmp_path: Path) -> None:
    options = ("--write", tmp_path / "captures", "--rotate-size", "64MB", "--keep", "4", "--json")
    rate = half_of_the_lossless_rate(vtap, capture, options)
    memory: list[tuple[float, int]] = []
    sent = 0
    with collecting(vtap, *options) as collector:
        begin = time.monotonic()
        while (elapsed := time.monotonic() - begin) < SECONDS:
            sent += send(vtap, collector, capture, rate, min(10, SECONDS - elapsed + 0.1))
            memory.append((time.monotonic() - begin, resident(collector)))
        report = collector.report()
    in_mib = ", ".join(f"{size / 2**20:.1f} after {at:.0f} s" for at, size in memory)
    print(f"{sent:,} frames at {rate:,}/s, none lost; MiB resident: {in_mib}")
    assert report["taken"]["frames"] == report["outputs"][0]["taken"]["frames"] == sent
    assert report["kernel_dropped"] == 0
    assert report["lost_something"] is False
    complete = [size for at, size in memory if at >= SECONDS / 3]
    assert max(complete) - complete[0] <= LARGEST_GROWTH
