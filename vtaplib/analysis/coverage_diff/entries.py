"""From the groups of a comparison to the entries of its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final

from vtaplib.analysis.coverage_diff.report import (
    CollectorChange,
    ConversationEnd,
    ConversationEntry,
    ConversationSum,
    CoverageChangeEntry,
    DirectionCoverage,
    DirectionEntry,
    ObstacleEntry,
)
from vtaplib.analysis.naming import distinct_names
from vtaplib.analysis.report_parts import Received
from vtaplib.fabric.topology import Interface
from vtaplib.mirror.accounting import Accounts
from vtaplib.mirror.comparison import Group
from vtaplib.mirror.conversation import Conversation, CoverageChange, DirectionFrames
from vtaplib.mirror.count import Count
from vtaplib.mirror.visibility import DesignVisibility
from vtaplib.packets import ethernet
from vtaplib.packets.flow import NO_PORT, SCTP, TCP, UDP, Flow

BEFORE, AFTER = 0, 1

LISTED: Final = (
    CoverageChange.NO_LONGER_SEEN,
    CoverageChange.SWAPPED,
    CoverageChange.NEWLY_SEEN,
    CoverageChange.MOVED,
)
"""The changes whose conversations are listed."""

PROTOCOLS: Final = {1: "icmp", TCP: "tcp", UDP: "udp", 47: "gre", 50: "esp", 58: "icmpv6", SCTP: "sctp"}
ETHERTYPES: Final = {ethernet.ARP: "arp", -1: "malformed"}


@dataclass(slots=True)
class _Total:
    """A sum that is being made."""

    conversations: int = 0
    frames: int = 0
    octets: int = 0

    def add(self, conversations: int, *counts: Count) -> None:
        """Add conversations, with their frames and bytes."""
        self.conversations += conversations
        self.frames += sum(count.frames for count in counts)
        self.octets += sum(count.octets for count in counts)

    @property
    def sum(self) -> ConversationSum:
        """The sum as the report has it."""
        return ConversationSum(self.conversations, self.frames, self.octets)


def change_entries(groups: Sequence[Group]) -> tuple[CoverageChangeEntry, ...]:
    """Every change of coverage, also one that no conversation has."""
    return tuple(
        _change_entry(change, [one for one in groups if one.change is change]) for change in CoverageChange
    )


def _change_entry(change: CoverageChange, groups: Sequence[Group]) -> CoverageChangeEntry:
    total = _Total()
    obstacles: dict[Enum, _Total] = {}
    for group in groups:
        total.add(group.conversations, *(direction.count for direction in group.directions))
        for obstacle, counts in _obstacles(group).items():
            obstacles.setdefault(obstacle, _Total()).add(group.conversations, *counts)
    return CoverageChangeEntry(
        _code_of(change),
        change.value,
        total.conversations,
        total.frames,
        total.octets,
        tuple(
            ObstacleEntry(_code_of(one), str(one.value), it.conversations, it.frames, it.octets)
            for one, it in sorted(obstacles.items(), key=lambda item: -item[1].octets)
        ),
    )


def _obstacles(group: Group) -> Mapping[Enum, list[Count]]:
    """Why directions that are seen in one design are not in the other, each with their frames."""
    found: dict[Enum, list[Count]] = {}
    for direction in group.directions:
        before, after = direction.visibilities
        if bool(before.collectors) != bool(after.collectors):
            blind = after if before.collectors else before
            for obstacle in blind.obstacles:
                found.setdefault(obstacle, []).append(direction.count)
    return found


def seen_sum(groups: Iterable[Group], design: int) -> ConversationSum:
    """What a design has somebody see."""
    total = _Total()
    for group in groups:
        seen = [
            direction.seen(design)
            for direction in group.directions
            if direction.visibilities[design].collectors
        ]
        if seen:
            total.add(group.conversations, *seen)
    return total.sum


def count_split(groups: Iterable[Group], design: int) -> int:
    """How many conversations no collector sees both directions of, though both are seen."""
    return sum(group.conversations for group in groups if _is_split(group.directions, design))


def _is_split(directions: Iterable[DirectionFrames], design: int) -> bool:
    forth, back = (set(direction.visibilities[design].collectors) for direction in directions)
    return bool(forth and back) and forth.isdisjoint(back)


def collector_changes(
    groups: Iterable[Group],
    designs: tuple[DesignVisibility, DesignVisibility],
    known: Iterable[Interface],
    accounts: Sequence[Accounts],
) -> tuple[CollectorChange, ...]:
    """What collectors get, those that get nothing too."""
    totals: dict[str, tuple[_Total, _Total]] = {one.id.lower(): (_Total(), _Total()) for one in known}
    for group in groups:
        for design in (BEFORE, AFTER):
            copies: dict[str, list[Count]] = {}
            for direction in group.directions:
                for collector in direction.visibilities[design].collectors:
                    copies.setdefault(collector, []).append(direction.seen(design))
            for collector, counts in copies.items():
                totals.setdefault(collector, (_Total(), _Total()))[design].add(group.conversations, *counts)
    spelled = {key: _spelling(key, designs) for key in totals}
    names = distinct_names(spelled.values())
    received = [
        {one.lower(): Received.of(account) for one, account in of_design.collectors.items()}
        for of_design in accounts
    ]
    return tuple(
        CollectorChange(
            spelled[key],
            names[spelled[key]],
            before.sum,
            after.sum,
            *(of_design.get(key, Received()) for of_design in received),
        )
        for key, (before, after) in totals.items()
    )


def _spelling(key: str, designs: tuple[DesignVisibility, DesignVisibility]) -> str:
    """The ID of an interface as the later design that has it spells it."""
    found = designs[AFTER].topology.interface(key) or designs[BEFORE].topology.interface(key)
    return key if found is None else found.id


def conversation_entries(
    designs: tuple[DesignVisibility, DesignVisibility],
    largest: Mapping[CoverageChange, Sequence[Conversation]],
) -> tuple[ConversationEntry, ...]:
    """The conversations in the order given. Interfaces are named as the later design spells them."""
    known = {one.id.lower(): one.id for design in designs for one in design.topology.interfaces}
    named = distinct_names(known.values())
    describer = _Describer(designs, {key: named[one] for key, one in known.items()})
    return tuple(describer.entry(one) for conversations in largest.values() for one in conversations)


@dataclass(frozen=True, slots=True)
class _Describer:
    """Makes entries of conversations. `names` are those of interfaces, by lower-case ID."""

    designs: tuple[DesignVisibility, DesignVisibility]
    names: Mapping[str, str]

    def entry(self, one: Conversation) -> ConversationEntry:
        """The entry of a conversation."""
        requests, *answers = map(self._direction, one.directions)
        return ConversationEntry(
            fate=_code_of(one.change),
            protocol=_protocol_of(one.flow),
            source=self._end(one.flow, 0),
            destination=self._end(one.flow, 1),
            is_fragments=one.flow.is_fragment,
            frames=sum(direction.count.frames for direction in one.directions),
            bytes=sum(direction.count.octets for direction in one.directions),
            requests=requests,
            answers=answers[0] if answers else None,
        )

    def _end(self, flow: Flow, position: int) -> ConversationEnd:
        found = self.designs[AFTER].ends(flow)[position] or self.designs[BEFORE].ends(flow)[position]
        address = (flow.source, flow.destination)[position]
        port = (flow.source_port, flow.destination_port)[position]
        return ConversationEnd(
            address=str(ip_address(address)) if flow.version else address.hex(":"),
            port=None if port == NO_PORT else port,
            interface=" or ".join(self.names[one.id.lower()] for one in found) or None,
        )

    def _direction(self, direction: DirectionFrames) -> DirectionEntry:
        before, after = (self._coverage(direction, design) for design in (BEFORE, AFTER))
        return DirectionEntry(direction.count.frames, direction.count.octets, before, after)

    def _coverage(self, direction: DirectionFrames, design: int) -> DirectionCoverage:
        visibility, seen = direction.visibilities[design], direction.seen(design)
        return DirectionCoverage(
            collectors=tuple(self.names[one] for one in visibility.collectors),
            obstacles=tuple(str(one.value) for one in visibility.obstacles),
            frames=seen.frames,
            bytes=seen.octets,
        )


def _code_of(member: Enum) -> str:
    """A member of a closed list as machines read it."""
    return member.name.lower()


def _protocol_of(flow: Flow) -> str:
    """What a flow's frames carry: a protocol of IP, else an EtherType."""
    if flow.version:
        return PROTOCOLS.get(flow.protocol, str(flow.protocol))
    return ETHERTYPES.get(flow.ethertype, f"0x{flow.ethertype & 0xFFFF:04x}")
