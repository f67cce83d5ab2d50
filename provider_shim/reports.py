"""Violations as Terraform shows them: a diagnostic, with the path of the attribute at fault."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.azurerm_phrases import phrase_of
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key, Path
from vtaplib.model.base import Model, Shape
from vtaplib.model.marks import UNORDERED
from vtaplib.model.violation import Evidence, Violation
from vtaplib.model.violation import Severity as ViolationSeverity


def diagnostic(kind: type[Model], violation: Violation, model: Model | None = None) -> Diagnostic:
    """A violation of something of a kind, as a diagnostic. `model`: as `phrase_of` takes it."""
    severity = (
        DiagnosticSeverity.ERROR
        if violation.severity is ViolationSeverity.ERROR
        else DiagnosticSeverity.WARNING
    )
    detail = violation.message
    if phrase := phrase_of(violation, model):
        detail += f" (azurerm: {phrase})"
    if violation.evidence is Evidence.OURS:
        detail += " (This code is vtap's own, because Azure does not document this case.)"
    return Diagnostic(severity, str(violation.code), detail, terraform_path(kind, violation.path))


def terraform_path(kind: type[Model], path: Sequence[str | int]) -> Path:
    """A field's path as Terraform has it: a set's element has no address, so the path ends at the set."""
    steps: list[str | int | Key] = []
    cls: type[Model] | None = kind
    rest = list(path)
    while rest:
        name = rest.pop(0)
        field = cls.fields().get(str(name)) if cls is not None else None
        steps.append(name)
        if field is None or field.has(UNORDERED):
            break
        if field.shape is Shape.MAP:
            return (*steps, *(Key(str(step)) for step in rest[:1]))
        if rest and isinstance(rest[0], int):
            steps.append(rest.pop(0))
        cls = field.block
    return tuple(steps)
