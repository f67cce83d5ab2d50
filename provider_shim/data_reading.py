"""The lifecycle of data sources on plain values: check what is asked, read what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provider_shim.data_source import DataSource, Session
from provider_shim.derivation import is_computed, is_settable, public_fields
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.reports import diagnostic
from provider_shim.results import DataResult
from vtaplib.control.service_defaults import empty
from vtaplib.errors import VtapError
from vtaplib.model.base import Field, Model, Values
from vtaplib.model.validation import check_combinations, check_fields
from vtaplib.model.violation import ArmError, ErrorCode, Violation


def check(kind: type[DataSource], config: Values, name: str) -> list[Diagnostic]:
    """What is wrong with a configuration by itself, as far as it is known. `name`: the data source's."""
    asked = kind.from_values(config)
    return [diagnostic(kind, one, asked) for one in _violations(asked, name)]


def _violations(asked: DataSource, name: str) -> Iterator[Violation]:
    yield from check_fields(asked, name, strict_ids=True)
    for path, problem in check_combinations(asked, asked.combinations):
        yield Violation(ErrorCode.INVALID_PARAMETER_COMBINATION, f"{name}: {problem}", path)


def read(kind: type[DataSource], config: Values, session: Session) -> DataResult:
    """The answer to a configuration, all of which is known."""
    try:
        with session.cloud.snapshot():
            found = kind.from_values(config).read(session)
    except ArmError as error:
        return DataResult(None, [diagnostic(kind, one) for one in error.violations])
    except VtapError as error:
        return DataResult(
            None, [Diagnostic(DiagnosticSeverity.ERROR, "The data source cannot be read", str(error))]
        )
    state = {field.name: _answer(field, config, found) for field in public_fields(kind)}
    return DataResult(state | {"timeouts": config.get("timeouts")})


def _answer(field: Field, config: Values, found: Values) -> Any:
    if not is_settable(field):
        return _shown(field, found.get(field.name))
    asked = config.get(field.name)
    return found.get(field.name) if asked is None and is_computed(field) else asked


def _shown(field: Field, value: Any) -> Any:
    """A value as azurerm shows it: where there is nothing, the empty value of its type."""
    if value is None:
        value = empty(field)
    if field.block is not None:
        return [_shown_block(field.block, one) for one in value or ()]
    return list(value) if isinstance(value, tuple) else value


def _shown_block(cls: type[Model], block: Mapping[str, Any]) -> Values:
    return {inner.name: _shown(inner, block.get(inner.name)) for inner in public_fields(cls)}
