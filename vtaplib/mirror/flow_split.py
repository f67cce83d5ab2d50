"""Flow splits: what a load balancer takes apart that belongs together.

An analyser of sessions must see both directions of a conversation, and go on seeing it. A load balancer
spreads copies by their outer header, in which the two directions of an inner conversation may differ; and
when a collector fails, its copies go to others. Neither is an error, but somebody should know.

The load balancer's flows are the outer ones, so that those of one tap configuration differ by the source port
only: there are no more of them than ports. Conversations there are without end, so that of the split ones
only some are counted separately; the count then says that it is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from vtaplib.packets.flow import Flow

# Split conversations that are counted separately: memory must not grow with the capture.
CONVERSATIONS_KEPT = 1 << 16

BOTH = 0b11


class FlowSplit(NamedTuple):
    """What a load balancer does to a flow of copies, by its outer source port.

    `is_moved`: it goes to another collector than if nothing were down; None where nothing is. `is_split`: the
    copies of the answers go to another one.
    """

    source_port: int
    is_moved: bool | None
    is_split: bool


@dataclass(slots=True)
class SplitAccount:
    """What was split of the copies of one tap configuration.

    `ports` are the outer source ports of all flows, and `moved_ports` those of the flows that moved because
    something is down; both stay empty where nothing is.
    """

    split_conversations: int = 0
    ports: set[int] = field(default_factory=set)
    moved_ports: set[int] = field(default_factory=set)


@dataclass(slots=True)
class SplitAccounts:
    """The accounts of all tap configurations that send to a load balancer, by ID."""

    accounts: dict[str, SplitAccount] = field(default_factory=dict)
    is_complete: bool = True
    """Whether no split conversation went uncounted."""
    _seen: dict[tuple[str, Flow], int] = field(default_factory=dict)

    def note(self, tap_configuration_id: str, flow: Flow, split: FlowSplit | None) -> None:
        """Note an inner flow and what is done to it, if anything is, as often as wanted: it counts once."""
        if split is None:
            return
        account = self.accounts.setdefault(tap_configuration_id, SplitAccount())
        if split.is_moved is not None:
            account.ports.add(split.source_port)
            if split.is_moved:
                account.moved_ports.add(split.source_port)
        if split.is_split:
            self._note_half(account, tap_configuration_id, flow)

    def _note_half(self, account: SplitAccount, tap_configuration_id: str, flow: Flow) -> None:
        """A conversation is split when both its directions were seen."""
        answer = flow.reversed()
        first, half = (flow, 0b01) if flow < answer else (answer, 0b10)
        key = tap_configuration_id, first
        before = self._seen.get(key)
        if before is None and len(self._seen) >= CONVERSATIONS_KEPT:
            self.is_complete = False
            return
        now = (before or 0) | half
        self._seen[key] = now
        if now == BOTH != before:
            account.split_conversations += 1
