"""Captures to measure with: small frames, where the cost per packet shows, the Internet's mix of sizes, and
flows so short that most packets begin one.

The frames are between the quickstart's web and database machines, in both directions. Those of long flows are
made once and written many times: a file of any size comes about as fast as the disk takes it, in little
memory.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from vtaplib.capture import Packet, PcapWriter
from vtaplib.packets.block import PacketBlock

WEB, DATABASE = bytes([10, 10, 1, 4]), bytes([10, 10, 2, 4])
WEB_MAC, DATABASE_MAC = bytes.fromhex("000d3a100104"), bytes.fromhex("000d3a100204")

SMALL = (64,)

IMIX = (64, 64, 64, 64, 64, 64, 64, 590, 590, 590, 590, 1514)
"""The "simple IMIX": seven IP packets of 40 bytes (here: small frames), four of 576, one of 1500."""

SHORT = (74, 74, 90)
"""A port that is tried (TCP), a name that is asked for, and the answer (UDP)."""

MIXES = {"small": SMALL, "imix": IMIX, "short": SHORT}

FLOWS = 64

DISCARD = 9
"""The UDP port whose service throws away what it gets (RFC 863)."""

FIRST_NS = 1_700_000_000_000_000_000
GAP_NS = 1_000


def checksum_of(header: bytes) -> int:
    """Return the Internet checksum of an even number of bytes (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame_of(length: int, flow: int, *, from_web: bool) -> bytes:
    """Return an Ethernet frame of `length` bytes, 42 at least, in one of two directions of a flow."""
    source, destination = (WEB, DATABASE) if from_web else (DATABASE, WEB)
    macs = DATABASE_MAC + WEB_MAC if from_web else WEB_MAC + DATABASE_MAC
    ports = (40_000 + flow, DISCARD) if from_web else (DISCARD, 40_000 + flow)
    head = struct.pack("!BBHHHBB", 0x45, 0, length - 14, flow, 0x4000, 64, 17)
    addresses = source + destination
    checksum = struct.pack("!H", checksum_of(head + addresses))
    # A UDP checksum of zero says that there is none (RFC 768).
    datagram = struct.pack("!HHHH", *ports, length - 34, 0) + bytes(length - 42)
    return macs + b"\x08\x00" + head + checksum + addresses + datagram


def packets_of(mix: tuple[int, ...], count: int) -> Iterator[Packet]:
    """Yield `count` packets whose lengths go round `mix`, a microsecond apart."""
    frames = [
        frame_of(length, flow, from_web=from_web)
        for flow in range(FLOWS)
        for from_web in (True, False)
        for length in mix
    ]
    for number, frame in enumerate(islice(cycle(frames), count)):
        yield FIRST_NS + number * GAP_NS, frame, len(frame)


def short_flows(count: int) -> Iterator[Packet]:
    """Yield `count` packets a microsecond apart, two of three of which begin a flow: web tries a port of the
    database after the other, and asks it for names, from a new port each time.
    """
    tried = frame_of(SHORT[0], 0, from_web=True)
    # Its protocol is TCP, the header as long as it has to be, and SYN is set.
    tried = tried[:23] + b"\x06" + tried[24:46] + b"\x50\x02" + tried[48:]
    checksum = struct.pack("!H", checksum_of(tried[14:24] + tried[26:34]))
    tried = tried[:24] + checksum + tried[26:]
    asked, answered = (frame_of(length, 0, from_web=length == SHORT[1]) for length in SHORT[1:])
    for number in range(count):
        conversation, kind = divmod(number, len(SHORT))
        here = 1_024 + conversation % 64_000
        frame, ports = (
            (tried, (here, 1 + conversation // 64_000)),
            (asked, (here, 53)),
            (answered, (53, here)),
        )[kind]
        octets = frame[:34] + struct.pack("!HH", *ports) + frame[38:]
        yield FIRST_NS + number * GAP_NS, octets, len(octets)


def packets_of_mix(mix: str, count: int) -> Iterator[Packet]:
    """Yield `count` packets of a mix, one of `MIXES`."""
    return short_flows(count) if mix == "short" else packets_of(MIXES[mix], count)


def write_capture(target: Path, mix: str, count: int) -> None:
    """Write a pcap with nanosecond times of `count` packets of a mix, one of `MIXES`."""
    with PcapWriter(target) as writer:
        for block in PacketBlock.many(packets_of_mix(mix, count)):
            writer.write_block(block)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mix", choices=sorted(MIXES))
    parser.add_argument(
        "packets", type=int, help="how many; a gigabyte is 13 million small or 2.7 million imix"
    )
    parser.add_argument("capture", type=Path, help="the pcap to write")
    arguments = parser.parse_args()
    write_capture(arguments.capture, arguments.mix, arguments.packets)


if __name__ == "__main__":
    main()
