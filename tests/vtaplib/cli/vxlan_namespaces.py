"""Two network namespaces joined by a cable: a sender's, and one in which the kernel decapsulates VXLAN."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SENDER, COLLECTOR = "192.0.2.1", "192.0.2.2"
DEVICE = "vxlan0"

# <linux/sockios.h>, <linux/ethtool.h>.
_SIOCETHTOOL = 0x8946
_ETHTOOL_SGRO = 0x2C


@dataclass(frozen=True)
class Namespaces:
    """The names of both, and the program `ip`."""

    sender: str
    collector: str
    ip: str

    def exec(self, namespace: str, *words: str | Path) -> list[str | Path]:
        """The command that runs another one in a namespace."""
        return [self.ip, "netns", "exec", namespace, *words]


@contextmanager
def vxlan_namespaces(vni: int, require: Callable[[str], str]) -> Iterator[Namespaces]:
    """Both, with a VXLAN device for one VNI in the collector's; both go when the block ends."""
    ip = require("ip")
    label = uuid.uuid4().hex[:8]
    made = Namespaces(f"vtap-s-{label}", f"vtap-c-{label}", ip)

    def run(words: str) -> None:
        subprocess.run([ip, *words.split()], check=True, capture_output=True)

    try:
        run(f"netns add {made.sender}")
        run(f"netns add {made.collector}")
        cable = f"mtu 1700 netns {made.sender} type veth peer name eth0 mtu 1700 netns {made.collector}"
        run(f"link add eth0 {cable}")
        for namespace, address in ((made.sender, SENDER), (made.collector, COLLECTOR)):
            # Nothing but what is sent shall be on the devices.
            off = "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"
            subprocess.run(made.exec(namespace, *off), check=True, capture_output=True)
            run(f"-n {namespace} addr add {address}/24 dev eth0")
            run(f"-n {namespace} link set eth0 up")
        device = f"type vxlan id {vni} dstport 4789 local {COLLECTOR} nolearning"
        run(f"-n {made.collector} link add {DEVICE} address 02:00:00:00:00:fe mtu 1600 {device}")
        run(f"-n {made.collector} link set {DEVICE} up")
        yield made
    finally:
        for namespace in (made.sender, made.collector):
            subprocess.run([ip, "netns", "delete", namespace], check=False, capture_output=True)


def forbid_merging() -> None:
    """Let the device in this namespace hand on segments as they came (generic receive offload off)."""
    import ctypes
    import fcntl

    value = ctypes.create_string_buffer(struct.pack("II", _ETHTOOL_SGRO, 0))
    request = struct.pack("16sP", DEVICE.encode(), ctypes.addressof(value)) + bytes(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, _SIOCETHTOOL, request)


if __name__ == "__main__":
    assert os.geteuid() == 0
    forbid_merging()
