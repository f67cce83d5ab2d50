"""Flow counters: frames that fare alike, counted as they come, and put into the accounts after a second.

The flows of two interfaces that pass the same tap points to the same effect share their counters. So
what a second costs grows with what is different, and not with flows or frames.
"""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.mirror.accounting import Accounts, LossAccount, TapPointAccount
from vtaplib.mirror.outer_header import WIRE_OVERHEAD
from vtaplib.mirror.series import Series
from vtaplib.mirror.talkers import Pair
from vtaplib.mirror.verdict import Reason

# A tap point's account, and the ID of the collector that gets its copies, or why there are none.
PointOutcome = tuple[TapPointAccount, str | Reason]


@dataclass(frozen=True, slots=True, eq=False)
class FlowCounters:
    """What becomes of the frames, and so where they are counted.

    `lost` counts frames that belong to no interface, or that the fabric drops; those may have passed a tap
    point before. Frames that are delivered and pass no tap point have neither `lost` nor `outcomes`. `sent`
    is the series of the interface that sends them, `pairs` what their copies are about, where that is asked
    for.
    """

    outcomes: tuple[PointOutcome, ...] = ()
    lost: LossAccount | None = None
    sent: Series | None = None
    pairs: tuple[Pair, ...] = ()
    is_clamped: bool = False

    def settle(
        self,
        accounts: Accounts,
        second: int,
        frames: int,
        octets: int,
        truncated: int,
        missing: int,
        over_mtu: int,
    ) -> None:
        """Count frames of a second. `missing` are bytes that they had and the capture does not hold."""
        accounts.read.add(frames, octets)
        accounts.by_second.add(second, frames, octets)
        accounts.truncated += truncated
        if self.sent is not None:
            self.sent.add(second, frames, octets + missing)
        if self.lost is not None:
            self.lost.count.add(frames, octets)
        else:
            accounts.deliver(frames, octets, is_tapped=bool(self.outcomes))
        in_copies = octets + frames * WIRE_OVERHEAD
        for account, outcome in self.outcomes:
            account.entered.add(frames, octets)
            account.truncated += truncated
            account.note_over_mtu(over_mtu, self.is_clamped)
            if isinstance(outcome, Reason):
                account.refuse(outcome, frames, octets)
            else:
                account.mirrored.add(frames, octets)
                account.copies.add(second, frames, in_copies)
                long = 0 if self.is_clamped else over_mtu
                accounts.got_by(outcome).get(second, frames, frames, in_copies, long)
        if accounts.talkers is not None:
            for pair in self.pairs:
                accounts.talkers.add(pair, frames, in_copies)
