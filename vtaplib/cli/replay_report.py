"""The report of a replay: where every frame went, as plain data that a machine can read.

Bytes are those of Ethernet frames without FCS, rates 10^6 bits per second, positions the numbers of packets
in the capture, counted from 1 over its Ethernet packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vtaplib.analysis.amount import Amount, NotMirroredEntry
from vtaplib.analysis.load_entries import LoadEntry, MachineEntry
from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.warning_entry import WarningEntry
from vtaplib.capture.feed import EarlyEnd, SkippedEntry
from vtaplib.cli.mirror_entries import PartingEntry
from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.accounting import Accounts, CollectorAccount, LossAccount, TapPointAccount
from vtaplib.mirror.verdict import TapPoint
from vtaplib.visible_text import LINES


@dataclass(frozen=True, slots=True)
class TapPointEntry:
    """A tap point: what entered is what was mirrored and what was not.

    `truncated` frames are shorter in the capture than they were, `over_mtu` are those whose copies exceed the
    guest's MTU, and `clamped` those that would if the policy's `mss_clamp` did not take them for smaller;
    policy then `cut` some or `fragmented` them.
    """

    interface_id: str
    interface: str
    direction: str
    tap_id: str
    tap: str
    tap_configuration_id: str
    entered: Amount
    mirrored: Amount
    not_mirrored: tuple[NotMirroredEntry, ...]
    truncated: int
    over_mtu: int
    clamped: int
    cut: int
    fragmented: int


@dataclass(frozen=True, slots=True)
class CollectorEntry:
    """What a collector's interface gets, in outer frames. `capture` is the file written for it."""

    interface_id: str
    interface: str
    frames: int
    bytes: int
    average_mbit_per_second: float
    peak_mbit_per_second: float
    capture: str | None


@dataclass(frozen=True, slots=True)
class LossEntry:
    """Frames that got nowhere for one reason, and where the first of them are."""

    reason: str
    explanation: str
    frames: int
    bytes: int
    first_positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DecodedCopy:
    """A copy as a decoder, `vtap` or `scapy`, reads it."""

    collector_id: str
    timestamp_ns: int
    decoder: str
    text: str = field(metadata=LINES)


@dataclass(frozen=True, slots=True)
class ReplayStageEntry:
    """A stage, as it was written, and where its frames went: entered = left + dropped, in bytes and what it
    `removed` from frames; `noted` is what else there is to know, in words.
    """

    stage: str
    entered: Amount
    left: Amount
    dropped: dict[str, Amount]
    removed: Amount
    noted: dict[str, Amount]


@dataclass(frozen=True, slots=True)
class StagedCollectorEntry:
    """What the stages behind a collector did, and the captures of their outputs, if any were written.

    `not_decapsulated` are copies that never became frames: fragments whose others are missing.
    """

    interface_id: str
    interface: str
    not_decapsulated: dict[str, Amount]
    stages: tuple[ReplayStageEntry, ...]
    captures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A replay. Frames that belong to no interface are `nowhere`; of the others, `dropped` are those that the
    cloud's network does not deliver, though they stand in the capture, and `untapped` those that it delivers
    past no tap point.
    """

    capture: str
    format: str
    cloud: str
    policy: Mapping[str, object]
    down: tuple[str, ...]
    read: Amount
    untapped: Amount
    truncated: int
    nowhere: tuple[LossEntry, ...]
    dropped: tuple[LossEntry, ...]
    skipped: tuple[SkippedEntry, ...]
    ended_early: EarlyEnd | None
    tap_points: tuple[TapPointEntry, ...]
    collectors: tuple[CollectorEntry, ...]
    partings: tuple[PartingEntry, ...]
    machines: tuple[MachineEntry, ...]
    loads: tuple[LoadEntry, ...]
    warnings: tuple[WarningEntry, ...]
    decoded: tuple[DecodedCopy, ...]
    staged: tuple[StagedCollectorEntry, ...] = ()

    @property
    def found_something(self) -> bool:
        """Whether a part of the capture could not be replayed."""
        return self.ended_early is not None or bool(self.skipped)


def tap_point_entries(accounts: Accounts) -> tuple[TapPointEntry, ...]:
    """The tap points in the order of the topology."""
    interfaces = distinct_names(point.interface_id for point in accounts.tap_points)
    taps = distinct_names(point.tap_id for point in accounts.tap_points)
    return tuple(
        _tap_point_entry(
            point, account, "/".join(interfaces[point.interface_id]), "/".join(taps[point.tap_id])
        )
        for point, account in accounts.tap_points.items()
    )


def _tap_point_entry(point: TapPoint, account: TapPointAccount, interface: str, tap: str) -> TapPointEntry:
    return TapPointEntry(
        interface_id=point.interface_id,
        interface=interface,
        direction=point.direction.value,
        tap_id=point.tap_id,
        tap=tap,
        tap_configuration_id=point.tap_configuration_id,
        entered=Amount.of(account.entered),
        mirrored=Amount.of(account.mirrored),
        not_mirrored=tuple(
            NotMirroredEntry(reason.name.lower(), reason.value, count.frames, count.octets)
            for reason, count in account.not_mirrored.items()
        ),
        truncated=account.truncated,
        over_mtu=account.over_mtu,
        clamped=account.clamped,
        cut=account.cut,
        fragmented=account.fragmented,
    )


def collector_entries(
    accounts: Accounts, collectors: Sequence[Interface], captures: Mapping[str, Path]
) -> tuple[CollectorEntry, ...]:
    """The collectors in the order given, those that got nothing too."""
    names = distinct_names(one.id for one in collectors)
    entries = []
    for one in collectors:
        account = accounts.collectors.get(one.id, CollectorAccount())
        path = captures.get(one.id)
        entries.append(
            CollectorEntry(
                interface_id=one.id,
                interface="/".join(names[one.id]),
                frames=account.frames,
                bytes=account.octets,
                average_mbit_per_second=account.average_mbit_per_second,
                peak_mbit_per_second=account.peak_mbit_per_second,
                capture=None if path is None else str(path),
            )
        )
    return tuple(entries)


def loss_entries(lost: Mapping[Unrouted, LossAccount] | Mapping[Drop, LossAccount]) -> tuple[LossEntry, ...]:
    """The frames that got nowhere, by reason."""
    return tuple(
        LossEntry(
            reason.name.lower(),
            reason.value,
            account.count.frames,
            account.count.octets,
            tuple(account.first_positions),
        )
        for reason, account in lost.items()
    )
