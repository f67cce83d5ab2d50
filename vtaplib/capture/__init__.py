"""Capture files: pcap and pcapng, in and out, as streams.

What a capture holds goes through in pieces of 256 KiB: memory does not grow with the file. The readers
believe nothing: a file that is cut off or damaged gives every packet before the damage, and then an error
that says where.
"""

from __future__ import annotations

from vtaplib.capture.reader import CaptureReader, open_capture
from vtaplib.capture.record import ETHERNET, MAX_PACKET_LENGTH, Batch, CaptureInterface, Packet, Record
from vtaplib.capture.source import CaptureSource
from vtaplib.capture.writer import CaptureTarget, CaptureWriter, PcapngWriter, PcapWriter

__all__ = [
    "ETHERNET",
    "MAX_PACKET_LENGTH",
    "Batch",
    "CaptureInterface",
    "CaptureReader",
    "CaptureSource",
    "CaptureTarget",
    "CaptureWriter",
    "Packet",
    "PcapWriter",
    "PcapngWriter",
    "Record",
    "open_capture",
]
