from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tests.examples import part_of
from vtaplib import (
    Cloud,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    Policy,
    ResourceGroup,
    Subnet,
    Topology,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model import Severity
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES, InlineSubnet, Lb, Subscription
from vtaplib.testing import DrawnCloud, clouds

DANGLING = Policy(delete_destination_in_use="dangle")

few = settings(max_examples=part_of(30))
"""What an option says is seen soon; building worlds takes its time."""

any_clouds = clouds(dual_stack=True, overlapping=True, tenants=3)


def resources_of(cloud: Cloud) -> Sequence[Resource]:
    return [one for kind in RESOURCE_TYPES for one in cloud.list(kind)]


@given(any_clouds)
def test_every_resource_of_a_cloud_is_accepted_again(cloud: Cloud) -> None:
    for resource in resources_of(cloud):
        _, violations = cloud.overlay().put(resource)
        assert [one for one in violations if one.severity is Severity.ERROR] == []


@given(any_clouds)
def test_a_cloud_is_tapped(cloud: Cloud) -> None:
    tap_ids = {tap.id for tap in cloud.list(VirtualNetworkTap)}
    assert {one.virtual_network_tap_id for one in cloud.list(NetworkInterfaceTapConfiguration)} == tap_ids
    assert tap_ids


@few
@given(clouds(min_networks=2, max_networks=2, min_interfaces=3, max_interfaces=4, min_taps=2, max_taps=3))
def test_counts_are_bounds(cloud: Cloud) -> None:
    assert len(cloud.list(VirtualNetwork)) == 2
    assert len(cloud.list(NetworkInterface)) <= 4
    assert 2 <= len(cloud.list(VirtualNetworkTap)) <= 3


@few
@given(clouds(load_balanced=True), clouds(load_balanced=False))
def test_load_balanced_says_what_taps_send_to(balanced: Cloud, direct: Cloud) -> None:
    for tap in balanced.list(VirtualNetworkTap):
        assert tap.destination_load_balancer_frontend_ip_configuration_id
    for tap in direct.list(VirtualNetworkTap):
        assert tap.destination_network_interface_ip_configuration_id
    assert direct.list(Lb) == []


@few
@given(clouds(attached=True), clouds(attached=False))
def test_attached_says_whether_there_are_machines(attached: Cloud, bare: Cloud) -> None:
    assert all(one.virtual_machine_id for one in attached.list(NetworkInterface))
    assert bare.list(LinuxVirtualMachine) == []


@few
@given(clouds(peered=True, min_networks=2), clouds(peered=False, min_networks=2))
def test_peered_networks_reach_each_other_and_others_do_not(peered: Cloud, parted: Cloud) -> None:
    for cloud, expected in ((peered, True), (parted, False)):
        topology = Topology.of(cloud)
        first, *others = topology.networks
        assert [topology.is_reachable(first.id, other.id) for other in others] == [expected] * len(others)


@few
@given(clouds(overlapping=True, peered=True))
def test_peers_never_overlap(cloud: Cloud) -> None:
    spaces = {one.id: set(one.address_space or ()) for one in cloud.list(VirtualNetwork)}
    for peering in cloud.list(VirtualNetworkPeering):
        assert not spaces[peering.virtual_network_id] & spaces[peering.remote_virtual_network_id]
        assert peering.peering_state == "Connected"


@few
@given(clouds(tenants=3))
def test_a_tap_has_sources_of_its_own_tenant(cloud: Cloud) -> None:
    tenants = {one.subscription_id: one.tenant_id for one in cloud.list(Subscription)}
    assert len(set(tenants.values())) == len(tenants) <= 3
    for configuration in cloud.list(NetworkInterfaceTapConfiguration):
        source, tap = configuration.network_interface_id, configuration.virtual_network_tap_id
        assert tenants[source.split("/")[2]] == tenants[tap.split("/")[2]]


@few
@given(clouds(policy=Policy(multiple_taps_per_nic="error"), min_interfaces=3, min_taps=2))
def test_a_policy_is_kept_to(cloud: Cloud) -> None:
    sources = [one.network_interface_id for one in cloud.list(NetworkInterfaceTapConfiguration)]
    assert len(sources) == len(set(sources))
    assert cloud.policy.multiple_taps_per_nic == "error"


@few
@given(clouds(max_deletions=4, policy=DANGLING))
def test_what_deletions_leave_is_a_world_still(cloud: Cloud) -> None:
    topology = Topology.of(cloud)
    assert len(topology.networks) == len(cloud.list(VirtualNetwork)) >= 1


def lost_destination(cloud: Cloud) -> bool:
    present = {one.id for one in resources_of(cloud)}
    return any(tap.destination_id.rsplit("/", 2)[0] not in present for tap in cloud.list(VirtualNetworkTap))


def crosses_networks(cloud: Cloud) -> bool:
    """Whether a TAP sends to another network than the source's."""
    homes = {one.id: one.virtual_network_id for one in cloud.list(NetworkInterface)}
    for one in cloud.list(NetworkInterfaceTapConfiguration):
        tap = cloud.get(one.virtual_network_tap_id)
        assert isinstance(tap, VirtualNetworkTap)
        there = homes.get((tap.destination_network_interface_ip_configuration_id or "").rsplit("/", 2)[0])
        if there not in (None, homes[one.network_interface_id]):
            return True
    return False


def has_twice_the_same_address(cloud: Cloud) -> bool:
    found = [one.private_ip_address for one in cloud.list(NetworkInterface)]
    return len(found) != len(set(found))


# What is drawn, the condition, and how many resources the smallest such world has: counted by hand. The least
# is a subscription, its group, a network with a subnet, two interfaces with a machine each (the simplest
# choice), a TAP and a configuration: 10.
SMALLEST: dict[str, tuple[st.SearchStrategy[DrawnCloud], Callable[[DrawnCloud], bool], int]] = {
    # Load balancer, pool, rule and one backend.
    "load-balanced": (clouds(), lambda cloud: bool(cloud.list(Lb)), 14),
    # A network, its subnet, and the two sides of the peering.
    "peered": (clouds(), lambda cloud: bool(cloud.list(VirtualNetworkPeering)), 14),
    # And one more interface with its machine.
    "across networks": (clouds(min_networks=2), crosses_networks, 16),
    "two tenants": (clouds(tenants=2), lambda cloud: len(cloud.list(Subscription)) == 2, 12),
    "two TAPs": (clouds(), lambda cloud: len(cloud.list(VirtualNetworkTap)) == 2, 12),
    "two subnets": (clouds(max_networks=1), lambda cloud: len(cloud.list(Subnet)) == 2, 11),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("case", SMALLEST)
def test_a_failure_shrinks_to_a_world_that_can_be_read(case: str) -> None:
    strategy, condition, smallest = SMALLEST[case]
    # One seed: shrinking is a search, and how near it comes to the smallest must not vary from run to run.
    found = find(strategy, condition, settings=settings(database=None), random=Random(0))
    assert smallest <= len(resources_of(found)) <= smallest * 1.5, found


@pytest.mark.parametrize(
    ("wider", "narrower", "condition"),
    [
        (clouds(max_deletions=3, policy=DANGLING), clouds(policy=DANGLING), lost_destination),
        (clouds(overlapping=True), clouds(), has_twice_the_same_address),
    ],
)
def test_an_option_widens_to_worlds_that_are_not_there_without_it(
    wider: st.SearchStrategy[DrawnCloud],
    narrower: st.SearchStrategy[DrawnCloud],
    condition: Callable[[Cloud], bool],
) -> None:
    unshrunk = settings(max_examples=1000, phases=[Phase.generate], database=None)
    assert condition(find(wider, condition, settings=unshrunk))

    @few
    @given(narrower)
    def none_is_so(cloud: Cloud) -> None:
        assert not condition(cloud)

    none_is_so()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"min_networks": 0}, "0 to 3 networks"),
        ({"min_networks": 4}, "4 to 3 networks"),
        ({"min_interfaces": 1}, "1 to 5 interfaces"),
        ({"max_taps": 0}, "1 to 0 TAPs"),
        ({"tenants": 0}, "0 tenants"),
    ],
)
def test_options_that_no_world_has_are_refused_with_what_there_can_be(
    options: dict[str, int], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        find(clouds(**options), lambda cloud: True)  # type: ignore[arg-type]  # all of them are numbers


def one_network() -> DrawnCloud:
    cloud = DrawnCloud()
    home = cloud.subscription("11111111-1111-4111-8111-111111111111", tenant_id="t")
    home.put(ResourceGroup(name="lab", location="westeurope"))
    block = InlineSubnet(name="inner", address_prefixes=["10.0.0.0/24"])
    home.put(
        VirtualNetwork(
            name="app",
            resource_group_name="lab",
            location="westeurope",
            address_space=["10.0.0.0/16"],
            subnet=[block],
        )
    )
    return cloud


def test_a_cloud_shows_its_resources_a_line_each() -> None:
    assert repr(one_network()).splitlines() == [
        "Cloud with 4 resources:",
        "    subscriptions/11111111-1111-4111-8111-111111111111: tenant t",
        "    resourceGroups/lab",
        "    virtualNetworks/app: 10.0.0.0/16",
        "    subnets/inner: of virtualNetworks/app, 10.0.0.0/24",
    ]


@given(any_clouds)
def test_a_cloud_shows_every_resource(cloud: Cloud) -> None:
    assert len(repr(cloud).splitlines()) == 1 + len(resources_of(cloud))


def test_a_cloud_that_is_closed_says_so_and_may_be_closed_again() -> None:
    cloud = one_network()
    cloud.close()
    cloud.close()
    assert repr(cloud) == "Cloud, closed"
