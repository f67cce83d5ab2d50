"""A tapped machine: what it may not be, and what may not be in front of it.

The way leads from a tap configuration over its interface to the machine, over the machine's interfaces to
backend pools, and on to rules. Whichever part of it is written last finds the others, so every rule here
stands on each type that can close the way; a type says from where it is found. Only what is sure to be there
counts. An interface without a machine is no machine's yet, and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import Final, NamedTuple

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity
from vtaplib.resources.lb import Lb
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.resources.network_interface_tap_configuration import NetworkInterfaceTapConfiguration
from vtaplib.resources.size_name import parse_size_name
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.rules.references import (
    balancing_rules_of,
    configurations_of_machine,
    machines_of,
    memberships_of,
)

SOURCE = "Azure, virtual network TAP"
LAST_KNOWN_GENERATION = 6
"""The newest generation of machine sizes that documentation speaks of; it refuses that one."""
BACKEND_FIELDS: Final[Mapping[type[Resource], str]] = {
    NetworkInterfaceTapConfiguration: "network_interface_id",
    VirtualMachine: "network_interface_ids",
    NetworkInterfaceBackendAddressPoolAssociation: "backend_address_pool_id",
    LbRule: "floating_ip_enabled",
}
"""The field of each part of the way that puts a tapped machine behind a load balancer."""


class TappedMachine(NamedTuple):
    """A machine, and a tap configuration of one of its interfaces."""

    machine: VirtualMachine
    configuration: NetworkInterfaceTapConfiguration


class TappedBackend(NamedTuple):
    """A tapped machine with one of its interfaces in a backend pool."""

    tapped: TappedMachine
    pool_id: str

    def told_by(self, speaker: Resource) -> str:
        """Both ends in messages."""
        return f"{_tapped(*self.tapped, speaker)} is in {label(self.pool_id)}"


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VM_SIZE_NOT_SUPPORTED,
    on=(VirtualMachine, NetworkInterfaceTapConfiguration),
    source=SOURCE,
)
def tapped_machine_has_a_supported_size(self: Resource, view: View, policy: Policy) -> Findings:
    """A tapped machine has a size of a generation that can be tapped."""
    for machine, configuration in _tapped_of(self, view):
        suffix = _refused_suffix(machine.size, policy)
        if suffix:
            yield (
                _size_path(self),
                (
                    f"{self.label}: {_tapped(machine, configuration, self)} has size "
                    f"{machine.size}; sizes that end in {suffix} cannot be tapped"
                ),
                "Choose one of an earlier generation, such as Standard_D2s_v5",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VM_SIZE_NOT_SUPPORTED,
    on=(VirtualMachine, NetworkInterfaceTapConfiguration),
    evidence=Evidence.INFERRED,
    severity=Severity.WARNING,
    source=SOURCE,
)
def tapped_machine_has_a_known_size(self: Resource, view: View, policy: Policy) -> Findings:
    """A tapped machine has a size of a generation that the documentation covers."""
    for machine, configuration in _tapped_of(self, view):
        size = parse_size_name(machine.size)
        newer = size is not None and size.version > LAST_KNOWN_GENERATION
        if newer and not _refused_suffix(machine.size, policy):
            yield (
                _size_path(self),
                (
                    f"{self.label}: {_tapped(machine, configuration, self)} has size {machine.size}; sizes "
                    f"of generation {LAST_KNOWN_GENERATION} cannot be tapped, and nothing is documented "
                    "about later ones"
                ),
                "Choose one of an earlier generation to be sure",
            )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_FLOATING_IP_NOT_SUPPORTED,
    on=(
        LbRule,
        NetworkInterfaceBackendAddressPoolAssociation,
        VirtualMachine,
        NetworkInterfaceTapConfiguration,
    ),
    source=SOURCE,
)
def tapped_machine_is_behind_no_floating_ip(self: Resource, view: View, policy: Policy) -> Findings:
    """No load-balancing rule with floating IP sends to a tapped machine."""
    for backend in _backends(self, view):
        for balancing in balancing_rules_of(backend.pool_id, view):
            if balancing.floating_ip_enabled:
                yield (
                    _backend_path(self),
                    (
                        f"{self.label}: {backend.told_by(self)}, to which {balancing.label} sends with "
                        "floating_ip_enabled = true"
                    ),
                    "turn it off there, or do not tap the machine",
                )


@rule(
    ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_BASIC_LOAD_BALANCER_NOT_SUPPORTED,
    on=(NetworkInterfaceBackendAddressPoolAssociation, VirtualMachine, NetworkInterfaceTapConfiguration),
    source=SOURCE,
)
def tapped_machine_is_behind_no_basic_balancer(self: Resource, view: View, policy: Policy) -> Findings:
    """No Basic load balancer sends to a tapped machine."""
    for backend in _backends(self, view):
        balancer = view.get(Lb, ids.parent(backend.pool_id))
        if balancer.sku == "Basic":
            yield (
                _backend_path(self),
                f"{self.label}: {backend.told_by(self)} of {balancer.label}, which has sku Basic",
                "use sku Standard, or do not tap the machine",
            )


# What a part of the way finds, and the field of it that is at fault


@singledispatch
def _tapped_of(part: Resource, view: View) -> Iterator[TappedMachine]:
    """The machine that a resource is or taps, with a tap configuration of it."""
    raise NotImplementedError


@_tapped_of.register(NetworkInterfaceTapConfiguration)
def _tapped_by_configuration(
    configuration: NetworkInterfaceTapConfiguration, view: View
) -> Iterator[TappedMachine]:
    for machine in machines_of(configuration.network_interface_id, view):
        yield TappedMachine(machine, configuration)


@_tapped_of.register(VirtualMachine)
def _tapped_by_machine(machine: VirtualMachine, view: View) -> Iterator[TappedMachine]:
    for configuration in configurations_of_machine(machine, view):
        yield TappedMachine(machine, configuration)


def _size_path(part: Resource) -> Path:
    return ("size" if isinstance(part, VirtualMachine) else "network_interface_id",)


@singledispatch
def _backends(part: Resource, view: View) -> Iterator[TappedBackend]:
    """The tapped machines in pools that a resource is a part of the way to."""
    raise NotImplementedError


@_backends.register(NetworkInterfaceTapConfiguration)
def _backends_by_configuration(
    configuration: NetworkInterfaceTapConfiguration, view: View
) -> Iterator[TappedBackend]:
    """The pools that the machine of a tap configuration is in."""
    for tapped in _tapped_of(configuration, view):
        yield from (TappedBackend(tapped, pool_id) for pool_id in _pool_ids(tapped.machine, view))


@_backends.register(VirtualMachine)
def _backends_by_machine(machine: VirtualMachine, view: View) -> Iterator[TappedBackend]:
    """The pools that a tapped machine is in."""
    tapped = next(_tapped_of(machine, view), None)
    if tapped is not None:
        yield from (TappedBackend(tapped, pool_id) for pool_id in _pool_ids(machine, view))


@_backends.register(NetworkInterfaceBackendAddressPoolAssociation)
def _backends_by_membership(
    membership: NetworkInterfaceBackendAddressPoolAssociation, view: View
) -> Iterator[TappedBackend]:
    """The tapped machine of an interface in a pool."""
    for machine in machines_of(membership.network_interface_id, view):
        tapped = next(_tapped_of(machine, view), None)
        if tapped is not None:
            yield TappedBackend(tapped, membership.backend_address_pool_id)


@_backends.register(LbRule)
def _backends_by_floating_rule(balancing: LbRule, view: View) -> Iterator[TappedBackend]:
    """The tapped machines that a rule with floating IP sends to."""
    if balancing.floating_ip_enabled:
        for pool_id in balancing.backend_address_pool_ids or ():
            for member in memberships_of(pool_id, view):
                yield from _backends(member, view)


def _backend_path(part: Resource) -> Path:
    return next((field,) for kind, field in BACKEND_FIELDS.items() if isinstance(part, kind))


def _pool_ids(machine: VirtualMachine, view: View) -> Iterator[str]:
    for interface_id in machine.network_interface_ids:
        for member in memberships_of(interface_id, view):
            yield member.backend_address_pool_id


def _tapped(
    machine: VirtualMachine, configuration: NetworkInterfaceTapConfiguration, speaker: Resource
) -> str:
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
