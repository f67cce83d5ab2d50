"""The report of a check, as plain data that a machine can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vtaplib.model.violation import Severity


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """A rule that a resource breaks. `address` is the block in Terraform's configuration that it comes from,
    else its ID; `resource_id` is "" where it is not known yet. `field` is the field at fault. `message`
    says what is wrong and what to do; `way_out` is its end, where it says what to do.
    """

    address: str
    resource_id: str
    severity: str
    code: str
    rule: str
    what: str
    field: str
    message: str
    way_out: str
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Outside:
    """References that lead outside of what was read: nothing is said about those."""

    references: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterfaceCoverageEntry:
    """An interface and what is said of it: the TAPs that it sends to, and why nobody hears it."""

    address: str
    interface_id: str
    taps: tuple[str, ...]
    collectors: tuple[str, ...]
    silent_because: str


@dataclass(frozen=True, slots=True)
class CoverageEntry:
    """Which interfaces are tapped and heard in the end, and what the plan does to that. `silent` are tapped,
    and nobody hears them.
    """

    interfaces: int
    tapped: int
    silent: int
    newly_tapped: tuple[InterfaceCoverageEntry, ...]
    no_longer_tapped: tuple[InterfaceCoverageEntry, ...]
    newly_silent: tuple[InterfaceCoverageEntry, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A check of what `checked` says. `read` counts resources by type, `not_modelled` those of types that
    vtap has not; `not_read` are addresses of resources whose identity is not known.
    """

    checked: str
    is_plan: bool
    policy: Mapping[str, object]
    strict: bool
    read: Mapping[str, int]
    not_modelled: Mapping[str, int]
    not_read: tuple[str, ...]
    outside: Outside
    notes: tuple[str, ...]
    errors: int
    warnings: int
    findings: tuple[FindingEntry, ...]
    coverage: CoverageEntry

    @property
    def found_something(self) -> bool:
        """Whether anything is violated; under `strict` a warning counts too."""
        return bool(self.errors or (self.strict and self.warnings))


def by_address(findings: Sequence[FindingEntry]) -> Mapping[str, Sequence[FindingEntry]]:
    """Findings by where they are, errors first."""
    found: dict[str, list[FindingEntry]] = {}
    for one in sorted(findings, key=lambda one: (one.address, one.severity != Severity.ERROR.value)):
        found.setdefault(one.address, []).append(one)
    return found
