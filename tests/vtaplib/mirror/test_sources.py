"""Several sources of one TAP, and several TAPs of one source, from the cloud on."""

from __future__ import annotations

import pytest

from tests.vtaplib.fabric.worlds import udp_frame
from tests.vtaplib.mirror.reference import dissect
from tests.vtaplib.mirror.replaying import batch
from vtaplib import (
    ArmError,
    Cloud,
    Direction,
    Mirrored,
    MirrorEngine,
    NetworkInterface,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceTapConfiguration,
    Policy,
    ResourceGroup,
    Subnet,
    Topology,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.control import SubscriptionHandle
from vtaplib.mirror import Replay
from vtaplib.testing.resources import machine_of

REGION, GROUP = "uksouth", "lab"
TENANT, OTHER_TENANT = (f"00000000-0000-4000-9000-{number:012d}" for number in (1, 2))
HERE, THERE = (f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2))


def network_of(subscription: SubscriptionHandle, name: str, number: int) -> VirtualNetwork:
    subscription.put(ResourceGroup(name=GROUP, location=REGION))
    network = subscription.put(
        VirtualNetwork(
            name=name, resource_group_name=GROUP, location=REGION, address_space=[f"10.{number}.0.0/16"]
        )
    )
    subscription.put(
        Subnet(
            name="subnet",
            resource_group_name=GROUP,
            virtual_network_name=name,
            address_prefixes=[f"10.{number}.1.0/24"],
        )
    )
    return network


def interface_in(subscription: SubscriptionHandle, network: VirtualNetwork, name: str) -> NetworkInterface:
    configuration = NetworkInterfaceIpConfiguration(
        name="ip", subnet_id=f"{network.id}/subnets/subnet", private_ip_address_allocation="Dynamic"
    )
    return subscription.put(
        NetworkInterface(
            name=name, resource_group_name=GROUP, location=REGION, ip_configuration=[configuration]
        )
    )


def tap_to(subscription: SubscriptionHandle, collector: NetworkInterface, name: str) -> VirtualNetworkTap:
    return subscription.put(
        VirtualNetworkTap(
            name=name,
            resource_group_name=GROUP,
            location=REGION,
            destination_network_interface_ip_configuration_id=collector.ip_configuration[0].id,
        )
    )


def configure(subscription: SubscriptionHandle, source: NetworkInterface, tap: VirtualNetworkTap) -> None:
    subscription.put(
        NetworkInterfaceTapConfiguration(
            name=f"to-{tap.name}", network_interface_id=source.id, virtual_network_tap_id=tap.id
        )
    )


def run_machine(subscription: SubscriptionHandle, interface: NetworkInterface) -> None:
    subscription.put(machine_of(interface.id, name=f"vm-{interface.name}", resource_group_name=GROUP))


def peer(here: tuple[SubscriptionHandle, VirtualNetwork], there: VirtualNetwork) -> None:
    here[0].put(
        VirtualNetworkPeering(
            name=f"to-{there.name}",
            resource_group_name=GROUP,
            virtual_network_name=here[1].name,
            remote_virtual_network_id=there.id,
        )
    )


def test_one_tap_has_sources_of_two_subscriptions_of_its_tenant_and_of_peered_networks() -> None:
    cloud = Cloud()
    here, there = (cloud.subscription(one, tenant_id=TENANT) for one in (HERE, THERE))
    tools, remote = network_of(here, "tools", 1), network_of(there, "remote", 2)
    peer((here, tools), remote)
    peer((there, remote), tools)
    collector = interface_in(here, tools, "collector")
    near, far = interface_in(here, tools, "near"), interface_in(there, remote, "far")
    tap = tap_to(here, collector, "tap")
    configure(here, near, tap)
    configure(there, far, tap)
    for subscription, interface in ((here, collector), (here, near), (there, far)):
        run_machine(subscription, interface)

    run = Replay(Topology.of(cloud))
    frame = udp_frame("10.1.1.5", "10.2.1.4")
    (copies,) = batch(run, [0], [frame]).values()
    assert [str(dissect(copy).ipv4.source) for copy in copies.frames] == ["10.1.1.5", "10.2.1.4"]
    assert {dissect(copy).ipv4.destination for copy in copies.frames} == {
        dissect(copies.frames[0]).ipv4.destination
    }
    assert len({dissect(copy).vxlan.vni for copy in copies.frames}) == 1


def test_a_source_of_another_tenant_is_refused() -> None:
    cloud = Cloud()
    here = cloud.subscription(HERE, tenant_id=TENANT)
    there = cloud.subscription(THERE, tenant_id=OTHER_TENANT)
    tools, remote = network_of(here, "tools", 1), network_of(there, "remote", 2)
    peer((here, tools), remote)
    peer((there, remote), tools)
    tap = tap_to(here, interface_in(here, tools, "collector"), "tap")
    far = interface_in(there, remote, "far")
    with pytest.raises(ArmError, match="VirtualNetworkTapTenantMismatch"):
        configure(there, far, tap)


@pytest.mark.parametrize("multiple", ["allow", "warn"])
def test_an_interface_with_two_tap_configurations_makes_a_copy_for_each_tap(multiple: str) -> None:
    cloud = Cloud(policy=Policy(multiple_taps_per_nic=multiple))
    here = cloud.subscription(HERE, tenant_id=TENANT)
    tools = network_of(here, "tools", 1)
    collectors = [interface_in(here, tools, name) for name in ("collector-a", "collector-b")]
    source = interface_in(here, tools, "source")
    taps = [tap_to(here, collector, f"tap-{number}") for number, collector in enumerate(collectors)]
    for tap in taps:
        configure(here, source, tap)
    for interface in (*collectors, source):
        run_machine(here, interface)
    verdicts = MirrorEngine(Topology.of(cloud)).frame(
        source.id, Direction.EGRESS, udp_frame("10.1.1.6", "10.1.1.200")
    )
    mirrored = [verdict for verdict in verdicts if isinstance(verdict, Mirrored)]
    assert [one.tap_id for one in mirrored] == [tap.id for tap in taps]
    assert [one.collector_id for one in mirrored] == [one.id for one in collectors]
    assert [one.order for one in mirrored] == [1, 2]
    assert len({one.vni for one in mirrored}) == 2


def test_where_the_policy_says_so_a_second_tap_configuration_is_refused() -> None:
    cloud = Cloud(policy=Policy(multiple_taps_per_nic="error"))
    here = cloud.subscription(HERE, tenant_id=TENANT)
    tools = network_of(here, "tools", 1)
    collector, source = (interface_in(here, tools, name) for name in ("collector", "source"))
    first, second = (tap_to(here, collector, name) for name in ("first", "second"))
    configure(here, source, first)
    with pytest.raises(ArmError, match="VirtualNetworkTapAlreadyConfigured"):
        configure(here, source, second)
