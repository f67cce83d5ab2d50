"""How fast `MirrorEngine.frame` is from Python, one frame at a time, and in how much memory.

Three things grow in turn: nothing, the number of tapped interfaces, the number of flows. The peer dissects
the same frames with dpkt and looks up, decides and copies nothing; it takes turns with ours, some thousand
frames each, so that a busy machine is unkind to both. Then an hour of packet time goes through ten thousand
tapped interfaces in a million flows, and the process's memory is read as it goes.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import dpkt
from rich.console import Console
from rich.table import Table

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vtaplib.fabric.topology import Interface, IpConfiguration, Network, Tap, TapConfiguration, Topology
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.replay import Replay
from vtaplib.mirror.verdict import Direction, Mirrored
from vtaplib.packets.block import PacketBlock

AIM = 150_000
INTERFACES = (1, 10, 100, 1_000, 10_000)
FLOWS = (1, 100, 10_000, 100_000, 1_000_000)

# Flows while it is the interfaces that grow, and the other way round.
SOME_FLOWS, ONE_INTERFACE = 10_000, 1

SMALL = 64

# Frames that ours and the peer take in a turn.
TURN = 20_000

HOUR_SECONDS = 3_600
HOUR_INTERFACES, HOUR_FLOWS = 10_000, 1_000_000
HOUR_LENGTHS = (60, 1514)
MINUTES_SHOWN = (1, 5, 10, 20, 40, 60)

PREFIX = "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Network"
FIRST_SOURCE, FIRST_PEER = int(IPv4Address("10.0.0.4")), int(IPv4Address("10.128.0.4"))


class Sent(NamedTuple):
    """A frame, and the interface that sends it."""

    interface_id: str
    frame: bytes


def interface_of(number: int, address: IPv4Address) -> Interface:
    """An attached interface."""
    interface_id = f"{PREFIX}/networkInterfaces/nic-{number}"
    return Interface(
        id=interface_id,
        network_id=f"{PREFIX}/virtualNetworks/net",
        ip_configurations=(
            IpConfiguration(f"{interface_id}/ipConfigurations/primary", address, is_primary=True),
        ),
        mac=b"\0\x0d\x3a" + number.to_bytes(3, "big"),
        machine_id=f"{PREFIX}/machines/vm-{number}",
    )


def topology_of(interfaces: int) -> Topology:
    """One network in which so many interfaces are tapped, and a collector."""
    sources = [interface_of(number, IPv4Address(FIRST_SOURCE + number)) for number in range(interfaces)]
    collector = interface_of(interfaces, IPv4Address("10.255.0.4"))
    tap = Tap(f"{PREFIX}/virtualNetworkTaps/tap", collector.ip_configurations[0].id)
    return Topology(
        networks=(Network(f"{PREFIX}/virtualNetworks/net", (IPv4Network("10.0.0.0/8"),)),),
        interfaces=(*sources, collector),
        taps=(tap,),
        tap_configurations=tuple(
            TapConfiguration(f"{source.id}/tapConfigurations/to-tap", source.id, tap.id) for source in sources
        ),
    )


def traffic(topology: Topology, flows: int, lengths: tuple[int, int] = (SMALL, SMALL)) -> Iterator[Sent]:
    """Frames without end, the flows one after the other, each always from the same interface; UDP."""
    sources = [topology.interfaces[number] for number in range(len(topology.tap_configurations))]
    pack = struct.Struct("!6s6sHBBHHHBBHIIHHHH").pack
    # The lengths repeat from run to run.
    draw = random.Random(0).randint
    while True:
        for flow in range(flows):
            number = flow % len(sources)
            length = lengths[0] if lengths[0] == lengths[1] else draw(*lengths)
            ends = FIRST_SOURCE + number, FIRST_PEER + (flow >> 16), flow & 0xFFFF, 9
            ip = (0x0800, 0x45, 0, length - 14, 0, 0x4000, 64, 17, 0)
            head = pack(bytes(6), sources[number].mac, *ip, *ends, length - 34, 0)
            yield Sent(sources[number].id, head + bytes(length - len(head)))


def mirror(engine: MirrorEngine, turn: list[Sent]) -> None:
    """Ours: a call for each frame."""
    frame_of, egress = engine.frame, Direction.EGRESS
    for interface_id, frame in turn:
        frame_of(interface_id, egress, frame)


def dissect(turn: list[Sent]) -> None:
    """The peer: Ethernet, IPv4 and UDP, as dpkt reads them."""
    ethernet = dpkt.ethernet.Ethernet
    for _, frame in turn:
        ethernet(frame)


class Rates(NamedTuple):
    """Frames a second of processor time, and how many times as fast as the peer that is."""

    ours: float
    peer: float
    ratio: float


def seconds(work: Callable[[], None]) -> float:
    """The processor's time for it: on a machine that others use, the clock's is also theirs."""
    before = time.process_time()
    work()
    return time.process_time() - before


def measure(interfaces: int, flows: int, frames: int) -> Rates:
    """Mirror so many frames, every flow having been seen once if there is time for that."""
    topology = topology_of(interfaces)
    engine = MirrorEngine(topology)
    sent = traffic(topology, flows)
    for one in islice(sent, min(flows, frames)):
        (verdict,) = engine.frame(one.interface_id, Direction.EGRESS, one.frame)
        assert isinstance(verdict, Mirrored), "every frame is to be mirrored"
    ours = peer = 0.0
    for _ in range(-(-frames // TURN)):
        turn = list(islice(sent, TURN))
        ours += seconds(lambda turn=turn: mirror(engine, turn))  # type: ignore[misc]  # mypy infers no default
        peer += seconds(lambda turn=turn: dissect(turn))  # type: ignore[misc]  # mypy infers no default
    measured = -(-frames // TURN) * TURN
    return Rates(measured / ours, measured / peer, peer / ours)


def resident_mib() -> float:
    """What the process holds in memory now (Linux: proc(5))."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def spend_hour(way: str, per_second: int) -> None:
    """Send an hour of packet time through, second by second; print the memory after some minutes."""
    topology = topology_of(HOUR_INTERFACES)
    engine, replay = MirrorEngine(topology), Replay(topology)
    sent = traffic(topology, HOUR_FLOWS, HOUR_LENGTHS)
    for second in range(HOUR_SECONDS):
        turn = list(islice(sent, per_second))
        if way == "frame":
            mirror(engine, turn)
        else:
            at = second * 1_000_000_000
            replay.block(PacketBlock.of((at, one.frame, len(one.frame)) for one in turn))
        minute, rest = divmod(second + 1, 60)
        if not rest and minute in MINUTES_SHOWN:
            print(f"{resident_mib():.0f}", flush=True)


def growth_table(title: str, sizes: list[tuple[int, int]], frames: int, rounds: int) -> Table:
    """A table of rates, a line for each number of interfaces and flows; all take turns in every round."""
    runs: dict[tuple[int, int], list[Rates]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            runs[size].append(measure(*size, frames))
    table = Table(title=title, title_justify="left")
    for column in (
        "interfaces",
        "flows",
        "1000 frames/s",
        "min – max",
        "dpkt, 1000 frames/s",
        "× dpkt",
        "ns/frame",
    ):
        table.add_column(column, justify="right")
    for (interfaces, flows), rates in runs.items():
        thousands = sorted(one.ours / 1e3 for one in rates)
        table.add_row(
            f"{interfaces:,}",
            f"{flows:,}",
            f"{median(thousands):,.0f}",
            f"{thousands[0]:,.0f} – {thousands[-1]:,.0f}",
            f"{median(one.peer for one in rates) / 1e3:,.0f}",
            f"{median(one.ratio for one in rates):.2f}",
            f"{1e6 / median(thousands):,.0f}",
        )
    return table


def memory_table(per_second: int) -> Table:
    """A table of what a process holds in the course of an hour, for each way to send frames through."""
    table = Table(
        title=f"Memory, MiB, over an hour of packet time: {HOUR_SECONDS * per_second:,} frames, "
        f"{HOUR_INTERFACES:,} interfaces, {HOUR_FLOWS:,} flows",
        title_justify="left",
    )
    table.add_column("")
    for minute in MINUTES_SHOWN:
        table.add_column(f"{minute} min", justify="right")
    for name, way in (("MirrorEngine.frame", "frame"), ("Replay.block", "block")):
        command = [sys.executable, __file__, "--hour", way, "--per-second", str(per_second)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        table.add_row(name, *said.split())
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of every size (default: 5)")
    parser.add_argument("--frames", type=int, default=200_000, help="measured in a run (default: 200,000)")
    parser.add_argument(
        "--per-second",
        type=int,
        default=1_000,
        help="frames a second of the hour; 0: no hour (default: 1,000)",
    )
    parser.add_argument("--hour", choices=("frame", "block"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.hour:
        spend_hour(arguments.hour, arguments.per_second)
        return
    if arguments.rounds < 1 or arguments.frames < 1 or arguments.per_second < 0:
        parser.error("--rounds and --frames are at least 1, --per-second at least 0")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(f"The aim is {AIM:,} frames/s.")
    for title, sizes in (
        ("More tapped interfaces", [(interfaces, SOME_FLOWS) for interfaces in INTERFACES]),
        ("More flows", [(ONE_INTERFACE, flows) for flows in FLOWS]),
    ):
        console.print(growth_table(title, sizes, arguments.frames, arguments.rounds))
    if arguments.per_second:
        console.print(memory_table(arguments.per_second))


if __name__ == "__main__":
    main()
