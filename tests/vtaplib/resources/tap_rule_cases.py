"""Cases of the rules of TAPs and tap configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control.lab import (
    NORTH,
    Lab,
    backend,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    lb_rule,
    machine,
    mirror,
    network,
    network_id,
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
from tests.vtaplib.resources.rule_case import (
    DUAL,
    OUTER,
    TWO,
    Case,
    Make,
    Pair,
    Put,
    after,
    pair,
)
from vtaplib import Policy
from vtaplib.control import SubscriptionHandle
from vtaplib.model.resource import Resource
from vtaplib.resources import TunnelInterface


def across(lab: Lab, into: SubscriptionHandle) -> Put:
    """A source in another subscription, whose network is peered with the destination's both ways."""
    there = f"/subscriptions/{into.subscription_id}"
    lab.put(network("guest", "10.7.0.0/16"), subnet("guest", "one", "10.7.1.0/24"), into=into)
    source = nic_id("guest", into.subscription_id)
    lab.put(nic("guest", ip(subnet_id("guest", "one", into.subscription_id))), into=into)
    remote = network_id("guest", into.subscription_id)
    assert remote.startswith(there)
    lab.put(peering("tools", "guest", remote_virtual_network_id=remote))
    lab.put(peering("guest", "tools", remote_virtual_network_id=network_id("tools")), into=into)
    return mirror(source, "tap"), into


def from_north(lab: Lab, *, to: str) -> Put:
    lab.link("tools", "north")
    return mirror(nic_id("far"), to)


def from_island(lab: Lab, *given: Resource) -> Put:
    lab.put(*given)
    return mirror(nic_id("stray"), "tap")


def island_reaches_tools(lab: Lab) -> Put:
    return from_island(lab, peering("island", "tools"), peering("tools", "island"))


VM_COLLECTOR, VM_DUAL = machine("vm-collector", nic_id("collector")), machine("vm-dual", nic_id("dual"))
VM_FAR = machine("vm-far", nic_id("far"), location=NORTH)


def carried(balancer: str, **more: Any) -> list[Resource]:
    """A rule for a TAP's stream, and a collector behind it, beside the network `app`."""
    return [
        pool(balancer, **more),
        probe(balancer),
        lb_rule(balancer),
        nic("behind", ip(TWO)),
        backend("behind", pool_id(balancer)),
        machine("vm-behind", nic_id("behind")),
    ]


def in_region(location: str) -> Make:
    def make(lab: Lab) -> Put:
        lab.put(network("new", "10.9.0.0/16", location=location), subnet("new", "one", "10.9.1.0/24"))
        lab.put(nic("new", ip(subnet_id("new")), location=location))
        lab.put(machine("vm-new", nic_id("new"), location=location))
        return tap("new", ip_id("new"), location=location)

    return make


def registered(*features: str) -> Make:
    def make(lab: Lab) -> Put:
        lab.register(*features)
        return tap("new", ip_id("reader"))

    return make


TUNNEL = TunnelInterface(identifier=900, type="Internal", protocol="VXLAN", port=10800)
CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetworkTap", "there_is_a_destination"): Case(
        "VirtualNetworkTapDestinationRequired", [pair(tap("new"), tap("new", ip_id("reader")))]
    ),
    ("VirtualNetworkTap", "there_is_one_destination"): Case(
        "VirtualNetworkTapDestinationAmbiguous",
        [
            Pair(
                after(VM_COLLECTOR)(tap("new", ip_id("reader"), frontend_id("inner"))),
                after(VM_COLLECTOR)(tap("new", to_frontend=frontend_id("inner"))),
            )
        ],
    ),
    ("VirtualNetworkTap", "destination_can_collect"): Case(
        "VirtualNetworkTapDestinationNotSupported",
        [
            Pair(
                after(*DUAL, VM_DUAL)(tap("new", ip_id("dual", "six"))),
                after(*DUAL, VM_DUAL)(tap("new", ip_id("dual", "ip"))),
            ),
            Pair(
                after(OUTER, *carried("outer"))(tap("new", to_frontend=frontend_id("outer"))),
                after(lb("outer", front(TWO)), *carried("outer"))(
                    tap("new", to_frontend=frontend_id("outer"))
                ),
            ),
            Pair(
                after(lb("new", front(TWO), sku="Gateway"), *carried("new", tunnel_interface=[TUNNEL]))(
                    tap("new", to_frontend=frontend_id("new"))
                ),
                after(lb("new", front(TWO)), *carried("new"))(tap("new", to_frontend=frontend_id("new"))),
            ),
        ],
    ),
    ("VirtualNetworkTap", "destination_balancer_is_standard"): Case(
        "VirtualNetworkTapDestinationNotSupported",
        [
            Pair(
                after(lb("new", front(TWO), sku="Basic"), *carried("new"))(
                    tap("new", to_frontend=frontend_id("new"))
                ),
                after(lb("new", front(TWO)), *carried("new"))(tap("new", to_frontend=frontend_id("new"))),
            )
        ],
    ),
    ("VirtualNetworkTap", "destination_port_is_vxlan"): Case(
        "VirtualNetworkTapDestinationPortNotSupported",
        [
            pair(
                tap("new", ip_id("reader"), destination_port=4790),
                tap("new", ip_id("reader"), destination_port=4789),
            )
        ],
    ),
    ("VirtualNetworkTap", "destination_stays_while_sources_send"): Case(
        "VirtualNetworkTapDestinationInUse",
        [
            Pair(
                after(VM_COLLECTOR)(tap("tap", ip_id("reader"))),
                after(VM_COLLECTOR)(tap("tap", ip_id("COLLECTOR"), tags={"changed": "yes"})),
            ),
            Pair(
                after(VM_COLLECTOR)(tap("tap", to_frontend=frontend_id("inner"))),
                after(VM_COLLECTOR)(tap("tap-lb", ip_id("reader"))),
            ),
        ],
        Policy(destination_update="error_if_sources"),
    ),
    ("VirtualNetworkTap", "destination_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(VM_FAR)(tap("new", ip_id("far"))),
                after(VM_FAR)(tap("new", ip_id("far"), location=NORTH)),
            ),
            Pair(
                after(VM_COLLECTOR)(tap("new", to_frontend=frontend_id("inner"), location=NORTH)),
                after(VM_COLLECTOR)(
                    tap("new", to_frontend=frontend_id("inner"), location="Germany West Central")
                ),
            ),
        ],
    ),
    ("VirtualNetworkTap", "subscription_has_the_feature"): Case(
        "SubscriptionNotRegisteredForFeature",
        [
            Pair(
                registered("Microsoft.Network/AllowBringYourOwnPublicIpAddress"),
                registered("microsoft.network/allowvirtualnetworktap"),
            )
        ],
        Policy(feature_registration="required"),
    ),
    ("VirtualNetworkTap", "region_is_listed"): Case(
        "VirtualNetworkTapRegionNotListed",
        [Pair(in_region("westeurope"), in_region(region)) for region in ("East Asia", "koreacentral")],
    ),
    ("NetworkInterfaceTapConfiguration", "source_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [Pair(lambda lab: from_north(lab, to="tap"), lambda lab: mirror(nic_id("spare"), "tap"))],
    ),
    ("NetworkInterfaceTapConfiguration", "source_is_in_the_same_tenant"): Case(
        "VirtualNetworkTapTenantMismatch",
        [Pair(lambda lab: across(lab, lab.stranger), lambda lab: across(lab, lab.sister))],
    ),
    ("NetworkInterfaceTapConfiguration", "destination_is_reachable"): Case(
        "VirtualNetworkTapDestinationNotReachable",
        [
            Pair(from_island, island_reaches_tools),
            # One side only, so that it is Initiated.
            Pair(lambda lab: from_island(lab, peering("island", "tools")), island_reaches_tools),
            # Peerings are not transitive.
            Pair(
                lambda lab: from_island(lab, peering("island", "app"), peering("app", "island")),
                island_reaches_tools,
            ),
            Pair(
                lambda lab: from_island(
                    lab,
                    peering("island", "tools"),
                    peering("tools", "island", allow_virtual_network_access=False),
                ),
                island_reaches_tools,
            ),
            Pair(
                lambda lab: mirror(nic_id("stray"), "tap-lb"),
                lambda lab: mirror(nic_id("spare"), "tap-lb"),
            ),
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "interface_has_one_tap"): Case(
        "VirtualNetworkTapAlreadyConfigured",
        [pair(mirror(nic_id("db"), "tap-lb", "second"), mirror(nic_id("spare"), "tap-lb", "second"))],
        Policy(multiple_taps_per_nic="error"),
    ),
}
