"""Sends datagrams small and large over a loopback whose MTU becomes 1400, before a sender is opened or after.

It is run in a network namespace of its own, and tells in JSON what came of it.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.vtaplib.collector.receiving import payloads, receiving, text_of
from vtaplib.collector.datagram_sender import DatagramSender
from vtaplib.collector.endpoint import Endpoint
from vtaplib.packets.block import PacketBlock


def set_mtu(mtu: int) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up", "mtu", str(mtu)], check=True)


def main(steps: list[str]) -> None:
    set_mtu(65536)
    packets = [bytes([number]) * length for length in (100, 2000, 1390) for number in range(30)]
    block = PacketBlock.of((0, packet, len(packet)) for packet in packets)
    if steps[0] == "mtu":
        set_mtu(1400)
    with receiving() as collector, DatagramSender(Endpoint.of(text_of(collector)), offload=True) as sender:
        if steps[0] == "open":
            set_mtu(1400)
        sender.send(block)
        came = payloads(collector)
    lost = {words: count.frames for words, count in sender.lost.items()}
    sys.stdout.write(json.dumps({"in_order": came == packets, "sent": sender.sent.frames, "lost": lost}))


if __name__ == "__main__":
    main(sys.argv[1:])
