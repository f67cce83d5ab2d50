"""The first copies of a replay, layer by layer: as vtap reads them, or scapy, which we did not write."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from vtaplib.analysis.traffic_replay.report import DecodedCopy
from vtaplib.errors import VtapError
from vtaplib.mirror.copy_buffers import Copies
from vtaplib.packets.dissection import dissect


class FirstCopies:
    """Remembers the first copies of all collectors, in the order of their times within a batch. Raises
    `VtapError` where the decoder is not installed.
    """

    def __init__(self, wanted: int, decoder: str) -> None:
        self._decoder = decoder
        self._decode = _scapy() if wanted and decoder == "scapy" else _vtap
        self._missing = wanted
        self._kept: list[tuple[int, str, bytes]] = []

    @property
    def are_there(self) -> bool:
        """Whether no more are wanted."""
        return not self._missing

    def note(self, handed: Mapping[str, Copies]) -> None:
        """Take what is still missing from the copies of a batch."""
        if not self._missing:
            return
        made = sorted(
            (
                (at, collector_id, frame)
                for collector_id, copies in handed.items()
                for at, frame in zip(copies.timestamps, copies.frames, strict=True)
            ),
            key=lambda copy: copy[0],
        )
        self._kept += made[: self._missing]
        self._missing -= len(made[: self._missing])

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
