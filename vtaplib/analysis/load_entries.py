"""Loads as reports have them: rates, and how they went second by second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.capacity import MachineAccount
from vtaplib.mirror.policing import BITS_PER_MEGABIT
from vtaplib.mirror.series import Rates, Series, total


@dataclass(frozen=True, slots=True)
class RatesEntry:
    """Average, 95th percentile and peak over whole seconds of the clock, from the first second of the traffic
    to its last; the silent ones count. All rates of a report are over these seconds.
    """

    average_mbit_per_second: float
    percentile_95_mbit_per_second: float
    peak_mbit_per_second: float
    average_packets_per_second: float
    percentile_95_packets_per_second: float
    peak_packets_per_second: float

    @classmethod
    def of(cls, series: Series, span: int, scale: float = 1) -> RatesEntry:
        """The rates of a series over so many seconds, so many times as much."""
        megabits = Rates(*(one / BITS_PER_MEGABIT for one in series.bits(span).scaled(scale)))
        return cls(*megabits, *series.packets(span).scaled(scale))


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """Frames and bytes by second of the clock, since 1970; seconds in which nothing came are left out."""

    seconds: tuple[int, ...]
    frames: tuple[int, ...]
    bytes: tuple[int, ...]

    @classmethod
    def of(cls, series: Series) -> SeriesEntry:
        """The seconds that a series keeps."""
        columns = tuple(zip(*series, strict=True)) or ((), (), ())
        return cls(*columns)


@dataclass(frozen=True, slots=True)
class LoadEntry:
    """What passes one place. `kind` is `tap_point`, `tap` or `collector`, of copies as outer frames; or
    `machine`, of what its interfaces send. `id` is that of the tap configuration, the TAP, the interface or
    the machine; `direction` a tap point's.
    """

    kind: str
    id: str
    direction: str | None
    rates: RatesEntry
    series: SeriesEntry


@dataclass(frozen=True, slots=True)
class MachineLoad:
    """A machine beside what its size can do; `above` is what a policer of its rate would drop.

    Figures are None where Azure publishes none for the size; `packets_per_second` is by the policy's
    `packets_per_second_per_vcpu`, for Azure publishes none. `flows_out` and `flows_in` are the most in any
    four minutes.
    """

    machine_id: str
    size: str | None
    megabits_per_second: int | None
    packets_per_second: int | None
    flows_out: int
    flows_in: int
    frames_above: int | None
    bytes_above: int | None
    seconds_above: int | None
    sent_peak_mbit_per_second: float
    collected_peak_mbit_per_second: float
    sent_peak_packets_per_second: int
    collected_peak_packets_per_second: int


def load_entries(accounts: Accounts, machines: tuple[MachineAccount, ...]) -> Iterator[LoadEntry]:
    """The loads of tap points, TAPs, collectors and machines that have any."""
    span = accounts.by_second.span
    taps: dict[str, list[Series]] = {}
    for point, account in accounts.tap_points.items():
        taps.setdefault(point.tap_id, []).append(account.copies)
        yield from _load("tap_point", point.tap_configuration_id, account.copies, span, point.direction.value)
    for tap_id, copies in taps.items():
        yield from _load("tap", tap_id, total(copies), span)
    for collector_id, got in accounts.collectors.items():
        yield from _load("collector", collector_id, got, span)
    for machine in machines:
        yield from _load("machine", machine.machine_id, machine.sent, span)


def machine_entry(machine: MachineAccount) -> MachineLoad:
    """A machine as reports have it."""
    excess = machine.excess
    return MachineLoad(
        machine_id=machine.machine_id,
        size=machine.figures.size,
        megabits_per_second=machine.figures.megabits_per_second,
        packets_per_second=machine.figures.packets_per_second,
        flows_out=machine.flows_out,
        flows_in=machine.flows_in,
        frames_above=None if excess is None else excess.frames,
        bytes_above=None if excess is None else excess.octets,
        seconds_above=None if excess is None else excess.seconds,
        sent_peak_mbit_per_second=8 * machine.sent.peak_octets / BITS_PER_MEGABIT,
        collected_peak_mbit_per_second=8 * machine.collected.peak_octets / BITS_PER_MEGABIT,
        sent_peak_packets_per_second=machine.sent.peak_frames,
        collected_peak_packets_per_second=machine.collected.peak_frames,
    )


def _load(
    kind: str, resource_id: str, series: Series, span: int, direction: str | None = None
) -> Iterator[LoadEntry]:
    if series.frames:
        yield LoadEntry(kind, resource_id, direction, RatesEntry.of(series, span), SeriesEntry.of(series))
