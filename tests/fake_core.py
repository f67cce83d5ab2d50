"""Terraform's core without Terraform: the same calls in the same order, each answer held to the contract.

A `Process` is one started and configured provider. A `Terraform` starts one for each walk, as real Terraform
does, so that nothing survives from a plan to its apply but what the contract carries: values, private bytes,
identity. A broken rule raises `ContractError`, which names path and rule; what the provider itself refuses
raises `RefusedError` with its diagnostics.

The one relaxation is the legacy type system: it may be set where an attribute of objects is filled in, or
where the provider gives a value for "", and excuses nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Path
from provider_shim.schema import SchemaBlock
from provider_shim.state_json import parse, read_block
from provider_shim.values import object_type
from tests.fake_core_rules import (
    Problem,
    is_known,
    normal,
    path_exists,
    plan_problems,
    proposed_new,
    result_problems,
    shape_problems,
    state_problems,
)
from vtaplib.model.unknown import UNKNOWN

if TYPE_CHECKING:
    from provider_shim.contract import ManagedLifecycle

Values = dict[str, Any]


class ContractError(AssertionError):
    """The provider broke the contract: Terraform would call it a bug in the provider."""


class RefusedError(Exception):
    """The provider refused. `kept`: the object that Terraform keeps, None where there is none."""

    def __init__(self, call: str, diagnostics: Sequence[Diagnostic], kept: Object | None = None) -> None:
        super().__init__(f"{call}: " + "; ".join(f"{one.summary}: {one.detail}" for one in diagnostics))
        self.call = call
        self.diagnostics = diagnostics
        self.kept = kept


@dataclass(frozen=True)
class Object:
    """An object in a state."""

    type_name: str
    value: Values
    private: bytes = b""
    identity: Values | None = None
    tainted: bool = False


@dataclass(frozen=True)
class Plan:
    """A planned change of one object. `planned` None: to be destroyed."""

    type_name: str
    prior: Object | None
    planned: Values | None
    private: bytes
    identity: Values | None
    replace_paths: tuple[Path, ...] = ()
    diagnostics: Sequence[Diagnostic] = field(default=(), compare=False)

    @property
    def action(self) -> str:
        """create, update, replace, destroy or no-op."""
        if self.prior is None:
            return "create"
        if self.planned is None:
            return "destroy"
        if self.replace_paths:
            return "replace"
        return "no-op" if self.planned == self.prior.value else "update"


class Process:
    """One configured provider."""

    def __init__(self, provider: ManagedLifecycle, config: Values) -> None:
        self.provider = provider
        self._blocks: dict[str, SchemaBlock] = {}
        _refuse("configure", provider.validate_provider_config(config))
        _refuse("configure", provider.configure(config, "1.15.5"))

    def block(self, type_name: str) -> SchemaBlock:
        if type_name not in self._blocks:
            self._blocks[type_name] = self.provider.resource_schema(type_name).block
        return self._blocks[type_name]

    def validate(self, type_name: str, config: Values) -> None:
        """Raises RefusedError with what is wrong with a configuration."""
        config = self._sent(type_name, config)
        diagnostics = self.provider.validate_resource_config(type_name, config, write_only_allowed=True)
        self._check_paths(diagnostics, config)
        _refuse("validate", diagnostics)

    def load(self, stored: Object) -> Object:
        """An object out of a state file: JSON, given to the provider to upgrade."""
        block = self.block(stored.type_name)
        raw = parse(json.dumps(stored.value, default=float).encode())
        value, diagnostics = self.provider.upgrade(stored.type_name, 0, raw)
        _refuse("upgrade", diagnostics)
        upgraded = read_block(value, block)
        _hold("upgrade", result_problems(block, stored.value, upgraded))
        return replace(stored, value=self._sent(stored.type_name, upgraded))

    def read(self, stored: Object) -> Object | None:
        """An object as it is; None if it is gone."""
        result = self.provider.read(stored.type_name, stored.value, stored.private, stored.identity)
        _refuse("read", result.diagnostics)
        if result.new_state is None:
            return None
        _hold("read", state_problems(result.new_state, self.block(stored.type_name)))
        private, identity = _carried(result, stored.private, stored.identity)
        if stored.identity is not None and identity != stored.identity:
            raise ContractError(f"read: the identity changed from {stored.identity} to {identity}")
        return replace(
            stored,
            value=self._sent(stored.type_name, result.new_state),
            private=private,
            identity=self._identity("read", stored.type_name, identity),
        )

    def plan(
        self, type_name: str, prior: Object | None, config: Values | None, private: bytes | None = None
    ) -> Plan:
        """One call, checked. `private`: what a replacement's first plan said, for its second."""
        block = self.block(type_name)
        was = None if prior is None else prior.value
        config = self._sent(type_name, config)
        proposed = None if config is None else self._sent(type_name, proposed_new(block, was, config))
        given = private if private is not None else b"" if prior is None else prior.private
        past = None if prior is None else prior.identity
        result = self.provider.plan(type_name, was, proposed, config, given, past)
        self._check_paths(result.diagnostics, config)
        _refuse("plan", result.diagnostics, prior)
        if config is None:
            if result.planned is not None:
                raise ContractError("plan: planned a non-null destroy value")
        else:
            if result.planned is None:
                raise ContractError("plan: planned for absence but config wants existence")
            _hold("plan", shape_problems(result.planned, block))
            relaxed = result.legacy_type_system
            if relaxed and not any(plan_problems(block, was, config, result.planned)):
                raise ContractError("plan: the legacy type system is set, and nothing needs it")
            _hold("plan", plan_problems(block, was, config, result.planned, relaxed=relaxed))
        replaced = self._replace_paths(result.requires_replace, was, result.planned)
        keeps_private, identity = _carried(result, given, past)
        if prior is not None and config is not None and not replaced and not is_known(identity):
            raise ContractError(f"plan: the identity of an update is known, not {identity}")
        planned = self._sent(type_name, result.planned)
        return Plan(type_name, prior, planned, keeps_private, identity, replaced, result.diagnostics)

    def apply(self, plan: Plan, config: Values | None) -> Object | None:
        """Carry a plan out. Raises RefusedError with what Terraform keeps."""
        block = self.block(plan.type_name)
        was = None if plan.prior is None else plan.prior.value
        result = self.provider.apply(
            plan.type_name, was, plan.planned, self._sent(plan.type_name, config), plan.private, plan.identity
        )
        private, identity = _carried(result, plan.private, plan.identity)
        if any(one.severity is DiagnosticSeverity.ERROR for one in result.diagnostics):
            if result.new_state is not None:
                _hold("apply", state_problems(result.new_state, block))
                kept = Object(
                    plan.type_name, result.new_state, private, identity, tainted=plan.action == "create"
                )
                raise RefusedError("apply", result.diagnostics, kept)
            _refuse("apply", result.diagnostics, plan.prior)
        if plan.planned is None:
            if result.new_state is not None:
                raise ContractError("apply: the object is still there after it was deleted")
            return None
        if result.new_state is None:
            raise ContractError("apply: root object was present, but now absent")
        _hold("apply", state_problems(result.new_state, block))
        _hold("apply", result_problems(block, plan.planned, result.new_state))
        if plan.prior is not None and plan.prior.identity is not None and identity != plan.prior.identity:
            raise ContractError(f"apply: the identity changed from {plan.prior.identity} to {identity}")
        return Object(
            plan.type_name,
            self._sent(plan.type_name, result.new_state),
            private,
            self._identity("apply", plan.type_name, identity),
        )

    def import_object(self, type_name: str, id_: str = "", identity: Values | None = None) -> Object:
        """An existing object, by ID or by identity, read as Terraform reads it after an import."""
        result = self.provider.import_resource(type_name, id_, identity)
        _refuse("import", result.diagnostics)
        if result.state is None:
            raise ContractError("import: nothing came back, and no error")
        block = self.block(type_name)
        _hold("import", state_problems(result.state, block))
        private, given = _carried(result, b"", identity)
        stored = Object(type_name, self._sent(type_name, result.state), private, given)
        found = self.read(stored)
        if found is None:
            raise ContractError("import: cannot import non-existent remote object")
        return found

    def generate_config(self, stored: Object) -> Values:
        """The configuration that `terraform plan -generate-config-out` writes for an imported object."""
        block = self.block(stored.type_name)
        config = self.provider.generate_config(stored.type_name, stored.value)
        _hold("generate", shape_problems(config, block))
        for one in block.attributes:
            if config[one.name] is not None and (one.write_only or not (one.required or one.optional)):
                raise ContractError(f"generate: nobody can configure {one.name}")
            if config[one.name] is not None and one.sensitive:
                raise ContractError(f"generate: a secret in plain text: {one.name}")
        return config

    def _sent(self, type_name: str, value: Any) -> Any:
        return None if value is None else normal(value, object_type(self.block(type_name)))

    def _identity(self, call: str, type_name: str, identity: Values | None) -> Values | None:
        """The identity of an existing object: the schema's attributes, all known; none without a schema."""
        schema = self.provider.identity_schemas().get(type_name)
        if schema is None:
            if identity is not None:
                raise ContractError(f"{call}: {type_name} has no identity schema, but an identity {identity}")
            return None
        names = {one.name for one in schema.attributes}
        if identity is None or identity.keys() != names:
            raise ContractError(f"{call}: an identity of {sorted(names)} is required, not {identity}")
        if not is_known(identity) or None in identity.values():
            raise ContractError(f"{call}: an identity is known, not {identity}")
        return identity

    def _replace_paths(self, paths: Sequence[Path], was: Any, planned: Any) -> tuple[Path, ...]:
        """The paths that count: those whose value changes."""
        if was is None:
            return ()
        for path in paths:
            if not path_exists(path, was) and not path_exists(path, planned):
                raise ContractError(f"plan: a replacement is required for a non-existent path {path}")
        return tuple(path for path in paths if _at(path, was) != _at(path, planned))

    def _check_paths(self, diagnostics: Sequence[Diagnostic], config: Any) -> None:
        """A path that leads nowhere points at nothing; Terraform shows the whole block then."""
        for one in diagnostics:
            if config is not None and not path_exists(one.path, config):
                raise ContractError(f"a diagnostic's path {one.path} leads nowhere: {one.summary}")


class Terraform:
    """Commands on one object, each in new processes, in the order of calls of the real one."""

    def __init__(self, make: Callable[[], ManagedLifecycle], config: Values) -> None:
        self._make = make
        self._config = config

    def start(self) -> Process:
        """A new process."""
        return Process(self._make(), self._config)

    def plan(self, type_name: str, stored: Object | None, config: Values) -> tuple[Plan, Plan | None]:
        """`terraform plan` of one object; the second plan is that of a replacement's new half."""
        process = self.start()
        process.validate(type_name, config)
        prior = None
        if stored is not None:
            loaded = process.load(stored)
            prior = process.read(loaded)
        process.validate(type_name, config)
        if prior is not None and stored is not None and stored.tainted:
            return process.plan(type_name, None, config), None
        first = process.plan(type_name, prior, config)
        if first.action != "replace":
            return first, None
        return first, process.plan(type_name, None, config, private=first.private)

    def apply(
        self,
        type_name: str,
        stored: Object | None,
        config: Values,
        *,
        planned_with: Values | None = None,
        create_before_destroy: bool = False,
    ) -> Object:
        """`terraform apply` of one object. `planned_with`: the configuration as far as the plan knew it."""
        first, second = self.plan(type_name, stored, config if planned_with is None else planned_with)
        return self.apply_plan((first, second), config, create_before_destroy=create_before_destroy)

    def apply_plan(
        self, plans: tuple[Plan, Plan | None], config: Values, *, create_before_destroy: bool = False
    ) -> Object:
        """Apply what `plan` planned, as a saved plan is applied."""
        first, second = plans
        process = self.start()
        if first.action == "no-op":
            assert first.prior is not None
            return first.prior
        if first.action != "replace":
            process.validate(first.type_name, config)
            return self.carry_out(process, first, config)
        assert second is not None
        assert first.prior is not None
        old = process.load(first.prior)
        if not create_before_destroy:
            gone = Plan(first.type_name, old, None, old.private, old.identity)
            process.apply(gone, None)
        process.validate(first.type_name, config)
        made = self.carry_out(process, second, config)
        if create_before_destroy:
            process.apply(process.plan(first.type_name, old, None), None)
        return made

    def carry_out(self, process: Process, plan: Plan, config: Values) -> Object:
        """Plan again, and apply that."""
        made = process.apply(self.plan_again(process, plan, config), config)
        if made is None:
            raise ContractError("apply: root object was present, but now absent")
        return made

    def plan_again(self, process: Process, plan: Plan, config: Values) -> Plan:
        """The plan with all that is known when it is applied, which must refine the first one."""
        again = process.plan(plan.type_name, plan.prior, config)
        if again.action not in {plan.action, "no-op"}:
            raise ContractError(f"inconsistent final plan: {plan.action} became {again.action}")
        _hold(
            "inconsistent final plan",
            result_problems(process.block(plan.type_name), plan.planned, again.planned),
        )
        return again

    def refresh(self, stored: Object) -> Object | None:
        """`terraform apply -refresh-only` of one object."""
        process = self.start()
        return process.read(process.load(stored))

    def destroy(self, stored: Object) -> None:
        """`terraform destroy` of one object."""
        process = self.start()
        current = process.read(process.load(stored))
        if current is None:
            return
        plan = process.plan(stored.type_name, current, None)
        process = self.start()
        process.apply(replace(plan, prior=process.load(current)), None)

    def import_object(self, type_name: str, id_: str = "", identity: Values | None = None) -> Object:
        """`terraform import`."""
        return self.start().import_object(type_name, id_, identity)


def _carried(result: Any, private: bytes, identity: Values | None) -> tuple[bytes, Values | None]:
    """Private bytes and identity of an answer; None there means "as it was"."""
    return (
        private if result.private is None else result.private,
        identity if result.identity is None else result.identity,
    )


def _hold(call: str, problems: Any) -> None:
    found: list[Problem] = list(problems)
    if found:
        raise ContractError(f"{call}: " + "; ".join(map(str, found)))


def _refuse(call: str, diagnostics: Sequence[Diagnostic], kept: Object | None = None) -> None:
    errors = [one for one in diagnostics if one.severity is DiagnosticSeverity.ERROR]
    if errors:
        raise RefusedError(call, errors, kept)


def _at(path: Path, value: Any) -> Any:
    for step in path:
        if value is UNKNOWN or not path_exists((step,), value):
            return UNKNOWN if value is UNKNOWN else None
        value = value[getattr(step, "key", step)]
    return value
