"""Frames that got nowhere: why, how many, and where the first of them are in the capture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vtaplib.fabric.path_trace import Drop
from vtaplib.fabric.routing import Unrouted
from vtaplib.mirror.accounting import LossAccount
from vtaplib.reports.document import Column, KeyFigure, Role, Table, numbers
from vtaplib.reports.number import share


@dataclass(frozen=True, slots=True)
class LossEntry:
    """Frames that got nowhere for one reason, and where the first of them are."""

    reason: str
    explanation: str
    frames: int
    bytes: int
    first_positions: tuple[int, ...]


def loss_entries(
    lost: Mapping[Unrouted, LossAccount] | Mapping[Drop, LossAccount], scale: float = 1
) -> tuple[LossEntry, ...]:
    """The frames that got nowhere, by reason, so many times as many."""
    return tuple(
        LossEntry(
            reason.name.lower(),
            reason.value,
            round(account.count.frames * scale),
            round(account.count.octets * scale),
            tuple(account.first_positions),
        )
        for reason, account in lost.items()
    )


def loss_figures(
    nowhere: tuple[LossEntry, ...], dropped: tuple[LossEntry, ...], read: int
) -> tuple[KeyFigure, KeyFigure]:
    """What belongs to no interface, and what the network drops, at a glance; `read` frames are all."""
    return (
        _figure("Dropped by the network", dropped, read),
        _figure("Of no interface", nowhere, read),
    )


def _figure(name: str, lost: tuple[LossEntry, ...], read: int) -> KeyFigure:
    frames = sum(one.frames for one in lost)
    role = Role.WARNING if frames else Role.PLAIN
    return KeyFigure(name, f"{frames:,}", f"{share(frames, read)} of frames", role)


def loss_tables(
    nowhere: tuple[LossEntry, ...], dropped: tuple[LossEntry, ...], scale: float = 1
) -> Iterator[Table]:
    """What belongs to no interface, and what the network drops, so many times as much as was read."""
    for title, lost in (
        ("Frames that belong to no interface", nowhere),
        ("Frames that the network drops", dropped),
    ):
        if lost:
            yield Table(
                title,
                (
                    Column("Reason"),
                    *numbers("Frames", "Bytes"),
                    Column("First at, by number in the capture"),
                ),
                [(one.explanation, one.frames, one.bytes, _positions(one, scale)) for one in lost],
            )


def _positions(lost: LossEntry, scale: float) -> str:
    positions = ", ".join(map(str, lost.first_positions))
    return positions + (", …" if lost.frames > round(scale * len(lost.first_positions)) else "")
