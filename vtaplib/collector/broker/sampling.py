"""The stage that lets a share of all flows pass, each whole: both directions, from beginning to end.

Which flows, a hash decides: the same in every run and at every place with the same seed.
"""

from __future__ import annotations

from typing import ClassVar

from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.flow_hashes import keep_lowest
from vtaplib.packets.block import PacketBlock

NOT_SAMPLED = "of a flow that is not in the sample"


class Sample(AccountedStage):
    """Lets `part` of every `of` flows pass, on average.

    A flow is addresses, protocol and ports; of fragments and AH, addresses and protocol; of what is not IP,
    the MAC addresses. Other seeds choose other flows.
    """

    name: ClassVar[str] = "sample"

    def __init__(self, part: int, of: int, *, seed: int = 0) -> None:
        """Raises `CollectorError` unless 1 <= part <= of, and for a seed that is not of 64 bits."""
        super().__init__()
        if not 1 <= part <= of:
            raise CollectorError(f"sample: {part} of {of}; it is at least 1, and at most all, as 1/10 is")
        if not 0 <= seed < 1 << 64:
            raise CollectorError(f"sample: a seed of {seed}; it is from 0 to {(1 << 64) - 1}")
        self._highest = max((part << 64) // of - 1, 0)
        self._seed = seed
        self._places = HeaderOffsets()

    def _change(self, block: PacketBlock) -> None:
        self._places.hash_flows(block, self._seed)
        kept = bytearray(block.count)
        keep_lowest(self._places.hashes, block.count, self._highest, kept)
        self._retain(block, kept, NOT_SAMPLED)
