"""A pipeline: stages one after another, and together a stage themselves."""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.collector.broker.account import StageAccount
from vtaplib.collector.broker.balancing import Balance
from vtaplib.collector.broker.stage import BrokerStage
from vtaplib.packets.block import PacketBlock


class Pipeline:
    """Stages, each of which gets what the one before it left.

    Without any, all packets pass. `account` adds up those of the stages: what entered the first, left the
    last, was dropped, removed and noted on the way. Take the stages' own from `stages`.
    """

    def __init__(self, stages: Iterable[BrokerStage] = ()) -> None:
        self.stages = tuple(stages)
        self._own = StageAccount("pipeline")

    @property
    def account(self) -> StageAccount:
        """The account of all stages together; reasons begin with the stage's name."""
        total = StageAccount(self._own.name, self._own.entered, self._own.left)
        for stage in self.stages:
            account = stage.account
            total.removed.add(account.removed.frames, account.removed.octets)
            for reason, count in account.dropped.items():
                total.drop(f"{account.name}: {reason}", count.frames, count.octets)
            for what, count in account.noted.items():
                total.note(f"{account.name}: {what}", count.frames, count.octets)
        return total

    @property
    def accounts(self) -> tuple[StageAccount, ...]:
        """The account of each stage, in order."""
        return tuple(stage.account for stage in self.stages)

    @property
    def outputs(self) -> int:
        """How many outputs packets are given to: those of the last stage that balances, 1 without one."""
        return next((one.outputs for one in reversed(self.stages) if isinstance(one, Balance)), 1)

    def apply(self, block: PacketBlock) -> None:
        """Let the packets of a block pass all stages."""
        self._own.entered.add(block.count, block.octets)
        for stage in self.stages:
            stage.apply(block)
        self._own.left.add(block.count, block.octets)
