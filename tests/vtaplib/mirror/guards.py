"""Worlds whose interfaces have a security group with one rule of its own."""

from __future__ import annotations

from dataclasses import replace

from tests.vtaplib.fabric.worlds import interface_id
from vtaplib.fabric.topology import Topology
from vtaplib.model.spans import Spans
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.rules.effective_security_rules import compile_rule
from vtaplib.rules.security_evaluation import CompiledGroup, EffectiveSecurityRules, FixedSpace, RuleDirection

EVERYWHERE = FixedSpace(Spans(((0, (1 << 32) - 1),)))
"""All of IPv4 is of the virtual network: the rules that every group has are left out."""


def guarded(
    world: Topology,
    name: str,
    *,
    access: str = "Deny",
    direction: str = "Inbound",
    protocol: str = "Udp",
    source: str = "*",
    source_port: str = "*",
    destination: str = "*",
    port: str = "4789",
) -> Topology:
    """The world with one interface guarded by a rule, everything else being allowed."""
    written = NetworkSecurityRule(
        name="own",
        resource_group_name="lab",
        network_security_group_name="group",
        access=access,
        direction=direction,
        priority=100,
        protocol=protocol,
        source_address_prefix=source,
        source_port_range=source_port,
        destination_address_prefix=destination,
        destination_port_range=port,
    )
    always = written.replace(name="else", access="Allow", priority=4096, protocol="*")
    anything = always.replace(
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range="*",
    )
    rules = {
        one: [compile_rule(rule) for rule in (written, anything)[one != direction :]] for one in RuleDirection
    }
    effective_rules = EffectiveSecurityRules(CompiledGroup("/group", rules), None, EVERYWHERE)
    interfaces = tuple(
        replace(
            one,
            ip_configurations=tuple(
                replace(each, effective_rules=effective_rules) for each in one.ip_configurations
            ),
        )
        if one.id == interface_id(name)
        else one
        for one in world.interfaces
    )
    return replace(world, interfaces=interfaces)
