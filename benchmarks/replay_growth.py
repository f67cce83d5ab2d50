"""What a packet costs a replay as tapped interfaces and flows grow in number, and in how much memory.

Blocks of 64-byte frames, as a reader gives them, go through one network; their copies are written to nowhere,
so that the replay's own work is measured and not the disk's. All flows are met once, which is counted by
itself: what is decided is decided then. Every size is a process of its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.engine import SMALL, topology_of, traffic
from vtaplib.capture import PcapngWriter
from vtaplib.mirror.replay import Replay
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.copy_block import CopyBlock

SIZES = (
    *((interfaces, 10_000) for interfaces in (1, 10, 100, 1_000, 10_000)),
    *((1, flows) for flows in (1, 100, 100_000, 1_000_000)),
)

# Packets in a block: as many as a piece of a capture has.
BLOCK = 3_276

# Blocks that are measured once all flows are known.
MEASURED = 300


class Nowhere:
    """Writes copies as captures are written, and keeps none."""

    def __init__(self, writer: PcapngWriter) -> None:
        self._writer = writer

    def output_of(self, _collector_id: str) -> int:
        return 0

    def take(self, copies: CopyBlock) -> None:
        self._writer.write_block(copies)


def blocks_of(frames: Iterator[bytes]) -> Iterator[PacketBlock]:
    """Blocks without end, each in the place of the one before."""
    block = PacketBlock(bytearray(BLOCK * SMALL), BLOCK)
    block.count = BLOCK
    for index in range(BLOCK):
        block.starts[index] = index * SMALL
        block.lengths[index] = block.original_lengths[index] = SMALL
    while True:
        block.buffer[:] = b"".join(islice(frames, BLOCK))
        yield block


def measure(interfaces: int, flows: int) -> None:
    """Print microseconds per new flow, nanoseconds per packet of a known one, and MiB at the peak."""
    topology = topology_of(interfaces)
    run = Replay(topology)
    blocks = blocks_of(one.frame for one in traffic(topology, flows))
    with open("/dev/null", "wb") as stream, PcapngWriter(stream) as writer:
        writer.add_interface("collector")
        run.deliver_to(Nowhere(writer))
        learning = spent(run, islice(blocks, -(-flows // BLOCK)))
        known = spent(run, islice(blocks, MEASURED))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(learning / flows * 1e6, known / (MEASURED * BLOCK) * 1e9, peak)


def spent(run: Replay, blocks: Iterator[PacketBlock]) -> float:
    """The processor's seconds for these blocks, without those that it takes to make them."""
    seconds = 0.0
    for block in blocks:
        before = time.process_time()
        run.block(block)
        seconds += time.process_time() - before
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="runs of every size (default: 3)")
    parser.add_argument("--size", type=int, nargs=2, metavar=("INTERFACES", "FLOWS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.size:
        measure(*arguments.size)
        return
    runs: dict[tuple[int, int], list[list[float]]] = {size: [] for size in SIZES}
    for _ in range(arguments.rounds):
        for size in SIZES:
            command = [sys.executable, __file__, "--size", *map(str, size)]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            runs[size].append([float(word) for word in told.split()])
    table = Table(title=f"64-byte frames, medians of {arguments.rounds} rounds", title_justify="left")
    for column in ("interfaces", "flows", "ns/packet", "min – max", "µs/new flow", "peak MiB"):
        table.add_column(column, justify="right")
    for (interfaces, flows), figures in runs.items():
        new, known, peak = (sorted(column) for column in zip(*figures, strict=True))
        table.add_row(
            f"{interfaces:,}",
            f"{flows:,}",
            f"{median(known):,.0f}",
            f"{known[0]:,.0f} – {known[-1]:,.0f}",
            f"{median(new):,.0f}",
            f"{median(peak):,.0f}",
        )
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
