"""Makes the graph of a network and of what a replay counted in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vtaplib.analysis.inventory import (
    GroupEntry,
    InterfaceEntry,
    Inventory,
    LoadBalancerEntry,
    NetworkEntry,
    TapEntry,
)
from vtaplib.analysis.report_parts import NOTHING, Amount
from vtaplib.analysis.traffic_replay.report import ReplayReport
from vtaplib.model import ids
from vtaplib.reports.network_graph import (
    InterfaceState,
    NetworkBox,
    NetworkGraph,
    NetworkNode,
    Peering,
    Stream,
    SubnetBox,
)
from vtaplib.reports.number import counted, octets, share
from vtaplib.resources.virtual_network_peering import PeeringState


@dataclass(frozen=True, slots=True)
class TrafficCounts:
    """What was counted: per interface and TAP what entered and what was mirrored, and what collectors got.

    IDs are in lower case. `collector_ids` are in the order of their colours.
    """

    entered: Mapping[tuple[str, str], Amount] = field(default_factory=dict)
    mirrored: Mapping[tuple[str, str], Amount] = field(default_factory=dict)
    received: Mapping[str, Amount] = field(default_factory=dict)
    collector_ids: tuple[str, ...] = ()
    down: frozenset[str] = frozenset()

    @classmethod
    def of(cls, report: ReplayReport) -> TrafficCounts:
        """What a replay counted."""
        entered: dict[tuple[str, str], Amount] = {}
        mirrored: dict[tuple[str, str], Amount] = {}
        for point in report.tap_points:
            pair = point.interface_id.lower(), point.tap_id.lower()
            entered[pair] = entered.get(pair, NOTHING) + point.entered
            mirrored[pair] = mirrored.get(pair, NOTHING) + point.mirrored
        return cls(
            entered=entered,
            mirrored=mirrored,
            received={one.interface_id.lower(): Amount(one.frames, one.bytes) for one in report.collectors},
            collector_ids=tuple(one.interface_id.lower() for one in report.collectors),
            down=frozenset(one.lower() for one in report.down),
        )


def groups_of(inventory: Inventory) -> Iterator[GroupEntry]:
    """Every resource group, in order."""
    for tenant in inventory.tenants:
        for subscription in tenant.subscriptions:
            yield from subscription.groups


def peerings_of(networks: list[NetworkEntry]) -> Iterator[Peering]:
    """Every pair of networks of which one at least has a side of a peering, once."""
    names = {one.id.lower(): one.name for one in networks}
    sides = {
        (network.id.lower(), side.remote_network_id.lower()): side
        for network in networks
        for side in network.peerings
    }
    for (here, there), side in sides.items():
        back = sides.get((there, here))
        if back is not None and there < here:
            continue
        both = [side] if back is None else [side, back]
        works = back is not None and all(
            one.state == PeeringState.CONNECTED and one.allows_access for one in both
        )
        states = dict.fromkeys(one.state + ("" if one.allows_access else " without access") for one in both)
        said = " and ".join(states) + ("" if back else ", one side only")
        yield Peering((here, there), (names[here], names.get(there, ids.name(there))), works, said)


def graph_of(inventory: Inventory, counts: TrafficCounts) -> NetworkGraph:
    """What to draw of what is in a cloud."""
    return _Grapher(inventory, counts).graph()


class _Grapher:
    """Looks things up while a graph is made."""

    def __init__(self, inventory: Inventory, counts: TrafficCounts) -> None:
        self.counts = counts
        groups = list(groups_of(inventory))
        self.networks = [one for group in groups for one in group.networks]
        self.taps = [one for group in groups for one in group.taps]
        interfaces = [one for group in groups for one in group.interfaces]
        self.interfaces = {one.id.lower(): one for one in interfaces}
        self.by_subnet: dict[str, list[InterfaceEntry]] = {}
        for one in interfaces:
            self.by_subnet.setdefault(_subnet_id(one), []).append(one)
        self.balancers = {
            frontend.id.lower(): balancer
            for group in groups
            for balancer in group.load_balancers
            for frontend in balancer.frontends
        }
        self.hues = {one: number for number, one in enumerate(counts.collector_ids, start=1)}
        self.entered, self.mirrored = _by_tap(counts.entered), _by_tap(counts.mirrored)

    def graph(self) -> NetworkGraph:
        used = {one.destination_id.lower() for one in self.taps} & self.balancers.keys()
        balancers = list(
            {self.balancers[one].id.lower(): self.balancers[one] for one in sorted(used)}.values()
        )
        return NetworkGraph(
            sources=tuple(self._boxes(is_collecting=False)),
            taps=tuple(map(self._tap, self.taps)),
            balancers=tuple(map(self._balancer, balancers)),
            collectors=tuple(self._boxes(is_collecting=True)),
            streams=(*self._streams_to_taps(), *self._streams_from_taps(), *self._streams_of(balancers)),
            peerings=tuple(peerings_of(self.networks)),
        )

    def _boxes(self, *, is_collecting: bool) -> Iterator[NetworkBox]:
        """The networks of one side. What has no interface is among the sources."""
        for network in self.networks:
            subnets = []
            for subnet in network.subnets:
                there = self.by_subnet.get(subnet.id.lower(), [])
                here = [one for one in there if self._is_on_side(one, is_collecting)]
                if here or (not there and not is_collecting):
                    nodes = tuple(self._interface(one, is_collecting) for one in here)
                    subnets.append(SubnetBox(subnet.name, ", ".join(subnet.address_prefixes), nodes))
            others = any(self.by_subnet.get(one.id.lower()) for one in network.subnets)
            if any(one.nodes for one in subnets) or (not is_collecting and not others):
                yield NetworkBox(
                    frozenset({network.id.lower()}),
                    network.name,
                    ", ".join(network.address_space),
                    tuple(subnets),
                )

    def _is_on_side(self, interface: InterfaceEntry, is_collecting: bool) -> bool:
        collects = interface.id.lower() in self.hues
        return collects if is_collecting else not collects or bool(interface.tap_ids)

    def _interface(self, interface: InterfaceEntry, is_collecting: bool) -> NetworkNode:
        key = interface.id.lower()
        addresses = ", ".join(one.address for one in interface.addresses if one.address)
        machine = (
            f" of {ids.name(interface.machine_id)}" if interface.machine_id else ", attached to no machine"
        )
        opening = f"{interface.name}{machine}, {addresses or 'no address'}"
        if is_collecting:
            got = self.counts.received.get(key, NOTHING)
            state = InterfaceState.DOWN if key in self.counts.down else InterfaceState.COLLECTOR
            outcome = "down" if state is InterfaceState.DOWN else f"gets {_amount(got)}"
            return NetworkNode(key, interface.name, addresses, f"{opening}: {outcome}", state, self.hues[key])
        state, outcome = self._state(interface)
        return NetworkNode(key, interface.name, addresses, f"{opening}: {outcome}", state)

    def _state(self, interface: InterfaceEntry) -> tuple[InterfaceState, str]:
        key = interface.id.lower()
        if key in self.counts.down:
            return InterfaceState.DOWN, "down"
        if not interface.tap_ids:
            return InterfaceState.UNTAPPED, "not tapped"
        pairs = [(key, tap_id.lower()) for tap_id in interface.tap_ids]
        entered = sum(self.counts.entered.get(pair, NOTHING).frames for pair in pairs)
        mirrored = sum(self.counts.mirrored.get(pair, NOTHING).frames for pair in pairs)
        if not entered:
            return InterfaceState.IDLE, "tapped, no frame passed"
        tooltip = f"{mirrored:,} of {counted(entered, 'frame')} mirrored"
        if mirrored == entered:
            return InterfaceState.MIRRORED, tooltip
        return (InterfaceState.PARTLY if mirrored else InterfaceState.REFUSED), tooltip

    def _tap(self, tap: TapEntry) -> NetworkNode:
        mirrored = self._mirrored(tap)
        entered = self.entered.get(tap.id.lower(), NOTHING)
        beside = f"{octets(mirrored.bytes)} · {share(mirrored.frames, entered.frames)}"
        tooltip = f"{tap.name}: {counted(len(tap.sources), 'source')}, {_amount(mirrored)} mirrored"
        if not tap.sources:
            beside = "no source"
        elif not list(self._targets(tap)):
            beside, tooltip = "no destination", f"{tooltip}; its destination does not exist"
        return NetworkNode(tap.id.lower(), tap.name, beside, tooltip, hue=self._hue(tap))

    def _balancer(self, balancer: LoadBalancerEntry) -> NetworkNode:
        addresses = ", ".join(one.address for one in balancer.frontends if one.address)
        modes = ", ".join(dict.fromkeys(one.distribution for one in balancer.rules)) or "no rule"
        tooltip = f"{balancer.name}, {addresses or 'no private address'}, distribution {modes}"
        return NetworkNode(balancer.id.lower(), balancer.name, addresses, tooltip)

    def _streams_to_taps(self) -> Iterator[Stream]:
        for tap in self.taps:
            for source in tap.sources:
                pair = source.interface_id.lower(), tap.id.lower()
                amount = self.counts.mirrored.get(pair, NOTHING)
                entered = self.counts.entered.get(pair, NOTHING)
                tooltip = (
                    f"{ids.name(source.interface_id)} to {tap.name}: {amount.frames:,} of "
                    f"{counted(entered.frames, 'frame')} mirrored, {octets(amount.bytes)}"
                )
                yield Stream(*pair, amount.bytes, tooltip, self._hue(tap))

    def _streams_from_taps(self) -> Iterator[Stream]:
        for tap in self.taps:
            amount = self._mirrored(tap)
            for target_id, name in self._targets(tap):
                yield Stream(
                    tap.id.lower(),
                    target_id,
                    amount.bytes,
                    f"{tap.name} to {name}: {_amount(amount)}",
                    self._hue(tap),
                )

    def _streams_of(self, balancers: list[LoadBalancerEntry]) -> Iterator[Stream]:
        """From load balancers to the members of their pools. What a TAP sends a member directly is not
        theirs.
        """
        for balancer in balancers:
            pool_ids = {pool_id.lower() for rule in balancer.rules for pool_id in rule.pool_ids}
            members = [
                one for pool in balancer.pools if pool.id.lower() in pool_ids for one in pool.member_ids
            ]
            for key in dict.fromkeys(_owner_id(one) for one in members):
                if key in self.interfaces:
                    direct = sum(
                        self._mirrored(tap).bytes for tap in self.taps if _owner_id(tap.destination_id) == key
                    )
                    got = self.counts.received.get(key, NOTHING)
                    tooltip = f"{balancer.name} to {self.interfaces[key].name}: {_amount(got)} arrive there"
                    size = max(0, got.bytes - direct)
                    yield Stream(balancer.id.lower(), key, size, tooltip, self.hues.get(key, 0))

    def _targets(self, tap: TapEntry) -> Iterator[tuple[str, str]]:
        """The ID and name of what a TAP sends to, if it is there."""
        destination_id = tap.destination_id.lower()
        if destination_id in self.balancers:
            balancer = self.balancers[destination_id]
            yield balancer.id.lower(), balancer.name
        elif _owner_id(destination_id) in self.interfaces:
            yield _owner_id(destination_id), self.interfaces[_owner_id(destination_id)].name

    def _mirrored(self, tap: TapEntry) -> Amount:
        return self.mirrored.get(tap.id.lower(), NOTHING)

    def _hue(self, tap: TapEntry) -> int:
        return self.hues.get(_owner_id(tap.destination_id), 0)


def _by_tap(amounts: Mapping[tuple[str, str], Amount]) -> dict[str, Amount]:
    sums: dict[str, Amount] = {}
    for (_, tap_id), amount in amounts.items():
        sums[tap_id] = sums.get(tap_id, NOTHING) + amount
    return sums


def _amount(amount: Amount) -> str:
    return f"{counted(amount.frames, 'frame')}, {octets(amount.bytes)}"


def _owner_id(ip_configuration_id: str) -> str:
    return ip_configuration_id.lower().partition("/ipconfigurations/")[0]


def _subnet_id(interface: InterfaceEntry) -> str:
    return next((one.subnet_id.lower() for one in interface.addresses if one.subnet_id), "")
