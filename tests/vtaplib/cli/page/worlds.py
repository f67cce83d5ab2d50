"""Clouds and traffic for pages: nothing at all, and five hundred interfaces with something to say."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from tests.vtaplib.cli.clouds import Builder
from tests.vtaplib.fabric.worlds import udp_frame
from vtaplib.cli.cloud_file import open_cloud
from vtaplib.resources.network_interface import NetworkInterface

SPOKES = 10
TAPS = 6
COLLECTORS = "abc"


def write_empty(path: Path) -> Path:
    """A cloud with a resource group and nothing in it."""
    Builder(path).cloud.close()
    return path


def write_large(path: Path, machines_of_a_spoke: int) -> Path:
    """A hub with three collectors, ten networks around it with some machines each, nearly all tapped."""
    build = Builder(path)
    hub = build.network("vnet-hub", "10.200.0.0/16", {"snet-collectors": "10.200.1.0/24"})
    collectors = [
        build.machine(f"collector-{letter}", f"{hub.id}/subnets/snet-collectors") for letter in COLLECTORS
    ]
    taps = [build.tap(f"tap-{number}", collectors[number % len(collectors)]) for number in range(TAPS)]
    machines = []
    for spoke in range(SPOKES):
        subnets = {f"snet-{part}": f"10.{spoke}.{part}.0/24" for part in range(4)}
        network = build.network(f"vnet-spoke-{spoke}", f"10.{spoke}.0.0/16", subnets)
        build.peer(network, hub)
        build.peer(hub, network)
        machines += [
            build.machine(f"{spoke}-{number}", f"{network.id}/subnets/snet-{number % 4}")
            for number in range(machines_of_a_spoke)
        ]
    for number, machine in enumerate(machines):
        if number % 11:
            build.mirror(machine, taps[number * TAPS // len(machines)])
    build.cloud.close()
    return path


def addresses_in(cloud: Path) -> list[str]:
    """The addresses of all interfaces, in the order of their IDs."""
    with open_cloud(cloud) as opened:
        found = [one.ip_configuration[0].private_ip_address for one in opened.list(NetworkInterface)]
    return [address for address in found if address]


def write_traffic(path: Path, addresses: list[str], *, seconds: int, per_second: int) -> Path:
    """A pcap in which every machine speaks to another and to the outside, some of it in large frames."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for second, frame in _frames(addresses, seconds, per_second):
            file.write(struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame)
    return path


def _frames(addresses: list[str], seconds: int, per_second: int) -> Iterator[tuple[int, bytes]]:
    number = 0
    for second in range(seconds):
        for _ in range(per_second * (3 if second % 60 > 50 else 1)):
            source = addresses[number % len(addresses)]
            target = "203.0.113.10" if number % 5 == 0 else addresses[(number * 7 + 1) % len(addresses)]
            payload = bytes((64, 400, 1400, 1970)[number % 4])
            yield 1_790_000_000 + second, udp_frame(source, target, (1024 + number % 999, 443), payload)
            number += 1
