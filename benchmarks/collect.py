"""How many mirrored frames a second are collected without losing one, from `vtap send` to `vtap collect`.

Sender and collector are processes in two network namespaces with a cable between, which the run makes and
removes (root), or both on loopback. The peers are iperf3, which sends and counts UDP datagrams of the same
length and looks at nothing, and the kernel itself, which mirrors frames into its own vxlan device on one side
and takes them out of one on the other. All take turns in every round, so that a busy machine is unkind to all
alike.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cable import Cable, loopback, namespaces
from benchmarks.captures import MIXES, write_capture
from benchmarks.lanes import Lane, Traffic, Trial, all_lanes

TITLES = {"small": "64-byte frames", "imix": "IMIX"}

# Sent round after round. It stays in memory, and is more than one block.
PACKETS = 20_000

AIM = 200_000
"""Packets a second of IMIX that are to be collected without loss on two cores."""


@dataclass(frozen=True, slots=True)
class Found:
    """The fastest trial of a round in which nothing was lost, and the one at top speed; None where something
    was at every rate.
    """

    best: Trial | None
    top: Trial

    @property
    def per_second(self) -> float:
        """The highest rate without loss."""
        return 0.0 if self.best is None else self.best.per_second


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="searches of every contender (default: 3)")
    parser.add_argument(
        "--steps", type=int, default=5, help="rates to try where top speed loses something (default: 5)"
    )
    parser.add_argument("--seconds", type=float, default=3, help="for each rate (default: 3)")
    parser.add_argument(
        "--hold", type=float, default=5, help=f"seconds to hold {AIM:,} packets/s for (default: 5)"
    )
    parser.add_argument("--rate", type=int, default=AIM, help=f"to hold, packets/s (default: {AIM})")
    parser.add_argument("--mix", choices=TITLES, help="only this one (default: all)")
    parser.add_argument("--loopback", action="store_true", help="without namespaces; needs no root")
    parser.add_argument(
        "--directory", type=Path, help="for captures, which are removed (default: /dev/shm, or temporary)"
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.steps < 0 or not 0 < arguments.seconds <= 60:
        parser.error("--rounds is at least 1, --steps 0, and --seconds more than 0 and at most 60")
    if not 0 < arguments.hold <= 60 or arguments.rate < 1:
        parser.error("--hold is more than 0 and at most 60, --rate at least 1")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    with ExitStack() as undo:
        directory = Path(undo.enter_context(TemporaryDirectory(dir=_memory(arguments.directory))))
        is_local = arguments.loopback or os.geteuid() != 0
        cable = loopback() if is_local else undo.enter_context(namespaces())
        lanes = all_lanes(cable, directory)
        for mix in TITLES if arguments.mix is None else (arguments.mix,):
            traffic = _traffic(directory, mix)
            starts = {lane: lane.start(cable, traffic) for lane in lanes}
            found: dict[Lane, list[Found]] = {lane: [] for lane in lanes}
            held: dict[Lane, list[Trial]] = {lane: [] for lane in lanes}
            for _ in range(arguments.rounds):
                for lane in lanes:
                    trials = _trials(lane, cable, traffic, arguments.seconds, arguments.steps, starts[lane])
                    found[lane].append(_found(lane, trials))
                    held[lane].append(
                        lane.trial(cable, traffic, arguments.rate, arguments.hold, starts[lane])
                    )
            console.print(rates_table(TITLES[mix], found))
            console.print(held_table(f"{TITLES[mix]} at {arguments.rate:,} packets/s", held))


def _memory(chosen: Path | None) -> Path | None:
    memory = Path("/dev/shm")  # noqa: S108  # what is written there has a directory of its own
    return memory if chosen is None and os.access(memory, os.W_OK) else chosen


def _traffic(directory: Path, mix: str) -> Traffic:
    path = directory / f"{mix}.pcap"
    write_capture(path, mix, PACKETS)
    return Traffic(mix, path, sum(MIXES[mix]) / len(MIXES[mix]))


def _trials(
    lane: Lane, cable: Cable, traffic: Traffic, seconds: float, steps: int, start: float
) -> Iterator[Trial]:
    """Top speed; where that loses something, a search by halves between the highest rate that did not and the
    lowest that did.
    """
    top = lane.trial(cable, traffic, 0, seconds, start)
    yield top
    low, high = 0.0, top.per_second
    if top.loss <= lane.tolerance:
        return
    for _ in range(steps):
        trial = lane.trial(cable, traffic, (low + high) / 2, seconds, start)
        yield trial
        if trial.loss <= lane.tolerance:
            low = max(low, trial.per_second)
        else:
            high = min(high, trial.per_second)
        if low >= high:
            return


def _found(lane: Lane, trials: Iterator[Trial]) -> Found:
    top = next(trials)
    whole = [one for one in (top, *trials) if one.loss <= lane.tolerance]
    return Found(max(whole, key=lambda one: one.per_second, default=None), top)


def rates_table(title: str, found: dict[Lane, list[Found]]) -> Table:
    """The table of the highest rates without loss; ratios are the median over the rounds."""
    peers = [lane for lane in found if not lane.is_ours]
    table = _table(
        f"{title}: highest rate without loss, {len(next(iter(found.values())))} rounds",
        "1000 packets/s",
        "min – max",
        "sender, ns",
        "receiver, ns",
        "lost at top speed",
        *(f"× {peer.name.split()[0].rstrip(':')}" for peer in peers),
    )
    for lane, rounds in found.items():
        thousands = sorted(one.per_second / 1000 for one in rounds)
        best = [one.best or one.top for one in rounds]
        ratios = [
            f"{median(_ratio(ours, other) for ours, other in zip(rounds, found[peer], strict=True)):.2f}"
            for peer in peers
        ]
        table.add_row(
            lane.name,
            f"{median(thousands):,.0f}",
            f"{thousands[0]:,.0f} – {thousands[-1]:,.0f}",
            *_processor(best),
            f"{median(one.top.loss for one in rounds):.2%}",
            *(ratios if lane.is_ours else [""] * len(peers)),
        )
    return table


def held_table(title: str, held: dict[Lane, list[Trial]]) -> Table:
    """The table of what became of one rate that was to be held."""
    table = _table(title, "1000 packets/s", "sent", "lost", "sender, ns", "receiver, ns")
    for lane, trials in held.items():
        table.add_row(
            lane.name,
            f"{median(one.per_second for one in trials) / 1000:,.0f}",
            f"{sum(one.sent for one in trials):,}",
            f"{sum(one.sent - one.arrived for one in trials):,}",
            *_processor(trials),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("processor time is per packet", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _ratio(ours: Found, peer: Found) -> float:
    return ours.per_second / peer.per_second if peer.per_second else float("inf")


def _processor(trials: Sequence[Trial]) -> tuple[str, str]:
    """Nanoseconds of processor time for each packet, of the sender and of the receiver."""
    sending = median(one.sender_seconds / one.sent for one in trials)
    receiving = [
        one.receiver_seconds / one.arrived
        for one in trials
        if one.receiver_seconds is not None and one.arrived
    ]
    return f"{sending * 1e9:,.0f}", f"{median(receiving) * 1e9:,.0f}" if receiving else "–"


if __name__ == "__main__":
    main()
