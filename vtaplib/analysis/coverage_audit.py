"""An audit of coverage: who in a scope is tapped and heard, who could be tapped, who cannot, and why.

It answers the question of an auditor: is every machine of this subscription tapped? *Complete* means that
every interface in scope has a stream that somebody hears, but for the collectors: what they receive are the
copies. An interface that cannot be tapped is a gap too. Nothing to tap is complete: look at the counts.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from vtaplib.analysis.coverage import PARTIAL, StreamLoss, TapStream, coverage_of, is_silent
from vtaplib.analysis.eligibility import judge_eligibility
from vtaplib.control.read_view import ReadView
from vtaplib.errors import require_type
from vtaplib.model import ids
from vtaplib.model.arguments import normalise_location
from vtaplib.model.ids import label
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import VIEW_WAY_OUT, View
from vtaplib.model.violation import ArmError, ErrorCode, Path, Violation
from vtaplib.resources import (
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    ResourceGroup,
    Subnet,
    Subscription,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkTap,
)
from vtaplib.rules.mirror_hop import collectors_of


class Standing(StrEnum):
    """Where an interface stands."""

    TAPPED = "tapped"
    SILENT = "silent"
    """It is tapped, and nobody hears any of its streams."""
    COLLECTOR = "collector"
    """It is not tapped, and is where a TAP sends."""
    ELIGIBLE = "eligible"
    """It is not tapped, and could be."""
    INELIGIBLE = "ineligible"
    """It is not tapped, and cannot be."""


COVERED = frozenset({Standing.TAPPED, Standing.COLLECTOR})


@dataclass(frozen=True, slots=True)
class CoverageScope:
    """Which interfaces an audit is about: those that every criterion takes."""

    ids: Sequence[str] = ()
    """IDs of subscriptions, resource groups, networks, subnets, machines and interfaces; none: everything."""
    name_pattern: str = "*"
    """For the interface's name, as file names are matched; in any case."""
    location: str = ""
    """The Azure region; "" for all."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that the interface or its machine has, with these values."""
    attached_only: bool = False
    """Only interfaces of machines."""


@dataclass(frozen=True, slots=True)
class InterfaceCoverage:
    """An interface in scope."""

    interface_id: str
    machine_id: str
    """"" where it is attached to none."""
    standing: Standing
    streams: Sequence[TapStream]
    reasons: Sequence[str]
    """Why it is silent, or cannot be tapped."""


@dataclass(frozen=True, slots=True)
class CoverageAudit:
    """The interfaces in scope, in order of their IDs."""

    interfaces: Sequence[InterfaceCoverage]

    def those(self, standing: Standing) -> Sequence[InterfaceCoverage]:
        """The interfaces that stand so."""
        return tuple(one for one in self.interfaces if one.standing is standing)

    @property
    def gaps(self) -> Sequence[InterfaceCoverage]:
        """The interfaces whose traffic nobody sees."""
        return tuple(one for one in self.interfaces if one.standing not in COVERED)

    @property
    def complete(self) -> bool:
        """Whether there is no gap."""
        return not self.gaps

    @property
    def machine_ids(self) -> Sequence[str]:
        """The machines that have an interface in scope."""
        return tuple(dict.fromkeys(one.machine_id for one in self.interfaces if one.machine_id))


def audit_coverage(view: View, policy: Policy, scope: CoverageScope | None = None) -> CoverageAudit:
    """Audits a complete view. Raises ArmError (ResourceNotFound) if an ID of the scope is not there, or not
    of a type that interfaces are in.
    """
    require_type("the view", view, View, VIEW_WAY_OUT)
    require_type("the policy", policy, Policy, POLICY_WAY_OUT)
    if scope is not None:
        require_type("the scope", scope, CoverageScope, "give a CoverageScope, or nothing for all")
    scope = scope or CoverageScope()
    world = view if isinstance(view, ReadView) else ReadView(view.list(Resource), whole=True)
    in_scope = _selector(world, scope)
    lost = _lost(world, policy)
    streams = coverage_of(world, lost=lost)
    collectors = _collectors(world)
    return CoverageAudit(
        tuple(
            _judged(one, streams[one.id], collectors, lost, world, policy)
            for one in world.list(NetworkInterface)
            if in_scope(one)
        )
    )


def _lost(world: ReadView, policy: Policy) -> Mapping[str, Sequence[str]]:
    """What warnings say of streams that are lost as a whole, by key of the tap configuration, or of the TAP
    where all its streams are. What stands on both is judged for each stream by itself.
    """
    lost: dict[str, Sequence[str]] = {}
    for tap in world.list(VirtualNetworkTap):
        losses = _losses(tap, world, policy, set(NetworkInterfaceTapConfiguration.rules()))
        lost[ids.key(tap.id)] = [message for messages in losses.values() for message in messages]
        collectors = 1
        with suppress(Undecided):
            collectors = max(1, len(collectors_of(tap, world)))
        for configuration in world.referrers(tap.id, NetworkInterfaceTapConfiguration):
            losses = _losses(configuration, world, policy, PARTIAL)
            # A stream that is spread over collectors is lost where each of them loses it.
            lost[ids.key(configuration.id)] = [
                message for messages in losses.values() if len(messages) >= collectors for message in messages
            ]
    return {key: messages for key, messages in lost.items() if messages}


def _losses(
    resource: Resource, world: ReadView, policy: Policy, left_out: Container[str]
) -> Mapping[str, Sequence[str]]:
    """The messages of the rules that say what is lost, by rule."""
    losses: dict[str, list[str]] = {}
    for rule in resource.rules().values():
        if rule.code is ErrorCode.VIRTUAL_NETWORK_TAP_STREAM_LOST and rule.name not in left_out:
            with suppress(Undecided):
                for one in resource.judge(rule, world, policy):
                    losses.setdefault(rule.name, []).append(one.message)
    return losses


def _collectors(world: ReadView) -> set[str]:
    """The keys of the interfaces that a TAP's copies can reach."""
    found: set[str] = set()
    for tap in world.list(VirtualNetworkTap):
        with suppress(Undecided):
            found |= collectors_of(tap, world).keys()
    return found


def _judged(
    interface: NetworkInterface,
    streams: Sequence[TapStream],
    collectors: set[str],
    lost: Mapping[str, Sequence[str]],
    world: ReadView,
    policy: Policy,
) -> InterfaceCoverage:
    standing, reasons = Standing.TAPPED, tuple[str, ...]()
    if is_silent(streams):
        standing = Standing.SILENT
        reasons = tuple(dict.fromkeys(reason for one in streams for reason in _why(one, lost)))
    elif not streams and ids.key(interface.id) in collectors:
        standing = Standing.COLLECTOR
    elif not streams:
        found = judge_eligibility(world, policy, interface.id)
        standing = Standing.ELIGIBLE if found.eligible else Standing.INELIGIBLE
        reasons = tuple(one.message for one in found.errors)
    machine = _machine(interface, world)
    return InterfaceCoverage(interface.id, "" if machine is None else machine.id, standing, streams, reasons)


def _machine(interface: NetworkInterface, world: ReadView) -> VirtualMachine | None:
    return next(world.referrers(interface.id, VirtualMachine), None)


def _why(stream: TapStream, lost: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if stream.loss is StreamLoss.LOST:
        for one in (stream.configuration_id, stream.tap_id):
            yield from lost.get(ids.key(one), ())
    elif stream.loss is not None:
        yield f"{label(stream.tap_id)}: {stream.loss}"


# What is in scope


Selector = Callable[[NetworkInterface], bool]


def _selector(world: ReadView, scope: CoverageScope) -> Selector:
    places = [_place(world, one, ("scope_ids", position)) for position, one in enumerate(scope.ids)]
    pattern, location = scope.name_pattern.lower(), normalise_location(scope.location)

    def takes(interface: NetworkInterface) -> bool:
        machine = _machine(interface, world)
        tags = {**(getattr(machine, "tags", None) or {}), **(interface.tags or {})}
        return (
            (not places or any(place(interface) for place in places))
            and fnmatchcase(interface.name.lower(), pattern)
            and location in ("", normalise_location(interface.location))
            and scope.tags.items() <= tags.items()
            and (machine is not None or not scope.attached_only)
        )

    return takes


def _place(world: ReadView, scope_id: str, path: Path) -> Selector:
    key = ids.key(scope_id)
    match world.find(scope_id):
        case Subscription() | ResourceGroup():
            return lambda one: ids.key(one.id).startswith(f"{key}/")
        case VirtualNetwork():
            return lambda one: ids.key(one.virtual_network_id) == key
        case Subnet():
            return lambda one: any(ids.key(block.subnet_id or "") == key for block in one.ip_configuration)
        case VirtualMachine() as machine:
            attached = {ids.key(one) for one in machine.network_interface_ids}
            return lambda one: ids.key(one.id) in attached
        case NetworkInterface():
            return lambda one: ids.key(one.id) == key
    message = (
        f"{label(scope_id)}: there is no subscription, resource group, virtual network, subnet, virtual "
        f"machine or network interface {scope_id}; check the ID"
    )
    raise ArmError([Violation(ErrorCode.RESOURCE_NOT_FOUND, message, path)])
