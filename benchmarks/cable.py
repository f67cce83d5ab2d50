"""Where a sender and a collector stand: both on loopback, or in two network namespaces with a cable between.

The namespaces have a second way from one to the other, which is the kernel's: what is sent onto a device is
mirrored (`tc … mirred`) into a vxlan device, and comes out of one on the other side.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

VNI = 4711
MIRRORED, VXLAN, TAP = "mirrored0", "vxlan0", "tap0"


@dataclass(frozen=True, slots=True)
class Cable:
    """What goes before a command on either side, none on loopback, and the collector's address and ports: one
    to collect at, and one for iperf3.
    """

    sender: tuple[str, ...]
    collector: tuple[str, ...]
    address: str
    port: int
    iperf_port: int

    @property
    def has_devices(self) -> bool:
        """Whether there can be devices: TAP interfaces, and those of the kernel's own way."""
        return bool(self.collector)

    def arrived(self) -> int:
        """How many frames came out of the kernel's own vxlan device."""
        show = [*self.collector, "ip", "-j", "-s", "link", "show", VXLAN]
        (link,) = json.loads(subprocess.run(show, check=True, capture_output=True).stdout)
        return int(link["stats64"]["rx"]["packets"])


def loopback() -> Cable:
    """Both sides on this host's loopback, at ports that are free."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return Cable((), (), "127.0.0.1", one.getsockname()[1], other.getsockname()[1])


@contextmanager
def namespaces() -> Iterator[Cable]:
    """Two network namespaces and what is between; all of it goes when the block ends. Needs root."""
    if os.geteuid() != 0:
        raise SystemExit("namespaces need root; measure on --loopback without")
    label = uuid.uuid4().hex[:8]
    sender, collector = f"vtap-bs-{label}", f"vtap-bc-{label}"

    def run(words: str) -> None:
        subprocess.run(words.split(), check=True, capture_output=True)

    try:
        for name in (sender, collector):
            run(f"ip netns add {name}")
            for which in ("all", "default"):
                run(f"ip netns exec {name} sysctl -qw net.ipv6.conf.{which}.disable_ipv6=1")
        cable = f"mtu 1700 netns {sender} type veth peer name eth0 mtu 1700 netns {collector}"
        run(f"ip link add eth0 {cable}")
        for name, here, there in ((sender, 1, 2), (collector, 2, 1)):
            run(f"ip -n {name} addr add 192.0.2.{here}/24 dev eth0")
            run(f"ip -n {name} link set lo up")
            run(f"ip -n {name} link set eth0 up")
            # A port of its own: the collector's is in use by then.
            vxlan = f"id {VNI} dstport 4790 local 192.0.2.{here} remote 192.0.2.{there} nolearning"
            run(f"ip -n {name} link add {VXLAN} mtu 1600 type vxlan {vxlan} dev eth0")
            run(f"ip -n {name} link set {VXLAN} arp off up")
        run(f"ip -n {sender} link add {MIRRORED} mtu 1600 type veth peer name far0")
        for device in ("far0", MIRRORED):
            run(f"ip -n {sender} link set {device} arp off up")
        run(f"tc -n {sender} qdisc add dev {MIRRORED} clsact")
        everything = "egress protocol all u32 match u32 0 0"
        run(f"tc -n {sender} filter add dev {MIRRORED} {everything} action mirred egress mirror dev {VXLAN}")
        inside = "ip netns exec"
        yield Cable((*inside.split(), sender), (*inside.split(), collector), "192.0.2.2", 4789, 5201)
    finally:
        for name in (sender, collector):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
