"""Cases of the rules of security groups, their rules, and what attaches them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control.lab import (
    NORTH,
    backend,
    guarded_interface,
    guarded_subnet,
    ip,
    lb_rule,
    mirror,
    network,
    nic,
    nic_id,
    pool_id,
    security_group,
    security_group_id,
    security_rule,
    subnet,
    subnet_id,
)
from tests.vtaplib.resources.rule_case import Case, Pair, after, pair
from vtaplib.model.resource import Resource
from vtaplib.resources import InlineSubnet, NetworkSecurityRule

GROUP, SECOND_GROUP = (security_group(name).replace(security_rule=None) for name in ("group", "second"))
"""Groups whose rules are resources of their own."""
NORTHERN = security_group("northern", location=NORTH)


def standing(name: str, group: str = "group", **values: Any) -> NetworkSecurityRule:
    """A security rule of its own, which allows."""
    values = security_rule(name, **{"access": "Allow"} | values).values()
    return NetworkSecurityRule.from_values(
        values | {"resource_group_name": "lab", "network_security_group_name": group}
    )


def in_group(broken: Mapping[str, Any], valid: Mapping[str, Any], *given: Resource) -> Pair:
    """A rule in two forms, in a group that is there."""
    make = after(GROUP, *given)
    return Pair(make(standing("new", **broken)), make(standing("new", **valid)))


def listed(*prefixes: str) -> Mapping[str, Any]:
    return {"source": None, "source_address_prefixes": list(prefixes)}


def lost(last: Resource, *given: Resource) -> Case:
    """What closes the way of a stream, where the collector's group denies it, and where it does not."""
    pairs = []
    for denied, allowed in (
        ([security_rule("no")], []),
        ([security_rule("no", source="10.1.1.0/24")], [security_rule("no", source="10.9.9.0/24")]),
        ([security_rule("no", ports="4000-5000")], [security_rule("no", ports="4788")]),
        ([security_rule("no")], [security_rule("no", priority=101), security_rule("yes", access="Allow")]),
        ([security_rule("no", protocol="*")], [security_rule("no", protocol="Tcp")]),
        (
            [security_rule("no", source="VirtualNetwork")],
            [security_rule("no", source="Storage"), security_rule("out", direction="Outbound")],
        ),
    ):
        broken, valid = (security_group("group", *rules) for rules in (denied, allowed))
        pairs.append(Pair(after(broken, *given)(last), after(valid, *given)(last)))
    return Case("VirtualNetworkTapStreamLost", pairs)


def sending(group: str) -> Resource:
    """A subnet that sends a security group to be attached."""
    return subnet(
        "app",
        "new",
        "10.1.9.0/24",
        network_security_group_id_wo=security_group_id(group),
        network_security_group_id_wo_version=1,
    )


def carrying(group: str) -> Resource:
    """A network whose own argument attaches a security group to a subnet."""
    inner = InlineSubnet(
        name="one", address_prefixes=["10.9.1.0/24"], security_group=security_group_id(group)
    )
    return network("new", "10.9.0.0/16", subnet=[inner])


AT_COLLECTOR = guarded_interface("collector", "group")
AT_TOOLS = guarded_subnet(subnet_id("tools"), "group")
TO_BALANCER = mirror(nic_id("spare"), "tap-lb")
SECOND = nic("second", ip(subnet_id("tools")))

CASES: Mapping[tuple[str, str], Case] = {
    **{
        ("Subnet", name): Case(
            "InvalidResourceReference",
            [
                Pair(after(GROUP, NORTHERN)(make(broken)), after(GROUP, NORTHERN)(make("group")))
                for make in (sending, carrying)
            ],
        )
        for name, broken in (
            ("sent_security_group_exists", "nowhere"),
            ("sent_security_group_can_be_attached", "northern"),
        )
    },
    ("NetworkSecurityRule", "priority_is_unique"): Case(
        "SecurityRuleConflict",
        [
            in_group({"priority": 200}, {"priority": 201}, standing("other", priority=200)),
            in_group(
                {"priority": 200}, {"priority": 200, "direction": "Outbound"}, standing("other", priority=200)
            ),
            Pair(
                after(GROUP, SECOND_GROUP, standing("other", "group"))(standing("new", "group")),
                after(GROUP, SECOND_GROUP, standing("other", "group"))(standing("new", "second")),
            ),
            pair(
                security_group("new", security_rule("one"), security_rule("two")),
                security_group("new", security_rule("one"), security_rule("two", priority=200)),
            ),
        ],
    ),
    ("NetworkSecurityRule", "lists_hold_addresses"): Case(
        "InvalidRequestContent",
        [
            in_group(listed("VirtualNetwork", "10.0.0.4"), listed("10.0.0.0/24", "10.0.0.4")),
            in_group(listed("*"), listed("0.0.0.0/0")),
            in_group(listed("Storage.WestEurope"), listed("fd00::/8")),
        ],
    ),
    ("NetworkSecurityRule", "ports_go_with_tcp_and_udp"): Case(
        "InvalidRequestContent",
        [
            in_group({"protocol": "Icmp", "ports": "80"}, {"protocol": "Tcp", "ports": "80"}),
            in_group({"protocol": "Esp", "ports": "80"}, {"protocol": "Esp", "ports": "*"}),
            in_group(
                {"protocol": "Ah", "ports": None, "destination_port_ranges": ["80", "443"]},
                {"protocol": "*", "ports": None, "destination_port_ranges": ["80", "443"]},
            ),
        ],
    ),
    ("NetworkInterfaceSecurityGroupAssociation", "interface_has_one_group"): Case(
        "OperationNotAllowed",
        [
            Pair(
                after(GROUP, security_group("second"), guarded_interface("spare", "group"))(
                    guarded_interface(broken, "second")
                ),
                after(GROUP, security_group("second"), guarded_interface("spare", "group"))(
                    guarded_interface("web", "second")
                ),
            )
            for broken in ("spare", "SPARE")
        ],
    ),
    ("NetworkInterfaceSecurityGroupAssociation", "group_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(NORTHERN)(guarded_interface("spare", "northern")),
                after(NORTHERN)(guarded_interface("far", "northern")),
            )
        ],
    ),
    ("SubnetNetworkSecurityGroupAssociation", "group_is_in_the_same_region"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(NORTHERN)(guarded_subnet(subnet_id("app"), "northern")),
                after(NORTHERN)(guarded_subnet(subnet_id("north"), "northern")),
            )
        ],
    ),
    ("SubnetNetworkSecurityGroupAssociation", "subnet_does_not_send_it_too"): Case(
        "OperationNotAllowed",
        [
            Pair(
                after(GROUP, make("group"))(guarded_subnet(subnet_id(home, name), "group")),
                after(GROUP, make("group"))(guarded_subnet(subnet_id("app"), "group")),
            )
            for make, home, name in ((sending, "app", "new"), (carrying, "new", "one"))
        ],
    ),
    ("NetworkInterfaceSecurityGroupAssociation", "security_groups_let_copies_in"): lost(AT_COLLECTOR),
    ("SubnetNetworkSecurityGroupAssociation", "security_groups_let_copies_in"): lost(AT_TOOLS),
    ("NetworkInterface", "security_groups_let_copies_in"): lost(
        nic("collector", ip(subnet_id("tools", "two"))),
        subnet("tools", "two", "10.2.2.0/24"),
        guarded_subnet(subnet_id("tools", "two"), "group"),
    ),
    ("NetworkInterfaceTapConfiguration", "security_groups_let_copies_in"): lost(TO_BALANCER, AT_COLLECTOR),
    ("NetworkInterfaceBackendAddressPoolAssociation", "security_groups_let_copies_in"): lost(
        backend("second", pool_id("inner")), TO_BALANCER, SECOND, guarded_interface("second", "group")
    ),
    ("LbRule", "security_groups_let_copies_in"): lost(lb_rule("inner"), TO_BALANCER, AT_TOOLS),
    ("NetworkSecurityRule", "security_groups_let_copies_in"): Case(
        "VirtualNetworkTapStreamLost",
        [
            in_group(
                {"access": "Deny", "priority": 200},
                {"access": "Deny", "priority": 400},
                standing("yes", priority=300),
                attachment,
            )
            for attachment in (AT_COLLECTOR, AT_TOOLS)
        ],
    ),
}
