"""The ends of a packet: what a name or an address means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vtaplib.analysis.naming import listed
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Frontend, Interface, Topology
from vtaplib.model import ids
from vtaplib.model.addresses import Address, maybe_address
from vtaplib.packets.ethernet import mac_from_text

GATEWAY_MAC = mac_from_text("12:34:56:78:9a:bc")
"""What a machine sees of all that is not its own: the service answers ARP with it (observed)."""


@dataclass(frozen=True, slots=True)
class PacketEnd:
    """One end of a packet. `interface` is None for an address that is no interface's."""

    addresses: tuple[Address, ...]
    interface: Interface | None = None

    @property
    def mac(self) -> bytes:
        """The MAC address on the wire."""
        return (self.interface.mac if self.interface else None) or GATEWAY_MAC

    def address(self, version: int) -> Address | None:
        """The first address of an IP version."""
        return next((one for one in self.addresses if one.version == version), None)


def find_end(topology: Topology, wanted: str, option: str) -> PacketEnd:
    """What a text means: an address, or the name or ID of an interface, a machine or a frontend.

    Raises `VtapError` if it means nothing, or several things. An address that several interfaces have stays
    an address: the other end may tell them apart.
    """
    address = maybe_address(wanted)
    if address is not None:
        owners = [one for one in topology.interfaces if address in _addresses(one)]
        return PacketEnd((address,), owners[0] if len(owners) == 1 else None)
    found = {thing.id.lower(): thing for thing, names in _named(topology) if wanted.lower() in names}
    if len(found) > 1:
        raise VtapError(
            f"{option} {wanted}: means {listed([_label(one) for one in found.values()])}; name one of them, "
            "or give an ID or an address"
        )
    if not found:
        there = listed([ids.name(one.id) for one in topology.interfaces]) or "no interfaces"
        raise VtapError(
            f"{option} {wanted}: is not an address, and no interface, machine or load balancer's "
            f"frontend in the cloud has this name or ID; it has {there}"
        )
    (thing,) = found.values()
    if isinstance(thing, Interface):
        addresses = _addresses(thing)
        end = PacketEnd(addresses, thing)
    else:
        addresses = () if thing.address is None else (thing.address,)
        end = PacketEnd(addresses)
    if not addresses:
        raise VtapError(f"{option} {wanted}: {_label(thing)} has no address yet; give one")
    return end


def _addresses(interface: Interface) -> tuple[Address, ...]:
    """The addresses of an interface, the primary one first."""
    configurations = sorted(interface.ip_configurations, key=lambda one: not one.is_primary)
    return tuple(one.address for one in configurations if one.address is not None)


def _named(topology: Topology) -> Iterator[tuple[Interface | Frontend, set[str]]]:
    """What can be an end, with all that it can be called, in lower case."""
    for interface in topology.interfaces:
        named = [interface.id, *([interface.machine_id] if interface.machine_id else [])]
        yield interface, {name for one in named for name in (one.lower(), ids.name(one).lower())}
    for frontend in topology.frontends:
        balancer = frontend.id.rpartition("/frontendIPConfigurations/")[0]
        named = [frontend.id, *([balancer] if balancer else [])]
        yield frontend, {name for one in named for name in (one.lower(), ids.name(one).lower())}


def _label(thing: Interface | Frontend) -> str:
    if isinstance(thing, Interface):
        return ids.label(thing.id)
    return "/".join(thing.id.split("/")[-4:])
