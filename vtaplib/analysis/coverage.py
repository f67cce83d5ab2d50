"""Coverage: which interfaces are tapped, where their copies go, and which copies nobody hears.

A *stream* is what one tap configuration sends. It is *silent* where its copies are lost for certain: nothing
is wrong with the tap configuration, and yet nothing arrives. What a view does not know (a destination that
was not read) makes no stream silent.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from vtaplib.model import ids
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.resources import (
    Lb,
    LbBackendAddressPool,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    VirtualNetworkTap,
)
from vtaplib.resources.peering_link import link_between
from vtaplib.rules.mirror_hop import carriers_of, collectors_of
from vtaplib.rules.references import balancing_rules_of


class StreamLoss(StrEnum):
    """Why nobody hears a stream, in words."""

    NO_TAP = "its TAP does not exist"
    NO_DESTINATION = "the destination of its TAP does not exist"
    UNREACHABLE = "no open peering leads from the interface's network to that of its TAP's destination"
    NO_RULE = "no rule of the load balancer carries its copies"
    NO_COLLECTOR = "the load balancer has no backend"
    LOST = "a warning says why its copies are lost"


@dataclass(frozen=True, slots=True)
class TapStream:
    """What one tap configuration sends."""

    configuration_id: str
    tap_id: str
    destination_id: str = ""
    """What the TAP sends to; "" where that is not known."""
    collector_ids: tuple[str, ...] = ()
    """The interfaces that the copies go to, as far as that is known: behind a load balancer any of them."""
    loss: StreamLoss | None = None
    """Why nobody hears it; None where somebody does, or where that is not known."""


PARTIAL = frozenset({"source_speaks_ipv4_only"})
"""Rules that warn of a part of a stream: the rest is heard."""

Coverage = Mapping[str, Sequence[TapStream]]
"""The streams of each interface, by its ID; an interface that is not tapped has none."""


def coverage_of(
    view: View, *, whole: bool = True, gone: Container[str] = (), lost: Container[str] = ()
) -> Coverage:
    """The coverage of a view. `whole`: what the view lacks does not exist. In a part of a world, `gone` are
    the keys of IDs that are known to exist no more. `lost`: those of configurations, TAPs and destinations
    of which a warning says that they lose the stream.
    """
    ends = _Ends(view, whole, gone, lost)
    names = {ids.key(one.id): one.id for one in view.list(NetworkInterface)}
    streams: dict[str, list[TapStream]] = {key: [] for key in names}
    for configuration in view.list(NetworkInterfaceTapConfiguration):
        with suppress(Undecided):
            key = ids.key(configuration.network_interface_id)
            names.setdefault(key, configuration.network_interface_id)
            streams.setdefault(key, []).append(ends.stream(configuration))
    return {names[key]: tuple(found) for key, found in streams.items()}


def is_silent(streams: Sequence[TapStream]) -> bool:
    """Whether an interface is tapped, and nobody hears any of its streams."""
    return bool(streams) and all(stream.loss is not None for stream in streams)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Looks up where streams end."""

    view: View
    whole: bool
    gone: Container[str]
    lost: Container[str]

    def stream(self, configuration: NetworkInterfaceTapConfiguration) -> TapStream:
        """The stream of a configuration. Raises Undecided if not even its TAP is known."""
        tap_id, destination_id = configuration.virtual_network_tap_id, ""
        collectors: tuple[str, ...] = ()
        loss = None
        with suppress(Undecided):
            destination_id = self.view.get(VirtualNetworkTap, tap_id).destination_id
        with suppress(Undecided):
            collectors, loss = self._end(configuration)
        return TapStream(configuration.id, tap_id, destination_id, collectors, loss)

    def _end(
        self, configuration: NetworkInterfaceTapConfiguration
    ) -> tuple[tuple[str, ...], StreamLoss | None]:
        tap_id = configuration.virtual_network_tap_id
        if self._is_absent(tap_id):
            return (), StreamLoss.NO_TAP
        tap = self.view.get(VirtualNetworkTap, tap_id)
        owner_id = ids.parent(tap.destination_id)
        if self._is_absent(owner_id):
            return (), StreamLoss.NO_DESTINATION
        if any(ids.key(one) in self.lost for one in (configuration.id, tap_id, owner_id)):
            return (), StreamLoss.LOST
        owner = tap.destination_owner(self.view)
        if not _has_part(owner, ids.name(tap.destination_id)):
            return (), StreamLoss.NO_DESTINATION
        here = self.view.get(NetworkInterface, configuration.network_interface_id).virtual_network_id
        there = tap.destination_network_id(self.view)
        if there and here.lower() != there.lower() and not link_between(self.view, here, there).is_open:
            return (), StreamLoss.UNREACHABLE
        if isinstance(owner, NetworkInterface):
            return (owner.id,), None
        return _behind(self.view, tap)

    def _is_absent(self, resource_id: str) -> bool:
        """Whether it is certain that a resource is not there."""
        known = self.whole or ids.key(resource_id) in self.gone
        return known and self.view.find(resource_id) is None


def _has_part(owner: NetworkInterface | Lb, name: str) -> bool:
    if isinstance(owner, Lb):
        return owner.frontend(name) is not None
    return any(block.name.lower() == name.lower() for block in owner.ip_configuration)


def _behind(view: View, tap: VirtualNetworkTap) -> tuple[tuple[str, ...], StreamLoss | None]:
    """The collectors behind the load balancer that a TAP sends to. Raises Undecided where it has a rule of
    which it is not known what frontend it is of: that may be the one.
    """
    for balancing in balancing_rules_of(ids.parent(tap.destination_id), view):
        _ = balancing.frontend_ip_configuration_id
    pool_ids = [one for carrier in carriers_of(tap, view) for one in carrier.backend_address_pool_ids or ()]
    if not pool_ids:
        return (), StreamLoss.NO_RULE
    for pool_id in pool_ids:
        view.get(LbBackendAddressPool, pool_id)
    collectors = collectors_of(tap, view)
    return tuple(collectors.values()), None if collectors else StreamLoss.NO_COLLECTOR
