"""A tapped machine: what it may not be, and what may not be in front of it.

The way leads from a tap configuration over its interface to the machine, over the machine's interfaces to
backend pools, and on to rules. Whichever part of it is written last finds the others, so every rule here
stands on each type that can close the way; a type says from where it is found. Only what is sure to be there
counts. An interface without a machine is no machine's yet, and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, Rule, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity
from vtaplib.resources.lb import Lb
from vtaplib.resources.neighbours import balancing_rules_of, configurations_of, machines_of, memberships_of
from vtaplib.resources.size_name import parse_size_name

if TYPE_CHECKING:
    from vtaplib.resources.lb_rule import LbRule
    from vtaplib.resources.network_interface_backend_address_pool_association import (
        NetworkInterfaceBackendAddressPoolAssociation,
    )
    from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
    from vtaplib.resources.virtual_machine import VirtualMachine

SOURCE = "Azure, virtual network TAP"
LAST_KNOWN_GENERATION = 6
"""The newest generation of machine sizes that documentation speaks of; it refuses that one."""


class Tapped(NamedTuple):
    """A machine, and a tap configuration of one of its interfaces."""

    machine: VirtualMachine
    configuration: NetworkInterfaceTapConfiguration


class TappedBackend(NamedTuple):
    """A tapped machine with one of its interfaces in a backend pool."""

    tapped: Tapped
    pool_id: str

    def told_by(self, speaker: Any) -> str:
        """Both ends in messages."""
        return f"{_tapped(*self.tapped, speaker)} is in {label(self.pool_id)}"


FindTapped = Callable[[Any, "View"], Iterator[Tapped]]
FindBackends = Callable[[Any, "View"], Iterator[TappedBackend]]


# What a part of the way finds


def tapped_by_configuration(configuration: NetworkInterfaceTapConfiguration, view: View) -> Iterator[Tapped]:
    """The machine that a tap configuration taps."""
    for machine in machines_of(configuration.network_interface_id, view):
        yield Tapped(machine, configuration)


def tapped_by_machine(machine: VirtualMachine, view: View) -> Iterator[Tapped]:
    """A machine, for each of its tap configurations."""
    for interface_id in machine.network_interface_ids:
        for configuration in configurations_of(interface_id, view):
            yield Tapped(machine, configuration)


def backends_by_configuration(
    configuration: NetworkInterfaceTapConfiguration, view: View
) -> Iterator[TappedBackend]:
    """The pools that the machine of a tap configuration is in."""
    for tapped in tapped_by_configuration(configuration, view):
        yield from (TappedBackend(tapped, pool_id) for pool_id in _pool_ids(tapped.machine, view))


def backends_by_machine(machine: VirtualMachine, view: View) -> Iterator[TappedBackend]:
    """The pools that a tapped machine is in."""
    tapped = next(tapped_by_machine(machine, view), None)
    if tapped is not None:
        yield from (TappedBackend(tapped, pool_id) for pool_id in _pool_ids(machine, view))


def backends_by_membership(
    membership: NetworkInterfaceBackendAddressPoolAssociation, view: View
) -> Iterator[TappedBackend]:
    """The tapped machine of an interface in a pool."""
    for machine in machines_of(membership.network_interface_id, view):
        tapped = next(tapped_by_machine(machine, view), None)
        if tapped is not None:
            yield TappedBackend(tapped, membership.backend_address_pool_id)


def backends_by_floating_rule(balancing: LbRule, view: View) -> Iterator[TappedBackend]:
    """The tapped machines that a rule with floating IP sends to."""
    if balancing.floating_ip_enabled:
        for pool_id in balancing.backend_address_pool_ids or ():
            for member in memberships_of(pool_id, view):
                yield from backends_by_membership(member, view)


def _pool_ids(machine: VirtualMachine, view: View) -> Iterator[str]:
    for interface_id in machine.network_interface_ids:
        for member in memberships_of(interface_id, view):
            yield member.backend_address_pool_id


# Rules, for each type that can close the way


def no_floating_ip(path: Path, find: FindBackends) -> Rule:
    """The rule on floating IP, with findings at a path."""

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_FLOATING_IP_NOT_SUPPORTED, source=SOURCE)
    def judge(self: Any, view: View, policy: Policy) -> Findings:
        """A tapped machine is behind no load-balancing rule with floating IP."""
        for backend in find(self, view):
            for balancing in balancing_rules_of(backend.pool_id, view):
                if balancing.floating_ip_enabled:
                    yield (
                        path,
                        (
                            f"{self.label}: {backend.told_by(self)}, to which {balancing.label} sends with "
                            "floating_ip_enabled = true; turn it off there, or do not tap the machine"
                        ),
                    )

    return judge


def no_basic_balancer(path: Path, find: FindBackends) -> Rule:
    """The rule on Basic load balancers, with findings at a path."""

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_BASIC_LOAD_BALANCER_NOT_SUPPORTED, source=SOURCE)
    def judge(self: Any, view: View, policy: Policy) -> Findings:
        """A tapped machine is behind no Basic load balancer."""
        for backend in find(self, view):
            balancer = view.get(Lb, ids.parent(backend.pool_id))
            if balancer.sku == "Basic":
                yield (
                    path,
                    (
                        f"{self.label}: {backend.told_by(self)} of {balancer.label}, which has sku Basic; "
                        "use sku Standard, or do not tap the machine"
                    ),
                )

    return judge


def supported_size(path: Path, find: FindTapped) -> Rule:
    """The rule on sizes that are refused, with findings at a path."""

    @rule(ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VM_SIZE_NOT_SUPPORTED, source=SOURCE)
    def judge(self: Any, view: View, policy: Policy) -> Findings:
        """A tapped machine has a size of a generation that can be tapped."""
        for machine, configuration in find(self, view):
            suffix = _refused_suffix(machine.size, policy)
            if suffix:
                yield (
                    path,
                    (
                        f"{self.label}: {_tapped(machine, configuration, self)} has size "
                        f"{machine.size}; sizes that end in {suffix} cannot be tapped. Choose one of an "
                        "earlier generation, such as Standard_D2s_v5"
                    ),
                )

    return judge


def size_of_known_generation(path: Path, find: FindTapped) -> Rule:
    """The rule on sizes of which nothing is known, with findings at a path."""

    @rule(
        ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VM_SIZE_NOT_SUPPORTED,
        evidence=Evidence.INFERRED,
        severity=Severity.WARNING,
        source=SOURCE,
    )
    def judge(self: Any, view: View, policy: Policy) -> Findings:
        """A tapped machine has a size of a generation that documentation speaks of."""
        for machine, configuration in find(self, view):
            size = parse_size_name(machine.size)
            newer = size is not None and size.version > LAST_KNOWN_GENERATION
            if newer and not _refused_suffix(machine.size, policy):
                yield (
                    path,
                    (
                        f"{self.label}: {_tapped(machine, configuration, self)} has size "
                        f"{machine.size}; sizes of generation {LAST_KNOWN_GENERATION} cannot be tapped, and "
                        "of later ones nothing is documented. Choose one of an earlier generation to be sure"
                    ),
                )

    return judge


def _tapped(machine: VirtualMachine, configuration: NetworkInterfaceTapConfiguration, speaker: Any) -> str:
    """A tapped machine, without what the speaker's own label says already."""
    if speaker.id == machine.id:
        return f"tapped by {configuration.label}, it"
    if speaker.id == configuration.id:
        return f"the machine {machine.label}"
    return f"the machine {machine.label}, tapped by {configuration.label},"


def _refused_suffix(size: str, policy: Policy) -> str:
    return next(
        (suffix for suffix in policy.unsupported_size_suffixes if size.lower().endswith(suffix.lower())), ""
    )
