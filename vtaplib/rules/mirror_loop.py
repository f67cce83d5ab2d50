"""Mirror loops: copies that come back to where they were made, or that are copied again.

Where a collector is tapped itself, a hop goes on; where the hops lead back, there is a ring. Whichever part
of a ring is written last finds the others, so every rule here stands on each type that makes a hop. The work
grows with the collectors downstream, which are few, and not with what sends to them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap
from vtaplib.rules.mirror_hop import MirrorHop, hops_of, taps_to_interface
from vtaplib.rules.references import configurations_of


class Chain(NamedTuple):
    """A collector of one TAP that is tapped to another."""

    path: Path
    interface_id: str
    tap_id: str
    onward: str
    """The tap configuration of the collector, by label."""


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_IS_DESTINATION,
    on=(NetworkInterfaceTapConfiguration, NetworkInterfaceBackendAddressPoolAssociation, LbRule),
    evidence=Evidence.OURS,
    source="vtap",
    switch="self_mirror",
)
def no_interface_is_its_own_collector(self: Resource, view: View, policy: Policy) -> Findings:
    """No interface sends its copies to itself, directly or through a load balancer."""
    for hop in hops_of(self, view):
        for key in hop.sources.keys() & hop.collectors.keys():
            yield (
                hop.path,
                (
                    f"{self.label}: {label(hop.sources[key])} sends to {label(hop.tap_id)}, whose copies "
                    "arrive at the same interface. They would be copied without end"
                ),
                "Send them to another interface, or do not tap this one",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_RING,
    on=(NetworkInterfaceTapConfiguration, NetworkInterfaceBackendAddressPoolAssociation, LbRule),
    evidence=Evidence.OURS,
    source="vtap",
    severity=Severity.WARNING,
    switch="remirror",
    otherwise=Severity.WARNING,
)
def taps_form_no_ring(self: Resource, view: View, policy: Policy) -> Findings:
    """No chain of TAPs, each tapping a collector of the one before, leads back to its beginning."""
    for hop in hops_of(self, view):
        ring = ring_of(hop, view)
        if ring:
            yield (
                hop.path,
                (
                    f"{self.label}: the TAPs form a ring, {' → '.join(map(label, ring))}. Copies are copied "
                    "again and come back to where they were made"
                ),
                "Send one of these TAPs to a collector that is not tapped",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_IS_DESTINATION,
    on=(
        VirtualNetworkTap,
        NetworkInterfaceTapConfiguration,
        NetworkInterfaceBackendAddressPoolAssociation,
        LbRule,
    ),
    evidence=Evidence.OURS,
    source="vtap",
    switch="remirror",
)
def collectors_are_not_tapped(self: Resource, view: View, policy: Policy) -> Findings:
    """No collector is tapped itself, if the policy forbids it."""
    for chain in _chains(self, view):
        yield (
            chain.path,
            (
                f"{self.label}: {label(chain.interface_id)} is a collector of {label(chain.tap_id)}, and is "
                f"itself tapped by {chain.onward}"
            ),
            "use a collector that is not tapped (policy remirror = error)",
        )


def _chains(part: Resource, view: View) -> Iterator[Chain]:
    """The chains that a part of a hop closes. A ring is none: it has a rule of its own."""
    if isinstance(part, NetworkInterfaceTapConfiguration):
        yield from _chains_to(part, view)
        return
    for hop in hops_of(part, view):
        for interface_id in () if ring_of(hop, view) else hop.collectors.values():
            for onward in configurations_of(interface_id, view):
                if onward.virtual_network_tap_id.lower() != hop.tap_id.lower():
                    yield Chain(hop.path, interface_id, hop.tap_id, onward.label)


def _chains_to(configuration: NetworkInterfaceTapConfiguration, view: View) -> Iterator[Chain]:
    """The TAPs that the interface of a tap configuration is a collector of."""
    if any(ring_of(hop, view) for hop in hops_of(configuration, view)):
        return
    interface_id = configuration.network_interface_id
    for tap in taps_to_interface(interface_id, view):
        if tap.id.lower() != configuration.virtual_network_tap_id.lower():
            yield Chain(("network_interface_id",), interface_id, tap.id, configuration.label)


def ring_of(hop: MirrorHop, view: View) -> tuple[str, ...]:
    """The shortest ring that begins with a hop: IDs of interfaces and TAPs in turn, the first again at the
    end; empty if there is none. An interface that is its own collector is no ring.
    """
    came_from: dict[str, tuple[str, str]] = {}
    pending = deque(one for key, one in hop.collectors.items() if key not in hop.sources)
    seen = set(hop.collectors)
    while pending:
        here = pending.popleft()
        for configuration in configurations_of(here, view):
            for onward in hops_of(configuration, view):
                for key, there in onward.collectors.items():
                    if key in hop.sources and key not in onward.sources:
                        return (there, hop.tap_id, *_way_to(here, came_from), onward.tap_id, there)
                    if key not in seen:
                        seen.add(key)
                        came_from[there] = (here, onward.tap_id)
                        pending.append(there)
    return ()


def _way_to(interface_id: str, came_from: Mapping[str, tuple[str, str]]) -> list[str]:
    """The interfaces and TAPs that lead to an interface, it included."""
    way = [interface_id]
    while way[0] in came_from:
        way = [*came_from[way[0]], *way]
    return way
