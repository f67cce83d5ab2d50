"""Encapsulation: how the frames of a flow leave a tap point, once it is decided that they do."""

from __future__ import annotations

from typing import NamedTuple

from vtaplib.mirror.outer_header import OuterHeader
from vtaplib.packets.translation import Rewriting


class Encapsulation(NamedTuple):
    """A way to a collector, with the outer source port of one flow. `ports` are both as they are sent;
    `rewriting` puts a public address into the inner frame.
    """

    collector_id: str
    header: OuterHeader
    source_port: int
    ports: bytes
    rewriting: Rewriting | None = None
