"""Flow columns: what compiled loops are told of the flows that a replay knows, as numbers.

A *path* is what the frames of a flow have in common with those of others that fare alike: a load, which
counts them, and a hop for each copy, which has an outer header and an output. Of the flow itself there is
only the outer source port.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from vtaplib.loops.flow_table import FlowTable
from vtaplib.loops.mirroring import HOP, LOAD, PATH
from vtaplib.mirror.accounting import POSITIONS_KEPT, Accounts
from vtaplib.mirror.flow_counters import FlowCounters
from vtaplib.mirror.flow_decision import FlowDecision
from vtaplib.mirror.outer_header import Encapsulation, OuterHeader
from vtaplib.packets.copy_block import OuterHeaders

NOT_CARRIED = -1
"""In the place of the number of hops: frames go the long way."""


class FlowColumns:
    """The columns. `output_of` numbers the collectors."""

    def __init__(self, output_of: Callable[[str], int]) -> None:
        self._output_of = output_of
        # Those of all flows that there ever were: copies know them by number.
        self.outer = OuterHeaders()
        # By identity; kept, so that no other gets it.
        self._headers: dict[int, tuple[int, OuterHeader]] = {}
        self.forget()

    def forget(self) -> None:
        """Know no flow; what is counted is to be settled before."""
        self.table = FlowTable()
        # The number 0 says that a flow is not known: no path has it.
        self.paths = array("q", (0, 0, 0))
        self.hops = array("q")
        self.loads = array("q")
        # Behind how many there are.
        self.touched = array("q", (0,))
        self._counters: list[FlowCounters] = []
        self._numbers: dict[FlowCounters, int] = {}
        self._paths: dict[tuple[int, tuple[int, ...] | int], int] = {}
        self._noting: set[int] = set()

    def known_of(self, decision: FlowDecision, counters: FlowCounters) -> int:
        """What the table is to know of a flow with this decision, whose frames are counted by these counters.

        Loops carry frames if all copies have the one source port, and nothing is rewritten.
        """
        made = [
            (hop, one.outcome) for hop, one in decision.outcomes if isinstance(one.outcome, Encapsulation)
        ]
        port = made[0][1].source_port if made else 0
        is_carried = all(
            hop.translation is None and one.rewriting is None and one.source_port == port for hop, one in made
        )
        hops = [
            number
            for _, one in made
            for number in (self._header_of(one.header), self._output_of(one.collector_id))
        ]
        key = self._number_of(counters), tuple(hops) if is_carried else NOT_CARRIED
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = len(self.paths) // PATH
            self.paths.extend((key[0], len(self.hops) // HOP, len(made) if is_carried else NOT_CARRIED))
            self.hops.extend(hops)
        return path << 16 | port

    def settle(self, accounts: Accounts, second: int) -> None:
        """Move what was counted in a second into the accounts."""
        touched, loads = self.touched, self.loads
        for place in range(1, touched[0] + 1):
            number = touched[place]
            at = number * LOAD
            self._counters[number].settle(accounts, second, *loads[at : at + LOAD - 1])
            loads[at : at + LOAD - 1] = array("q", bytes(8 * (LOAD - 1)))
        touched[0] = 0

    def note_no_more(self) -> None:
        """Carry frames that are lost for a reason of which enough are noted."""
        for number in self._noting.copy():
            if not self._notes(self._counters[number]):
                self.loads[number * LOAD + LOAD - 1] = 0
                self._noting.discard(number)

    def _number_of(self, counters: FlowCounters) -> int:
        number = self._numbers.get(counters)
        if number is None:
            number = self._numbers[counters] = len(self._counters)
            self._counters.append(counters)
            self.touched.append(0)
            notes = self._notes(counters)
            self.loads.extend((0, 0, 0, 0, 0, notes))
            if notes:
                self._noting.add(number)
        return number

    def _header_of(self, header: OuterHeader) -> int:
        known = self._headers.get(id(header))
        if known is None:
            # What depends on port and length is put in where copies are written.
            number = self.outer.add(header.wrap(header.ports(0), b""), header.template.sum_without_length)
            known = self._headers[id(header)] = number, header
        return known[0]

    @staticmethod
    def _notes(counters: FlowCounters) -> bool:
        """Whether frames are looked at one by one, for the numbers of the first that are lost."""
        return counters.lost is not None and len(counters.lost.first_positions) < POSITIONS_KEPT
