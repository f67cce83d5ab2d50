"""The lifecycle of resources on plain values: schemas, validation, states of earlier versions, and the rest.

Terraform starts a process for each walk. One that validates needs the types and no cloud, so what a provider
does with its cloud is in `configured.py`, imported when it is configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING

from provider_shim import data_reading
from provider_shim.derivation import data_source_schema, identity_schema, public_fields, resource_schema
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.identity import in_subscription
from provider_shim.provider_configuration import provider_schema, read_configuration
from provider_shim.reports import diagnostic
from provider_shim.results import ApplyResult, DataResult, ImportResult, MoveResult, PlanResult, ReadResult
from provider_shim.schema import IdentitySchema, Schema
from provider_shim.stored_state import load
from provider_shim.types import DATA_SOURCES, IDENTITIES, RESOURCE_TYPES, identity_of
from vtaplib.errors import VtapError
from vtaplib.model.base import Values
from vtaplib.model.marks import WRITE_ONLY
from vtaplib.model.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from provider_shim.configured import ConfiguredProvider
    from provider_shim.provider_configuration import ProviderConfiguration
    from vtaplib.control.control_plane import ControlPlane

SOURCE_ADDRESS = "terraform.local/vtap/vtap"


class Provider:
    """One provider, configured at most once. Terraform calls it from several threads."""

    def __init__(
        self,
        client: int | None = None,
        open_cloud: Callable[[ProviderConfiguration], ControlPlane] | None = None,
    ) -> None:
        """`client`: the number of Terraform's process, where it is known. `open_cloud`: opens the cloud that
        a provider block means; without it, the cloud is at the block's endpoint.
        """
        self._client = client
        self._open_cloud = open_cloud
        self._configured: ConfiguredProvider | None = None

    # Schemas

    def provider_schema(self) -> Schema:
        return provider_schema()

    def resource_schemas(self) -> Mapping[str, Schema]:
        return {name: resource_schema(kind, described=True) for name, kind in RESOURCE_TYPES.items()}

    def resource_schema(self, type_name: str) -> Schema:
        return _resource_schema(type_name)

    def identity_schemas(self) -> Mapping[str, IdentitySchema]:
        return {name: identity_schema(names) for name, names in IDENTITIES.items()}

    def data_source_schemas(self) -> Mapping[str, Schema]:
        return {name: data_source_schema(kind, described=True) for name, kind in DATA_SOURCES.items()}

    def data_source_schema(self, type_name: str) -> Schema:
        return data_source_schema(DATA_SOURCES[type_name])

    # The provider block

    def validate_provider_config(self, config: Values) -> list[Diagnostic]:
        return []  # what is wrong with it depends on the environment too, and is said when it is configured

    def configure(self, config: Values, terraform_version: str) -> list[Diagnostic]:
        configuration, diagnostics = read_configuration(config)
        if configuration is None:
            return diagnostics
        from provider_shim.configured import ConfiguredProvider, open_cloud

        try:
            cloud = (self._open_cloud or open_cloud)(configuration)
            self._configured = ConfiguredProvider(configuration, cloud, self._client)
        except VtapError as error:
            return [
                Diagnostic(DiagnosticSeverity.ERROR, "The cloud cannot be opened", str(error), ("endpoint",))
            ]
        return self._configured.stage_subscription()

    def stop(self) -> None:
        """Nothing takes long enough to be cancelled: a write is one short transaction."""

    def close(self) -> None:
        """Leaves the cloud as one whole file. Nothing is called after it."""
        if self._configured is not None:
            self._configured.close()

    # Resources, by what a configuration or a state says alone

    def validate_resource_config(
        self, type_name: str, config: Values, *, write_only_allowed: bool
    ) -> list[Diagnostic]:
        kind, configured = RESOURCE_TYPES[type_name], self._configured
        with nullcontext() if configured is None else configured.activity:
            known = "" if configured is None else configured.configuration.subscription_id
            resource = in_subscription(kind.from_values(config), known)
            violations = list(validate(resource, strict_ids=True, secrets_told=True))
        diagnostics = [diagnostic(kind, one, resource) for one in violations]
        if not write_only_allowed:
            diagnostics += [
                Diagnostic(
                    DiagnosticSeverity.ERROR,
                    "Write-only argument not supported",
                    f"{field.name} is write-only, which needs Terraform 1.11 or later.",
                    (field.name,),
                )
                for field in public_fields(kind)
                if field.has(WRITE_ONLY) and config.get(field.name) is not None
            ]
        return diagnostics

    def upgrade(self, type_name: str, version: int, state: Values) -> tuple[Values | None, list[Diagnostic]]:
        kind = RESOURCE_TYPES[type_name]
        value, diagnostics = load(type_name, kind, _resource_schema(type_name), version, state)
        if self._configured is not None and value is not None:
            self._configured.loaded(kind, value["id"])
        return value, diagnostics

    def upgrade_identity(
        self, type_name: str, version: int, identity: Values | None
    ) -> tuple[Values | None, list[Diagnostic]]:
        return identity, []

    def move(
        self,
        source_type_name: str,
        source_provider: str,
        source_version: int,
        state: Values,
        target_type_name: str,
        identity: Values | None,
    ) -> MoveResult:
        if source_type_name != target_type_name:
            detail = (
                f"An object of {source_type_name} cannot become one of {target_type_name}. Remove the moved "
                "block."
            )
            return MoveResult(
                None, diagnostics=[Diagnostic(DiagnosticSeverity.ERROR, "Cannot move between types", detail)]
            )
        kind = RESOURCE_TYPES[target_type_name]
        # The version is that of the source's provider, which may be another.
        value, diagnostics = load(target_type_name, kind, _resource_schema(target_type_name), 0, state)
        moved = None if value is None else identity_of(target_type_name, value["id"])
        return MoveResult(value, b"", moved, diagnostics)

    def validate_data_source_config(self, type_name: str, config: Values) -> list[Diagnostic]:
        return data_reading.check(DATA_SOURCES[type_name], config, type_name)

    # What needs the cloud

    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult:
        return self._ready.read(type_name, state, private, identity)

    def plan(
        self,
        type_name: str,
        prior: Values | None,
        proposed: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> PlanResult:
        return self._ready.plan(type_name, prior, proposed, config, private, identity)

    def apply(
        self,
        type_name: str,
        prior: Values | None,
        planned: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> ApplyResult:
        return self._ready.apply(type_name, prior, planned, config, private, identity)

    def import_resource(self, type_name: str, id_: str, identity: Values | None, /) -> ImportResult:
        return self._ready.import_resource(type_name, id_, identity)

    def generate_config(self, type_name: str, state: Values) -> Values:
        return self._ready.generate_config(type_name, state)

    def read_data_source(self, type_name: str, config: Values) -> DataResult:
        return self._ready.read_data_source(type_name, config)

    @property
    def _ready(self) -> ConfiguredProvider:
        assert self._configured is not None, "the provider is not configured"
        return self._configured


@cache
def _resource_schema(type_name: str) -> Schema:
    return resource_schema(RESOURCE_TYPES[type_name])
