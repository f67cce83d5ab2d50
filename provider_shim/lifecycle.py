"""The lifecycle of resources on plain values: validate, plan, apply, read, import, upgrade, move.

One `Provider` is one configured provider: its cloud, and the overlay of what this process has planned so far.
A resource is put into that overlay when it is planned, so that a rule sees what was planned before it; the
same rules run again when it is applied, inside the store's transaction. IDs are functions of names, so they
are known at plan; so is all else that follows from the configuration.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from provider_shim import data_reading, generation, merging
from provider_shim.azurerm_phrases import ALREADY_EXISTS, GROUP_IN_USE
from provider_shim.claimed_ids import marked, unmarked
from provider_shim.data_source import Session
from provider_shim.derivation import (
    data_source_schema,
    identity_schema,
    is_settable,
    public_fields,
    resource_schema,
)
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.identity import (
    format_identity,
    full_format,
    parse_identity,
    same_id,
    to_resource_id,
    to_terraform_id,
)
from provider_shim.planning import Planning
from provider_shim.provider_configuration import ProviderConfiguration, provider_schema, read_configuration
from provider_shim.reports import diagnostic, failure
from provider_shim.results import ApplyResult, DataResult, ImportResult, MoveResult, PlanResult, ReadResult
from provider_shim.schema import IdentitySchema, Schema
from provider_shim.stored_state import load
from provider_shim.types import DATA_SOURCES, IDENTITIES, RESOURCE_TYPES
from vtaplib.control.cloud import DEFAULT_TENANT, Cloud
from vtaplib.control.overlay import Overlay
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.base import Values
from vtaplib.model.marks import IGNORED_AS_IMPORTED, NOT_IN_ARM, WRITE_ONLY
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN, Undecided
from vtaplib.model.validation import validate
from vtaplib.model.violation import ArmError, ErrorCode, Violation
from vtaplib.model.violation import Severity as ViolationSeverity
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subscription import Subscription

SOURCE_ADDRESS = "terraform.local/vtap/vtap"
AS_IT_STANDS = "As it stands, before any change: "
"""Opens a warning about what is there, which the plan that shows it may be about to mend."""
MOST_LISTED = 10
"""How many resources of a group a message names."""


class Provider:
    """One provider, configured at most once. Terraform calls it from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._configuration: ProviderConfiguration | None = None
        self._cloud: Cloud | None = None
        self._planning: Planning | None = None

    # Schemas

    def provider_schema(self) -> Schema:
        return provider_schema()

    def resource_schemas(self) -> Mapping[str, Schema]:
        return {name: resource_schema(kind, described=True) for name, kind in RESOURCE_TYPES.items()}

    def resource_schema(self, type_name: str) -> Schema:
        return resource_schema(RESOURCE_TYPES[type_name])

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
        with self._lock:
            try:
                cloud = Cloud.open(configuration.path, policy=configuration.policy)
            except VtapError as error:
                return [
                    Diagnostic(
                        DiagnosticSeverity.ERROR, "The cloud cannot be opened", str(error), ("endpoint",)
                    )
                ]
            self._configuration = configuration
            self._cloud = cloud
            self._planning = Planning(cloud)
            if configuration.subscription_id:
                return self._stage_subscription(cloud, self._planning.overlay, configuration)
        return []

    def _stage_subscription(
        self, cloud: Cloud, overlay: Overlay, configuration: ProviderConfiguration
    ) -> list[Diagnostic]:
        wanted = Subscription(
            subscription_id=configuration.subscription_id, tenant_id=configuration.tenant_id or DEFAULT_TENANT
        )
        known = cloud.view.find(wanted.id)
        if not isinstance(known, Subscription):
            overlay.stage(wanted)
        elif configuration.tenant_id and known.tenant_id.lower() != configuration.tenant_id.lower():
            detail = (
                f"{wanted.label} is in tenant {known.tenant_id}, tenant_id says {configuration.tenant_id}. A "
                "subscription stays in its tenant: change tenant_id, or use another subscription_id or "
                "endpoint."
            )
            return [
                Diagnostic(
                    DiagnosticSeverity.ERROR, "The subscription is in another tenant", detail, ("tenant_id",)
                )
            ]
        return []

    def stop(self) -> None:
        """Nothing takes long enough to be cancelled: a write is one short transaction."""

    def close(self) -> None:
        """Leaves the cloud as one whole file. Nothing is called after it."""
        if self._cloud is not None:
            self._cloud.close()

    # Resources

    def validate_resource_config(
        self, type_name: str, config: Values, *, write_only_allowed: bool
    ) -> list[Diagnostic]:
        kind = RESOURCE_TYPES[type_name]
        resource = self._resource(kind, config)
        diagnostics = [
            diagnostic(kind, one, resource) for one in validate(resource, strict_ids=True, secrets_told=True)
        ]
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
        value, diagnostics = load(type_name, kind, resource_schema(kind), version, state)
        if self._planning is not None and value is not None:
            self._planning.loaded(to_resource_id(kind, value["id"]), read=False)
        return value, diagnostics

    def upgrade_identity(
        self, type_name: str, version: int, identity: Values | None
    ) -> tuple[Values | None, list[Diagnostic]]:
        return identity, []

    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult:
        if state is None:
            return ReadResult(None, private, identity)
        kind, cloud = RESOURCE_TYPES[type_name], self._require_cloud()
        found = cloud.find(to_resource_id(kind, state["id"]))
        if not isinstance(found, kind):
            return ReadResult(None, private, identity)
        self._require_planning().loaded(found.id, read=True)
        identity = identity or _identity(type_name, found.id)
        warnings = [diagnostic(kind, one) for one in _standing_warnings(found, cloud)]
        return ReadResult(_read_values(found, state), private, identity, warnings)

    def plan(
        self,
        type_name: str,
        prior: Values | None,
        proposed: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> PlanResult:
        kind, planning = RESOURCE_TYPES[type_name], self._require_planning()
        if proposed is None or config is None:
            if prior is not None:
                planning.destroy(to_resource_id(kind, prior["id"]))
            return PlanResult(None, (), private, identity)
        past_id, kept = unmarked(private)
        private = b""
        if prior is not None:
            past_id = to_resource_id(kind, prior["id"])
            private = marked(past_id, kept)
        answer = planning.answer(self._written(kind, config, prior), config, prior, past_id)
        known_id = answer.values["id"]
        return PlanResult(
            planned=answer.values,
            requires_replace=answer.replace,
            private=private,
            identity=identity or (_identity(type_name, known_id) if known_id is not UNKNOWN else None),
            diagnostics=[diagnostic(kind, one) for one in answer.violations],
            legacy_type_system=answer.departs,
        )

    def apply(
        self,
        type_name: str,
        prior: Values | None,
        planned: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> ApplyResult:
        kind = RESOURCE_TYPES[type_name]
        self._require_planning().applying()
        _, private = unmarked(private)
        try:
            if planned is None or config is None:
                assert prior is not None
                refusals = self._delete(kind, to_resource_id(kind, prior["id"]))
                return ApplyResult(None, private, identity, refusals)
            made = self._write(kind, self._written(kind, config, prior), prior)
        except ArmError as error:
            return ApplyResult(None, private, identity, [diagnostic(kind, one) for one in error.violations])
        except VtapError as error:
            return ApplyResult(None, private, identity, [failure(error)])
        state = merging.filled(kind, planned, made.values())
        made_id = to_terraform_id(kind, made.id)
        state["id"] = made_id if planned.get("id") is UNKNOWN else planned["id"]
        state["timeouts"] = planned.get("timeouts")
        return ApplyResult(state, private, _identity(type_name, state["id"]))

    def _write(self, kind: type[Resource], resource: Resource, prior: Values | None) -> Resource:
        cloud = self._require_cloud()
        configuration = self._configuration
        assert configuration is not None
        if resource.subscription_id:
            self._ensure_subscription(cloud, resource.subscription_id)
        overwrite = prior is not None or (configuration.allow_overwriting and kind is not Subnet)
        if not overwrite and cloud.view.find(resource.id) is not None:
            raise ArmError([_already_exists(resource)])
        made = cloud.put(resource, replace=overwrite)
        self._require_planning().reset(made.id)
        return made

    def _ensure_subscription(self, cloud: Cloud, subscription_id: str) -> None:
        with self._lock:
            planned = self._require_planning().overlay.find(f"/subscriptions/{subscription_id}")
            if isinstance(planned, Subscription) and cloud.view.find(planned.id) is None:
                cloud.put(planned)

    def _delete(self, kind: type[Resource], resource_id: str) -> Sequence[Diagnostic]:
        """Deletes a resource, or says why the provider is not to."""
        cloud = self._require_cloud()
        configuration = self._configuration
        assert configuration is not None
        if kind is ResourceGroup and configuration.keep_full_groups:
            inside = [one.label for one in cloud.list(Resource, resource_id + "/")]
            if inside:
                return [_group_in_use(resource_id, inside)]
        cloud.delete(resource_id)
        self._require_planning().reset(resource_id)
        return ()

    def import_resource(self, type_name: str, id_: str, identity: Values | None, /) -> ImportResult:
        kind = RESOURCE_TYPES[type_name]
        import_id = id_ or format_identity(kind, IDENTITIES[type_name], identity or {})
        resource_id = to_resource_id(kind, import_id)
        if kind.parse_id(resource_id, strict=True) is None:
            detail = (
                f"{import_id!r} is not of the form {full_format(kind)}. Fixed segments are case-sensitive."
            )
            return ImportResult(
                None, diagnostics=[Diagnostic(DiagnosticSeverity.ERROR, f"Not an ID of {type_name}", detail)]
            )
        found = self._require_cloud().find(resource_id)
        if not isinstance(found, kind):
            detail = f"There is no {import_id}. Nothing was imported."
            return ImportResult(
                None,
                diagnostics=[Diagnostic(DiagnosticSeverity.ERROR, "The resource does not exist", detail)],
            )
        values = _read_values(found, None)
        values |= dict.fromkeys(found.untold_secrets(), IGNORED_AS_IMPORTED)
        return ImportResult(values, b"", _identity(type_name, found.id))

    def generate_config(self, type_name: str, state: Values) -> Values:
        kind, overlay = RESOURCE_TYPES[type_name], self._require_cloud().overlay(complete=False)
        overlay.remove(to_resource_id(kind, state["id"]))

        def made_of(config: Values) -> Values:
            return overlay.assigned(self._resource(kind, config)).values()

        return generation.generated(kind, state, made_of) | {"id": None, "timeouts": None}

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
        value, diagnostics = load(target_type_name, kind, resource_schema(kind), 0, state)
        moved = None if value is None else _identity(target_type_name, value["id"])
        return MoveResult(value, b"", moved, diagnostics)

    # Data sources

    def validate_data_source_config(self, type_name: str, config: Values) -> list[Diagnostic]:
        return data_reading.check(DATA_SOURCES[type_name], config, type_name)

    def read_data_source(self, type_name: str, config: Values) -> DataResult:
        with self._lock:
            return data_reading.read(DATA_SOURCES[type_name], config, self._session())

    # What they share

    def _session(self) -> Session:
        configuration, overlay = self._configuration, self._require_planning().overlay
        assert configuration is not None
        own = overlay.find(f"/subscriptions/{configuration.subscription_id}")
        tenant_id = own.tenant_id if isinstance(own, Subscription) else configuration.tenant_id
        return Session(
            cloud=self._require_cloud(),
            subscription_id=configuration.subscription_id,
            tenant_id=tenant_id or DEFAULT_TENANT,
            client_id=configuration.client_id,
            planned=overlay,
        )

    def _resource(self, kind: type[Resource], config: Values) -> Resource:
        """The resource that a configuration describes, in the provider's subscription, which is not known
        before the provider is configured.
        """
        resource = kind.from_values(config)
        if kind.id_format.startswith("{"):
            return resource
        known = self._configuration.subscription_id if self._configuration is not None else ""
        return resource.replace(subscription_id=known or UNKNOWN)

    def _written(self, kind: type[Resource], config: Values, prior: Values | None) -> Resource:
        """The resource as a configuration leaves it. What only configurations know, and neither this one nor
        the state says, stays as an earlier one left it: an import does not know of that.
        """
        resource = self._resource(kind, config)
        silent = [
            field.name
            for field in public_fields(kind)
            if field.has(NOT_IN_ARM)
            and is_settable(field)
            and not field.has(WRITE_ONLY)
            and prior is not None
            and config.get(field.name) is None
            and prior.get(field.name) is None
        ]
        with suppress(Undecided):
            stored = self._require_cloud().view.find(resource.id) if silent else None
            if isinstance(stored, kind):
                return resource.replace(**{name: getattr(stored, name) for name in silent})
        return resource

    def _require_cloud(self) -> Cloud:
        assert self._cloud is not None, "the provider is not configured"
        return self._cloud

    def _require_planning(self) -> Planning:
        assert self._planning is not None, "the provider is not configured"
        return self._planning


def _read_values(resource: Resource, prior: Values | None) -> Values:
    values = merging.observed(type(resource), prior, resource.values())
    values["id"] = same_id(prior, to_terraform_id(type(resource), resource.id))
    values["timeouts"] = None if prior is None else prior.get("timeouts")
    return values


def _standing_warnings(resource: Resource, cloud: Cloud) -> Iterator[Violation]:
    """What is to be warned of as things stand, by rules that are silent while a plan is made: what they miss
    could still be planned.
    """
    silent = [
        rule
        for rule in resource.rules().values()
        if rule.at_apply and rule.quota is None and rule.severity is ViolationSeverity.WARNING
    ]
    if silent:
        with cloud.snapshot() as view:
            for rule in silent:
                with suppress(Undecided):
                    for one in resource.judge(rule, view, cloud.policy):
                        yield replace(one, message=f"{AS_IT_STANDS}{one.message}")


def _identity(type_name: str, resource_id: str) -> Values | None:
    names = IDENTITIES.get(type_name)
    return None if names is None else parse_identity(names, resource_id)


def _group_in_use(group_id: str, inside: Sequence[str]) -> Diagnostic:
    detail = (
        f"{GROUP_IN_USE.format(name=ids.name(group_id))}: {', '.join(inside[:MOST_LISTED])}"
        f"{' …' if len(inside) > MOST_LISTED else ''}. Delete them first, or set "
        "prevent_deletion_if_contains_resources = false in features.resource_group, and they go with the "
        "group."
    )
    return Diagnostic(DiagnosticSeverity.ERROR, "The resource group still has resources", detail)


def _already_exists(resource: Resource) -> Violation:
    known_id = to_terraform_id(type(resource), resource.id)
    type_name = next(name for name, kind in RESOURCE_TYPES.items() if kind is type(resource))
    phrase = ALREADY_EXISTS.format(id=known_id, type_name=type_name)
    message = f"{phrase} Write an import block with this ID, or run terraform import ADDRESS with it."
    return Violation(ErrorCode.OPERATION_NOT_ALLOWED, message)
