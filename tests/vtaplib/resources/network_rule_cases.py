"""Cases of the rules of networks, subnets, peerings and interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.vtaplib.control.lab import (
    NORTH,
    Lab,
    front,
    ip,
    lb,
    network,
    network_id,
    nic,
    peering,
    subnet,
    subnet_id,
)
from tests.vtaplib.resources.rule_case import (
    DUAL,
    SMALL,
    SMALL_SUBNET,
    THREE,
    TWO,
    Case,
    Pair,
    after,
    pair,
)
from vtaplib.model.resource import Resource


def spaces(broken: Sequence[str], valid: Sequence[str]) -> Pair:
    return pair(network("new", *broken), network("new", *valid))


def prefixes(broken: str, valid: str) -> Pair:
    return pair(subnet("app", "new", broken), subnet("app", "new", valid))


def rebuild(lab: Lab, *, reset: bool) -> Resource:
    """The app network's side of the link to `tools`, again, after it was deleted."""
    lab.cloud.delete(f"{network_id('app')}/virtualNetworkPeerings/to-tools")
    if reset:
        lab.put(peering("tools", "app"))
    lab.keep()
    return peering("app", "tools")


CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetwork", "address_space_is_usable"): Case(
        "InvalidAddressSpace",
        [
            spaces(["10.9.0.0/30"], ["10.9.0.0/29"]),
            spaces(["10.9.0.1/16"], ["10.9.0.0/16"]),
            spaces(["ten"], ["10.0.0.0/8"]),
            spaces(["0.0.0.0/1"], ["0.0.0.0/2"]),
            spaces(["224.0.0.0/24"], ["223.255.255.0/24"]),
            spaces(["255.255.255.248/29"], ["255.255.255.240/29"]),
            spaces(["127.0.0.0/8"], ["126.0.0.0/8"]),
            spaces(["169.254.0.0/24"], ["169.253.255.0/24"]),
            spaces(["168.63.129.16/29"], ["168.63.129.24/29"]),
        ],
    ),
    ("VirtualNetwork", "address_space_does_not_overlap_itself"): Case(
        "InvalidAddressSpace",
        [spaces(["10.9.0.0/16", "10.9.128.0/17"], ["10.9.0.0/17", "10.9.128.0/17"])],
    ),
    ("VirtualNetwork", "prefixes_stay_while_subnets_use_them"): Case(
        "InUsePrefixCannotBeDeleted",
        [
            pair(network("app", "10.8.0.0/16"), network("app", "10.1.0.0/22")),
            pair(network("app", "10.1.0.0/23"), network("app", "10.0.0.0/15")),
        ],
    ),
    ("Subnet", "prefixes_are_usable"): Case(
        "NetcfgInvalidSubnet",
        [
            prefixes("10.1.9.0/30", "10.1.9.0/29"),
            prefixes("10.1.9.1/24", "10.1.9.0/24"),
            Pair(
                after(*DUAL)(subnet("dual", "new", "fd00:5:0:2::/63")),
                after(*DUAL)(subnet("dual", "new", "fd00:5:0:2::/64")),
            ),
        ],
    ),
    ("Subnet", "prefixes_lie_in_the_network"): Case(
        "NetcfgSubnetRangeOutsideVnet",
        [
            prefixes("10.2.9.0/24", "10.1.9.0/24"),
            Pair(
                after(network("halves", "10.6.0.0/24", "10.6.1.0/24"))(
                    subnet("halves", "new", "10.6.0.0/23")
                ),
                after(network("halves", "10.6.0.0/24", "10.6.1.0/24"))(
                    subnet("halves", "new", "10.6.0.0/24")
                ),
            ),
        ],
    ),
    ("Subnet", "prefixes_do_not_overlap_other_subnets"): Case(
        "NetcfgSubnetRangesOverlap",
        [
            prefixes("10.1.1.0/24", "10.1.3.0/24"),
            prefixes("10.1.1.128/25", "10.1.3.0/25"),
            prefixes("10.1.0.0/22", "10.1.4.0/22"),
            pair(
                subnet("app", "new", "10.1.8.0/24", "10.1.8.0/25"),
                subnet("app", "new", "10.1.8.0/25", "10.1.8.128/25"),
            ),
        ],
    ),
    ("Subnet", "sharing_needs_no_default_outbound_access"): Case(
        "NetcfgInvalidSubnet",
        [
            pair(
                subnet("app", "new", "10.1.9.0/24", sharing_scope="Tenant"),
                subnet(
                    "app", "new", "10.1.9.0/24", sharing_scope="Tenant", default_outbound_access_enabled=False
                ),
            )
        ],
    ),
    ("Subnet", "prefixes_stay_while_in_use"): Case(
        "InUseSubnetCannotBeUpdated",
        [pair(subnet("app", "one", "10.1.1.0/25"), subnet("app", "two", "10.1.2.0/25"))],
    ),
    ("VirtualNetworkPeering", "remote_network_is_another"): Case(
        "InvalidResourceReference", [pair(peering("island", "island"), peering("island", "app"))]
    ),
    ("VirtualNetworkPeering", "remote_side_is_not_disconnected"): Case(
        "RemotePeeringIsDisconnected",
        [Pair(lambda lab: rebuild(lab, reset=False), lambda lab: rebuild(lab, reset=True))],
    ),
    ("VirtualNetworkPeering", "one_peering_per_remote_network"): Case(
        "AnotherPeeringAlreadyReferencesRemoteVnet",
        [
            pair(peering("app", "tools", name="again"), peering("app", "island", name="again")),
            Pair(
                after(peering("app", "island"))(peering("app", "island", name="again")),
                after(peering("app", "island"))(peering("app", "island")),
            ),
        ],
    ),
    ("VirtualNetworkPeering", "address_spaces_do_not_overlap"): Case(
        "VnetAddressSpacesOverlap",
        [
            Pair(
                after(network("twin", "10.8.0.0/16", "10.3.128.0/17"))(peering("island", "twin")),
                after(network("twin", "10.8.0.0/16"))(peering("island", "twin")),
            )
        ],
    ),
    ("VirtualNetworkPeering", "address_space_does_not_overlap_a_third_network"): Case(
        "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
        [
            Pair(
                after(network("shadow", "10.2.0.0/17"))(peering("app", "shadow")),
                after(network("shadow", "10.2.0.0/17"))(peering("island", "shadow")),
            )
        ],
    ),
    ("NetworkInterface", "ipv4_configurations_name_a_subnet"): Case(
        "InvalidRequestContent",
        [
            pair(nic("new", ip(None)), nic("new", ip(TWO))),
            pair(
                nic("new", ip(TWO, primary=True), ip(None, name="second")),
                nic("new", ip(TWO, primary=True), ip(TWO, name="second")),
            ),
        ],
    ),
    ("NetworkInterface", "configuration_names_are_unique"): Case(
        "InvalidRequestContent",
        [
            pair(
                nic("new", ip(TWO, name="ip", primary=True), ip(TWO, name="IP")),
                nic("new", ip(TWO, name="ip", primary=True), ip(TWO, name="ip2")),
            )
        ],
    ),
    ("NetworkInterface", "one_configuration_is_primary"): Case(
        "NetworkInterfaceMustHavePrimaryPropertySet",
        [
            pair(
                nic("new", ip(TWO), ip(TWO, name="second")),
                nic("new", ip(TWO), ip(TWO, name="second", primary=True)),
            ),
            pair(
                nic("new", ip(TWO, primary=True), ip(TWO, name="second", primary=True)),
                nic("new", ip(TWO, primary=True), ip(TWO, name="second", primary=False)),
            ),
        ],
    ),
    ("NetworkInterface", "primary_configuration_is_ipv4"): Case(
        "InvalidRequestContent",
        [
            pair(
                nic("new", ip(None, private_ip_address_version="IPv6")),
                nic("new", ip(TWO, private_ip_address_version="IPv4")),
            ),
            pair(
                nic("new", ip(TWO), ip(None, name="v6", private_ip_address_version="IPv6", primary=True)),
                nic("new", ip(TWO, primary=True), ip(None, name="v6", private_ip_address_version="IPv6")),
            ),
        ],
    ),
    ("NetworkInterface", "subnets_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            pair(
                nic("new", ip(TWO, primary=True), ip(subnet_id("island"), name="second")),
                nic("new", ip(TWO, primary=True), ip(subnet_id("app"), name="second")),
            )
        ],
    ),
    ("NetworkInterface", "network_stays"): Case(
        "PropertyChangeNotAllowed",
        [pair(nic("spare", ip(subnet_id("island"))), nic("spare", ip(TWO)))],
    ),
    ("NetworkInterface", "network_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [pair(nic("new", ip(TWO), location=NORTH), nic("new", ip(subnet_id("north")), location=NORTH))],
    ),
    ("NetworkInterface", "addresses_are_in_the_subnet"): Case(
        "PrivateIPAddressNotInSubnet",
        [pair(nic("new", ip(TWO, "10.1.3.4")), nic("new", ip(TWO, "10.1.2.4")))],
    ),
    ("NetworkInterface", "addresses_are_not_reserved"): Case(
        "PrivateIPAddressInReservedRange",
        [
            pair(nic("new", ip(TWO, "10.1.2.0")), nic("new", ip(TWO, "10.1.2.4"))),
            pair(nic("new", ip(TWO, "10.1.2.3")), nic("new", ip(TWO, "10.1.2.4"))),
            pair(nic("new", ip(TWO, "10.1.2.255")), nic("new", ip(TWO, "10.1.2.254"))),
        ],
    ),
    ("NetworkInterface", "addresses_are_free"): Case(
        "PrivateIPAddressIsAllocated",
        [
            pair(nic("new", ip(subnet_id("app"), "10.1.1.4")), nic("new", ip(subnet_id("app"), "10.1.1.99"))),
            pair(
                nic("new", ip(TWO, "10.1.2.9", primary=True), ip(TWO, "10.1.2.9", name="second")),
                nic("new", ip(TWO, "10.1.2.9", primary=True), ip(TWO, "10.1.2.10", name="second")),
            ),
            Pair(
                after(lb("new", front(TWO, "10.1.2.9")))(nic("new", ip(TWO, "10.1.2.9"))),
                after(lb("new", front(TWO, "10.1.2.9")))(nic("new", ip(TWO, "10.1.2.10"))),
            ),
        ],
    ),
    ("NetworkInterface", "subnet_has_an_address_left"): Case(
        "SubnetIsFull",
        [
            Pair(
                after(SMALL_SUBNET, *THREE)(nic("new", ip(SMALL))),
                after(SMALL_SUBNET, *THREE[:2])(nic("new", ip(SMALL))),
            )
        ],
    ),
    ("NetworkInterface", "static_addresses_are_well_formed"): Case(
        "InvalidRequestContent",
        [
            pair(nic("new", ip(TWO, "10.1.2.256")), nic("new", ip(TWO, "10.1.2.25"))),
            pair(nic("new", ip(TWO, "10.1.2")), nic("new", ip(TWO, "10.1.2.4"))),
        ],
    ),
}
