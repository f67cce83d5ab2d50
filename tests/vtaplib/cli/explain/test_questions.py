"""Questions that people have, each asked of a cloud with one fault and answered from what is printed.

The question is in the test's name; the answer must name the thing that is wrong and what to change, for
someone who does not know what the fault is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.vtaplib.cli.clouds import GROUP, REGION, Builder, nic_id
from tests.vtaplib.cli.command import Vtap
from tests.vtaplib.control.lab import security_rule
from vtaplib import (
    Cloud,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    Policy,
    Subnet,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.cli.console import CONTINUED
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    LbRule,
    NetworkInterfaceSecurityGroupAssociation,
    SubnetNetworkSecurityGroupAssociation,
)

R = TypeVar("R", bound=Resource)

REPLY_OF_DATABASE = ("--src", "vm-database", "--dst", "vm-web", "--sport", "5432", "--dport", "50000")


@contextmanager
def changed(path: Path) -> Iterator[Cloud]:
    """A cloud to break something in."""
    with Cloud.open(path, policy=Policy(delete_destination_in_use="dangle")) as cloud:
        yield cloud


def named(cloud: Cloud, kind: type[R], name: str) -> R:
    (found,) = [one for one in cloud.list(kind) if one.id.endswith("/" + name)]
    return found


def guard(cloud: Cloud, kind: str, target_id: str, **rule: str | int) -> None:
    """A security group with one rule, at an interface or a subnet."""
    group = NetworkSecurityGroup(
        name="nsg-strict",
        resource_group_name=GROUP,
        location=REGION,
        security_rule=[security_rule("no-strangers", **rule)],  # type: ignore[arg-type]  # its fields
    )
    sub = cloud.subscription(nic_id("any").split("/")[2])
    group_id = sub.put(group).id
    if kind == "interface":
        sub.put(
            NetworkInterfaceSecurityGroupAssociation(
                network_interface_id=target_id, network_security_group_id=group_id
            )
        )
    else:
        sub.put(
            SubnetNetworkSecurityGroupAssociation(subnet_id=target_id, network_security_group_id=group_id)
        )


def ask(vtap: Vtap, cloud: Path, *question: str, code: int = 1) -> str:
    said = vtap("explain", *question, "--cloud", cloud, code=code).stdout
    return said.replace(CONTINUED, "")  # as on a terminal of any width


def test_what_does_the_collector_get_when_nothing_is_wrong(vtap: Vtap, quickstart: Path) -> None:
    said = ask(vtap, quickstart, *REPLY_OF_DATABASE, code=0)
    assert "delivered" in said
    assert said.count("mirrored: nic-collector of vm-collector gets the copy") == 2
    assert "10.10.2.4 → 10.20.1.4" in said
    assert "LOST" not in said
    assert "To change it" not in said


def test_why_does_the_collector_not_see_the_replies_when_a_side_of_a_peering_is_missing(
    vtap: Vtap, quickstart: Path
) -> None:
    with changed(quickstart) as cloud:
        cloud.delete(named(cloud, VirtualNetworkPeering, "to-vnet-app").id)
    said = " ".join(ask(vtap, quickstart, *REPLY_OF_DATABASE).split())
    assert "delivered" in said
    assert "vnet-security has no peering to vnet-app, only vnet-app has one to vnet-security" in said
    # Azure refuses the other side while this one is Disconnected.
    assert (
        "To change it: Write virtualNetworkPeerings/to-vnet-security of vnet-app again (azurerm: change its "
        "triggers, or terraform apply -replace=ADDRESS), then create a peering of vnet-security to vnet-app."
    ) in said
    assert "not mirrored" in said


def test_why_does_the_collector_not_see_the_replies_when_its_security_group_denies_them(
    vtap: Vtap, quickstart: Path
) -> None:
    with changed(quickstart) as cloud:
        guard(cloud, "interface", nic_id("nic-collector"), source="10.10.0.0/16")
    said = ask(vtap, quickstart, *REPLY_OF_DATABASE)
    assert "delivered" in said
    assert "nsg-strict: no-strangers (priority 100) denies it" in said
    assert "To change it: Allow UDP 4789 from 10.10.2.4 inbound at nic-collector" in said


def test_why_does_the_collector_not_see_the_replies_when_its_machine_is_deallocated(
    vtap: Vtap, quickstart: Path
) -> None:
    vtap("machine", "deallocate", "vm-collector", "--cloud", quickstart)
    said = ask(vtap, quickstart, *REPLY_OF_DATABASE)
    assert "nic-collector of vm-collector" in said
    assert "To change it: Start the machine of nic-collector: vtap machine start vm-collector" in said
    vtap("machine", "start", "vm-collector", "--cloud", quickstart)
    ask(vtap, quickstart, *REPLY_OF_DATABASE, code=0)


def add_dual_stack(path: Path) -> None:
    """Two more tapped machines in vnet-app, app and store, with an IPv4 and an IPv6 address each."""
    build = Builder(path)
    network = named(build.cloud, VirtualNetwork, "vnet-app")
    build.sub.put(network.replace(address_space=[*(network.address_space or ()), "fd00:10::/48"]))
    subnet = build.sub.put(
        Subnet(
            name="snet-dual",
            resource_group_name=GROUP,
            virtual_network_name=network.name,
            address_prefixes=["10.10.9.0/24", "fd00:10:0:9::/64"],
        )
    )
    tap = named(build.cloud, VirtualNetworkTap, "tap")
    for name in ("app", "store"):
        nic = build.machine(name, subnet.id)
        second = NetworkInterfaceIpConfiguration(
            name="six",
            private_ip_address_allocation="Dynamic",
            private_ip_address_version="IPv6",
            subnet_id=subnet.id,
        )
        first = nic.ip_configuration[0].replace(primary=True)
        build.mirror(build.sub.put(nic.replace(ip_configuration=[first, second])), tap)
    build.cloud.close()


def test_why_does_the_collector_see_nothing_when_the_machines_talk_ipv6(vtap: Vtap, quickstart: Path) -> None:
    add_dual_stack(quickstart)
    question = ("--src", "vm-store", "--dst", "vm-app", "--sport", "5432", "--dport", "50000")
    said = ask(vtap, quickstart, *question, "--ipv6")
    assert "TCP [fd00:10:0:9::5]:5432 → [fd00:10:0:9::4]:50000" in said
    assert "delivered" in said
    assert said.count("not mirrored: IPv6 is not mirrored") == 2
    assert "To change it: TAPs mirror IPv4 only" in said
    ask(vtap, quickstart, *question, code=0)


def test_why_does_no_collector_see_anything_when_the_load_balancer_has_no_rule(
    vtap: Vtap, load_balanced: Path
) -> None:
    with changed(load_balanced) as cloud:
        cloud.delete(named(cloud, LbRule, "ha").id)
    said = ask(vtap, load_balanced, *REPLY_OF_DATABASE)
    assert "no rule of loadBalancers/lb/frontendIPConfigurations/front takes UDP 4789" in said
    assert (
        "To change it: Give loadBalancers/lb/frontendIPConfigurations/front a rule for UDP port 4789" in said
    )


def test_why_does_no_collector_see_anything_when_all_backends_are_down(
    vtap: Vtap, load_balanced: Path
) -> None:
    down = [part for letter in "abc" for part in ("--down", f"nic-collector-{letter}")]
    said = ask(vtap, load_balanced, *REPLY_OF_DATABASE, *down)
    assert "rule ha has no healthy backend" in said
    assert said.count("unhealthy") >= 3
    assert "To change it: Start a backend of loadBalancers/lb" in said


def test_why_does_one_of_three_collectors_see_half_of_a_conversation(vtap: Vtap, load_balanced: Path) -> None:
    """Under five-tuple distribution the directions of some conversations go to two collectors."""
    for port in range(50000, 50020):
        question = ("--src", "vm-web", "--dst", "vm-database", "--sport", str(port), "--dport", "5432")
        said = ask(vtap, load_balanced, *question, "--reply", code=0)
        if "another collector" in said:
            break
    else:
        raise AssertionError("twenty conversations, and none is split")
    assert "Default hashes the outer header's source" in said
    assert "outer_source_port=symmetric" in said
    assert "SourceIP" in said
    together = ask(
        vtap, load_balanced, *question, "--reply", "--policy", "outer_source_port=symmetric", code=0
    )
    assert "another collector" not in together


def test_why_is_nothing_copied_of_a_machine_that_was_taken_off_its_interface(
    vtap: Vtap, quickstart: Path
) -> None:
    with changed(quickstart) as cloud:
        cloud.delete(named(cloud, VirtualMachine, "vm-database").id)
    said = ask(vtap, quickstart, "--src", "nic-database", *REPLY_OF_DATABASE[2:])
    assert "dropped: the source is attached to no machine" in said
    assert "To change it: Attach nic-database to a machine." in said


def test_why_is_nothing_copied_of_a_machine_that_is_not_tapped(vtap: Vtap, quickstart: Path) -> None:
    with changed(quickstart) as cloud:
        for one in cloud.list(NetworkInterfaceTapConfiguration):
            cloud.delete(one.id)
    said = ask(vtap, quickstart, *REPLY_OF_DATABASE)
    assert "delivered" in said
    assert "not mirrored: it passes no tap point" in said
    assert "To change it: Tap nic-database or nic-web" in said


def test_why_does_the_database_get_no_requests_when_its_subnet_denies_them(
    vtap: Vtap, quickstart: Path
) -> None:
    with changed(quickstart) as cloud:
        subnet = named(cloud, Subnet, "snet-data").id
        guard(cloud, "subnet", subnet, ports="5432", protocol="Tcp", source="10.10.1.0/24")
    question = ("--src", "vm-web", "--dst", "vm-database", "--dport", "5432")
    said = ask(vtap, quickstart, *question)
    assert "dropped: a security group of the destination denies it" in said
    assert "no-strangers" in said
    assert "To change it: Allow it inbound" in said
    # What left the web machine was on the wire, and is copied there; what the database never got is not.
    assert said.count("gets the copy") == 1
    assert "a security group of the interface drops the frame" in said


def test_do_the_replies_of_the_database_need_a_rule_of_their_own(vtap: Vtap, quickstart: Path) -> None:
    with changed(quickstart) as cloud:
        guard(cloud, "interface", nic_id("nic-web"), ports="*", protocol="*", source="*")
    request = ("--src", "vm-web", "--dst", "vm-database", "--sport", "50000", "--dport", "5432")
    said = ask(vtap, quickstart, *request, "--reply", code=0)
    assert said.count("delivered") == 2
    assert "dropped" in ask(vtap, quickstart, *REPLY_OF_DATABASE)


def test_why_does_a_machine_not_reach_the_collector_s_network_itself(vtap: Vtap, quickstart: Path) -> None:
    with changed(quickstart) as cloud:
        peering = named(cloud, VirtualNetworkPeering, "to-vnet-app")
        cloud.put(peering.replace(allow_virtual_network_access=False))
    question = ("--src", "vm-web", "--dst", "vm-collector", "--proto", "icmp")
    said = " ".join(ask(vtap, quickstart, *question).split())
    assert "dropped: no route leads to the address" in said
    shut = "virtualNetworkPeerings/to-vnet-app of vnet-security"
    assert f"{shut} has allow_virtual_network_access = false" in said
    assert f"Set allow_virtual_network_access = true on {shut}." in said


def test_what_comes_back_when_the_request_is_not_even_delivered(vtap: Vtap, quickstart: Path) -> None:
    question = ("--src", "vm-web", "--dst", "10.10.2.99", "--dport", "5432", "--reply")
    said = ask(vtap, quickstart, *question)
    assert "nothing in vnet-app has 10.10.2.99" in said
    assert "The answer: there is none, for the packet is not delivered" in said


def test_why_does_my_dhcp_server_get_no_requests(vtap: Vtap, quickstart: Path) -> None:
    request = ("--src", "vm-web", "--dst", "vm-database", "--proto", "udp", "--sport", "68", "--dport", "67")
    text = vtap("explain", *request, "--cloud", quickstart, code=1).stdout
    assert "to nic-database of vm-database in" in text
    assert "no interface of the cloud" not in text
    assert "the platform answers DHCP itself" in text
    assert "it does not get to nic-database" in text
    assert "A relay agent's, from port 67 to port 67, get through" in text
    # Where it leaves the client it is copied.
    assert text.count("→ mirrored") == 1


def test_what_is_said_of_an_address_that_several_networks_have(vtap: Vtap, tmp_path: Path) -> None:
    build = Builder(tmp_path / "twice.db")
    for name in ("one", "two"):
        network = build.network(f"vnet-{name}", "10.10.0.0/16", {"snet": "10.10.1.0/24"})
        build.machine(name, f"{network.id}/subnets/snet")
    build.cloud.close()
    command = ("--src", "192.0.2.1", "--dst", "10.10.1.4", "--dport", "80")
    text = " ".join(vtap("explain", *command, "--cloud", "twice.db", code=1).stdout.split())
    assert "from 192.0.2.1, no interface of the cloud" in text
    places = "nic-one of vm-one in vnet-one, nic-two of vm-two in vnet-two"
    assert f"to 10.10.1.4, an address of {places}" in text
