from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from vtaplib.control.cloud import Cloud
from vtaplib.fabric.topology import Backend, BalancingRule, Distribution, Frontend, RuleProtocol, Topology
from vtaplib.mirror.engine import MirrorEngine
from vtaplib.mirror.verdict import Direction, Mirrored
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.view import R, View
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_probe import LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.linux_virtual_machine import LinuxVirtualMachine
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

PROVIDERS = "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Network"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
MAC = "02-00-00-00-00-{:02X}"


class ListView(View):
    """A view of some resources in a list."""

    def __init__(self, *resources: Resource) -> None:
        self.resources = sorted(resources, key=lambda one: one.id.lower())

    @property
    def complete(self) -> bool:
        return True

    def find(self, resource_id: str) -> Resource | None:
        return next((one for one in self.resources if one.id.lower() == resource_id.lower()), None)

    def list(self, kind: type[R], within: str = "") -> Iterator[R]:
        return (
            one
            for one in self.resources
            if isinstance(one, kind) and one.id.lower().startswith(within.lower())
        )

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        for one in self.resources:
            if not isinstance(one, kind):
                continue
            targets = [reference.target.lower() for reference in one.references()]
            if any(f"{target}/".startswith(f"{resource_id.lower()}/") for target in targets):
                yield one

    def targets(self, prefix: str, *, certain: bool = False) -> Iterator[tuple[str, str]]:
        raise NotImplementedError("a survey asks for no targets")

    def usage(self, bucket: str, *, certain: bool = False) -> int:
        raise NotImplementedError("a survey asks for no limits")


def network(name: str, space: str) -> VirtualNetwork:
    return VirtualNetwork(
        subscription_id="s",
        name=name,
        resource_group_name="lab",
        location="westeurope",
        address_space=[space],
    )


def peering(
    here: str, there: str, state: Any = "Connected", *, allow_access: bool = True
) -> VirtualNetworkPeering:
    return VirtualNetworkPeering(
        subscription_id="s",
        name=f"{here}-{there}",
        resource_group_name="lab",
        virtual_network_name=here,
        remote_virtual_network_id=f"{PROVIDERS}/virtualNetworks/{there}",
        allow_virtual_network_access=allow_access,
        peering_state=state,
    )


def interface(name: str, home: str, *addresses: Any, mac: Any = "") -> NetworkInterface:
    return NetworkInterface(
        subscription_id="s",
        name=name,
        resource_group_name="lab",
        location="westeurope",
        mac_address=mac,
        ip_configuration=[
            NetworkInterfaceIpConfiguration(
                name=f"at{position}",
                private_ip_address=address,
                private_ip_address_allocation="Dynamic",
                # The second of two, to see that the first is not taken by habit.
                primary=position == len(addresses) - 1,
                subnet_id=f"{PROVIDERS}/virtualNetworks/{home}/subnets/all",
            )
            for position, address in enumerate(addresses)
        ],
    )


def machine(name: str, *interfaces: NetworkInterface) -> LinuxVirtualMachine:
    return LinuxVirtualMachine.from_values(
        {
            "subscription_id": "s",
            "name": name,
            "resource_group_name": "lab",
            "network_interface_ids": [one.id.upper() for one in interfaces],
        }
    )


WEB = interface("web", "production", "10.0.0.9", "10.0.0.4", mac=MAC.format(1))
COLLECTOR = interface("collector", "tools", "10.1.0.4", mac=MAC.format(2))
NETWORKS = (network("production", "10.0.0.0/16"), network("tools", "10.1.0.0/16"))
BOTH_SIDES = (peering("production", "tools"), peering("tools", "production"))
TAP = VirtualNetworkTap(
    subscription_id="s",
    name="ndr",
    resource_group_name="lab",
    location="westeurope",
    destination_network_interface_ip_configuration_id=f"{COLLECTOR.id}/ipConfigurations/at0",
)
TAPPED = NetworkInterfaceTapConfiguration(
    name="ndr", network_interface_id=WEB.id, virtual_network_tap_id=TAP.id
)


def test_a_cloud_becomes_a_topology_that_mirrors() -> None:
    view = ListView(
        *NETWORKS,
        *BOTH_SIDES,
        WEB,
        COLLECTOR,
        machine("web", WEB),
        machine("collector", COLLECTOR),
        TAP,
        TAPPED,
    )
    topology = Topology.of(view)
    web = topology.interface(WEB.id)
    assert web is not None
    assert web.network_id == f"{PROVIDERS}/virtualNetworks/production"
    assert web.mac == bytes.fromhex("020000000001")
    assert (
        web.machine_id
        == "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/web"
    )
    assert web.region == "westeurope"
    assert [(one.id, one.address, one.is_primary) for one in web.ip_configurations] == [
        (f"{WEB.id}/ipConfigurations/at0", ip_address("10.0.0.9"), False),
        (f"{WEB.id}/ipConfigurations/at1", ip_address("10.0.0.4"), True),
    ]
    (verdict,) = MirrorEngine(topology).frame(WEB.id, Direction.EGRESS, bytes(60))
    assert isinstance(verdict, Mirrored)
    assert verdict.collector_id == COLLECTOR.id
    # From the primary address, whatever the inner frame says.
    assert verdict.copies[0][26:34] == ip_address("10.0.0.4").packed + ip_address("10.1.0.4").packed


@pytest.mark.parametrize(
    ("sides", "is_reachable"),
    [
        (BOTH_SIDES, True),
        (BOTH_SIDES[:1], False),
        ((peering("production", "tools", "Initiated"), BOTH_SIDES[1]), False),
        ((BOTH_SIDES[0], peering("tools", "production", "Disconnected")), False),
        ((BOTH_SIDES[0], peering("tools", "production", UNKNOWN)), False),
        ((peering("production", "tools", allow_access=False), BOTH_SIDES[1]), False),
        ((BOTH_SIDES[0], peering("tools", "production", allow_access=False)), False),
        ((), False),
    ],
)
def test_networks_reach_each_other_if_both_sides_are_connected_and_allow_it(
    sides: tuple[VirtualNetworkPeering, ...], is_reachable: bool
) -> None:
    topology = Topology.of(ListView(*NETWORKS, *sides))
    here, there = (one.id for one in NETWORKS)
    assert topology.is_reachable(here, there) is is_reachable
    assert topology.is_reachable(there, here) is is_reachable


@pytest.mark.parametrize("unknown", [UNKNOWN, "", None])
def test_an_interface_that_is_planned_has_no_address_no_mac_and_no_machine(unknown: object) -> None:
    (planned,) = Topology.of(ListView(interface("new", "production", unknown, mac=unknown))).interfaces
    assert (planned.ip_configurations[0].address, planned.mac, planned.machine_id) == (None, None, None)


def balancer(*frontends: LbFrontendIpConfiguration) -> Lb:
    return Lb(
        subscription_id="s",
        name="balancer",
        resource_group_name="lab",
        location="westeurope",
        frontend_ip_configuration=frontends,
    )


def test_internal_frontends_have_their_rules_and_the_members_of_their_pools() -> None:
    inside = LbFrontendIpConfiguration(
        name="inside",
        subnet_id=f"{PROVIDERS}/virtualNetworks/tools/subnets/all",
        private_ip_address="10.1.0.7",
    )
    outside = LbFrontendIpConfiguration(
        name="outside", public_ip_address_id=f"{PROVIDERS}/publicIPAddresses/one"
    )
    lb = balancer(inside, outside)
    pool = LbBackendAddressPool(loadbalancer_id=lb.id, name="collectors")
    member = NetworkInterfaceBackendAddressPoolAssociation(
        network_interface_id=COLLECTOR.id, ip_configuration_name="at0", backend_address_pool_id=pool.id
    )
    rule = LbRule(
        loadbalancer_id=lb.id,
        name="vxlan",
        protocol="udp",
        frontend_port=4789,
        backend_port=4790,
        frontend_ip_configuration_name="INSIDE",
        backend_address_pool_ids=[pool.id],
        load_distribution="SourceIP",
        floating_ip_enabled=True,
    )
    expected = BalancingRule(
        "vxlan",
        RuleProtocol.UDP,
        4789,
        4790,
        (Backend(f"{COLLECTOR.id}/ipConfigurations/at0"),),
        Distribution.SOURCE_IP,
        is_floating_ip=True,
        has_probe=False,
    )
    front = Frontend(
        f"{lb.id}/frontendIPConfigurations/inside",
        f"{PROVIDERS}/virtualNetworks/tools",
        ip_address("10.1.0.7"),
        (expected,),
    )
    world = (lb, pool, member, COLLECTOR)
    assert Topology.of(ListView(*world, rule)).frontends == (front,)
    probed = rule.replace(probe_id=f"{lb.id}/probes/health")
    assert Topology.of(ListView(*world, probed)).frontends == (
        replace(front, rules=(replace(expected, has_probe=True),)),
    )
    health = LbProbe(
        name="health", loadbalancer_id=lb.id, port=8080, no_healthy_backends_behavior="AllProbedUp"
    )
    asked = replace(expected, has_probe=True, probe_port=8080, all_probed_up=True)
    assert Topology.of(ListView(*world, probed, health)).frontends == (replace(front, rules=(asked,)),)
    # A rule that a plan does not know yet leaves its frontend without one.
    half_known = rule.replace(frontend_port=UNKNOWN)
    assert Topology.of(ListView(*world, half_known)).frontends == (replace(front, rules=()),)


def test_an_empty_cloud_is_an_empty_topology() -> None:
    assert Topology.of(ListView()) == Topology()


def test_a_cloud_itself_is_surveyed_with_what_the_service_assigned() -> None:
    cloud = Cloud()
    lab = cloud.subscription(SUBSCRIPTION)
    here: dict[str, Any] = {"resource_group_name": "lab", "location": "westeurope"}
    images = PROVIDERS.replace("Microsoft.Network", "Microsoft.Compute")
    lab.put(ResourceGroup(name="lab", location="westeurope"))
    lab.put(VirtualNetwork(name="net", address_space=["10.0.0.0/16"], **here))
    subnet = lab.put(
        Subnet(
            name="all",
            resource_group_name="lab",
            virtual_network_name="net",
            address_prefixes=["10.0.0.0/24"],
        )
    )
    for name in ("web", "collector"):
        nic = lab.put(
            NetworkInterface(
                name=name,
                ip_configuration=[
                    NetworkInterfaceIpConfiguration(
                        name="primary", subnet_id=subnet.id, private_ip_address_allocation="Dynamic"
                    )
                ],
                **here,
            )
        )
        lab.put(
            LinuxVirtualMachine.from_values(
                {
                    "name": name,
                    "network_interface_ids": [nic.id],
                    "size": "Standard_D2s_v5",
                    "admin_username": "operator",
                    "admin_ssh_key": [{"username": "operator", "public_key": PUBLIC_KEY}],
                    "os_disk": [{"caching": "ReadOnly", "storage_account_type": "Standard_LRS"}],
                    "source_image_id": f"{images}/images/linux",
                    **here,
                }
            )
        )
    topology = Topology.of(cloud)
    # Azure reserves the first four addresses of a subnet and gives out the lowest free one.
    assert {
        interface.id.rsplit("/", 1)[1]: (str(interface.primary_ipv4), len(interface.mac or b""))
        for interface in topology.interfaces
    } == {"web": ("10.0.0.4", 6), "collector": ("10.0.0.5", 6)}
    assert all(interface.machine_id for interface in topology.interfaces)
