"""What a cloud has for the fabric: security groups, machines' state, probes, and ways in from outside."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests.vtaplib.control.lab import (
    Lab,
    backend,
    guarded_interface,
    guarded_subnet,
    ip,
    lb_rule,
    machine,
    nic,
    nic_id,
    peering,
    pool,
    pool_id,
    probe,
    public_ip_id,
    security_group,
    security_rule,
    subnet_id,
    vm_id,
)
from vtaplib.fabric.fabric import Fabric
from vtaplib.fabric.path_trace import Drop, PathTrace
from vtaplib.fabric.topology import Interface, IpConfiguration, Topology
from vtaplib.packets import ethernet
from vtaplib.packets.flow import UDP, Flow
from vtaplib.resources import PublicIp


@pytest.fixture
def lab() -> Lab:
    made = Lab()
    made.put(machine("vm-db", nic_id("db")), machine("vm-reached", nic_id("reached")))
    return made


def interface(world: Topology, name: str) -> Interface:
    found = world.interface(nic_id(name))
    assert found is not None
    return found


def at(world: Topology, name: str) -> IpConfiguration:
    return interface(world, name).ip_configurations[0]


def sent(
    lab: Lab, source: str | None, destination: str, port: int = 4789, here: str | None = None
) -> PathTrace:
    """The path trace of a datagram from an interface, or from outside, to one or to an address."""
    world = Topology.of(lab.cloud)
    source_address = ip_address(here) if here else at(world, source or "").address
    is_name = world.interface(nic_id(destination)) is not None
    destination_address = at(world, destination).address if is_name else ip_address(destination)
    assert source_address is not None
    assert destination_address is not None
    ends = source_address.packed, destination_address.packed
    flow = Flow(4, ethernet.IPV4, *ends, UDP, 40000, port)
    return Fabric(world).trace(flow, None if source is None else nic_id(source))


def test_groups_at_interface_and_subnet_are_in_force(lab: Lab) -> None:
    assert sent(lab, "web", "db").delivered
    lab.put(security_group("one", security_rule("no")), guarded_interface("db", "one"))
    assert sent(lab, "web", "db").drop is Drop.INBOUND_SECURITY
    assert sent(lab, "web", "db", port=53).delivered
    lab.put(security_group("two", security_rule("none", direction="Outbound", ports="53")))
    lab.put(guarded_subnet(subnet_id("app"), "two"))
    assert sent(lab, "web", "db", port=53).drop is Drop.OUTBOUND_SECURITY


def test_the_tag_of_the_virtual_network_covers_what_is_peered(lab: Lab) -> None:
    lab.put(machine("vm-collector", nic_id("collector")))
    lab.put(security_group("empty"), guarded_interface("collector", "empty"))
    assert sent(lab, "web", "collector").delivered
    shut = [
        peering(*ends, allow_virtual_network_access=False) for ends in (("app", "tools"), ("tools", "app"))
    ]
    lab.put(*shut)
    assert sent(lab, "web", "collector").drop is Drop.NO_ROUTE


def test_interfaces_without_any_group_have_no_guard(lab: Lab) -> None:
    world = Topology.of(lab.cloud)
    assert at(world, "web").effective_rules is None
    assert at(world, "reached").effective_rules is not None
    assert at(world, "web").subnet_id == subnet_id("app")


def test_a_group_that_many_share_is_compiled_once(lab: Lab) -> None:
    lab.put(security_group("shared"), guarded_subnet(subnet_id("app"), "shared"))
    world = Topology.of(lab.cloud)
    assert (
        at(world, "web").effective_rules
        is at(world, "db").effective_rules
        is at(world, "spare").effective_rules
        is not None
    )


def test_machines_that_are_deallocated_do_not_run(lab: Lab) -> None:
    assert interface(Topology.of(lab.cloud), "web").machine_size == "Standard_D2s_v5"
    lab.cloud.deallocate(vm_id("vm-db"))
    assert not interface(Topology.of(lab.cloud), "db").is_running
    assert sent(lab, "web", "db").drop is Drop.DESTINATION_STOPPED
    assert sent(lab, "db", "web").drop is Drop.SOURCE_STOPPED
    assert sent(lab, "web", "spare").drop is Drop.DESTINATION_DETACHED


def test_an_interface_with_forwarding_sends_what_is_not_its_own(lab: Lab) -> None:
    assert sent(lab, "web", "db", here="10.1.1.99").drop is Drop.WRONG_SOURCE_ADDRESS
    lab.put(nic("web", ip(subnet_id("app")), ip_forwarding_enabled=True))
    assert sent(lab, "web", "db", here="10.1.1.99").delivered


def test_a_frontend_gives_to_a_backend_whose_groups_let_the_probe_in(lab: Lab) -> None:
    lab.put(machine("vm-collector", nic_id("collector")))
    (front,) = (one for one in Topology.of(lab.cloud).frontends if not one.is_public)
    assert [rule.probe_port for rule in front.rules] == [22]
    assert sent(lab, "web", str(front.address)).destination is not None
    deny = {"source": "AzureLoadBalancer", "protocol": "Tcp"}
    lab.put(security_group("no-probes", security_rule("no", ports="22", **deny)))
    lab.put(guarded_interface("collector", "no-probes"))
    assert sent(lab, "web", str(front.address)).drop is Drop.NO_HEALTHY_BACKEND
    lab.put(security_group("no-probes", security_rule("no", ports="23", **deny)))
    assert sent(lab, "web", str(front.address)).delivered


def test_a_public_address_leads_to_its_interface_where_a_group_allows(lab: Lab) -> None:
    address = lab.get(PublicIp, public_ip_id("pip-held")).ip_address
    outside = "192.0.2.1"
    world = Topology.of(lab.cloud)
    trace = sent(lab, None, address, here=outside)
    assert (trace.destination, trace.drop) == (interface(world, "reached"), None)
    assert sent(lab, None, address, port=53, here=outside).drop is Drop.INBOUND_SECURITY
    lab.put(nic("web", ip(subnet_id("app"), public_ip_address_id=public_ip_id("pip"))))
    unguarded = lab.get(PublicIp, public_ip_id("pip")).ip_address
    assert sent(lab, None, unguarded, here=outside).drop is Drop.SHIELDED


def test_a_public_frontend_leads_to_a_backend_where_a_group_allows(lab: Lab) -> None:
    lab.put(pool("outside"), probe("outside"), lb_rule("outside"), backend("web", pool_id("outside")))
    world = Topology.of(lab.cloud)
    (front,) = (one for one in world.frontends if one.is_public)
    assert front.network_id == interface(world, "web").network_id
    address = str(front.address)
    assert sent(lab, None, address, here="192.0.2.1").drop is Drop.SHIELDED
    lab.put(security_group("open", security_rule("yes", access="Allow")), guarded_interface("web", "open"))
    trace = sent(lab, None, address, here="192.0.2.1")
    assert trace.delivered
    assert trace.destination == interface(Topology.of(lab.cloud), "web")
