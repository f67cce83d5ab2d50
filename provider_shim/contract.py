"""What the servicer wants of a provider, and the lifecycle gives: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from provider_shim.diagnostics import Diagnostic
from provider_shim.results import (
    ApplyResult,
    DataResult,
    ImportResult,
    MoveResult,
    PlanResult,
    ReadResult,
    Values,
)
from provider_shim.schema import IdentitySchema, Schema


class ManagedLifecycle(Protocol):
    """What the provider does with resources, on plain values. Terraform calls from several threads."""

    def provider_schema(self) -> Schema: ...
    def resource_schemas(self) -> Mapping[str, Schema]: ...
    def identity_schemas(self) -> Mapping[str, IdentitySchema]: ...
    def resource_schema(self, type_name: str) -> Schema: ...
    def validate_provider_config(self, config: Values) -> list[Diagnostic]: ...
    def configure(self, config: Values, terraform_version: str) -> list[Diagnostic]: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
    def validate_resource_config(
        self, type_name: str, config: Values, *, write_only_allowed: bool
    ) -> list[Diagnostic]: ...
    def upgrade(
        self, type_name: str, version: int, state: Values
    ) -> tuple[Values | None, list[Diagnostic]]: ...
    def upgrade_identity(
        self, type_name: str, version: int, identity: Values | None
    ) -> tuple[Values | None, list[Diagnostic]]: ...
    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult: ...
    def plan(
        self,
        type_name: str,
        prior: Values | None,
        proposed: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> PlanResult: ...
    def apply(
        self,
        type_name: str,
        prior: Values | None,
        planned: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> ApplyResult: ...
    def import_resource(self, type_name: str, id_: str, identity: Values | None, /) -> ImportResult: ...
    def generate_config(self, type_name: str, state: Values) -> Values: ...
    def move(
        self,
        source_type_name: str,
        source_provider: str,
        source_version: int,
        state: Values,
        target_type_name: str,
        identity: Values | None,
    ) -> MoveResult: ...


class Lifecycle(ManagedLifecycle, Protocol):
    """All that the provider does: with resources, and with data sources."""

    def data_source_schemas(self) -> Mapping[str, Schema]: ...
    def data_source_schema(self, type_name: str) -> Schema: ...
    def validate_data_source_config(self, type_name: str, config: Values) -> list[Diagnostic]: ...
    def read_data_source(self, type_name: str, config: Values) -> DataResult: ...
