"""Security groups on the way of a mirror stream: whether a collector's own let the copies in.

A copy arrives as ordinary UDP from the primary address of the tapped interface. The groups of that interface
do not filter it; those of the collector and its subnet do. A group that denies makes no error: the stream is
lost. Whichever part of the way is written last says so, so the rule stands on each type that makes one.

While a plan is made, only a group that lists all its rules is judged: others may get more rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import TYPE_CHECKING, Final

from vtaplib.model import ids
from vtaplib.model.addresses import maybe_address, networks
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.spans import Spans, address_number, address_range
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Severity
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.network_security_rule import NetworkSecurityRule
from vtaplib.resources.security_rule_text import EVERY_ADDRESS, EVERY_PORT
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subnet_network_security_group_association import SubnetNetworkSecurityGroupAssociation
from vtaplib.resources.virtual_network_tap import VXLAN_PORT, VirtualNetworkTap
from vtaplib.rules.mirror_hop import (
    Interfaces,
    MirrorHop,
    carriers_of,
    hops_of,
    sources_of,
    taps_to_interface,
)
from vtaplib.rules.references import configurations_of, memberships_of

if TYPE_CHECKING:
    from vtaplib.rules.security_evaluation import SecurityStep

Denial = tuple["SecurityStep", str]
"""The step that denies, and the ID of the interface or subnet whose group it is."""

HASHED_PORTS: Final = (49152, 65535)
"""Where a copy's source port lies if it is a hash."""
LAST_PRIORITY: Final = 4096
"""The rules that come later are those of every group. They deny what no peering leads to, of which the tap
configuration tells."""


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST,
    on=(
        NetworkInterfaceTapConfiguration,
        NetworkInterfaceBackendAddressPoolAssociation,
        LbRule,
        NetworkInterface,
        NetworkInterfaceSecurityGroupAssociation,
        SubnetNetworkSecurityGroupAssociation,
        NetworkSecurityRule,
    ),
    evidence=Evidence.OURS,
    severity=Severity.WARNING,
    source="Azure, network security groups",
    at_apply="While a plan is made, a group that does not list all its rules may still get more.",
)
def security_groups_let_copies_in(self: Resource, view: View, policy: Policy) -> Findings:
    """The security groups of a collector and its subnet let the copies in: UDP 4789 from the sources."""
    if policy.collector_nsg != "enforce":
        return
    for hop in _hops(self, view):
        for collector_id in hop.collectors.values():
            for (step, place), sources in _denials(hop, collector_id, view, policy).items():
                if _is_decided_by(self, step):
                    yield (
                        hop.path,
                        (
                            f"{self.label}: {label(collector_id)} gets no copies of "
                            f"{', '.join(sources)} over {label(hop.tap_id)}: securityRules/"
                            f"{step.rule} (priority {step.priority}) of {label(step.group_id)} at "
                            f"{label(place)} denies UDP {VXLAN_PORT}"
                        ),
                        (
                            "allow it in a rule with a lower priority number, or set the policy's "
                            "collector_nsg to bypass"
                        ),
                    )


def _is_decided_by(part: Resource, step: SecurityStep) -> bool:
    """Whether a denial is for a resource to tell: of a security rule, if it is that rule's."""
    return not isinstance(part, NetworkSecurityRule) or ids.key(
        f"{step.group_id}/securityRules/{step.rule}"
    ) == ids.key(part.id)


def _denials(hop: MirrorHop, collector_id: str, view: View, policy: Policy) -> dict[Denial, list[str]]:
    """What denies copies at a collector, and where; with the sources that it concerns, by label."""
    from vtaplib.rules.effective_security_rules import effective_rules_of
    from vtaplib.rules.security_evaluation import (  # a plan without a TAP needs neither
        UDP,
        RuleDirection,
        TrafficSet,
    )

    found: dict[Denial, list[str]] = {}
    collector = view.get(NetworkInterface, collector_id)
    tap = view.get(VirtualNetworkTap, hop.tap_id)
    floats = any(carrier.floating_ip_enabled for carrier in carriers_of(tap, view))
    for block in _listening(collector, tap, view):
        effective_rules = effective_rules_of(view, collector.id, block.subnet_id or "", certain=True)
        if effective_rules.subnet is None and effective_rules.interface is None:
            continue
        for source_id in hop.sources.values():
            source = view.get(NetworkInterface, source_id).primary_configuration
            flow = TrafficSet(
                UDP,
                _addresses(source, view),
                # With floating IP it is the frontend's; a rule that tells addresses apart is not judged then.
                Spans((EVERY_ADDRESS,)) if floats else _addresses(block, view),
                _source_ports(policy),
                Spans.one(VXLAN_PORT),
            )
            decision = effective_rules.decide(RuleDirection.INBOUND, flow)
            step = decision.decisive
            if decision.allows is False and step is not None and step.priority <= LAST_PRIORITY:
                at_subnet = effective_rules.subnet is not None and effective_rules.subnet.id == step.group_id
                place = (block.subnet_id or "") if at_subnet else collector.id
                found.setdefault((step, place), []).append(_source(source_id, tap, view))
    return found


def _source(interface_id: str, tap: VirtualNetworkTap, view: View) -> str:
    """A source in messages, with the tap configurations that make it one."""
    makers = [
        one.label
        for one in configurations_of(interface_id, view)
        if ids.key(one.virtual_network_tap_id) == ids.key(tap.id)
    ]
    return f"{label(interface_id)} ({', '.join(makers)})" if makers else label(interface_id)


def _listening(
    collector: NetworkInterface, tap: VirtualNetworkTap, view: View
) -> Iterator[NetworkInterfaceIpConfiguration]:
    """The configurations of a collector at which a TAP's copies arrive."""
    direct = tap.destination_network_interface_ip_configuration_id
    names = (
        [ids.name(direct)]
        if direct
        else [member.ip_configuration_name for member in memberships_of(collector.id, view)]
    )
    keys = set(map(ids.key, names))
    yield from (block for block in collector.ip_configuration if ids.key(block.name) in keys)


def _addresses(block: NetworkInterfaceIpConfiguration, view: View) -> Spans:
    """The address of a configuration, or while it is not known, those that it can get."""
    try:
        address = maybe_address(block.private_ip_address or "")
    except Undecided:
        address = None
    if address is not None:
        return Spans.one(address_number(address))
    subnet = view.get(Subnet, block.subnet_id or "")
    return Spans.of(
        address_range(prefix) for prefix in networks(subnet.address_prefixes or ()) if prefix.version == 4
    )


def _source_ports(policy: Policy) -> Spans:
    """The source ports that copies may have."""
    setting = policy.outer_source_port
    if setting.startswith("fixed:"):
        return Spans.one(int(setting.removeprefix("fixed:")))
    return Spans((EVERY_PORT if setting == "inner" else HASHED_PORTS,))


@singledispatch
def _hops(part: Resource, view: View) -> Iterator[MirrorHop]:
    """The hops that a resource is a part of, or whose collector it has to do with."""
    return hops_of(part, view)


@_hops.register(NetworkInterface)
def _by_collector(interface: NetworkInterface, view: View) -> Iterator[MirrorHop]:
    """The hops to an interface, which may have got into another subnet."""
    yield from (hop._replace(path=("ip_configuration",)) for hop in _hops_to(interface.id, view))


@_hops.register(NetworkInterfaceSecurityGroupAssociation)
def _by_guarded_interface(
    association: NetworkInterfaceSecurityGroupAssociation, view: View
) -> Iterator[MirrorHop]:
    """The hops to an interface that gets a security group."""
    yield from _hops_to(association.network_interface_id, view)


@_hops.register(SubnetNetworkSecurityGroupAssociation)
def _by_guarded_subnet(association: SubnetNetworkSecurityGroupAssociation, view: View) -> Iterator[MirrorHop]:
    """The hops into a subnet that gets a security group. The work grows with the subnet."""
    for interface in view.referrers(association.subnet_id, NetworkInterface, certain=True):
        yield from _hops_to(interface.id, view)


@_hops.register(NetworkSecurityRule)
def _by_denying_rule(denying: NetworkSecurityRule, view: View) -> Iterator[MirrorHop]:
    """The hops to interfaces and subnets that have the group of a rule that denies."""
    if (denying.access, denying.direction) != ("Deny", "Inbound"):
        return
    group_id = denying.network_security_group_id
    for kind in (NetworkInterfaceSecurityGroupAssociation, SubnetNetworkSecurityGroupAssociation):
        for association in view.referrers(group_id, kind, certain=True):
            yield from (hop._replace(path=("access",)) for hop in _hops(association, view))


def _hops_to(interface_id: str, view: View) -> Iterator[MirrorHop]:
    for tap in taps_to_interface(interface_id, view):
        collector = Interfaces(interface_id)
        yield MirrorHop(("network_security_group_id",), tap.id, sources_of(tap, view), collector)
