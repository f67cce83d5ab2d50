"""What one configured provider does with the objects in its cloud: read, plan, apply, import, look up.

It has its cloud, and the overlay of what this process has planned so far. A resource is put into that overlay
when it is planned, so that a rule sees what was planned before it; the same rules run again when it is
applied, inside the store's transaction. IDs are functions of names, so they are known at plan; so is all else
that follows from the configuration.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from provider_shim import data_reading, generation, merging
from provider_shim.activity import Activity
from provider_shim.azurerm_phrases import ALREADY_EXISTS, GROUP_IN_USE
from provider_shim.claimed_ids import marked, unmarked
from provider_shim.data_source import Session
from provider_shim.derivation import is_settable, public_fields
from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, failure
from provider_shim.identity import (
    format_identity,
    full_format,
    in_subscription,
    same_id,
    to_resource_id,
    to_terraform_id,
)
from provider_shim.late import once_for_each_class
from provider_shim.planning import Planning
from provider_shim.provider_configuration import ProviderConfiguration
from provider_shim.reports import diagnostic
from provider_shim.results import ApplyResult, DataResult, ImportResult, PlanResult, ReadResult
from provider_shim.types import DATA_SOURCES, IDENTITIES, RESOURCE_TYPES, identity_of
from vtaplib.control.cloud import DEFAULT_TENANT, Cloud
from vtaplib.control.control_plane import ControlPlane
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.base import Values
from vtaplib.model.marks import IGNORED_AS_IMPORTED, NOT_IN_ARM, WRITE_ONLY
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Rule
from vtaplib.model.unknown import UNKNOWN, Undecided
from vtaplib.model.violation import ArmError, ErrorCode, Severity, Violation
from vtaplib.resources.resource_group import ResourceGroup
from vtaplib.resources.subnet import Subnet
from vtaplib.resources.subscription import Subscription

AS_IT_STANDS = "As it stands, before any change: "
"""Opens a warning about what is there, which the plan that shows it may be about to mend."""
MOST_LISTED = 10
"""How many resources of a group a message names."""


def open_cloud(configuration: ProviderConfiguration) -> ControlPlane:
    """The cloud that a provider block means. Raises VtapError where it cannot be opened."""
    return Cloud.open(configuration.endpoint, policy=configuration.policy)


class ConfiguredProvider:
    """A provider that has its cloud. Terraform calls it from several threads."""

    def __init__(
        self, configuration: ProviderConfiguration, cloud: ControlPlane, client: int | None = None
    ) -> None:
        self.configuration = configuration
        self._lock = threading.RLock()
        self._cloud = cloud
        self._planning = Planning(self._cloud, client)

    def stage_subscription(self) -> list[Diagnostic]:
        """Plans the provider's subscription where there is none yet; says what speaks against it."""
        configuration = self.configuration
        if not configuration.subscription_id:
            return []
        wanted = Subscription(
            subscription_id=configuration.subscription_id, tenant_id=configuration.tenant_id or DEFAULT_TENANT
        )
        known = self._cloud.view.find(wanted.id)
        if not isinstance(known, Subscription):
            self._planning.overlay.stage(wanted)
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

    def close(self) -> None:
        """Leaves the cloud as one whole file. Nothing is called after it."""
        self._cloud.close()

    @property
    def activity(self) -> Activity:
        """The calls that are being answered."""
        return self._planning.activity

    def loaded(self, kind: type[Resource], terraform_id: str) -> None:
        """Notes that Terraform has an object in its state."""
        self._planning.loaded(to_resource_id(kind, terraform_id), read=False)

    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult:
        if state is None:
            return ReadResult(None, private, identity)
        kind, cloud = RESOURCE_TYPES[type_name], self._cloud
        with self.activity:
            found = cloud.find(to_resource_id(kind, state["id"]))
        if not isinstance(found, kind):
            return ReadResult(None, private, identity)
        self._planning.loaded(found.id, read=True)
        identity = identity or identity_of(type_name, found.id)
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
        kind, planning = RESOURCE_TYPES[type_name], self._planning
        if proposed is None or config is None:
            if prior is not None:
                planning.destroy(to_resource_id(kind, prior["id"]))
            return PlanResult(None, (), private, identity)
        past_id, kept = unmarked(private)
        private = b""
        if prior is not None:
            past_id = to_resource_id(kind, prior["id"])
            private = marked(past_id, kept)
        with self.activity:
            answer = planning.answer(self._written(kind, config, prior), config, prior, past_id)
        known_id = answer.values["id"]
        return PlanResult(
            planned=answer.values,
            requires_replace=answer.replace,
            private=private,
            identity=identity or (identity_of(type_name, known_id) if known_id is not UNKNOWN else None),
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
        self._planning.applying()
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
        return ApplyResult(state, private, identity_of(type_name, state["id"]))

    def _write(self, kind: type[Resource], resource: Resource, prior: Values | None) -> Resource:
        cloud = self._cloud
        if resource.subscription_id:
            self._ensure_subscription(cloud, resource.subscription_id)
        overwrite = prior is not None or (self.configuration.allow_overwriting and kind is not Subnet)
        if not overwrite and cloud.view.find(resource.id) is not None:
            raise ArmError([_already_exists(resource)])
        made = cloud.put(resource, replace=overwrite)
        self._planning.reset(made.id)
        return made

    def _ensure_subscription(self, cloud: ControlPlane, subscription_id: str) -> None:
        with self._lock:
            planned = self._planning.overlay.find(f"/subscriptions/{subscription_id}")
            if isinstance(planned, Subscription) and cloud.view.find(planned.id) is None:
                cloud.put(planned)

    def _delete(self, kind: type[Resource], resource_id: str) -> Sequence[Diagnostic]:
        """Deletes a resource, or says why the provider is not to."""
        cloud = self._cloud
        if kind is ResourceGroup and self.configuration.keep_full_groups:
            inside = [one.label for one in cloud.list(Resource, resource_id + "/")]
            if inside:
                return [_group_in_use(resource_id, inside)]
        cloud.delete(resource_id)
        self._planning.reset(resource_id)
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
        found = self._cloud.find(resource_id)
        if not isinstance(found, kind):
            detail = f"There is no {import_id}. Nothing was imported."
            return ImportResult(
                None,
                diagnostics=[Diagnostic(DiagnosticSeverity.ERROR, "The resource does not exist", detail)],
            )
        values = _read_values(found, None)
        values |= dict.fromkeys(found.untold_secrets(), IGNORED_AS_IMPORTED)
        return ImportResult(values, b"", identity_of(type_name, found.id))

    def generate_config(self, type_name: str, state: Values) -> Values:
        kind, overlay = RESOURCE_TYPES[type_name], self._cloud.overlay(complete=False)
        overlay.remove(to_resource_id(kind, state["id"]))

        def made_of(config: Values) -> Values:
            return overlay.assigned(
                in_subscription(kind.from_values(config), self.configuration.subscription_id)
            ).values()

        return generation.generated(kind, state, made_of) | {"id": None, "timeouts": None}

    def read_data_source(self, type_name: str, config: Values) -> DataResult:
        with self._lock:
            return data_reading.read(DATA_SOURCES[type_name], config, self._session())

    def _session(self) -> Session:
        configuration, overlay = self.configuration, self._planning.overlay
        own = overlay.find(f"/subscriptions/{configuration.subscription_id}")
        tenant_id = own.tenant_id if isinstance(own, Subscription) else configuration.tenant_id
        return Session(
            cloud=self._cloud,
            subscription_id=configuration.subscription_id,
            tenant_id=tenant_id or DEFAULT_TENANT,
            client_id=configuration.client_id,
            planned=overlay,
        )

    def _written(self, kind: type[Resource], config: Values, prior: Values | None) -> Resource:
        """The resource as a configuration leaves it. What only configurations know, and neither this one nor
        the state says, stays as an earlier one left it: an import does not know of that.
        """
        resource = in_subscription(kind.from_values(config), self.configuration.subscription_id)
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
            stored = self._cloud.view.find(resource.id) if silent else None
            if isinstance(stored, kind):
                return resource.replace(**{name: getattr(stored, name) for name in silent})
        return resource


def _read_values(resource: Resource, prior: Values | None) -> Values:
    values = merging.observed(type(resource), prior, resource.values())
    values["id"] = same_id(prior, to_terraform_id(type(resource), resource.id))
    values["timeouts"] = None if prior is None else prior.get("timeouts")
    return values


def _standing_warnings(resource: Resource, cloud: ControlPlane) -> Iterator[Violation]:
    """What is to be warned of as things stand, by rules that are silent while a plan is made: what they miss
    could still be planned.
    """
    silent = _silent_warnings(type(resource))
    if silent:
        with cloud.snapshot() as view:
            for rule in silent:
                with suppress(Undecided):
                    for one in resource.judge(rule, view, cloud.policy):
                        yield replace(one, message=f"{AS_IT_STANDS}{one.message}")


@once_for_each_class
def _silent_warnings(kind: type[Resource]) -> Sequence[Rule]:
    """The rules that warn, and say nothing while a plan is made."""
    return [
        rule
        for rule in kind.rules().values()
        if rule.at_apply and rule.quota is None and rule.severity is Severity.WARNING
    ]


def _group_in_use(group_id: str, inside: Sequence[str]) -> Diagnostic:
    detail = (
        f"{GROUP_IN_USE.format(name=ids.name(group_id))}: "
        f"{', '.join(inside[:MOST_LISTED])}{' …' if len(inside) > MOST_LISTED else ''}. Delete them first, "
        "or set prevent_deletion_if_contains_resources = false in features.resource_group, and they are "
        "deleted with the group."
    )
    return Diagnostic(DiagnosticSeverity.ERROR, "The resource group still has resources", detail)


def _already_exists(resource: Resource) -> Violation:
    known_id = to_terraform_id(type(resource), resource.id)
    type_name = next(name for name, kind in RESOURCE_TYPES.items() if kind is type(resource))
    phrase = ALREADY_EXISTS.format(id=known_id, type_name=type_name)
    message = f"{phrase} Write an import block with this ID, or run terraform import ADDRESS with it."
    return Violation(ErrorCode.OPERATION_NOT_ALLOWED, message)
