"""Copies that a collector's security groups stop: who is told of which, and when nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vtaplib.control.lab import (
    Lab,
    guarded_interface,
    guarded_subnet,
    ip,
    ip_id,
    lb_rule,
    machine,
    mirror,
    nic,
    nic_id,
    security_group,
    security_rule,
    subnet_id,
    tap,
)
from vtaplib import Policy
from vtaplib.control.audit import audit
from vtaplib.model.resource import Resource

AT_TOOLS = guarded_subnet(subnet_id("tools"), "g")
RULE = "security_groups_let_copies_in"


def lost(lab: Lab, resource: Resource) -> list[str]:
    return [one.message for one in lab.broken_by(resource) if one.rule == RULE]


@pytest.fixture
def lab() -> Lab:
    """Two sources, `db` at 10.1.1.5 and `spare` at 10.1.1.6, and a guarded collector."""
    lab = Lab()
    lab.put(mirror(nic_id("spare"), "tap"), machine("receiver", nic_id("collector")))
    lab.put(security_group("g"), AT_TOOLS)
    return lab


@pytest.mark.parametrize(
    ("source", "named"),
    [("10.1.1.0/24", {"db", "spare"}), ("10.1.1.5", {"db"}), ("10.1.1.6", {"spare"}), ("10.1.2.0/24", set())],
)
def test_the_sources_are_named_that_the_rule_is_about(lab: Lab, source: str, named: set[str]) -> None:
    lab.put(security_group("g", security_rule("no", source=source)))
    messages = lost(lab, AT_TOOLS)
    assert len(messages) == bool(named)
    assert {one for one in ("db", "spare") if f"networkInterfaces/{one}" in "".join(messages)} == named


def test_what_two_rules_stop_is_told_of_each(lab: Lab) -> None:
    rules = [
        security_rule("one", source="10.1.1.5"),
        security_rule("two", source="10.1.1.6", priority=200),
        security_rule("after", priority=300),
    ]
    lab.put(security_group("g", *rules))
    first, second = lost(lab, AT_TOOLS)
    assert ("networkInterfaces/db" in first, "networkInterfaces/spare" in second) == (True, True)


@pytest.mark.parametrize(
    ("setting", "ports", "said"),
    [
        ("directional", "49152-65535", True),
        ("directional", "50000", False),
        ("fixed:4000", "4000", True),
        ("fixed:4000", "49152-65535", False),
        ("inner", "0-65535", True),
        ("inner", "1024-65535", False),
    ],
)
def test_a_rule_about_source_ports_counts_where_all_copies_have_them(
    lab: Lab, setting: str, ports: str, *, said: bool
) -> None:
    lab.cloud.policy = Policy(outer_source_port=setting)
    lab.put(security_group("g", security_rule("no", source_port_range=ports)))
    assert bool(lost(lab, AT_TOOLS)) is said


@pytest.mark.parametrize(
    ("floats", "destination", "said"),
    [
        (False, "10.2.1.0/24", True),
        (True, "10.2.1.0/24", False),
        (True, "*", True),
    ],
)
def test_with_floating_ip_the_address_of_a_copy_is_not_the_collectors(
    lab: Lab, destination: str, *, floats: bool, said: bool
) -> None:
    lab.put(lb_rule("inner", floating_ip_enabled=floats), mirror(nic_id("spare"), "tap-lb", "second"))
    lab.put(security_group("g", security_rule("no", destination_address_prefix=destination)))
    assert bool(lost(lab, lb_rule("inner", floating_ip_enabled=floats))) is said


def test_the_group_of_a_source_does_not_stop_copies(lab: Lab) -> None:
    outward: dict[str, Any] = {"direction": "Outbound", "protocol": "*", "ports": "*"}
    lab.put(security_group("h", security_rule("no", **outward)))
    assert lost(lab, guarded_interface("db", "h")) == []


def test_a_tap_that_turns_to_a_guarded_collector_is_told_of_for_each_source(lab: Lab) -> None:
    lab.put(security_group("g", security_rule("no")))
    lab.cloud.delete(AT_TOOLS.id)
    lab.put(security_group("h", security_rule("no")), guarded_interface("reader", "h"))
    assert len(lost(lab, tap("tap", ip_id("reader")))) == 2
    assert lost(lab, tap("tap", ip_id("collector"))) == []


def test_the_policy_can_let_copies_pass(lab: Lab) -> None:
    lab.cloud.policy = Policy(collector_nsg="bypass")
    lab.put(security_group("g", security_rule("no")))
    assert lost(lab, AT_TOOLS) == []


def test_an_audit_tells_it_once_for_each_source(lab: Lab) -> None:
    lab.put(security_group("g", security_rule("no")))
    found = [one for one in audit(lab.cloud.view, lab.cloud.policy) if one.violation.rule == RULE]
    assert [one.resource.id for one in found] == [mirror(nic_id(name), "tap").id for name in ("db", "spare")]


def test_a_plan_judges_addresses_that_are_not_known_yet_by_their_subnets() -> None:
    lab = Lab()
    overlay = lab.cloud.overlay(complete=False)
    planned = (
        nic("collector2", ip(subnet_id("app", "two"))),
        nic("source2", ip(subnet_id("app"))),
        security_group("g", security_rule("no", source="10.1.0.0/16")),
        guarded_interface("collector2", "g"),
        tap("tap2", ip_id("collector2")),
        mirror(nic_id("source2"), "tap2"),
    )
    told = [
        (type(resource).__name__, one.message)
        for resource in planned
        for one in overlay.put(lab.home.place(resource))[1]
        if one.rule == RULE
    ]
    assert [name for name, _ in told] == ["NetworkInterfaceTapConfiguration"]
