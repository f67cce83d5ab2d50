"""A stage of a packet broker: what changes a block of packets in place, and accounts for each.

A stage remembers what it needs from block to block, so blocks are given to it in order, and to one stage by
one thread at a time. Stages that rewrite packets need them to lie apart in the buffer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from vtaplib.collector.broker.account import StageAccount
from vtaplib.packets.block import PacketBlock


class BrokerStage(Protocol):
    """What packets pass on their way from a TAP to a tool."""

    @property
    def account(self) -> StageAccount:
        """What became of every packet so far."""

    def apply(self, block: PacketBlock) -> None:
        """Drop, shorten, rewrite or distribute packets of a block, in place; no packet makes it raise."""


class AccountedStage(ABC):
    """A stage whose packets are counted as they come and go; what it does between is its own."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self._account = StageAccount(self.name)

    @property
    def account(self) -> StageAccount:
        """What became of every packet so far."""
        return self._account

    def apply(self, block: PacketBlock) -> None:
        """Let the packets of a block pass. Raises `ValueError` where they are not all in its buffer."""
        block.check()
        self.account.entered.add(block.count, block.octets)
        if block.count:
            self._change(block)
        self.account.left.add(block.count, block.octets)

    @abstractmethod
    def _change(self, block: PacketBlock) -> None:
        """Do to packets, at least one, what this stage does; count what is dropped and removed."""

    def _retain(self, block: PacketBlock, kept: bytearray, reason: str) -> None:
        """Drop for a reason what is not marked as kept."""
        frames, octets = block.count, block.octets
        block.retain(kept)
        self.account.drop(reason, frames - block.count, octets - block.octets)
