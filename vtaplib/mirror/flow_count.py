"""Counts of flows in bounded memory: how many different ones there were in any four minutes.

Few are counted exactly. Of many, the count is an estimate from the longest runs of zeros in their hashes
(Flajolet and others, "HyperLogLog", 2007): 4 KB however many they are, with a standard error of 1.6 %.
"""

from __future__ import annotations

from hashlib import blake2b
from math import log
from struct import Struct

from vtaplib.packets.flow import Flow

WINDOW_SECONDS = 240
"""Azure forgets a flow that is idle for four minutes; `flowTimeoutInMinutes` of a network starts at that."""

COUNTED_EXACTLY = 256

INDEX_BITS = 12
REGISTERS = 1 << INDEX_BITS
RANK_BITS = 64 - INDEX_BITS
REST = (1 << RANK_BITS) - 1

# All of a flow but its addresses.
_NUMBERS = Struct(">Bihii?")

# The paper's correction for the bias of the harmonic mean, for 128 registers or more.
BIAS = 0.7213 / (1 + 1.079 / REGISTERS)


class FlowCount:
    """The flows of one interface in one direction. `most` is the count of the window that has most."""

    __slots__ = ("_few", "_registers", "_settled", "_window")

    def __init__(self) -> None:
        self._window: int | None = None
        self._settled = 0
        self._few: set[int] = set()
        self._registers: bytearray | None = None

    def add(self, second: int, hashed: int) -> None:
        """Count a flow, by `flow_hash`, seen in a second of the clock; what is late counts as of now."""
        window = second // WINDOW_SECONDS
        if self._window is None or window > self._window:
            self._settled = self.most
            self._window = window
            self._few = set()
            self._registers = None
        if self._registers is not None:
            register(self._registers, hashed)
            return
        self._few.add(hashed)
        if len(self._few) > COUNTED_EXACTLY:
            self._registers = bytearray(REGISTERS)
            for one in self._few:
                register(self._registers, one)
            self._few = set()

    @property
    def most(self) -> int:
        """How many flows there were in the window that has most."""
        now = len(self._few) if self._registers is None else estimate(self._registers)
        return max(self._settled, now)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FlowCount) and self.most == other.most

    __hash__ = None  # type: ignore[assignment] # it changes


def flow_hash(flow: Flow) -> int:
    """64 well-mixed bits of a flow in one direction, the same in every run."""
    version, ethertype, source, destination, *numbers = flow
    key = source + destination + _NUMBERS.pack(version, ethertype, *numbers)
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")


def register(registers: bytearray, hashed: int) -> None:
    """Note a hash: the first bits choose a register, which keeps the longest run of zeros behind them."""
    index = hashed >> RANK_BITS
    rank = RANK_BITS - (hashed & REST).bit_length() + 1
    if rank > registers[index]:
        registers[index] = rank


def estimate(registers: bytearray) -> int:
    """How many different hashes were noted."""
    raw = BIAS * REGISTERS**2 / sum(2.0**-rank for rank in registers)
    empty = registers.count(0)
    # Below 2.5 per register, the number of empty ones is more exact.
    return round(REGISTERS * log(REGISTERS / empty)) if empty and raw <= 2.5 * REGISTERS else round(raw)
