"""Frames of a capture onto a network device, many in a system call: what feeds the kernel's own VXLAN device.

    python benchmarks/frame_sender.py DEVICE CAPTURE RATE SECONDS COUNT

RATE in frames a second, 0 for as fast as it goes; it ends after so many seconds, or COUNT frames where that
is not 0. It prints what `vtap send --json` would of a run, as far as the benchmark reads it.
"""

from __future__ import annotations

import ctypes
import json
import socket
import sys
from itertools import chain, repeat
from pathlib import Path

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vtaplib.capture import open_capture
from vtaplib.collector.message_vector import IoVector, Message, send_messages
from vtaplib.collector.pacing import AtOnce, AtRate, Pacer
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.nanoseconds import NS_PER_SECOND

BATCH = 512


class Vectors:
    """The messages of a block that stays as it is, one a frame."""

    def __init__(self, block: PacketBlock) -> None:
        self.block = block
        self._memory = (ctypes.c_char * len(block.buffer)).from_buffer(block.buffer)
        address = ctypes.addressof(self._memory)
        self._pieces = (IoVector * block.count)()
        self.messages = (Message * block.count)()
        for index in range(block.count):
            self._pieces[index].base = address + block.starts[index]
            self._pieces[index].length = block.lengths[index]
            self.messages[index].header.vectors = ctypes.pointer(self._pieces[index])
            self.messages[index].header.vector_count = 1


def read(capture: str) -> list[Vectors]:
    """The capture's packets, in memory."""
    found = []
    with open_capture(capture) as reader:
        for block in reader.blocks():
            packets = range(block.count)
            kept = PacketBlock.of([(block.times_ns[n], block.packet(n), block.lengths[n]) for n in packets])
            found.append(Vectors(kept))
    return found


def send(device: str, capture: str, rate: float, seconds: float, count: int) -> dict[str, float]:
    """Send, round after round, and return what was sent and how fast."""
    blocks = read(capture)
    sent = 0
    last_ns = 0
    pacer = Pacer(AtRate(packets=rate) if rate else AtOnce(), stop_after_ns=int(seconds * NS_PER_SECOND))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        one.bind((device, 0))
        for vectors in chain.from_iterable(repeat(blocks)):
            for first, stop in pacer.bursts(vectors.block, BATCH):
                at = first
                while at < stop:
                    at += send_messages(one.fileno(), vectors.messages, at, stop - at)
                sent += stop - first
                last_ns = pacer.elapsed_ns
                if count and sent >= count:
                    return report(sent, last_ns)
            if pacer.has_ended:
                return report(sent, last_ns)
    raise AssertionError("rounds have no end")


def report(sent: int, last_ns: int) -> dict[str, float]:
    """The figures of a run."""
    return {"sent": sent, "packets_per_second": sent / max(last_ns, 1) * NS_PER_SECOND}


if __name__ == "__main__":
    name, path, *numbers = sys.argv[1:]
    print(json.dumps({"sending": send(name, path, float(numbers[0]), float(numbers[1]), int(numbers[2]))}))
