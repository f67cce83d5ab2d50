"""The first copies of a replay, and what scapy makes of them: a reader that we did not write."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from vtaplib.cli.replay_report import DecodedCopy
from vtaplib.mirror.copies import Copies


class FirstCopies:
    """Remembers the first copies of all collectors, in the order of their times within a batch."""

    def __init__(self, wanted: int) -> None:
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
        """What scapy reads in them, layer by layer."""
        if not self._kept:
            return ()
        # scapy says at import what it misses of the system's network; nothing is sent here.
        logging.getLogger("scapy").setLevel(logging.ERROR)
        import scapy.layers.dns
        import scapy.layers.inet6
        import scapy.layers.vxlan  # noqa: F401  # binds VXLAN to UDP port 4789
        from scapy.layers.l2 import Ether

        return tuple(
            DecodedCopy(collector_id, at, Ether(frame).show(dump=True))
            for at, collector_id, frame in self._kept
        )
