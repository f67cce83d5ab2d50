"""A survey of a view: the topology of a cloud, or of an overlay of what is planned.

What a plan does not know yet (an address that is taken from a pool at apply) is absent from the topology.
What belongs to nothing (a rule without a frontend, an interface without a subnet) is left out: frames cannot
meet it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from ipaddress import IPv4Address
from typing import TypeVar

from vtaplib.errors import PacketError
from vtaplib.fabric.effective_rules_lookup import EffectiveRulesLookup
from vtaplib.fabric.element import (
    Backend,
    BalancingRule,
    Distribution,
    Frontend,
    Interface,
    IpConfiguration,
    Network,
    RuleProtocol,
    Tap,
    TapConfiguration,
)
from vtaplib.model import ids
from vtaplib.model.addresses import Address, maybe_address, networks
from vtaplib.model.base import Model
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.packets.ethernet import mac_from_text
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.lb_probe import ALL_PROBED_UP, LbProbe
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface import NetworkInterface, NetworkInterfaceIpConfiguration
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.virtual_machine import DEALLOCATED, VirtualMachine
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.resources.virtual_network_peering import PeeringState, VirtualNetworkPeering
from vtaplib.resources.virtual_network_tap import VirtualNetworkTap

E = TypeVar("E", bound=Enum)


def survey_taps(view: View) -> Iterator[Tap]:
    """The TAPs whose destination is known."""
    for tap in view.list(VirtualNetworkTap):
        if is_known(
            tap,
            "destination_network_interface_ip_configuration_id",
            "destination_load_balancer_frontend_ip_configuration_id",
        ):
            yield Tap(tap.id, tap.destination_id)


def survey_tap_configurations(view: View) -> Iterator[TapConfiguration]:
    """The tap configurations of which both ends are known."""
    for one in view.list(NetworkInterfaceTapConfiguration):
        if is_known(one, "network_interface_id", "virtual_network_tap_id"):
            yield TapConfiguration(one.id, one.network_interface_id, one.virtual_network_tap_id)


def survey_networks(view: View) -> Iterator[Network]:
    """The networks, each with the peers that it reaches: connected and allowed on both sides."""
    open_sides = {
        (peering.virtual_network_id.lower(), peering.remote_virtual_network_id.lower()): peering
        for peering in view.list(VirtualNetworkPeering)
        if is_known(peering, "remote_virtual_network_id", "peering_state", "allow_virtual_network_access")
        and peering.peering_state == PeeringState.CONNECTED
        and peering.allow_virtual_network_access
    }
    peers: dict[str, dict[str, VirtualNetworkPeering]] = {}
    for (here, there), peering in open_sides.items():
        if (there, here) in open_sides:
            peers.setdefault(here, {})[there] = peering
    for network in view.list(VirtualNetwork):
        prefixes = network.address_space or () if is_known(network, "address_space") else ()
        sides = peers.get(network.id.lower(), {})
        yield Network(
            network.id,
            tuple(networks(prefixes)),
            frozenset(sides),
            {
                peer_id: tuple(networks(peering.remote_address_space or ()))
                for peer_id, peering in sides.items()
                if not routes_to_all(peering, view)
            },
        )


def routes_to_all(peering: VirtualNetworkPeering, view: View) -> bool:
    """Whether a side of a peering knows all that is in the other network; also where a plan does not know."""
    with suppress(Undecided):
        return peering.covers_all(view)
    return True


def survey_interfaces(view: View) -> Iterator[Interface]:
    """The interfaces that are in a network."""
    machines = {
        interface_id.lower(): machine
        for machine in view.list(VirtualMachine)
        if is_known(machine, "network_interface_ids")
        for interface_id in machine.network_interface_ids
    }
    effective_rules_lookup = EffectiveRulesLookup(view)
    for interface in view.list(NetworkInterface):
        machine = machines.get(interface.id.lower())
        with suppress(Undecided):
            yield Interface(
                id=interface.id,
                network_id=interface.virtual_network_id,
                ip_configurations=tuple(
                    survey_configuration(view, effective_rules_lookup, interface, block)
                    for block in interface.ip_configuration
                ),
                mac=known_mac(interface),
                machine_id=None if machine is None else machine.id,
                region=interface.location,
                machine_size=machine.size if machine is not None and is_known(machine, "size") else None,
                is_running=machine is None
                or not is_known(machine, "power_state")
                or machine.power_state != DEALLOCATED,
                ip_forwarding=is_known(interface, "ip_forwarding_enabled")
                and interface.ip_forwarding_enabled,
            )


def survey_configuration(
    view: View,
    effective_rules_lookup: EffectiveRulesLookup,
    interface: NetworkInterface,
    block: NetworkInterfaceIpConfiguration,
) -> IpConfiguration:
    """One address of an interface, with the security groups in force there."""
    public = known_public_ip(block, view)
    subnet_id = block.subnet_id or ""
    return IpConfiguration(
        f"{interface.id}/ipConfigurations/{block.name}",
        known_address(block),
        block == interface.primary_configuration,
        None if public is None else ipv4_of(public),
        is_shielded=public is not None and public.sku != "Basic",
        subnet_id=subnet_id,
        effective_rules=effective_rules_lookup.effective_rules(interface.id, subnet_id),
    )


def survey_frontends(view: View) -> Iterator[Frontend]:
    """The frontends of load balancers, with their rules."""
    for balancer in view.list(Lb):
        rules: dict[str, list[BalancingRule]] = {}
        for rule in view.referrers(balancer.id, LbRule):
            with suppress(Undecided):
                name = rule.frontend_ip_configuration_name.lower()
                rules.setdefault(name, []).append(survey_rule(view, rule))
        with suppress(Undecided):
            for block in balancer.frontend_ip_configuration:
                own = tuple(rules.get(block.name.lower(), ()))
                frontend_id = f"{balancer.id}/frontendIPConfigurations/{block.name}"
                if block.subnet_id:
                    yield Frontend(frontend_id, ids.parent(block.subnet_id), known_address(block), own)
                    continue
                public = known_public_ip(block, view)
                if public is not None:
                    network_id = network_of_backends(view, own)
                    is_shielded = balancer.sku != "Basic"
                    yield Frontend(
                        frontend_id, network_id, ipv4_of(public), own, is_public=True, is_shielded=is_shielded
                    )


def network_of_backends(view: View, rules: Iterable[BalancingRule]) -> str:
    """The network of the backends of a public frontend: they are all in one; "" if there are none."""
    for rule in rules:
        for backend in rule.backends:
            with suppress(Undecided):
                return view.get(NetworkInterface, ids.parent(backend.ip_configuration_id)).virtual_network_id
    return ""


def survey_rule(view: View, rule: LbRule) -> BalancingRule:
    """A rule with the members of its pools. Raises `Undecided` if a plan does not know enough of it, or says
    it in words that nobody knows.
    """
    members = [
        Backend(member.id.partition("|")[0])
        for pool_id in rule.backend_address_pool_ids or ()
        for member in view.referrers(pool_id, NetworkInterfaceBackendAddressPoolAssociation)
    ]
    probe = known_probe(view, rule)
    return BalancingRule(
        name=rule.name,
        protocol=word(RuleProtocol, rule.protocol.capitalize()),
        frontend_port=rule.frontend_port,
        backend_port=rule.backend_port,
        backends=tuple(members),
        distribution=word(Distribution, rule.load_distribution),
        is_floating_ip=rule.floating_ip_enabled,
        has_probe=bool(rule.probe_id),
        probe_port=probe.port if probe is not None and probe.knows("port") else None,
        all_probed_up=probe is not None
        and probe.knows("no_healthy_backends_behavior")
        and probe.no_healthy_backends_behavior == ALL_PROBED_UP,
    )


def word(words: type[E], text: str) -> E:
    """The member of a closed list that a text is. A broken plan may have another, which no put takes."""
    try:
        return words(text)
    except ValueError as error:
        raise Undecided(f"{text!r} is no {words.__name__}") from error


def known_probe(view: View, rule: LbRule) -> LbProbe | None:
    """A rule's probe, if it has one that is known."""
    with suppress(Undecided):
        return view.get(LbProbe, rule.probe_id) if rule.probe_id else None
    return None


def is_known(model: Model, *names: str) -> bool:
    """Whether a plan knows all of these fields."""
    return all(model.knows(name) for name in names)


def known_address(block: Model) -> Address | None:
    """The private address of an IP configuration, or None if it has none yet."""
    text = getattr(block, "private_ip_address", None) if is_known(block, "private_ip_address") else None
    return maybe_address(text) if text else None


def known_public_ip(
    block: NetworkInterfaceIpConfiguration | LbFrontendIpConfiguration, view: View
) -> PublicIp | None:
    """The public address of a part, or None if it has none, or it is not known which."""
    with suppress(Undecided):
        return view.get(PublicIp, block.public_ip_address_id) if block.public_ip_address_id else None
    return None


def ipv4_of(public: PublicIp) -> IPv4Address | None:
    """The IPv4 address of a public one, or None if it has none, or none yet."""
    address = maybe_address(public.ip_address or "") if is_known(public, "ip_address") else None
    return address if isinstance(address, IPv4Address) else None


def known_mac(interface: NetworkInterface) -> bytes | None:
    """The MAC address of an interface, or None before its first attachment."""
    if not is_known(interface, "mac_address") or not interface.mac_address:
        return None
    with suppress(PacketError):
        return mac_from_text(interface.mac_address)
    return None
