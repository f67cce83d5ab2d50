"""The first copies of a replay, layer by layer: as vtap reads them, or scapy, which we did not write."""

from __future__ import annotations

import logging
from collections.abc import Callable

from vtaplib.analysis.traffic_replay.report import DecodedCopy
from vtaplib.errors import VtapError
from vtaplib.mirror.copies import CopyTaker
from vtaplib.packets.copy_block import CopyBlock
from vtaplib.packets.dissection import dissect


class FirstCopies:
    """Remembers the first copies of all collectors, in the order of their times within a block, and passes
    all on. Raises `VtapError` where the decoder is not installed.
    """

    def __init__(self, wanted: int, decoder: str, taker: CopyTaker | None) -> None:
        self._decoder = decoder
        self._decode = _scapy() if wanted and decoder == "scapy" else _vtap
        self._missing = wanted
        self._kept: list[tuple[int, str, bytes]] = []
        self._taker = taker
        self._collectors: dict[str, int] = {}

    def output_of(self, collector_id: str) -> int:
        """The number of a collector: that of the one who takes copies behind this, if there is one."""
        number = len(self._collectors) if self._taker is None else self._taker.output_of(collector_id)
        return self._collectors.setdefault(collector_id, number)

    def take(self, copies: CopyBlock) -> None:
        """Keep what is still missing, and pass the copies on."""
        if self._missing:
            collectors = {number: collector_id for collector_id, number in self._collectors.items()}
            copies.order_by_time(max(collectors) + 1)
            made = copies.packets()
            for index in range(made.count):
                self.note(collectors[made.outputs[index]], made.times_ns[index], made.packet(index))
        if self._taker is not None:
            self._taker.take(copies)

    def note(self, collector_id: str, at: int, copy: bytes) -> None:
        """Keep a copy if one is still missing."""
        if self._missing:
            self._kept.append((at, collector_id, copy))
            self._missing -= 1

    def dissect(self) -> tuple[DecodedCopy, ...]:
        """What the decoder reads in them."""
        return tuple(
            DecodedCopy(collector_id, at, self._decoder, self._decode(frame))
            for at, collector_id, frame in self._kept
        )


def _vtap(frame: bytes) -> str:
    return "\n".join(map(str, dissect(frame))) + "\n"


def _scapy() -> Callable[[bytes], str]:
    """What scapy shows of a frame. scapy is under the GPL: it is an extra, and imported here alone."""
    # scapy says at import what it misses of the system's network; nothing is sent here.
    logging.getLogger("scapy").setLevel(logging.ERROR)
    try:
        import scapy.layers.dns
        import scapy.layers.inet6
        import scapy.layers.vxlan  # noqa: F401  # binds VXLAN to UDP port 4789
        from scapy.layers.l2 import Ether
    except ModuleNotFoundError as error:
        raise VtapError(
            "--decoder scapy: scapy is not installed; install vtap with its extra `decode` (from a checkout: "
            "pip install '.[decode]'), or leave --decoder out, and vtap itself reads the copies"
        ) from error

    def show(frame: bytes) -> str:
        text: str = Ether(frame).show(dump=True)
        return text

    return show
