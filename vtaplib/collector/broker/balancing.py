"""The stage that distributes packets over outputs, so that a flow's both directions meet at one.

Rendezvous hashing: each output draws a number for a flow with every ticket that it has, the highest wins. An
output more takes its share from all others, and moves no flow between those.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from hashlib import blake2b
from typing import ClassVar

from vtaplib.collector.broker.header_offsets import HeaderOffsets
from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.flow_hashes import draw
from vtaplib.packets.block import PacketBlock

MOST_TICKETS = 1024

# Another than a sample's, or a sample of all flows would not be spread over all outputs.
SEED = 0x6F75747075747321


class Balance(AccountedStage):
    """Gives packets to outputs 0 to n - 1, flow by flow; `outputs` is their number or a weight for each.

    Weights are whole numbers; twice the weight gets twice the flows. Flows are as `Sample` has them. A packet
    goes where its own flow goes, whatever output it had before.
    """

    name: ClassVar[str] = "balance"

    def __init__(self, outputs: int | Sequence[int]) -> None:
        """Raises `CollectorError` for no output, weights below 0, and too many."""
        super().__init__()
        if isinstance(outputs, int):
            if not 1 <= outputs <= MOST_TICKETS:
                raise CollectorError(f"balance: {outputs} outputs; it is from 1 to {MOST_TICKETS}")
            weights: Sequence[int] = [1] * outputs
        else:
            weights = outputs
        if any(weight < 0 for weight in weights) or not 1 <= sum(weights) <= MOST_TICKETS:
            raise CollectorError(
                f"balance: weights {':'.join(map(str, weights))}; each is at least 0, together from 1 "
                f"to {MOST_TICKETS}"
            )
        self.outputs = len(weights)
        """How many outputs there are."""
        self._owners = array("q", [output for output, weight in enumerate(weights) for _ in range(weight)])
        self._tickets = array(
            "Q", [_ticket(output, number) for output, most in enumerate(weights) for number in range(most)]
        )
        self._places = HeaderOffsets()

    def _change(self, block: PacketBlock) -> None:
        self._places.hash_flows(block, SEED)
        draw(self._places.hashes, block.count, self._tickets, self._owners, block.outputs)


def _ticket(output: int, number: int) -> int:
    return int.from_bytes(blake2b(f"{output} {number}".encode(), digest_size=8).digest(), "big")
