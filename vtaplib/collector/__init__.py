"""The collector's side: receiving a stream of mirrored frames, broking it, and sending one to test with.

What stands here is public, and loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtaplib.collector.acceptance import Acceptance, DatagramRefusal
    from vtaplib.collector.collector import Collector, Destination
    from vtaplib.collector.endpoint import Endpoint
    from vtaplib.collector.forwarding import Forwarder
    from vtaplib.collector.health_port import HealthPort
    from vtaplib.collector.output import Output
    from vtaplib.collector.pacing import AsRecorded, AtOnce, AtRate
    from vtaplib.collector.payloads import CopyPayloads, frame_payloads
    from vtaplib.collector.report import CollectorReport, OutputReport
    from vtaplib.collector.rotation import RotatingCapture
    from vtaplib.collector.sending import Sender, SendingReport
    from vtaplib.collector.streams import StreamAccount, Streams
    from vtaplib.collector.tap_interface import TapInterface

__all__ = [
    "Acceptance",
    "AsRecorded",
    "AtOnce",
    "AtRate",
    "Collector",
    "CollectorReport",
    "CopyPayloads",
    "DatagramRefusal",
    "Destination",
    "Endpoint",
    "Forwarder",
    "HealthPort",
    "Output",
    "OutputReport",
    "RotatingCapture",
    "Sender",
    "SendingReport",
    "StreamAccount",
    "Streams",
    "TapInterface",
    "frame_payloads",
]

_HOMES = {
    "Acceptance": "acceptance",
    "AsRecorded": "pacing",
    "AtOnce": "pacing",
    "AtRate": "pacing",
    "Collector": "collector",
    "CollectorReport": "report",
    "CopyPayloads": "payloads",
    "Destination": "collector",
    "Endpoint": "endpoint",
    "Forwarder": "forwarding",
    "HealthPort": "health_port",
    "Output": "output",
    "OutputReport": "report",
    "DatagramRefusal": "acceptance",
    "RotatingCapture": "rotation",
    "Sender": "sending",
    "SendingReport": "sending",
    "StreamAccount": "streams",
    "Streams": "streams",
    "TapInterface": "tap_interface",
    "frame_payloads": "payloads",
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
