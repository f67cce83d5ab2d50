"""For every rule, what breaks it and nothing else, and the nearest thing that does not break it.

Codes and bounds are those that Azure's documentation, its REST specification and recorded error messages
give; where they are ours, the rule itself says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tests.vtaplib.control.lab import (
    NORTH,
    PASSWORD,
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
    public,
    subnet,
    subnet_id,
    tap,
)
from vtaplib import OsDisk, Policy, SubscriptionHandle, TunnelInterface
from vtaplib.model.resource import Resource

Put = Resource | tuple[Resource, SubscriptionHandle]
Make = Callable[[Lab], Put]


class Pair(NamedTuple):
    """One way to break a rule, and its nearest neighbour that does not."""

    broken: Make
    valid: Make


class Case(NamedTuple):
    code: str
    pairs: Sequence[Pair]
    policy: Policy = Policy()
    """A policy under which the rule speaks; it is silent under every other value of the switch."""


def pair(broken: Resource, valid: Resource) -> Pair:
    return Pair(lambda lab: broken, lambda lab: valid)


def after(*given: Resource) -> Callable[[Resource], Make]:
    """Makes a resource after others have been put."""

    def make(resource: Resource) -> Make:
        def put(lab: Lab) -> Put:
            lab.put(*given)
            return resource

        return put

    return make


def spaces(broken: Sequence[str], valid: Sequence[str]) -> Pair:
    return pair(network("new", *broken), network("new", *valid))


def prefixes(broken: str, valid: str) -> Pair:
    return pair(subnet("app", "new", broken), subnet("app", "new", valid))


def rebuild(lab: Lab, *, reset: bool) -> Resource:
    """The app network's side of the link to `tools`, again, after it was deleted."""
    lab.cloud.delete(f"{network_id('app')}/virtualNetworkPeerings/to-tools")
    if reset:
        lab.put(peering("tools", "app"))
    return peering("app", "tools")


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


TWO = subnet_id("app", "two")
SMALL = subnet_id("app", "small")
SMALL_SUBNET = subnet("app", "small", "10.1.9.0/29")
# A /29 has eight addresses, of which five are reserved.
THREE = [nic(f"small{n}", ip(SMALL)) for n in range(3)]
GATEWAY = lb("gateway", front(subnet_id("tools")), sku="Gateway")
TUNNEL = TunnelInterface(identifier=900, type="Internal", protocol="VXLAN", port=10800)
OUTER = lb("outer", public())
DUAL = (
    network("dual", "10.5.0.0/16", "fd00:5::/48"),
    subnet("dual", "one", "10.5.1.0/24", "fd00:5::/64"),
    nic(
        "dual",
        ip(subnet_id("dual"), primary=True),
        ip(subnet_id("dual"), name="six", private_ip_address_version="IPv6"),
    ),
)


def disk(kind: str) -> OsDisk:
    return OsDisk(caching="None", storage_account_type="Standard_LRS", security_encryption_type=kind)


def vm(**more: object) -> Resource:
    return machine("new", nic_id("spare"), **more)


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
        "InvalidRequestContent", [pair(nic("new", ip(None)), nic("new", ip(TWO)))]
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
        [pair(nic("new", ip(TWO, "10.1.2.256")), nic("new", ip(TWO, "10.1.2.25")))],
    ),
    ("LinuxVirtualMachine", "interfaces_are_not_attached_elsewhere"): Case(
        "NicInUse",
        [
            pair(machine("new", nic_id("web")), machine("new", nic_id("spare"))),
            pair(
                machine("new", nic_id("spare"), nic_id("SPARE")),
                machine("new", nic_id("spare"), nic_id("db")),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            pair(
                machine("new", nic_id("spare"), nic_id("stray")),
                machine("new", nic_id("spare"), nic_id("db")),
            )
        ],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_the_same_region"): Case(
        "InvalidResourceReference",
        [pair(machine("new", nic_id("far")), machine("new", nic_id("far"), location=NORTH))],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_the_same_subscription"): Case(
        "InvalidResourceReference", [Pair(lambda lab: (vm(), lab.sister), lambda lab: vm())]
    ),
    ("LinuxVirtualMachine", "there_is_a_way_to_log_in"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(admin_ssh_key=()), vm()),
            pair(
                vm(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=True),
                vm(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=False),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "extensions_and_platform_patches_need_the_agent"): Case(
        "InvalidParameterCombination",
        [
            pair(
                vm(provision_vm_agent=False),
                vm(provision_vm_agent=False, allow_extension_operations=False),
            ),
            pair(
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_mode="AutomaticByPlatform",
                ),
                vm(provision_vm_agent=True, patch_mode="AutomaticByPlatform"),
            ),
            pair(
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_assessment_mode="AutomaticByPlatform",
                ),
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_assessment_mode="ImageDefault",
                ),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "patch_options_need_the_platform"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(reboot_setting="Always"), vm(reboot_setting="Always", patch_mode="AutomaticByPlatform")),
            pair(
                vm(bypass_platform_safety_checks_on_user_schedule_enabled=True),
                vm(
                    bypass_platform_safety_checks_on_user_schedule_enabled=True,
                    patch_mode="AutomaticByPlatform",
                ),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "spot_options_go_with_spot"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(priority="Spot"), vm(priority="Spot", eviction_policy="Deallocate")),
            pair(vm(eviction_policy="Deallocate"), vm(priority="Regular")),
            pair(vm(max_bid_price=0.5), vm(max_bid_price=0.5, priority="Spot", eviction_policy="Deallocate")),
        ],
    ),
    ("LinuxVirtualMachine", "confidential_disks_need_a_tpm"): Case(
        "InvalidParameterCombination",
        [
            pair(
                vm(os_disk=disk("VMGuestStateOnly")), vm(os_disk=disk("VMGuestStateOnly"), vtpm_enabled=True)
            ),
            pair(
                vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True),
                vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True, secure_boot_enabled=True),
            ),
        ],
    ),
    ("Lb", "frontends_have_one_kind_of_address"): Case(
        "InvalidRequestContent",
        [
            pair(lb("new", front()), lb("new", front(TWO))),
            pair(lb("new", public(TWO)), lb("new", public())),
        ],
    ),
    ("Lb", "frontend_names_are_unique"): Case(
        "InvalidRequestContent",
        [
            pair(
                lb("new", front(TWO), front(TWO, name="FRONT")),
                lb("new", front(TWO), front(TWO, name="back")),
            )
        ],
    ),
    ("Lb", "global_tier_needs_standard"): Case(
        "InvalidParameterCombination",
        [pair(lb("new", sku="Basic", sku_tier="Global"), lb("new", sku="Standard", sku_tier="Global"))],
    ),
    ("Lb", "networks_are_in_the_same_region"): Case(
        "InvalidResourceReference",
        [pair(lb("new", front(TWO), location=NORTH), lb("new", front(subnet_id("north")), location=NORTH))],
    ),
    ("Lb", "addresses_are_in_the_subnet"): Case(
        "PrivateIPAddressNotInSubnet",
        [pair(lb("new", front(TWO, "10.1.3.4")), lb("new", front(TWO, "10.1.2.4")))],
    ),
    ("Lb", "addresses_are_not_reserved"): Case(
        "PrivateIPAddressInReservedRange",
        [pair(lb("new", front(TWO, "10.1.2.1")), lb("new", front(TWO, "10.1.2.5")))],
    ),
    ("Lb", "addresses_are_free"): Case(
        "PrivateIPAddressIsAllocated",
        [
            pair(
                lb("new", front(subnet_id("app"), "10.1.1.4")),
                lb("new", front(subnet_id("app"), "10.1.1.44")),
            )
        ],
    ),
    ("Lb", "subnet_has_an_address_left"): Case(
        "SubnetIsFull",
        [
            Pair(
                after(SMALL_SUBNET, *THREE)(lb("new", front(SMALL))),
                after(SMALL_SUBNET, *THREE[:2])(lb("new", front(SMALL))),
            )
        ],
    ),
    ("LbBackendAddressPool", "tunnels_are_for_gateways"): Case(
        "InvalidParameterCombination",
        [
            pair(pool("inner", "new", tunnel_interface=[TUNNEL]), pool("inner", "new")),
            Pair(
                after(GATEWAY)(pool("gateway", "new")),
                after(GATEWAY)(pool("gateway", "new", tunnel_interface=[TUNNEL])),
            ),
        ],
    ),
    ("LbBackendAddressPool", "synchronous_mode_is_for_standard"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(lb("basic", sku=sku))(
                    pool("basic", "new", synchronous_mode="Manual", virtual_network_id=network_id("tools"))
                ),
                after(lb("basic", sku="Standard"))(
                    pool("basic", "new", synchronous_mode="Manual", virtual_network_id=network_id("tools"))
                ),
            )
            for sku in ("Basic",)
        ],
    ),
    ("LbProbe", "http_probes_have_a_path"): Case(
        "InvalidRequestContent",
        [
            pair(
                probe("inner", "new", protocol="Http"),
                probe("inner", "new", protocol="Http", request_path="/health"),
            ),
            pair(probe("inner", "new", request_path="/health"), probe("inner", "new", protocol="Tcp")),
        ],
    ),
    ("LbRule", "load_balancer_has_a_frontend"): Case(
        "LoadBalancerWithoutFrontendIPCantHaveChildResources",
        [
            Pair(
                after(lb("bare"), pool("bare"), probe("bare"))(lb_rule("bare")),
                after(lb("bare", public()), pool("bare"), probe("bare"))(lb_rule("bare")),
            )
        ],
    ),
    ("LbRule", "frontend_exists"): Case(
        "InvalidResourceReference",
        [
            pair(
                lb_rule("inner", "new", frontend_ip_configuration_name="other", backend_port=1),
                lb_rule("inner", "new", frontend_ip_configuration_name="FRONT", backend_port=1),
            )
        ],
    ),
    ("LbRule", "pools_and_probe_are_the_load_balancers_own"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(OUTER, pool("outer"), probe("outer"))(
                    lb_rule("outer", backend_address_pool_ids=[pool_id("inner")], backend_port=1)
                ),
                after(OUTER, pool("outer"), probe("outer"))(lb_rule("outer", backend_port=1)),
            ),
            Pair(
                after(OUTER, probe("outer"))(
                    lb_rule("inner", "new", probe_id=lb_rule("outer").probe_id, backend_port=1)
                ),
                after(OUTER, probe("outer"))(lb_rule("inner", "new", backend_port=1)),
            ),
        ],
    ),
    ("LbRule", "two_pools_are_for_gateways"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(pool("inner", "other"))(
                    lb_rule(
                        "inner",
                        "new",
                        backend_port=1,
                        backend_address_pool_ids=[pool_id("inner"), pool_id("inner", "other")],
                    )
                ),
                after(pool("inner", "other"))(
                    lb_rule(
                        "inner", "new", backend_port=1, backend_address_pool_ids=[pool_id("inner", "other")]
                    )
                ),
            )
        ],
    ),
    ("LbRule", "all_protocols_mean_all_ports"): Case(
        "InvalidParameterCombination",
        [
            pair(
                lb_rule("inner", "new", protocol="All", frontend_port=80, backend_port=80),
                lb_rule("inner", "new", protocol="All", frontend_port=0, backend_port=0),
            ),
            pair(
                lb_rule("inner", "new", protocol="Tcp", frontend_port=0, backend_port=0),
                lb_rule("inner", "new", protocol="Tcp", frontend_port=1, backend_port=1),
            ),
        ],
    ),
    ("LbRule", "high_availability_ports_are_internal"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(lb("new", public()), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
                after(lb("new", front(TWO)), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
            ),
            Pair(
                after(lb("new", front(TWO), sku="Basic"), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
                after(lb("new", front(TWO), sku="Basic"), pool("new"), probe("new"))(lb_rule("new")),
            ),
        ],
    ),
    ("LbRule", "backend_ports_are_not_shared"): Case(
        "RulesUseSameBackendPortProtocolAndPool",
        [
            pair(lb_rule("inner", "new", frontend_port=1), lb_rule("inner", "new", backend_port=1)),
            pair(lb_rule("inner", "new", frontend_port=1), lb_rule("inner", "new", protocol="Tcp")),
            pair(
                lb_rule("inner", "new", frontend_port=1, protocol="Udp"),
                lb_rule("inner", "new", frontend_port=1, floating_ip_enabled=True),
            ),
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "configuration_exists"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"), "other")),
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"), "IP")),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "interface_and_load_balancer_share_a_region"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(OUTER, pool("outer"))(backend("far", pool_id("outer"))),
                after(OUTER, pool("outer"))(backend("stray", pool_id("outer"))),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "backends_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            Pair(
                after(pool("inner", "new"))(backend("spare", pool_id("inner", "new"))),
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"))),
            )
        ],
    ),
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
