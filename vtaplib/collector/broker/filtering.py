"""The stage that lets only chosen packets pass: those that an expression of pcap-filter(7) describes.

Cut packets are judged by what is there of them, as tcpdump judges them; `len` is the length they had.
"""

from __future__ import annotations

from typing import ClassVar

from vtaplib.collector.broker.libpcap import compile_expression
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.loops.packet_filter import select
from vtaplib.packets.block import PacketBlock

NOT_MATCHED = "not what the expression describes"


class Filter(AccountedStage):
    """Lets pass what an expression describes, such as `tcp port 443 and net 10.0.0.0/8`."""

    name: ClassVar[str] = "filter"

    def __init__(self, expression: str) -> None:
        """Raises `CollectorError` for an expression that libpcap does not understand."""
        super().__init__()
        self.expression = expression
        self._program = compile_expression(expression)

    def _change(self, block: PacketBlock) -> None:
        kept = bytearray(block.count)
        select(
            block.buffer,
            block.starts,
            block.lengths,
            block.original_lengths,
            block.count,
            *self._program,
            kept,
        )
        self._retain(block, kept, NOT_MATCHED)
