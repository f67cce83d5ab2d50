"""From the instances of a plan or state to resources, one by one, as they were and as they will be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from vtaplib.analysis.known_defaults import with_known_defaults
from vtaplib.analysis.terraform_plan import azapi
from vtaplib.analysis.terraform_plan.configuration import Configuration, Expression, Scope, expression_in
from vtaplib.analysis.terraform_plan.document import Instance, TerraformDocument
from vtaplib.analysis.terraform_plan.references import References
from vtaplib.analysis.terraform_plan.resource_types import TYPES
from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Values
from vtaplib.model.marks import IGNORED_AS_IMPORTED, INTERNAL, OPTIONAL_ASSIGNED, SENSITIVE
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.validation import is_sound, validate
from vtaplib.model.violation import Violation
from vtaplib.resources import Subscription


class Draft(NamedTuple):
    """A resource as a document has it, and what is wrong with it by itself. `resource`: as the service would
    show it; None where its identity is not known, or it lacks what rules must be able to read.
    """

    given: Resource
    violations: Sequence[Violation]
    resource: Resource | None


class DraftReader:
    """Makes resources of the instances of a document. `strict_ids`: as `validate` takes it."""

    def __init__(self, document: TerraformDocument, *, strict_ids: bool) -> None:
        self._strict_ids = strict_ids
        self._configuration = Configuration(document)
        self._references = References(document, self._configuration)
        self._not_shown = {kind.__name__: _not_shown(kind) for kind in TYPES.values()}

    def subscriptions(self) -> Iterator[Subscription]:
        """The subscriptions of which the plan says the tenant."""
        for one in self._references.subscriptions.values():
            if one.tenant_id:
                yield Subscription(subscription_id=one.subscription_id, tenant_id=one.tenant_id)

    def past(self, instance: Instance) -> Sequence[Resource]:
        """The resource of an instance as it was, and others that it describes."""
        if instance.before is None:
            return ()
        drafts: Sequence[Draft]
        resource_id = instance.before.get("id")
        if instance.type == azapi.TYPE:
            drafts = self._from_arm(instance.before, resource_id, {}, Scope(""))
        else:
            drafts = [self._draft(TYPES[instance.type], instance.before, resource_id, {})]
        return [one.resource for one in drafts if one.resource is not None]

    def drafts(self, instance: Instance) -> Sequence[Draft]:
        """As `past`, as it will be; nothing if it will not be there."""
        if instance.after is None:
            return ()
        expressions, scope = self._configuration.expressions(instance), self._configuration.scope(instance)
        if instance.type == azapi.TYPE:
            return self._from_arm(instance.after, self._references.id_of(instance), expressions, scope)
        kind, values = TYPES[instance.type], instance.after
        if instance.is_written:
            values = self._references.filled(kind, values, expressions, scope)
        return [self._draft(kind, values, self._references.id_of(instance), expressions)]

    def _from_arm(
        self, values: Mapping[str, Any], resource_id: object, expressions: Expression, scope: Scope
    ) -> Sequence[Draft]:
        """What the JSON of azapi describes. All its references are in one expression, the body's. What that
        lacks may be given elsewhere.
        """
        if not isinstance(resource_id, str):
            return ()
        body = expression_in(expressions, "body")
        drafts = (
            self._draft(
                type(one),
                self._references.filled(
                    type(one),
                    azapi.with_unknown(one.values()),
                    dict.fromkeys(one.fields(), body),
                    scope,
                ),
                one.id,
                {},
            )
            for one in azapi.decoded(values, resource_id)
        )
        return [one for one in drafts if one.resource is not None]

    def _draft(
        self, kind: type[Resource], values: Mapping[str, Any], resource_id: object, arguments: Expression
    ) -> Draft:
        names, shown = _names_in(kind, resource_id), _given(kind, values)
        given = kind.from_values(names | shown | self._not_shown[kind.__name__])
        fields = kind.fields()
        mine = [name for name in arguments if name in fields and fields[name].has(OPTIONAL_ASSIGNED)]
        # What the configuration does not give, and the service could, it has given.
        before = given.replace(**dict.fromkeys(mine)) if mine else given
        violations = tuple(validate(given, before, strict_ids=self._strict_ids))
        if not names or (violations and not is_sound(given)):
            return Draft(given, violations, None)
        return Draft(given, violations, with_known_defaults(given.replace(**names)))


def _names_in(kind: type[Resource], resource_id: object) -> Values:
    """What an ID says of a resource; nothing if it is none of the kind."""
    names = kind.parse_id(resource_id) if isinstance(resource_id, str) else None
    if names is None or not isinstance(resource_id, str):
        return {}
    return {"subscription_id": ids.subscription(resource_id), **names}


def _given(model: type[Model], values: Mapping[str, Any]) -> Values:
    """The values that say something. What azurerm is built on has no null: an optional argument that is not
    given is "", 0 or an empty list there. A secret of what was imported is not known.
    """
    fields = model.fields()
    found = {}
    for name, value in values.items():
        one = fields.get(name)
        if one is None or value is None or (_is_zero(value) and _may_be_absent(one)):
            continue
        if value == IGNORED_AS_IMPORTED and one.has(SENSITIVE):
            value = UNKNOWN
        if one.block is not None and isinstance(value, list):
            value = [_given(one.block, part) if isinstance(part, Mapping) else part for part in value]
        found[name] = value
    return found


def _is_zero(value: Any) -> bool:
    return value == "" or value == [] or (type(value) is int and value == 0)


def _may_be_absent(one: Field) -> bool:
    return not one.required and one.default is None and not one.has(OPTIONAL_ASSIGNED)


def _not_shown(kind: type[Resource]) -> Values:
    """What no provider shows of a resource, as unknown."""
    names = (name for name, one in kind.fields().items() if one.has(INTERNAL))
    return dict.fromkeys(names, UNKNOWN)
