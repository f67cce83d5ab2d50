"""The same traffic under two designs: which conversations who sees, before and after.

What a design sees of a direction is asked at its first frame, and again where a security group denies it and
then would let it pass as an answer; else a frame costs a look-up and two increments. A conversation is kept
as a key and a row of numbers in arrays, so that a million of them fit 200 MiB. Past `CONVERSATIONS_KEPT`
further ones are not kept separately, only summed up with those of the same result.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from heapq import heappush, heappushpop

from vtaplib.mirror.conversation import (
    Conversation,
    CoverageChange,
    DirectionFrames,
    KeyDirection,
    VisibilityPair,
    coverage_change_of,
    flow_of,
    key_of,
)
from vtaplib.mirror.count import Count
from vtaplib.mirror.verdict import Reason
from vtaplib.mirror.visibility import Design, DesignVisibility, Visibility
from vtaplib.packets.flow import Flow, read_flow
from vtaplib.packets.plain_headers import HEADERS, MASK, is_plain

CONVERSATIONS_KEPT = 1 << 22

# Ways into the table by raw headers; past this many they are forgotten, and found again by key.
SHORTCUTS_KEPT = 1 << 16

WAYS = len(KeyDirection)

# The beginning of the key of a row for conversations that are not kept separately; no other key begins so.
FURTHER = b"\xff"

NOTHING = VisibilityPair(Visibility(()), Visibility(()))


@dataclass(slots=True)
class Group:
    """Conversations that fare alike: the same is seen of each direction. `conversations` does not count those
    that were not kept separately; `directions` are like those of a conversation, summed up.
    """

    change: CoverageChange
    directions: tuple[DirectionFrames, DirectionFrames]
    conversations: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """How all conversations fare, in groups, and of some changes those with the most bytes, in order."""

    groups: list[Group]
    largest: dict[CoverageChange, list[Conversation]]


class Comparison:
    """Takes frames in batches, and sums up what becomes of their conversations."""

    def __init__(self, before: Design, after: Design) -> None:
        self.designs = DesignVisibility(before), DesignVisibility(after)
        self._largest = min(one.largest_surely_carried for one in self.designs)
        self._rows: dict[bytes, int] = {}
        self._shortcuts: dict[int, int] = {}
        # By slot: a row and a direction.
        self._frames = array("Q")
        self._octets = array("Q")
        self._seen_as = array("I")
        # In which generation it was asked; 0 is to be asked again.
        self._asked_in = array("I")
        # By row: the direction of its first frame.
        self._opened = array("B")
        # What is seen, by number; 0 is that of a direction without frames.
        self._visibilities: list[VisibilityPair] = [NOTHING]
        self._numbers: dict[VisibilityPair, int] = {NOTHING: 0}
        # By slot, for the few that have any: the frames that are not copied, before and after.
        self._hidden: dict[int, tuple[Count, Count]] = {}

    def batch(self, frames: Iterable[bytes]) -> None:
        """Take frames: Ethernet without FCS, any bytes."""
        from_bytes = int.from_bytes
        find = self._shortcuts.get
        mask, headers, largest = MASK, HEADERS, self._largest
        counts, octets = self._frames, self._octets
        for frame in frames:
            slot = find(from_bytes(frame[headers], "big") & mask)
            if slot is None:
                slot = self._slot(frame)
            length = len(frame)
            counts[slot] += 1
            octets[slot] += length
            if length > largest:
                self._hide(slot, frame)

    @property
    def further(self) -> Count:
        """The frames of conversations that were not kept separately."""
        total = Count()
        for row, key in enumerate(self._rows):
            if key.startswith(FURTHER):
                total.add(self._frames[row * WAYS], self._octets[row * WAYS])
        return total

    def summary(self, listed: Collection[CoverageChange] = (), limit: int | None = None) -> Summary:
        """How the conversations fare so far. Of the changes `listed`, at most `limit` conversations each."""
        groups: dict[tuple[int, int], Group] = {}
        heaps: dict[CoverageChange, list[tuple[int, int]]] = {change: [] for change in listed}
        frames, octets = self._frames, self._octets
        for row, key in enumerate(self._rows):
            forth, back = slots = row * WAYS, row * WAYS + 1
            numbers = self._number_seen(forth), self._number_seen(back)
            group = groups.get(numbers)
            if group is None:
                group = groups[numbers] = self._group(numbers)
            for direction, slot in zip(group.directions, slots, strict=True):
                direction.count.add(frames[slot], octets[slot])
                for sum_of, hidden in zip(direction.hidden, self._hidden.get(slot, ()), strict=False):
                    sum_of.add(hidden.frames, hidden.octets)
            if key.startswith(FURTHER):
                continue
            group.conversations += 1
            heap = heaps.get(group.change)
            if heap is not None:
                # The row breaks a tie: the earlier conversation is the larger.
                item = octets[forth] + octets[back], -row
                if limit is None or len(heap) < limit:
                    heappush(heap, item)
                elif limit:
                    heappushpop(heap, item)
        keys = list(self._rows) if any(heaps.values()) else []
        return Summary(
            list(groups.values()),
            {
                change: [
                    self._conversation(-row, keys[-row], change) for _, row in sorted(heap, reverse=True)
                ]
                for change, heap in heaps.items()
            },
        )

    def _slot(self, frame: bytes) -> int:
        """The slot of a frame whose headers are not plain, or were not seen lately."""
        flow = read_flow(frame)
        key, way = key_of(flow)
        row = self._rows.get(key)
        if row is None and len(self._rows) >= CONVERSATIONS_KEPT:
            seen = self._number(VisibilityPair(*(design.visibility(flow) for design in self.designs)))
            key, way = FURTHER + seen.to_bytes(4, "big"), KeyDirection.FORTH
            row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = len(self._rows)
            self._opened.append(way)
            for column in (self._frames, self._octets, self._seen_as, self._asked_in):
                column.extend((0,) * WAYS)
        slot = row * WAYS + way
        plain = int.from_bytes(frame[HEADERS], "big") & MASK
        shortcut = plain if is_plain(plain, flow) else None
        if self._asked_in[slot] != self._generation:
            self._ask(slot, flow, shortcut)
        if shortcut is not None:
            if len(self._shortcuts) >= SHORTCUTS_KEPT:
                self._shortcuts.clear()
            self._shortcuts[shortcut] = slot
        return slot

    def _ask(self, slot: int, flow: Flow, shortcut: int | None) -> None:
        """Ask what is seen of a direction. What was seen stays seen; where more is seen now, its frames up to
        here were not.
        """

        def ask_again() -> None:
            self._asked_in[slot] = 0
            if shortcut is not None:
                self._shortcuts.pop(shortcut, None)

        generation = self._asked_in[slot] = self._generation
        past = self._visibilities[self._seen_as[slot]]
        now = [design.visibility(flow, ask_again) for design in self.designs]
        visibilities = [
            was if was.collectors else visibility for visibility, was in zip(now, past, strict=True)
        ]
        for position, (visibility, was) in enumerate(zip(visibilities, past, strict=True)):
            if visibility.collectors and not was.collectors and self._frames[slot]:
                self._hidden_of(slot)[position].add(self._frames[slot], self._octets[slot])
        self._seen_as[slot] = self._number(VisibilityPair(*visibilities))
        if generation != self._generation:
            self._shortcuts.clear()

    @property
    def _generation(self) -> int:
        """What was asked in an earlier one is asked again: connections have been forgotten since."""
        return 1 + sum(design.times_forgotten for design in self.designs)

    def _number(self, visibilities: VisibilityPair) -> int:
        number = self._numbers.setdefault(visibilities, len(self._visibilities))
        if number == len(self._visibilities):
            self._visibilities.append(visibilities)
        return number

    def _hide(self, slot: int, frame: bytes) -> None:
        """Count a frame as too large for those designs that make no copy of it."""
        for position, (design, visibility) in enumerate(
            zip(self.designs, self._visibilities[self._seen_as[slot]], strict=True)
        ):
            if visibility.collectors and not design.carries(frame):
                self._hidden_of(slot)[position].add(1, len(frame))

    def _hidden_of(self, slot: int) -> tuple[Count, Count]:
        return self._hidden.setdefault(slot, (Count(), Count()))

    def _number_seen(self, slot: int) -> int:
        """The number of what is seen of the frames that there are: of too large ones alone, nothing."""
        number, hidden = self._seen_as[slot], self._hidden.get(slot)
        if hidden is None:
            return number
        frames = self._frames[slot]
        return self._number(
            VisibilityPair(
                *(
                    Visibility((), (*visibility.obstacles, Reason.OVERSIZE))
                    if one.frames == frames
                    else visibility
                    for visibility, one in zip(self._visibilities[number], hidden, strict=True)
                )
            )
        )

    def _group(self, numbers: tuple[int, int]) -> Group:
        forth, back = (
            DirectionFrames(self._visibilities[number], Count(), (Count(), Count())) for number in numbers
        )
        return Group(coverage_change_of((forth.visibilities, back.visibilities)), (forth, back))

    def _conversation(self, row: int, key: bytes, change: CoverageChange) -> Conversation:
        first = KeyDirection(self._opened[row])
        ways = first, KeyDirection(1 - first)
        directions = tuple(
            self._direction(row * WAYS + way) for way in ways if self._seen_as[row * WAYS + way]
        )
        return Conversation(flow_of(key, first), change, directions)

    def _direction(self, slot: int) -> DirectionFrames:
        return DirectionFrames(
            self._visibilities[self._number_seen(slot)],
            Count(self._frames[slot], self._octets[slot]),
            self._hidden.get(slot) or (Count(), Count()),
        )
