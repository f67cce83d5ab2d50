"""The report of a collector: an account in which every datagram that came stands once.

`received = taken + refused`, and what is taken goes through the pipeline; `passed` is what it left, and what
outputs were given. What the kernel dropped never was received.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from vtaplib.collector.acceptance import DatagramRefusal
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.streams import StreamAccount
from vtaplib.mirror.count import Count

if TYPE_CHECKING:
    from vtaplib.collector.broker.account import StageAccount
    from vtaplib.collector.output import Output


@dataclass(frozen=True, slots=True)
class OutputReport:
    """What an output was given, what it kept or handed on, and what it lost, by the reason in words."""

    given: Count
    taken: Count
    lost: dict[str, Count]

    @classmethod
    def of(cls, given: Count, output: Output) -> Self:
        """What an output says now, of what it was given."""
        return cls(copy(given), copy(output.taken), _copied(output.lost))


@dataclass(frozen=True, slots=True)
class CollectorReport:
    """What a collector did until now, or until it was stopped."""

    seconds: float
    """Since it was started."""
    received: Count
    """Datagrams that were looked at, and the octets of UDP payload in them."""
    taken: Count
    """Inner frames, and their octets."""
    refused: dict[DatagramRefusal, Count]
    """Datagrams, and their octets of UDP payload, by why; all reasons are there."""
    stages: tuple[StageAccount, ...]
    """What the stages of the pipeline did, in order."""
    passed: Count
    """Frames that the pipeline left, and the octets that it left of them."""
    outputs: tuple[OutputReport, ...]
    """In the order of the collector's outputs."""
    waiting: int
    """Datagrams that were received and not looked at yet; after a stop, only where an output failed."""
    kernel_dropped: int
    """Datagrams that the socket had no room for because nobody read in time: exact. Those whose wrong
    checksum is seen late are among them (`Receiver.dropped`).
    """
    kernel: KernelCounters
    """What was dropped in the network namespace while the collector ran, for any receiver."""
    backlog: int
    """Datagrams that can wait in memory while others are being worked on."""
    backlog_high_water: int
    """The most that did."""
    backlog_full: int
    """How often receiving stood still because that was full, and the kernel's buffer had to do."""
    receive_buffer: int
    """Octets of the kernel's buffer, by its own reckoning."""
    streams: tuple[StreamAccount, ...]

    @property
    def lost_something(self) -> bool:
        """Whether something that should have been kept was not."""
        lost = any(count.frames for output in self.outputs for count in output.lost.values())
        return lost or self.kernel_dropped > 0 or self.waiting > 0


def stage_accounts(pipeline: object) -> tuple[StageAccount, ...]:
    """What the accounts of a pipeline's stages, or of a single stage, say now; none of what keeps none."""
    accounts: tuple[StageAccount, ...] = getattr(pipeline, "accounts", ())
    if not accounts and hasattr(pipeline, "account"):
        accounts = (pipeline.account,)
    return tuple(
        replace(
            one,
            entered=copy(one.entered),
            left=copy(one.left),
            dropped=_copied(one.dropped),
            removed=copy(one.removed),
            noted=_copied(one.noted),
        )
        for one in accounts
    )


def _copied(counts: dict[str, Count]) -> dict[str, Count]:
    # The dictionary first, in one go: whose it is may be adding to it.
    return {reason: copy(count) for reason, count in counts.copy().items()}
