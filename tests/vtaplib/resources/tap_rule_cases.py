"""Cases of the rules of TAPs and tap configurations."""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.control.lab import (
    NORTH,
    Lab,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    peering,
    subnet,
    subnet_id,
    tap,
)
from tests.vtaplib.resources.rule_case import (
    DUAL,
    GATEWAY,
    OUTER,
    TWO,
    Case,
    Pair,
    Put,
    after,
    pair,
)
from vtaplib import Policy, SubscriptionHandle
from vtaplib.model.resource import Resource


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


CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetworkTap", "there_is_a_destination"): Case(
        "VirtualNetworkTapDestinationRequired", [pair(tap("new"), tap("new", ip_id("spare")))]
    ),
    ("VirtualNetworkTap", "there_is_one_destination"): Case(
        "VirtualNetworkTapDestinationAmbiguous",
        [
            pair(
                tap("new", ip_id("spare"), frontend_id("inner")), tap("new", to_frontend=frontend_id("inner"))
            )
        ],
    ),
    ("VirtualNetworkTap", "destination_can_collect"): Case(
        "VirtualNetworkTapDestinationNotSupported",
        [
            Pair(
                after(*DUAL)(tap("new", ip_id("dual", "six"))), after(*DUAL)(tap("new", ip_id("dual", "ip")))
            ),
            Pair(
                after(OUTER)(tap("new", to_frontend=frontend_id("outer"))),
                after(lb("outer", front(TWO)))(tap("new", to_frontend=frontend_id("outer"))),
            ),
            Pair(
                after(GATEWAY)(tap("new", to_frontend=frontend_id("gateway"))),
                after(GATEWAY)(tap("new", to_frontend=frontend_id("inner"))),
            ),
        ],
    ),
    ("VirtualNetworkTap", "destination_port_is_vxlan"): Case(
        "VirtualNetworkTapDestinationPortNotSupported",
        [
            pair(
                tap("new", ip_id("spare"), destination_port=4790),
                tap("new", ip_id("spare"), destination_port=4789),
            )
        ],
    ),
    ("VirtualNetworkTap", "destination_stays_while_sources_send"): Case(
        "VirtualNetworkTapDestinationInUse",
        [
            pair(tap("tap", ip_id("spare")), tap("tap", ip_id("COLLECTOR"), tags={"changed": "yes"})),
            pair(tap("tap", to_frontend=frontend_id("inner")), tap("tap-lb", ip_id("spare"))),
        ],
        Policy(destination_update="error_if_sources"),
    ),
    ("VirtualNetworkTap", "destination_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [
            pair(tap("new", ip_id("far")), tap("new", ip_id("far"), location=NORTH)),
            pair(
                tap("new", to_frontend=frontend_id("inner"), location=NORTH),
                tap("new", to_frontend=frontend_id("inner"), location="West Europe"),
            ),
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "source_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [Pair(lambda lab: from_north(lab, to="tap"), lambda lab: mirror(nic_id("web"), "tap"))],
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
    ("NetworkInterfaceTapConfiguration", "destination_should_be_reachable"): Case(
        "VirtualNetworkTapDestinationNotReachable",
        [Pair(from_island, island_reaches_tools)],
        Policy(reachability_check="warn"),
    ),
    ("NetworkInterfaceTapConfiguration", "source_is_not_the_destination"): Case(
        "VirtualNetworkTapSourceIsDestination",
        [pair(mirror(nic_id("collector"), "tap"), mirror(nic_id("collector"), "tap-lb"))],
    ),
    ("NetworkInterfaceTapConfiguration", "interface_has_one_tap"): Case(
        "VirtualNetworkTapAlreadyConfigured",
        [pair(mirror(nic_id("db"), "tap-lb", "second"), mirror(nic_id("web"), "tap-lb", "second"))],
        Policy(multiple_taps_per_nic="error"),
    ),
    ("NetworkInterfaceTapConfiguration", "interface_should_have_one_tap"): Case(
        "VirtualNetworkTapAlreadyConfigured",
        [pair(mirror(nic_id("db"), "tap-lb", "second"), mirror(nic_id("web"), "tap-lb", "second"))],
        Policy(multiple_taps_per_nic="warn"),
    ),
}
