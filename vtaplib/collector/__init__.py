"""The collector's side: receiving a stream of mirrored frames, broking it, and sending one to test with.

What stands here is public, and loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtaplib.collector.acceptance import Acceptance, Refusal
    from vtaplib.collector.collector import Collector, Destination
    from vtaplib.collector.endpoint import Endpoint
    from vtaplib.collector.health_port import HealthPort
    from vtaplib.collector.report import CollectorReport, OutputReport
    from vtaplib.collector.streams import StreamAccount, Streams

__all__ = [
    "Acceptance",
    "Collector",
    "CollectorReport",
    "Destination",
    "Endpoint",
    "HealthPort",
    "OutputReport",
    "Refusal",
    "StreamAccount",
    "Streams",
]

_HOMES = {
    "Acceptance": "acceptance",
    "Collector": "collector",
    "CollectorReport": "report",
    "Destination": "collector",
    "Endpoint": "endpoint",
    "HealthPort": "health_port",
    "OutputReport": "report",
    "Refusal": "acceptance",
    "StreamAccount": "streams",
    "Streams": "streams",
}
"""The module of each name."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
