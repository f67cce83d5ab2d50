"""How fast replay is, beside programs that only read a capture and write it again, and in how much memory.

Three captures, of 64-byte frames, of the Internet's mix of sizes and of flows of a packet or two, go through
a network in which one or both ends of every conversation are tapped. The peers find no interface, decide
nothing and make no copies; they read and write, and so bound what can be had in Python (dpkt, scapy) and in C
(tcpdump, editcap; cp for the disk). All take turns in every round, so that a busy machine is unkind to all
alike.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.captures import MIXES, packets_of_mix
from benchmarks.contenders import Contender, all_contenders
from benchmarks.measuring import Cost, run
from benchmarks.tapped_network import make_cloud
from vtaplib.capture import PcapWriter, open_capture
from vtaplib.packets.block import PacketBlock

# A command of ours takes some 0.2 s to start, which is the time of a million packets and more.
PACKETS = {"small": 8_000_000, "imix": 4_000_000, "short": 1_000_000}
TITLES = {"small": "64-byte frames", "imix": "IMIX", "short": "Short flows"}

# Bytes per packet of a capture, its record header included.
RECORD_LENGTHS = {mix: 16 + sum(lengths) / len(lengths) for mix, lengths in MIXES.items()}

MEMORY_AIM_MIB = 150


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of every contender (default: 5)")
    parser.add_argument(
        "--packets",
        type=int,
        help="per capture (default: "
        + ", ".join(f"{count:,} {TITLES[mix]}" for mix, count in PACKETS.items())
        + ")",
    )
    parser.add_argument(
        "--memory",
        type=int,
        default=100,
        metavar="MB",
        help="size of the capture that memory is measured with: 1000 for a gigabyte, 0 for none "
        "(default: 100)",
    )
    parser.add_argument("--directory", type=Path, help="for captures, which are removed (default: temporary)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or (arguments.packets is not None and arguments.packets < 1):
        parser.error("--rounds and --packets are at least 1")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    with TemporaryDirectory(dir=arguments.directory) as name:
        directory = Path(name)
        one, both = directory / "one.db", directory / "both.db"
        make_cloud(one, ("web",))
        make_cloud(both, ("web", "database"))
        contenders = all_contenders(one, both)
        starts = measure_starts(contenders, directory, arguments.rounds)
        for mix in MIXES:
            packets = arguments.packets or PACKETS[mix]
            costs = measure(contenders, mix, packets, directory, arguments.rounds)
            for table in tables(TITLES[mix], packets, costs, starts):
                console.print(table)
        if arguments.memory:
            console.print(measure_memory(contenders, directory, arguments.memory * 1_000_000))


def write_capture(directory: Path, mix: str, packets: int) -> Path:
    """Write a capture with microsecond times: dpkt has a slow way for nanoseconds, which would be no peer."""
    path = directory / f"{mix}-{packets}.pcap"
    if not path.exists():
        with PcapWriter(path, nanoseconds=False) as writer:
            for block in PacketBlock.many(packets_of_mix(mix, packets)):
                writer.write_block(block)
    return path


def measure_starts(contenders: list[Contender], directory: Path, rounds: int) -> dict[str, float]:
    """Return the median of the seconds that each contender takes for a capture of one packet."""
    capture = write_capture(directory, "small", 1)
    taken: dict[str, list[float]] = {one.name: [] for one in contenders}
    # The first round fills caches.
    for number in range(rounds + 1):
        for one in contenders:
            cost = run(one.command(capture, directory))
            if number:
                taken[one.name].append(cost.seconds)
    return {name: median(seconds) for name, seconds in taken.items()}


def measure(
    contenders: list[Contender], mix: str, packets: int, directory: Path, rounds: int
) -> dict[Contender, list[Cost]]:
    """Run all contenders in turn, `rounds` times; what comes out is counted the first time."""
    captures = {
        share: write_capture(directory, mix, max(1, int(packets * share)))
        for share in {one.share for one in contenders}
    }
    costs: dict[Contender, list[Cost]] = {one: [] for one in contenders}
    for number in range(rounds):
        for one in contenders:
            out = directory / "out"
            out.mkdir(exist_ok=True)
            costs[one].append(run(one.command(captures[one.share], out)))
            (written,) = out.iterdir()
            expected = max(1, int(packets * one.share)) * one.copies
            if number == 0 and (count := count_packets(written)) != expected:
                raise SystemExit(f"{one.name}: {count:,} packets came out, {expected:,} were to")
            written.unlink()
    for capture in captures.values():
        capture.unlink()
    return costs


def count_packets(capture: Path) -> int:
    """Return how many packets are in a capture."""
    with open_capture(capture) as reader:
        return sum(map(len, reader.blocks()))


def tables(
    title: str, packets: int, costs: dict[Contender, list[Cost]], starts: dict[str, float]
) -> list[Table]:
    """Return the table of rates, and the one of ratios: ours to each peer's, the median over the rounds.

    On a machine that others use, time on the clock is also theirs; time on the processor is the program's.
    """

    def per_packet(one: Contender, number: int) -> float:
        return costs[one][number].seconds / max(1, int(packets * one.share))

    def on_processor(one: Contender, number: int) -> float:
        return costs[one][number].processor_seconds / max(1, int(packets * one.share))

    def ratio(ours: Contender, peer: Contender) -> str:
        return " / ".join(
            f"{median(cost(peer, number) / cost(ours, number) for number in rounds):,.2f}"
            for cost in (per_packet, on_processor)
        )

    rounds = range(len(next(iter(costs.values()))))
    rates = Table(title=f"{title}: {packets:,} packets, {len(rounds)} rounds", title_justify="left")
    rates.add_column("")
    for column in ("1000 packets/s", "min – max", "processor, ns/packet", "start, ms", "1000 copies/s"):
        rates.add_column(column, justify="right")
    for one, runs in costs.items():
        thousands = sorted(1e-3 / per_packet(one, number) for number in rounds)
        count = max(1, int(packets * one.share))
        name = one.name if one.share == 1 else f"{one.name} ({count:,} packets)"
        rates.add_row(
            name,
            f"{median(thousands):,.0f}",
            f"{thousands[0]:,.0f} – {thousands[-1]:,.0f}",
            f"{median(cost.processor_seconds for cost in runs) / count * 1e9:,.0f}",
            f"{starts[one.name] * 1000:,.0f}",
            f"{median(thousands) * one.copies:,.0f}" if one.is_ours else "",
        )
    peers = [one for one in costs if not one.is_ours]
    ratios = Table(title=f"{title}: times as fast as, on the clock / on the processor", title_justify="left")
    ratios.add_column("", no_wrap=True)
    for peer in peers:
        ratios.add_column(peer.name, justify="right")
    for one in costs:
        if one.is_ours:
            ratios.add_row(
                one.name,
                *(ratio(one, peer) for peer in peers),
            )
    return [rates, ratios]


def measure_memory(contenders: list[Contender], directory: Path, size: int) -> Table:
    """Return the table of what ours need at their peak, for a small and a large capture of small frames."""
    table = Table(title=f"Peak memory, MiB; the aim is {MEMORY_AIM_MIB}", title_justify="left")
    table.add_column("")
    sizes = (size // 10, size)
    for one in sizes:
        table.add_column(f"{one / 1e6:,.0f} MB", justify="right")
    rows: dict[str, list[str]] = {one.name: [] for one in contenders if one.is_ours}
    out = directory / "out"
    out.mkdir(exist_ok=True)
    for one in sizes:
        capture = write_capture(directory, "small", int(one / RECORD_LENGTHS["small"]))
        for contender in contenders:
            if contender.is_ours:
                rows[contender.name].append(f"{run(contender.command(capture, out)).peak_mib:,.0f}")
                for written in out.iterdir():
                    written.unlink()
        capture.unlink()
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
