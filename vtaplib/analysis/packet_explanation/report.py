"""The report of one packet: its path, what became of its copies, and what decided, as plain data.

Every step has what was looked at (`stage`), whether the packet or its copy got past it, and a sentence that
says why. Where one was lost, `remedy` says what to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtaplib.analysis.packet_explanation.packet import PacketEntry
from vtaplib.analysis.report_parts import WarningEntry


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A step: `decided_by` is the rule, route, peering or resource that decided, by ID where it has one."""

    stage: str
    passed: bool
    text: str
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class BackendEntry:
    """A member of a load balancer's pool; `condition` says why it is healthy, or not."""

    ip_configuration_id: str
    interface: str
    address: str | None
    is_healthy: bool
    condition: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class BalancingEntry:
    """How a load balancer chose. `hashed` are the fields of the outer header that the distribution looks at.
    `is_split` says that copies of the answers, made here, go to another collector.
    """

    frontend_id: str
    rule: str | None
    protocol: str | None
    frontend_port: int | None
    distribution: str | None
    hashed: Mapping[str, str | int]
    has_probe: bool
    is_floating_ip: bool
    is_split: bool
    backends: tuple[BackendEntry, ...]


@dataclass(frozen=True, slots=True)
class OuterEntry:
    """The outer headers of the copy. Of `frames` there are several where the copy is fragmented; `bytes` are
    theirs together.
    """

    source_mac: str
    destination_mac: str
    source: str
    destination: str
    source_port: int
    destination_port: int
    vni: int
    frames: int
    bytes: int
    inner_bytes: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """What became of the packet at one tap point: `verdict` is `mirrored` or `not_mirrored`."""

    interface_id: str
    interface: str
    direction: str
    tap_id: str
    tap: str
    tap_configuration_id: str
    verdict: str
    reason: str | None
    explanation: str
    remedy: str | None
    collector_id: str | None
    collector: str | None
    steps: tuple[StepEntry, ...]
    balancing: BalancingEntry | None
    outer: OuterEntry | None


@dataclass(frozen=True, slots=True)
class PathEntry:
    """The path of one packet. Its ends, `source` and `destination`, are the interfaces that it came from and
    was to get to, None where it does not get as far as to have one. `source_owners` and `destination_owners`
    are all that has the packet's addresses, interfaces and frontends: none is what does not belong to the
    cloud, and of several the address alone does not say which it is.
    """

    packet: PacketEntry
    source_id: str | None
    source: str | None
    source_owners: tuple[str, ...]
    destination_id: str | None
    destination: str | None
    destination_owners: tuple[str, ...]
    steps: tuple[StepEntry, ...]
    delivered: bool
    drop: str | None
    explanation: str
    remedy: str | None
    copies: tuple[CopyEntry, ...]
    untapped: str | None
    """What to do where the packet passed no tap point; None where it did."""

    @property
    def is_mirrored(self) -> bool:
        """Whether a collector gets a copy."""
        return any(copy.verdict == "mirrored" for copy in self.copies)


@dataclass(frozen=True, slots=True)
class ExplainReport:
    """The explanation of a packet, and of the answer to it if that was asked for; `no_answer` says why there
    is none then. `warnings` are those that a replay of the two has of their copies.
    """

    cloud: str
    policy: Mapping[str, object]
    down: tuple[str, ...]
    packet: PathEntry
    answer: PathEntry | None
    no_answer: str | None
    warnings: tuple[WarningEntry, ...]

    @property
    def found_something(self) -> bool:
        """Whether a packet was dropped, or no collector gets a copy of it."""
        paths = (self.packet, self.answer) if self.answer is not None else (self.packet,)
        return any(not (path.delivered and path.is_mirrored) for path in paths)
