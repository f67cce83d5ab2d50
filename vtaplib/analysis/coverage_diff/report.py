"""The report of a diff, as plain data that a machine can read.

Frames and bytes are those of the capture: Ethernet frames without FCS, as they were before they were copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtaplib.analysis.coverage_diff.design import AssumedAddress
from vtaplib.analysis.report_parts import Amount, Received, WarningEntry
from vtaplib.capture.feed import EarlyEnd, SkippedEntry


@dataclass(frozen=True, slots=True)
class ConversationSum:
    """Conversations and their frames and bytes."""

    conversations: int
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DesignEntry:
    """One design. `seen` is what some collector gets a copy of; `split` counts conversations of which both
    directions are seen, by no collector together. `received` is what all collectors get, and `warnings` what
    a replay of the capture warns of. `not_read` are addresses in Terraform's configuration.
    """

    name: str
    policy: Mapping[str, object]
    down: tuple[str, ...]
    seen: ConversationSum
    split: int
    received: Received
    warnings: tuple[WarningEntry, ...]
    assumed: tuple[AssumedAddress, ...]
    notes: tuple[str, ...]
    not_read: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObstacleEntry:
    """Why conversations are not seen where they go wrong. Of several reasons for one each counts."""

    reason: str
    explanation: str
    conversations: int
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class CoverageChangeEntry:
    """All conversations whose coverage changes in one way, `fate`. `obstacles`: why what is seen in one
    design only is not seen in the other, by direction.
    """

    fate: str
    explanation: str
    conversations: int
    frames: int
    bytes: int
    obstacles: tuple[ObstacleEntry, ...]


@dataclass(frozen=True, slots=True)
class CollectorChange:
    """What a collector's interface gets copies of, before and after, and what of them it receives. Frames
    count once per copy.
    """

    interface_id: str
    interface: str
    before: ConversationSum
    after: ConversationSum
    received_before: Received
    received_after: Received


@dataclass(frozen=True, slots=True)
class ConversationEnd:
    """An end of a conversation; `interface` is None for what is no interface of either design, and names all
    that have the address where the address alone does not say which it is.
    """

    address: str
    port: int | None
    interface: str | None


@dataclass(frozen=True, slots=True)
class DirectionCoverage:
    """What one design sees of a direction: by which collectors, an entry per copy, and why not otherwise."""

    collectors: tuple[str, ...]
    obstacles: tuple[str, ...]
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DirectionEntry:
    """One direction of a conversation."""

    frames: int
    bytes: int
    before: DirectionCoverage
    after: DirectionCoverage


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A conversation. `source` sent its first frame; `answers` are the frames the other way, if there are
    any, `requests` those of `source`.
    """

    fate: str
    protocol: str
    source: ConversationEnd
    destination: ConversationEnd
    is_fragments: bool
    frames: int
    bytes: int
    requests: DirectionEntry
    answers: DirectionEntry | None


@dataclass(frozen=True, slots=True)
class DiffReport:
    """A diff. `conversations` are the largest of each change but `unchanged` and `unseen`. `further` are
    frames whose conversations were too many to be told apart; `fates` count their frames, not their
    conversations.
    """

    capture: str
    format: str
    before: DesignEntry
    after: DesignEntry
    read: Amount
    coverage_lost: bool
    fates: tuple[CoverageChangeEntry, ...]
    collectors: tuple[CollectorChange, ...]
    conversations: tuple[ConversationEntry, ...]
    further: Amount
    skipped: tuple[SkippedEntry, ...]
    ended_early: EarlyEnd | None

    @property
    def receive_alike(self) -> bool:
        """Whether every collector receives as much under both designs, whole and in pieces."""
        return all(one.received_before == one.received_after for one in self.collectors)

    @property
    def found_something(self) -> bool:
        """Whether coverage is lost, or a part of the capture could not be read."""
        return self.coverage_lost or self.ended_early is not None or bool(self.skipped)
