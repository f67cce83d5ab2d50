"""A mirror hop: from tapped interfaces over one TAP to the interfaces where its copies arrive.

Four types make one together: a tap configuration, a TAP, a membership in a collector's pool, and a rule that
sends to such a pool. Here each says what hops it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.model.violation import Path
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.virtual_network_tap import VXLAN_PORT, VirtualNetworkTap
from vtaplib.rules.references import balancing_rules_of, configurations_of, memberships_of, taps_to


class Interfaces(dict[str, str]):
    """IDs of interfaces, each by its key, in order."""

    def __init__(self, *interface_ids: str) -> None:
        super().__init__((ids.key(one), one) for one in interface_ids)


class MirrorHop(NamedTuple):
    """What one TAP takes from, and sends to. `path` is the field that makes the hop."""

    path: Path
    tap_id: str
    sources: Interfaces
    collectors: Interfaces


@singledispatch
def hops_of(part: Resource, view: View) -> Iterator[MirrorHop]:
    """The hops that a resource is a part of."""
    raise NotImplementedError


@hops_of.register(NetworkInterfaceTapConfiguration)
def _by_configuration(configuration: NetworkInterfaceTapConfiguration, view: View) -> Iterator[MirrorHop]:
    tap = view.get(VirtualNetworkTap, configuration.virtual_network_tap_id)
    source = Interfaces(configuration.network_interface_id)
    yield MirrorHop(("virtual_network_tap_id",), tap.id, source, collectors_of(tap, view))


@hops_of.register(VirtualNetworkTap)
def _by_tap(tap: VirtualNetworkTap, view: View) -> Iterator[MirrorHop]:
    yield MirrorHop((tap.destination_field,), tap.id, sources_of(tap, view), collectors_of(tap, view))


@hops_of.register(NetworkInterfaceBackendAddressPoolAssociation)
def _by_membership(
    membership: NetworkInterfaceBackendAddressPoolAssociation, view: View
) -> Iterator[MirrorHop]:
    collector = Interfaces(membership.network_interface_id)
    for tap in taps_to_pool(membership.backend_address_pool_id, view):
        yield MirrorHop(("network_interface_id",), tap.id, sources_of(tap, view), collector)


@hops_of.register(LbRule)
def _by_rule(balancing: LbRule, view: View) -> Iterator[MirrorHop]:
    for tap in taps_to_rule(balancing, view):
        collectors = Interfaces(*backends_of(balancing, view))
        yield MirrorHop(("backend_address_pool_ids",), tap.id, sources_of(tap, view), collectors)


def collectors_of(tap: VirtualNetworkTap, view: View) -> Interfaces:
    """The interfaces that a TAP's copies can reach."""
    if tap.destination_network_interface_ip_configuration_id:
        return Interfaces(ids.parent(tap.destination_network_interface_ip_configuration_id))
    return Interfaces(
        *(
            interface_id
            for balancing in carriers_of(tap, view)
            for interface_id in backends_of(balancing, view)
        )
    )


def carries_copies(balancing: LbRule) -> bool:
    """Whether copies that a TAP sends to the rule's frontend are its traffic."""
    return balancing.carries("udp", VXLAN_PORT)


def carriers_of(tap: VirtualNetworkTap, view: View) -> Iterator[LbRule]:
    """The rules that take a TAP's copies from the frontend that it sends to."""
    frontend_id = tap.destination_load_balancer_frontend_ip_configuration_id
    for balancing in balancing_rules_of(frontend_id, view) if frontend_id else ():
        if carries_copies(balancing):
            yield balancing


def backends_of(balancing: LbRule, view: View) -> Iterator[str]:
    """The IDs of the interfaces in the pools of a rule."""
    for pool_id in balancing.backend_address_pool_ids or ():
        for member in memberships_of(pool_id, view):
            yield member.network_interface_id


def taps_to_interface(interface_id: str, view: View) -> Iterator[VirtualNetworkTap]:
    """The TAPs whose copies can reach an interface."""
    yield from taps_to(interface_id, view)
    for member in memberships_of(interface_id, view):
        yield from taps_to_pool(member.backend_address_pool_id, view)


def taps_to_pool(pool_id: str, view: View) -> Iterator[VirtualNetworkTap]:
    """The TAPs whose copies go to a pool."""
    for balancing in balancing_rules_of(pool_id, view):
        yield from taps_to_rule(balancing, view)


def taps_to_rule(balancing: LbRule, view: View) -> Iterator[VirtualNetworkTap]:
    """The TAPs whose copies a rule takes."""
    frontend_id = balancing.frontend_ip_configuration_id
    if frontend_id and carries_copies(balancing):
        yield from taps_to(frontend_id, view)


def sources_of(tap: VirtualNetworkTap, view: View) -> Interfaces:
    """The interfaces that send to a TAP."""
    return Interfaces(*(one.network_interface_id for one in configurations_of(tap.id, view)))
