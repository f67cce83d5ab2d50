"""The security groups in force for an interface, read from a view and compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from vtaplib.model import ids
from vtaplib.model.addresses import networks
from vtaplib.model.spans import Spans, address_range
from vtaplib.model.view import View
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_security_group import NetworkSecurityGroup
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.resources.security_rule_fields import SecurityRuleFields
from vtaplib.resources.security_rule_text import ANY, is_service_tag, maybe_addresses, maybe_ports
from vtaplib.resources.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import PeeringState, VirtualNetworkPeering
from vtaplib.rules.security_evaluation import (
    ANY_PORT,
    PROTOCOLS,
    CompiledGroup,
    CompiledRule,
    EffectiveSecurityRules,
    FixedSpace,
    RuleDirection,
)

ALWAYS: Final = {
    RuleDirection.INBOUND: (
        (65000, "AllowVnetInBound", "VirtualNetwork", "VirtualNetwork", True),
        (65001, "AllowAzureLoadBalancerInBound", "AzureLoadBalancer", ANY, True),
        (65500, "DenyAllInBound", ANY, ANY, False),
    ),
    RuleDirection.OUTBOUND: (
        (65000, "AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork", True),
        (65001, "AllowInternetOutBound", ANY, "Internet", True),
        (65500, "DenyAllOutBound", ANY, ANY, False),
    ),
}
"""The rules that every group has: priority, name, source, destination, whether it allows."""


def effective_rules_of(
    view: View, interface_id: str, subnet_id: str, *, certain: bool = False
) -> EffectiveSecurityRules:
    """The groups in force for an interface's addresses in a subnet. `certain`: as of `View.referrers`, where
    a plan may still change which those are.
    """
    at_interface = view.referrers(interface_id, NetworkInterfaceSecurityGroupAssociation, certain=certain)
    at_subnet = view.referrers(subnet_id, SubnetNetworkSecurityGroupAssociation, certain=certain)
    group_ids = (
        next((one.network_security_group_id for one in found), None) for found in (at_interface, at_subnet)
    )
    interface, subnet = (None if one is None else compile_group(view, one) for one in group_ids)
    return EffectiveSecurityRules(interface, subnet, VirtualNetworkSpace(view, ids.parent(subnet_id)))


def compile_group(view: View, group_id: str) -> CompiledGroup:
    """A group with its rules, read once."""
    group = view.get(NetworkSecurityGroup, group_id)
    rules = compile_rules(view.referrers(group.id, NetworkSecurityRule))
    return CompiledGroup(group.id, rules, view.complete or group.lists_its_rules)


def compile_rules(rules: Iterable[SecurityRuleFields]) -> Mapping[RuleDirection, Sequence[CompiledRule]]:
    """The rules of a group by direction, in order, with those that every group has."""
    found = sorted(rules, key=lambda rule: rule.priority)
    return {
        direction: (
            *(compile_rule(rule) for rule in found if rule.direction == direction),
            *_always(direction),
        )
        for direction in RuleDirection
    }


def _always(direction: RuleDirection) -> Iterator[CompiledRule]:
    for priority, name, source, destination, allows in ALWAYS[direction]:
        yield CompiledRule(
            name, priority, allows, None, (_end(source), _end(destination)), (ANY_PORT, ANY_PORT)
        )


def compile_rule(rule: SecurityRuleFields) -> CompiledRule:
    """A rule with its texts read."""
    return CompiledRule(
        rule.name,
        rule.priority,
        rule.access == "Allow",
        PROTOCOLS.get(rule.protocol.lower()),
        (
            _end(rule.source_address_prefix, rule.source_address_prefixes),
            _end(rule.destination_address_prefix, rule.destination_address_prefixes),
        ),
        (
            _ports(rule.source_port_range, rule.source_port_ranges),
            _ports(rule.destination_port_range, rule.destination_port_ranges),
        ),
    )


def _end(one: str | None, several: Sequence[str] | None = None) -> Spans | str:
    """Addresses, or a service tag in lower case; "" for application security groups."""
    if one and is_service_tag(one):
        return one.lower()
    texts = [text for text in (one, *(several or ())) if text]
    found = (maybe_addresses(text) for text in texts)
    return Spans.of(span for span in found if span is not None) if texts else ""


def _ports(one: str | None, several: Sequence[str] | None) -> Spans:
    found = (maybe_ports(text) for text in (one, *(several or ())) if text)
    return Spans.of(span for span in found if span is not None)


class VirtualNetworkSpace:
    """The addresses that the tag `VirtualNetwork` stands for in a network: its own, and those of networks
    whose peering is Connected and gives access. Read when they are first needed.
    """

    def __init__(self, view: View, virtual_network_id: str) -> None:
        self._view = view
        self._network_id = virtual_network_id

    def holds(self, addresses: Spans) -> bool | None:
        """Whether addresses are among these. In a plan more networks may be peered later on."""
        held = self.spans.holds(addresses)
        return None if held is False and not self._is_final else held

    def fixed(self) -> FixedSpace:
        """The same, read now: it needs no view any more."""
        return FixedSpace(self.spans, self._is_final)

    @cached_property
    def _networks(self) -> Sequence[VirtualNetwork]:
        own = self._view.get(VirtualNetwork, self._network_id)
        remote = (
            self._view.get(VirtualNetwork, peering.remote_virtual_network_id)
            for peering in self._view.referrers(own.id, VirtualNetworkPeering)
            if ids.key(peering.virtual_network_id) == ids.key(own.id)
            and peering.allow_virtual_network_access
            and peering.peering_state == PeeringState.CONNECTED
        )
        return (own, *remote)

    @cached_property
    def spans(self) -> Spans:
        """Those of them that are known."""
        return Spans.of(
            address_range(prefix) for one in self._networks for prefix in networks(one.address_space or ())
        )

    @property
    def _is_final(self) -> bool:
        """Whether all the addresses are known: those of a pool are not simulated."""
        return self._view.complete and not any(one.ip_address_pool for one in self._networks)
