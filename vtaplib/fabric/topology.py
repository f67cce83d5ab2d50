"""The topology: a frozen picture of networks, interfaces, frontends and taps, made for looking up packets.

It knows nothing of where it came from: `survey.py` beside it makes one of a cloud, a test builds one by hand.
IDs are compared without case; addresses are values of `ipaddress`, MAC addresses 6 bytes. Looking up is by
dictionary, so that its cost does not grow with the world.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from vtaplib.errors import VtapError, require_type
from vtaplib.fabric.element import (
    Address,
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

if TYPE_CHECKING:
    from vtaplib.control.control_plane import ControlPlane
    from vtaplib.model.view import View

DOWN_WAY_OUT: Final = "give a list of the IDs of interfaces"
TOPOLOGY_WAY_OUT: Final = "make one of a cloud: Topology.of(cloud)"

__all__ = [
    "Address",
    "Backend",
    "BalancingRule",
    "Distribution",
    "Frontend",
    "Interface",
    "IpConfiguration",
    "Network",
    "RuleProtocol",
    "Tap",
    "TapConfiguration",
    "Topology",
    "derive_vni",
    "index",
]


class HasId(Protocol):
    """What has an ID."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def index(things: Iterable[T]) -> dict[str, T]:
    """Things by ID, without case. Raises `VtapError` if two share one."""
    found: dict[str, T] = {}
    for thing in things:
        if found.setdefault(thing.id.lower(), thing) is not thing:
            raise VtapError(f"topology: two things have the ID {thing.id}")
    return found


@dataclass(frozen=True)
class Topology:
    """Everything a frame may meet. Raises `VtapError` if two things of one kind share an ID."""

    networks: tuple[Network, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    taps: tuple[Tap, ...] = ()
    tap_configurations: tuple[TapConfiguration, ...] = ()
    _networks: dict[str, Network] = field(init=False, repr=False, compare=False)
    _interfaces: dict[str, Interface] = field(init=False, repr=False, compare=False)
    _frontends: dict[str, Frontend] = field(init=False, repr=False, compare=False)
    _taps: dict[str, Tap] = field(init=False, repr=False, compare=False)
    _owners: dict[str, tuple[Interface, IpConfiguration]] = field(init=False, repr=False, compare=False)
    _configurations: dict[str, list[TapConfiguration]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        configurations: dict[str, list[TapConfiguration]] = {}
        for configuration in index(self.tap_configurations).values():
            configurations.setdefault(configuration.interface_id.lower(), []).append(configuration)
        owners = {
            configuration.id.lower(): (interface, configuration)
            for interface in self.interfaces
            for configuration in interface.ip_configurations
        }
        for name, lookup in (
            ("_networks", index(self.networks)),
            ("_interfaces", index(self.interfaces)),
            ("_frontends", index(self.frontends)),
            ("_taps", index(self.taps)),
            ("_owners", owners),
            ("_configurations", configurations),
        ):
            object.__setattr__(self, name, lookup)

    @classmethod
    def of(cls, world: ControlPlane | View) -> Topology:
        """The picture of a cloud, as of one moment, or of any view: an overlay of what is planned."""
        from vtaplib.fabric import survey
        from vtaplib.model.view import View

        if not isinstance(world, View):
            if not hasattr(world, "snapshot"):
                require_type("what a topology is made of", world, View, "give a Cloud, or a view of one")
            with world.snapshot() as view:
                return cls.of(view)
        return cls(
            networks=tuple(survey.survey_networks(world)),
            interfaces=tuple(survey.survey_interfaces(world)),
            frontends=tuple(survey.survey_frontends(world)),
            taps=tuple(survey.survey_taps(world)),
            tap_configurations=tuple(survey.survey_tap_configurations(world)),
        )

    def network(self, network_id: str) -> Network | None:
        """The network with this ID, or None."""
        return self._networks.get(network_id.lower())

    def interface(self, interface_id: str) -> Interface | None:
        """The interface with this ID, or None."""
        return self._interfaces.get(interface_id.lower())

    def frontend(self, frontend_id: str) -> Frontend | None:
        """The frontend with this ID, or None."""
        return self._frontends.get(frontend_id.lower())

    def tap(self, tap_id: str) -> Tap | None:
        """The TAP with this ID, or None."""
        return self._taps.get(tap_id.lower())

    def owner_of(self, ip_configuration_id: str) -> tuple[Interface, IpConfiguration] | None:
        """The IP configuration with this ID and its interface, or None."""
        return self._owners.get(ip_configuration_id.lower())

    @property
    def collectors(self) -> tuple[Interface, ...]:
        """Every interface that copies for a TAP may arrive at, in the order of the TAPs; each once."""
        found: dict[str, Interface] = {}
        for tap in self.taps:
            frontend = self.frontend(tap.destination_id)
            rules = frontend.rules if frontend is not None else ()
            backends = (backend.ip_configuration_id for rule in rules for backend in rule.backends)
            for destination_id in (tap.destination_id, *backends):
                owner = self.owner_of(destination_id)
                if owner is not None:
                    found.setdefault(owner[0].id.lower(), owner[0])
        return tuple(found.values())

    def tap_configurations_of(self, interface_id: str) -> tuple[TapConfiguration, ...]:
        """The tap configurations of an interface, in the topology's order."""
        return tuple(self._configurations.get(interface_id.lower(), ()))

    def is_reachable(self, from_network_id: str, to_network_id: str, address: Address | None = None) -> bool:
        """Whether two networks are one, or are peers of each other; given an address of the second, peers of
        which the first routes to it.
        """
        here, there = from_network_id.lower(), to_network_id.lower()
        if here == there:
            return True
        network = self._networks.get(here)
        if network is None or not any(peer_id.lower() == there for peer_id in network.peer_ids):
            return False
        known = network.peer_prefixes.get(there)
        return known is None or address is None or any(address in prefix for prefix in known)


def derive_vni(*resource_ids: str) -> int:
    """A non-zero VNI of 24 bits, a function of resource IDs without case: the same in every run."""
    digest = blake2b("\n".join(resource_ids).lower().encode(), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "big") % ((1 << 24) - 1)
