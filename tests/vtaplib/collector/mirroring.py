"""A kernel that mirrors frames into VXLAN as a TAP does: `tc … mirred` into a vxlan device; and what is run
inside its two namespaces.

    python -m tests.vtaplib.collector.mirroring send FRAMES           frames onto the mirrored device
    python -m tests.vtaplib.collector.mirroring collect COUNT FRAMES  what a collector takes, into a file
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.vtaplib.collector.recording import Recording
from vtaplib.collector import Collector, Endpoint

SOURCE, COLLECTOR, VNI = "192.0.2.1", "192.0.2.2", 4711
MIRRORED = "mirrored0"

_QUIET = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")


@contextmanager
def mirroring_kernel(require: Callable[[str], str]) -> Iterator[tuple[list[str], list[str]]]:
    """What runs a command beside the mirrored device, and what runs one beside the collector's address; both
    namespaces go when the block ends.
    """
    ip, tc = require("ip"), require("tc")
    label = uuid.uuid4().hex[:8]
    source, collector = f"vtap-m-{label}", f"vtap-r-{label}"

    def run(*words: str) -> None:
        subprocess.run(words, check=True, capture_output=True)

    try:
        for name in (source, collector):
            run(ip, "netns", "add", name)
            run(ip, "netns", "exec", name, "sysctl", "-qw", *_QUIET)
        cable = f"mtu 1700 netns {source} type veth peer name eth0 mtu 1700 netns {collector}"
        run(ip, "link", "add", "eth0", *cable.split())
        for name, address in ((source, SOURCE), (collector, COLLECTOR)):
            run(ip, "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            run(ip, "-n", name, "link", "set", "eth0", "up")
        run(ip, "-n", source, "link", "add", MIRRORED, "mtu", "1600", "type", "veth", "peer", "name", "far0")
        vxlan = f"type vxlan id {VNI} dstport 4789 local {SOURCE} remote {COLLECTOR} dev eth0 nolearning"
        run(ip, "-n", source, "link", "add", "vxlan0", "mtu", "1600", *vxlan.split())
        for device in ("far0", MIRRORED, "vxlan0"):
            run(ip, "-n", source, "link", "set", device, "arp", "off", "up")
        run(tc, "-n", source, "qdisc", "add", "dev", MIRRORED, "clsact")
        everything = f"dev {MIRRORED} egress protocol all u32 match u32 0 0"
        mirror = "action mirred egress mirror dev vxlan0"
        run(tc, "-n", source, "filter", "add", *everything.split(), *mirror.split())
        yield [ip, "netns", "exec", source], [ip, "netns", "exec", collector]
    finally:
        for name in (source, collector):
            subprocess.run([ip, "netns", "delete", name], check=False, capture_output=True)


def send(frames: Path) -> None:
    """Send the frames of a file, a line of hexadecimal digits each, onto the mirrored device."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
        one.bind((MIRRORED, 0))
        for line in frames.read_text().splitlines():
            one.send(bytes.fromhex(line))


def collect(count: int, frames: Path) -> None:
    """Write the frames that a collector takes, at most so many, into a file; print its account."""
    output = Recording()
    with Collector(Endpoint(COLLECTOR, 4789), [output], count=count) as collector:
        print("listening", flush=True)
        collector.wait(20)
    report = collector.report()
    frames.write_text("".join(f"{frame.hex()}\n" for frame in output.frames))
    streams = [[str(one.source), one.vni, one.frames] for one in report.streams]
    refused = sum(one.frames for one in report.refused.values())
    print(json.dumps({"streams": streams, "refused": refused, "dropped": report.kernel_dropped}))


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(Path(sys.argv[2]))
    else:
        collect(int(sys.argv[2]), Path(sys.argv[3]))
