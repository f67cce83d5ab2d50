"""What the lifecycle answers: the outcome of reading, planning, applying, importing or moving one object.

Where an object is managed, two fields have the same meaning everywhere: `private` and `identity` are what
Terraform is to keep beside the object, and None means "as it was given" (Terraform replaces both by what a
response says, so that silence would erase them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from provider_shim.diagnostics import Diagnostic, Path

Values = dict[str, Any]


class ReadResult(NamedTuple):
    """`new_state` None: the object is gone, Terraform forgets it and plans to create it."""

    new_state: Values | None
    private: bytes | None = None
    identity: Values | None = None
    diagnostics: Sequence[Diagnostic] = ()


class PlanResult(NamedTuple):
    """`planned` None: to be destroyed. `requires_replace`: paths whose change needs a new object."""

    planned: Values | None
    requires_replace: Sequence[Path] = ()
    private: bytes | None = None
    identity: Values | None = None
    diagnostics: Sequence[Diagnostic] = ()
    # Silences Terraform's checks of the plan: set only where `merging.departs` says so.
    legacy_type_system: bool = False


class ApplyResult(NamedTuple):
    """`new_state` None: destroyed, or with an error: nothing new exists and Terraform keeps what it had."""

    new_state: Values | None
    private: bytes | None = None
    identity: Values | None = None
    diagnostics: Sequence[Diagnostic] = ()


class ImportResult(NamedTuple):
    """`state` None needs an error that says why: an empty answer would look like a success."""

    state: Values | None
    private: bytes | None = None
    identity: Values | None = None
    diagnostics: Sequence[Diagnostic] = ()


class MoveResult(NamedTuple):
    """`state` is the object in the target type's shape, None with an error if it cannot be moved."""

    state: Values | None
    private: bytes | None = None
    identity: Values | None = None
    diagnostics: Sequence[Diagnostic] = ()


class DataResult(NamedTuple):
    """`state` is what a data source answers, None with an error if it cannot."""

    state: Values | None
    diagnostics: Sequence[Diagnostic] = ()
