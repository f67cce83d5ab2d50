"""What it costs to check one put, in worlds of a hundred to a hundred thousand resources.

`python benchmarks/rules.py` grows one world, in memory and then in a file, and stops at each size to check
puts of every type: new ones, and replacements of what is there. Nothing that is checked is written. The world
is one subscription, all in one region. It is made of sites: a network that is peered with a hub, a TAP with
sources, a load balancer, a security group. A hub serves a hundred sites. So what is counted for a region
grows with the world, and the first hub's peerings do up to a hundred; what one TAP, pool or subnet has does
not. `--units` makes sites larger.

Times are of the processor: on the clock a busy machine shows its other work. The last column is the median in
the largest world through that in the smallest: 1 where the work of the rules does not grow.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from vtaplib import (
    Cloud,
    NetworkInterface,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    Policy,
    ResourceGroup,
    Subnet,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    Lb,
    LbBackendAddressPool,
    LbFrontendIpConfiguration,
    LbRule,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkSecurityRule,
)
from vtaplib.testing.resources import REGION, machine_of

SIZES: Final = (100, 1_000, 10_000, 100_000)
AIM_MS: Final = 2.0
SUBSCRIPTION: Final = "11111111-2222-4333-8444-555555555555"
GROUP: Final = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"
NETWORKING: Final = f"{GROUP}/providers/Microsoft.Network"
PLACE: Final[Mapping[str, Any]] = {"resource_group_name": "lab", "location": REGION}
UNITS: Final = 15
"""The tapped interfaces of a site, each with what is about it: five resources."""
SITES_OF_A_HUB: Final = 100
POLICY: Final = Policy(taps_per_region=10_000, virtual_networks_per_region=10_000)


def world(units: int) -> Iterator[Resource]:
    """The resources of a world that has no end, in the order in which they are put."""
    yield ResourceGroup(name="lab", location=REGION)
    for number in count():
        hub = f"hub{number // SITES_OF_A_HUB}"
        if number % SITES_OF_A_HUB == 0:
            yield network(hub, "192.168.0.0/16")
            yield from (subnet(hub, "192.168.0.0/17"), interface(f"{hub}-collector", hub))
        yield from site(f"site{number}", hub, space(number), units)


def site(name: str, hub: str, prefix: str, units: int) -> Iterator[Resource]:
    """A network with a load balancer and a security group, its tapped interfaces, and a TAP."""
    yield network(name, prefix)
    yield subnet(name, prefix)
    yield from (peering(name, hub), peering(hub, name))
    yield tap(name, f"{hub}-collector")
    yield NetworkSecurityGroup(name=name, **PLACE)
    yield security_rule(name, "vxlan", 100)
    yield Lb(
        name=name,
        frontend_ip_configuration=[LbFrontendIpConfiguration(name="front", subnet_id=subnet_id(name))],
        **PLACE,
    )
    yield LbBackendAddressPool(name="pool", loadbalancer_id=balancer_id(name))
    yield balancing_rule(name, "http", 80)
    for unit in range(units):
        source = f"{name}-{unit}"
        yield interface(source, name)
        yield machine_of(interface_id(source), name=source)
        yield mirror(source, name)
        yield membership(source, name)
        yield guard(source, name)


# A /20 a site: of 10.0.0.0/8 there are 4096.


def space(number: int) -> str:
    return f"10.{number // 16}.{number % 16 * 16}.0/20"


def interface_id(name: str) -> str:
    return f"{NETWORKING}/networkInterfaces/{name}"


def subnet_id(network: str) -> str:
    return f"{NETWORKING}/virtualNetworks/{network}/subnets/all"


def balancer_id(name: str) -> str:
    return f"{NETWORKING}/loadBalancers/{name}"


def network(name: str, prefix: str) -> VirtualNetwork:
    return VirtualNetwork(name=name, address_space=[prefix], **PLACE)


def subnet(network: str, prefix: str) -> Subnet:
    return Subnet(
        name="all", resource_group_name="lab", virtual_network_name=network, address_prefixes=[prefix]
    )


def peering(here: str, there: str) -> VirtualNetworkPeering:
    return VirtualNetworkPeering(
        name=f"to-{there}",
        resource_group_name="lab",
        virtual_network_name=here,
        remote_virtual_network_id=f"{NETWORKING}/virtualNetworks/{there}",
    )


def interface(name: str, network: str) -> NetworkInterface:
    configuration = NetworkInterfaceIpConfiguration(
        name="ip", subnet_id=subnet_id(network), private_ip_address_allocation="Dynamic"
    )
    return NetworkInterface(name=name, ip_configuration=[configuration], **PLACE)


def tap(name: str, collector: str) -> VirtualNetworkTap:
    destination = f"{interface_id(collector)}/ipConfigurations/ip"
    return VirtualNetworkTap(
        name=name, destination_network_interface_ip_configuration_id=destination, **PLACE
    )


def mirror(source: str, to: str) -> NetworkInterfaceTapConfiguration:
    return NetworkInterfaceTapConfiguration(
        name="tap",
        network_interface_id=interface_id(source),
        virtual_network_tap_id=f"{NETWORKING}/virtualNetworkTaps/{to}",
    )


def balancing_rule(balancer: str, name: str, port: int) -> LbRule:
    return LbRule(
        name=name,
        loadbalancer_id=balancer_id(balancer),
        frontend_ip_configuration_name="front",
        protocol="Tcp",
        frontend_port=port,
        backend_port=port,
        backend_address_pool_ids=[f"{balancer_id(balancer)}/backendAddressPools/pool"],
    )


def membership(source: str, balancer: str) -> NetworkInterfaceBackendAddressPoolAssociation:
    return NetworkInterfaceBackendAddressPoolAssociation(
        network_interface_id=interface_id(source),
        ip_configuration_name="ip",
        backend_address_pool_id=f"{balancer_id(balancer)}/backendAddressPools/pool",
    )


def security_rule(group: str, name: str, priority: int) -> NetworkSecurityRule:
    return NetworkSecurityRule(
        name=name,
        resource_group_name="lab",
        network_security_group_name=group,
        priority=priority,
        direction="Inbound",
        access="Allow",
        protocol="Udp",
        source_port_range="*",
        destination_port_range="4789",
        source_address_prefix="VirtualNetwork",
        destination_address_prefix="*",
    )


def guard(source: str, group: str) -> NetworkInterfaceSecurityGroupAssociation:
    return NetworkInterfaceSecurityGroupAssociation(
        network_interface_id=interface_id(source),
        network_security_group_id=f"{NETWORKING}/networkSecurityGroups/{group}",
    )


NEW: Final = "site0-0"
"""A source of the first site, which the smallest world has."""
PUTS: Final[Mapping[str, Callable[[int], Resource]]] = {
    "network": lambda n: network(f"new{n}", "172.16.0.0/24"),
    "network again": lambda n: network("site0", space(0)).replace(dns_servers=[f"10.0.0.{n % 200 + 4}"]),
    "subnet again": lambda n: subnet("site0", space(0)).replace(default_outbound_access_enabled=n % 2 == 0),
    "peering": lambda n: peering("site0", "spoke"),
    "peering again": lambda n: peering("hub0", "site0"),
    "interface": lambda n: interface(f"new{n}", "site0"),
    "interface again": lambda n: interface(NEW, "site0").replace(ip_forwarding_enabled=n % 2 == 0),
    "machine": lambda n: machine_of(interface_id("idle"), name=f"new{n}"),
    "machine again": lambda n: machine_of(interface_id(NEW), name=NEW),
    "TAP": lambda n: tap(f"new{n}", "hub0-collector"),
    "TAP again": lambda n: tap("site0", "idle"),
    "tap configuration": lambda n: mirror("idle", "small"),
    "balancer rule": lambda n: balancing_rule("site0", f"new{n}", 1000 + n),
    "pool membership": lambda n: membership("idle", "site0"),
    "security rule": lambda n: security_rule("site0", f"new{n}", 200 + n),
    "security association": lambda n: guard("idle", "site0"),
}  # fmt: skip
"""What is checked, each with a number of its own."""


def beside() -> Iterator[Resource]:
    """What the puts need beside the world."""
    yield interface("idle", "site0")
    yield network("spoke", "172.31.0.0/24")
    yield tap("small", "hub0-collector")


def measure(cloud: Cloud, runs: int) -> dict[str, list[float]]:
    """Milliseconds of the processor for each check, by what is put."""
    times: dict[str, list[float]] = {}
    for name, make in PUTS.items():
        for number in range(runs):
            resource = make(number).replace(subscription_id=SUBSCRIPTION)
            started = time.process_time()
            found = cloud.check(resource)
            times.setdefault(name, []).append(1000 * (time.process_time() - started))
            errors = [one for one in found if one.severity.value == "error"]
            if errors:
                raise SystemExit(f"{name}: {errors[0].message}")
    return times


def grow(cloud: Cloud, sizes: Sequence[int], runs: int, units: int) -> list[dict[str, list[float]]]:
    """The times at each size."""
    home = cloud.subscription(SUBSCRIPTION)
    found = []
    resources, there = world(units), 0
    needs = list(beside())
    for size in sizes:
        while there < size:
            home.put(next(resources))
            there += 1
        for one in needs:
            home.put(one)
        needs = []
        found.append(measure(cloud, runs))
    return found


def show(where: str, sizes: Sequence[int], found: Sequence[Mapping[str, Sequence[float]]]) -> None:
    """Print a table: medians and 99th percentiles."""
    titles = [
        where,
        *(f"{size:,}: median" for size in sizes),
        *(f"{size:,}: p99" for size in sizes),
        "growth",
    ]
    rows = [titles]
    for name in PUTS:
        medians = [statistics.median(times[name]) for times in found]
        slowest = [statistics.quantiles(times[name], n=100)[98] for times in found]
        rows.append(
            [name, *(f"{one:.2f}" for one in (*medians, *slowest)), f"{medians[-1] / medians[0]:.1f}"]
        )
    widths = [max(len(row[n]) for row in rows) for n in range(len(titles))]
    for row in rows:
        cells = [
            f"{row[0]:<{widths[0]}}",
            *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200, help="checks of each put (default 200)")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="the largest world (default 100,000)")
    parser.add_argument("--units", type=int, default=UNITS, help=f"sources of a site (default {UNITS})")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.largest]
    print(
        f"milliseconds of the processor for one check (aim: a median of {AIM_MS}, whatever the size)",
        flush=True,
    )
    with Cloud(policy=POLICY) as cloud:
        show("in memory", sizes, grow(cloud, sizes, options.runs, options.units))
    with (
        tempfile.TemporaryDirectory(prefix="vtap-benchmark-") as name,
        Cloud.open(Path(name) / "cloud.db", policy=POLICY) as cloud,
    ):
        show("in a file", sizes, grow(cloud, sizes, options.runs, options.units))


if __name__ == "__main__":
    main()
