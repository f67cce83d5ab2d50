"""One method per call of the protocol, each in three steps: convert in, call the lifecycle, convert out.

No method may depend on another having been called before it: Terraform starts several processes per command
and asks only the first for the schemas. What a method raises, `handlers.py` makes a diagnostic of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from google.protobuf.message import Message

from provider_shim import state_json, wire
from provider_shim.contract import Lifecycle
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.kept_answers import KeptAnswers
from provider_shim.late import Late
from provider_shim.schema import Schema, Type
from provider_shim.schema_rules import check_identity_schema, check_schema
from provider_shim.values import DynamicValueError, object_type

SERVICE: Final = pb.DESCRIPTOR.services_by_name["Provider"]
T = TypeVar("T")
M = TypeVar("M", bound=Message)


class UnknownTypeError(Exception):
    """Terraform asked about a resource type or data source that this provider does not have."""


class _Shape(NamedTuple):
    """What converting values of one resource type needs."""

    schema: Schema
    type: Type
    identity_type: Type | None


class Servicer:
    """The protocol's calls about managed resources and data sources over a lifecycle."""

    def __init__(self, lifecycle: Late[Lifecycle], kept: KeptAnswers | None = None) -> None:
        """`kept`: where the schemas are kept, for the one lifecycle that there is such a place for."""
        self._late_lifecycle = lifecycle
        self._kept = kept
        self._shapes: dict[str, _Shape] = {}
        self._data_types: dict[str, Type] = {}

    @property
    def _lifecycle(self) -> Lifecycle:
        return self._late_lifecycle.get()

    def _shape(self, type_name: str) -> _Shape:
        if (shape := self._shapes.get(type_name)) is None:
            try:
                schema = self._lifecycle.resource_schema(type_name)
            except KeyError as error:
                raise UnknownTypeError(f"This provider has no resource type {type_name!r}.") from error
            identity = self._lifecycle.identity_schemas().get(type_name)
            shape = _Shape(
                schema, object_type(schema.block), None if identity is None else wire.identity_type(identity)
            )
            self._shapes[type_name] = shape
        return shape

    def _data_type(self, type_name: str) -> Type:
        if (type_ := self._data_types.get(type_name)) is None:
            try:
                schema = self._lifecycle.data_source_schema(type_name)
            except KeyError as error:
                raise UnknownTypeError(f"This provider has no data source {type_name!r}.") from error
            type_ = self._data_types[type_name] = object_type(schema.block)
        return type_

    # Schemas

    def get_metadata(self, _request: pb.GetMetadata.Request) -> pb.GetMetadata.Response:
        return pb.GetMetadata.Response(
            server_capabilities=_capabilities(),
            resources=[
                pb.GetMetadata.ResourceMetadata(type_name=name) for name in self._lifecycle.resource_schemas()
            ],
            data_sources=[
                pb.GetMetadata.DataSourceMetadata(type_name=name)
                for name in self._lifecycle.data_source_schemas()
            ],
        )

    def get_provider_schema(self, _request: pb.GetProviderSchema.Request) -> pb.GetProviderSchema.Response:
        return self._answer("GetProviderSchema", _provider_schema)

    def get_resource_identity_schemas(
        self, _request: pb.GetResourceIdentitySchemas.Request
    ) -> pb.GetResourceIdentitySchemas.Response:
        return self._answer("GetResourceIdentitySchemas", _identity_schemas)

    def _answer(self, name: str, make: Callable[[Lifecycle], M]) -> M:
        """An answer about schemas, which is always the same."""
        if self._kept is None:
            return make(self._lifecycle)
        payload = self._kept.get(name, lambda: make(self._lifecycle).SerializeToString())
        response: M = getattr(pb, name).Response.FromString(payload)
        return response

    def get_functions(self, _request: pb.GetFunctions.Request) -> pb.GetFunctions.Response:
        return pb.GetFunctions.Response()

    # The provider block

    def validate_provider_config(
        self, request: pb.ValidateProviderConfig.Request
    ) -> pb.ValidateProviderConfig.Response:
        type_ = object_type(self._lifecycle.provider_schema().block)
        config = wire.value_from_proto(request.config, type_)
        diagnostics = self._lifecycle.validate_provider_config(config)
        return pb.ValidateProviderConfig.Response(diagnostics=wire.diagnostics_to_proto(diagnostics, type_))

    def configure_provider(self, request: pb.ConfigureProvider.Request) -> pb.ConfigureProvider.Response:
        type_ = object_type(self._lifecycle.provider_schema().block)
        config = wire.value_from_proto(request.config, type_)
        diagnostics = self._lifecycle.configure(config, request.terraform_version)
        return pb.ConfigureProvider.Response(diagnostics=wire.diagnostics_to_proto(diagnostics, type_))

    def stop_provider(self, _request: pb.StopProvider.Request) -> pb.StopProvider.Response:
        self._lifecycle.stop()
        return pb.StopProvider.Response()

    # Managed resources

    def validate_resource_config(
        self, request: pb.ValidateResourceConfig.Request
    ) -> pb.ValidateResourceConfig.Response:
        shape = self._shape(request.type_name)
        config = wire.value_from_proto(request.config, shape.type)
        diagnostics = self._lifecycle.validate_resource_config(
            request.type_name,
            config,
            write_only_allowed=request.client_capabilities.write_only_attributes_allowed,
        )
        return pb.ValidateResourceConfig.Response(
            diagnostics=wire.diagnostics_to_proto(diagnostics, shape.type)
        )

    def upgrade_resource_state(
        self, request: pb.UpgradeResourceState.Request
    ) -> pb.UpgradeResourceState.Response:
        shape = self._shape(request.type_name)
        try:
            raw = wire.raw_state_from_proto(request.raw_state)
        except DynamicValueError as error:
            damage = state_json.damage(request.type_name, str(error))
            return pb.UpgradeResourceState.Response(diagnostics=wire.diagnostics_to_proto([damage]))
        if not request.raw_state.json:
            return pb.UpgradeResourceState.Response(upgraded_state=wire.value_to_proto(None, shape.type))
        state, diagnostics = self._lifecycle.upgrade(request.type_name, request.version, raw)
        if state is None and not _has_error(diagnostics):
            # Unset, the object would be forgotten without a word.
            raise DynamicValueError((), f"{request.type_name}: upgrading the state gave nothing")
        upgraded = state_json.read_block(state, shape.schema.block)
        return pb.UpgradeResourceState.Response(
            upgraded_state=None if upgraded is None else wire.value_to_proto(upgraded, shape.type),
            diagnostics=wire.diagnostics_to_proto(diagnostics, shape.type),
        )

    def upgrade_resource_identity(
        self, request: pb.UpgradeResourceIdentity.Request
    ) -> pb.UpgradeResourceIdentity.Response:
        shape = self._shape(request.type_name)
        try:
            raw = wire.raw_state_from_proto(request.raw_identity)
            identity, diagnostics = self._lifecycle.upgrade_identity(request.type_name, request.version, raw)
            if shape.identity_type is not None and identity is not None:
                identity = state_json.read_value(identity, shape.identity_type)
        except DynamicValueError as error:
            damage = state_json.damage(request.type_name, f"in its identity: {error}")
            return pb.UpgradeResourceIdentity.Response(diagnostics=wire.diagnostics_to_proto([damage]))
        return pb.UpgradeResourceIdentity.Response(
            upgraded_identity=wire.identity_to_proto(identity, shape.identity_type),
            diagnostics=wire.diagnostics_to_proto(diagnostics, shape.identity_type),
        )

    def read_resource(self, request: pb.ReadResource.Request) -> pb.ReadResource.Response:
        shape = self._shape(request.type_name)
        state = wire.value_from_proto(request.current_state, shape.type)
        identity = wire.identity_from_proto(request.current_identity, shape.identity_type)
        result = self._lifecycle.read(request.type_name, state, request.private, identity)
        return pb.ReadResource.Response(
            new_state=wire.value_to_proto(result.new_state, shape.type),
            private=_or_given(result.private, request.private),
            new_identity=wire.identity_to_proto(_or_given(result.identity, identity), shape.identity_type),
            diagnostics=wire.diagnostics_to_proto(result.diagnostics, shape.type),
        )

    def plan_resource_change(self, request: pb.PlanResourceChange.Request) -> pb.PlanResourceChange.Response:
        shape = self._shape(request.type_name)
        prior = wire.value_from_proto(request.prior_state, shape.type)
        proposed = wire.value_from_proto(request.proposed_new_state, shape.type)
        config = wire.value_from_proto(request.config, shape.type)
        identity = wire.identity_from_proto(request.prior_identity, shape.identity_type)
        result = self._lifecycle.plan(
            request.type_name, prior, proposed, config, request.prior_private, identity
        )
        return pb.PlanResourceChange.Response(
            planned_state=wire.value_to_proto(result.planned, shape.type),
            requires_replace=[wire.path_to_proto(path, shape.type) for path in result.requires_replace],
            planned_private=_or_given(result.private, request.prior_private),
            planned_identity=wire.identity_to_proto(
                _or_given(result.identity, identity), shape.identity_type
            ),
            legacy_type_system=result.legacy_type_system,
            diagnostics=wire.diagnostics_to_proto(result.diagnostics, shape.type),
        )

    def apply_resource_change(
        self, request: pb.ApplyResourceChange.Request
    ) -> pb.ApplyResourceChange.Response:
        shape = self._shape(request.type_name)
        prior = wire.value_from_proto(request.prior_state, shape.type)
        planned = wire.value_from_proto(request.planned_state, shape.type)
        config = wire.value_from_proto(request.config, shape.type)
        identity = wire.identity_from_proto(request.planned_identity, shape.identity_type)
        result = self._lifecycle.apply(
            request.type_name, prior, planned, config, request.planned_private, identity
        )
        return pb.ApplyResourceChange.Response(
            new_state=wire.value_to_proto(result.new_state, shape.type),
            private=_or_given(result.private, request.planned_private),
            new_identity=wire.identity_to_proto(_or_given(result.identity, identity), shape.identity_type),
            diagnostics=wire.diagnostics_to_proto(result.diagnostics, shape.type),
        )

    def import_resource_state(
        self, request: pb.ImportResourceState.Request
    ) -> pb.ImportResourceState.Response:
        shape = self._shape(request.type_name)
        identity = wire.identity_from_proto(request.identity, shape.identity_type)
        result = self._lifecycle.import_resource(request.type_name, request.id, identity)
        diagnostics = list(result.diagnostics)
        if result.state is None:
            if not _has_error(diagnostics):
                # Terraform's import command takes an empty answer for a success.
                named = request.id or identity
                detail = f"There is no {request.type_name} {named!r}."
                diagnostics.append(Diagnostic(DiagnosticSeverity.ERROR, "Nothing to import", detail))
            return pb.ImportResourceState.Response(
                diagnostics=wire.diagnostics_to_proto(diagnostics, shape.type)
            )
        imported = pb.ImportResourceState.ImportedResource(
            type_name=request.type_name,
            state=wire.value_to_proto(result.state, shape.type),
            private=_or_given(result.private, b""),
            identity=wire.identity_to_proto(_or_given(result.identity, identity), shape.identity_type),
        )
        return pb.ImportResourceState.Response(
            imported_resources=[imported], diagnostics=wire.diagnostics_to_proto(diagnostics, shape.type)
        )

    def generate_resource_config(
        self, request: pb.GenerateResourceConfig.Request
    ) -> pb.GenerateResourceConfig.Response:
        shape = self._shape(request.type_name)
        state = wire.value_from_proto(request.state, shape.type)
        config = None if state is None else self._lifecycle.generate_config(request.type_name, state)
        return pb.GenerateResourceConfig.Response(config=wire.value_to_proto(config, shape.type))

    def move_resource_state(self, request: pb.MoveResourceState.Request) -> pb.MoveResourceState.Response:
        shape = self._shape(request.target_type_name)
        try:
            source = wire.raw_state_from_proto(request.source_state)
            source_identity = wire.raw_state_from_proto(request.source_identity)
        except DynamicValueError as error:
            damage = state_json.damage(request.source_type_name, str(error))
            return pb.MoveResourceState.Response(diagnostics=wire.diagnostics_to_proto([damage]))
        result = self._lifecycle.move(
            request.source_type_name,
            request.source_provider_address,
            request.source_schema_version,
            source,
            request.target_type_name,
            source_identity,
        )
        state = state_json.read_block(result.state, shape.schema.block)
        return pb.MoveResourceState.Response(
            target_state=None if state is None else wire.value_to_proto(state, shape.type),
            target_private=_or_given(result.private, b""),
            target_identity=wire.identity_to_proto(result.identity, shape.identity_type),
            diagnostics=wire.diagnostics_to_proto(result.diagnostics, shape.type),
        )

    # Data sources

    def validate_data_resource_config(
        self, request: pb.ValidateDataResourceConfig.Request
    ) -> pb.ValidateDataResourceConfig.Response:
        type_ = self._data_type(request.type_name)
        config = wire.value_from_proto(request.config, type_)
        diagnostics = self._lifecycle.validate_data_source_config(request.type_name, config)
        return pb.ValidateDataResourceConfig.Response(
            diagnostics=wire.diagnostics_to_proto(diagnostics, type_)
        )

    def read_data_source(self, request: pb.ReadDataSource.Request) -> pb.ReadDataSource.Response:
        type_ = self._data_type(request.type_name)
        config = wire.value_from_proto(request.config, type_)
        result = self._lifecycle.read_data_source(request.type_name, config)
        return pb.ReadDataSource.Response(
            state=wire.value_to_proto(result.state, type_),
            diagnostics=wire.diagnostics_to_proto(result.diagnostics, type_),
        )


# Every call that is answered. The service's other calls are of kinds that the provider does not have.
CALLS: Final[Mapping[str, Callable[[Servicer, Any], Message]]] = {
    "GetMetadata": Servicer.get_metadata,
    "GetProviderSchema": Servicer.get_provider_schema,
    "GetResourceIdentitySchemas": Servicer.get_resource_identity_schemas,
    "GetFunctions": Servicer.get_functions,
    "ValidateProviderConfig": Servicer.validate_provider_config,
    "ConfigureProvider": Servicer.configure_provider,
    "StopProvider": Servicer.stop_provider,
    "ValidateResourceConfig": Servicer.validate_resource_config,
    "UpgradeResourceState": Servicer.upgrade_resource_state,
    "UpgradeResourceIdentity": Servicer.upgrade_resource_identity,
    "ReadResource": Servicer.read_resource,
    "PlanResourceChange": Servicer.plan_resource_change,
    "ApplyResourceChange": Servicer.apply_resource_change,
    "ImportResourceState": Servicer.import_resource_state,
    "GenerateResourceConfig": Servicer.generate_resource_config,
    "MoveResourceState": Servicer.move_resource_state,
    "ValidateDataResourceConfig": Servicer.validate_data_resource_config,
    "ReadDataSource": Servicer.read_data_source,
}


def _capabilities() -> pb.ServerCapabilities:
    return pb.ServerCapabilities(
        plan_destroy=True,
        get_provider_schema_optional=True,
        move_resource_state=True,
        generate_resource_config=True,
    )


def _provider_schema(lifecycle: Lifecycle) -> pb.GetProviderSchema.Response:
    provider, resources = lifecycle.provider_schema(), lifecycle.resource_schemas()
    data_sources = lifecycle.data_source_schemas()
    problems = [*check_schema(provider, "provider")]
    for name, schema in resources.items():
        problems += check_schema(schema, name)
    for name, schema in data_sources.items():
        problems += check_schema(schema, f"data.{name}")
    if problems:
        # The provider's schema must be there in any case, else Terraform reports only its absence.
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=pb.Schema.Block()), diagnostics=_schema_diagnostics(problems)
        )
    return pb.GetProviderSchema.Response(
        provider=wire.schema_to_proto(provider),
        resource_schemas={name: wire.schema_to_proto(schema) for name, schema in resources.items()},
        data_source_schemas={name: wire.schema_to_proto(schema) for name, schema in data_sources.items()},
        server_capabilities=_capabilities(),
    )


def _identity_schemas(lifecycle: Lifecycle) -> pb.GetResourceIdentitySchemas.Response:
    schemas = lifecycle.identity_schemas()
    problems = [p for name, schema in schemas.items() for p in check_identity_schema(schema, name)]
    if problems:
        return pb.GetResourceIdentitySchemas.Response(diagnostics=_schema_diagnostics(problems))
    return pb.GetResourceIdentitySchemas.Response(
        identity_schemas={name: wire.identity_schema_to_proto(s) for name, s in schemas.items()}
    )


def _schema_diagnostics(problems: Iterable[str]) -> list[pb.Diagnostic]:
    summary = "Invalid schema: this is a bug in vtap's provider"
    return wire.diagnostics_to_proto(
        Diagnostic(DiagnosticSeverity.ERROR, summary, problem) for problem in problems
    )


def _has_error(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is DiagnosticSeverity.ERROR for diagnostic in diagnostics)


def _or_given(answered: T | None, given: T) -> T:
    """Terraform replaces what it has by what a response says, so that silence means "keep"."""
    return given if answered is None else answered
