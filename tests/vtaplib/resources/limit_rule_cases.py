"""Cases of the limits: each set low, and one more than it allows.

What a limit counts here is in places that the lab's own resources do not take of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.vtaplib.control.lab import (
    backend,
    front,
    ip,
    ip_id,
    lb,
    lb_rule,
    machine,
    mirror,
    network,
    network_watcher,
    nic,
    nic_id,
    peering,
    pool,
    pool_id,
    probe,
    subnet,
    subnet_id,
    tap,
)
from tests.vtaplib.resources.rule_case import Case, Pair, after
from vtaplib import Policy
from vtaplib.model.resource import Resource

REGION = "centralindia"
HERE: Sequence[Resource] = (
    network("new", "10.9.0.0/16", location=REGION),
    subnet("new", "one", "10.9.1.0/24"),
)
NEW = subnet_id("new")


def here(name: str, count: int = 1, **more: Any) -> Resource:
    """An interface in the new network, with some addresses."""
    others = [ip(NEW, name=f"ip{number}") for number in range(1, count)]
    return nic(name, ip(NEW, primary=True), *others, location=REGION, **more)


def exceeded(given: Sequence[Resource], most: Resource, more: Resource) -> Pair:
    """One more than there may be, and the last that there may be."""
    return Pair(after(*given, most)(more), after(*given)(most))


PEERS = [network(f"peer{number}", f"10.{20 + number}.0.0/16") for number in range(3)]
INBOX = (*HERE, here("inbox"), machine("vm-inbox", nic_id("inbox"), location=REGION))
SINK = (*INBOX, tap("inbox", ip_id("inbox"), location=REGION))
SOURCES = [here(f"source{number}") for number in range(3)]
BALANCER = (*HERE, lb("new", front(NEW), location=REGION), pool("new"), pool("new", "second"), probe("new"))


def balanced(name: str, port: int, *pools: str) -> Resource:
    return lb_rule(
        "new",
        name,
        frontend_port=port,
        backend_port=port,
        backend_address_pool_ids=[pool_id("new", one) for one in pools or ("pool",)],
    )


CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetworkTap", "taps_per_region"): Case(
        "VirtualNetworkTapCountLimitReached",
        [
            exceeded(
                (*INBOX, *(tap(f"t{n}", ip_id("inbox"), location=REGION) for n in range(3))),
                tap("t3", ip_id("inbox"), location=REGION),
                tap("t4", ip_id("inbox"), location=REGION),
            )
        ],
        Policy(taps_per_region=4),
    ),
    ("NetworkInterfaceTapConfiguration", "tap_configurations_per_tap"): Case(
        "TapConfigurationCountLimitReached",
        [
            exceeded(
                (*SINK, *SOURCES, mirror(nic_id("source0"), "inbox")),
                mirror(nic_id("source1"), "inbox"),
                mirror(nic_id("source2"), "inbox"),
            )
        ],
        Policy(tap_configurations_per_tap=2),
    ),
    ("NetworkInterfaceTapConfiguration", "tap_configurations_per_subscription"): Case(
        "TapConfigurationCountLimitReached",
        [
            exceeded(
                (*SINK, *SOURCES, mirror(nic_id("source0"), "inbox")),
                mirror(nic_id("source1"), "inbox"),
                mirror(nic_id("source2"), "inbox"),
            )
        ],
        Policy(tap_configurations_per_subscription=3),
    ),
    ("NetworkWatcher", "network_watchers_per_region"): Case(
        "NetworkWatcherCountLimitReached",
        [
            exceeded(
                [network_watcher("w1", location=REGION)],
                network_watcher("w2", location=REGION),
                network_watcher("w3", location=REGION),
            )
        ],
        Policy(network_watchers_per_region=2),
    ),
    ("VirtualNetwork", "virtual_networks_per_region"): Case(
        "VnetCountLimitReached",
        [
            exceeded(
                [network(f"n{n}", f"10.{n}.0.0/16", location=REGION) for n in range(20, 24)],
                network("n24", "10.24.0.0/16", location=REGION),
                network("n25", "10.25.0.0/16", location=REGION),
            )
        ],
        Policy(virtual_networks_per_region=5),
    ),
    ("VirtualNetwork", "dns_servers_per_virtual_network"): Case(
        "QuotaExceeded",
        [
            Pair(
                lambda lab: network("new", "10.9.0.0/16", dns_servers=["10.9.0.4", "10.9.0.5", "10.9.0.6"]),
                lambda lab: network("new", "10.9.0.0/16", dns_servers=["10.9.0.4", "10.9.0.5"]),
            )
        ],
        Policy(dns_servers_per_virtual_network=2),
    ),
    ("Subnet", "subnets_per_virtual_network"): Case(
        "QuotaExceeded",
        [
            exceeded(
                (*HERE, *(subnet("new", f"s{n}", f"10.9.{n}.0/24") for n in range(2, 4))),
                subnet("new", "s4", "10.9.4.0/24"),
                subnet("new", "s5", "10.9.5.0/24"),
            )
        ],
        Policy(subnets_per_virtual_network=4),
    ),
    ("VirtualNetworkPeering", "peerings_per_virtual_network"): Case(
        "QuotaExceeded",
        [
            exceeded(
                (*HERE, *PEERS, peering("new", "peer0")), peering("new", "peer1"), peering("new", "peer2")
            )
        ],
        Policy(peerings_per_virtual_network=2),
    ),
    ("VirtualNetworkPeering", "private_addresses_in_peered_networks"): Case(
        "QuotaExceeded",
        [
            Pair(
                after(*HERE, *SOURCES)(peering("new", "app")),
                after(*HERE, *SOURCES)(peering("new", "island")),
            )
        ],
        Policy(private_addresses_in_peered_networks=5),
    ),
    ("NetworkInterface", "network_interfaces_per_region"): Case(
        "QuotaExceeded",
        [exceeded((*HERE, *(here(f"n{n}") for n in range(9))), here("n9"), here("n10"))],
        Policy(network_interfaces_per_region=10),
    ),
    ("NetworkInterface", "private_addresses_per_virtual_network"): Case(
        "QuotaExceeded",
        [
            exceeded((*HERE, lb("new", front(NEW), location=REGION)), here("n1", 4), here("n2")),
            Pair(after(*HERE, here("n1", 4))(here("n1", 6)), after(*HERE, here("n1", 4))(here("n1", 5))),
        ],
        Policy(private_addresses_per_virtual_network=5),
    ),
    ("NetworkInterface", "private_addresses_per_network_interface"): Case(
        "QuotaExceeded",
        [Pair(after(*HERE)(here("n1", 4)), after(*HERE)(here("n1", 3)))],
        Policy(private_addresses_per_network_interface=3),
    ),
    ("Lb", "private_addresses_per_virtual_network"): Case(
        "QuotaExceeded",
        [
            exceeded(
                (*HERE, here("n1", 3)),
                lb("b1", front(NEW), front(NEW, name="second"), location=REGION),
                lb("b2", front(NEW), location=REGION),
            )
        ],
        Policy(private_addresses_per_virtual_network=5),
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "load_balancer_rules_per_network_interface"): Case(
        "LoadBalancerRuleCountLimitReachedForNic",
        [
            exceeded(
                (
                    *BALANCER,
                    here("n1", 2),
                    balanced("r1", 80),
                    balanced("r2", 81, "second"),
                    balanced("r3", 82),
                    backend("n1", pool_id("new")),
                ),
                backend("n1", pool_id("new", "second")),
                backend("n1", pool_id("new"), "ip1"),
            )
        ],
        Policy(load_balancer_rules_per_network_interface=3),
    ),
    ("LbRule", "load_balancer_rules_per_network_interface"): Case(
        "LoadBalancerRuleCountLimitReachedForNic",
        [
            exceeded(
                (
                    *BALANCER,
                    here("n1", 2),
                    balanced("r1", 80),
                    backend("n1", pool_id("new")),
                    backend("n1", pool_id("new", "second"), "ip1"),
                ),
                balanced("r2", 81),
                balanced("r3", 82, "second"),
            )
        ],
        Policy(load_balancer_rules_per_network_interface=2),
    ),
}
