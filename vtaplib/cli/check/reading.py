"""From the instances of a plan or state to resources, as they were and as they will be.

azurerm knows the ID of a new resource only when it is made. Here an ID is a function of names, so it is
computed, and with it every reference to the resource that the plan leaves open. A name that only the apply
can know is stood in for by the address of the block, in parentheses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, NamedTuple

from vtaplib.cli.check import azapi
from vtaplib.cli.check.configuration import (
    Configuration,
    Expression,
    Index,
    OpaqueError,
    Scope,
    Target,
    expression_in,
)
from vtaplib.cli.check.document import Document, Instance
from vtaplib.cli.check.homes import find_homes
from vtaplib.cli.check.settled import settled
from vtaplib.control import inline
from vtaplib.control.integrity import naming_arguments, used_twice
from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Model, Shape, Values
from vtaplib.model.marks import IGNORED_AS_IMPORTED, INLINE, INTERNAL, OPTIONAL_ASSIGNED, SENSITIVE, UNORDERED
from vtaplib.model.resource import Resource, id_format_of, kind_named, resource_kind
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.validation import is_sound, validate
from vtaplib.model.violation import Path, Violation
from vtaplib.resources import RESOURCE_TYPES, Subscription


def type_name(kind: type[Resource]) -> str:
    """The azurerm name of a resource type: that of the class, in snake case."""
    return "azurerm" + re.sub(r"([A-Z])", r"_\1", kind.__name__).lower()


TYPES: Final[Mapping[str, type[Resource]]] = {
    type_name(kind): kind for kind in RESOURCE_TYPES if kind is not Subscription
}
"""The types that are read."""


def kind_of(instance: Instance) -> type[Resource] | None:
    """The type of what an instance is, if vtap models it."""
    if instance.type == azapi.TYPE:
        return azapi.kind_of(instance.after or instance.before or {})
    return TYPES.get(instance.type)


def _type_shown(instance: Instance) -> str:
    if instance.type != azapi.TYPE:
        return instance.type
    return f"{instance.type} {azapi.arm_type(instance.after or {})}".rstrip()


@dataclass(frozen=True, slots=True)
class Misfit:
    """What is wrong with a resource by itself. `address` is where it comes from."""

    address: str
    resource: Resource
    violation: Violation


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a document: resources by the key of their ID, and the addresses that they are from."""

    before: dict[str, Resource] = field(default_factory=dict)
    after: dict[str, Resource] = field(default_factory=dict)
    written: dict[str, Resource | None] = field(default_factory=dict)
    """What the plan writes: as it was, or None where it is made anew."""
    addresses: dict[str, str] = field(default_factory=dict)
    misfits: list[Misfit] = field(default_factory=list)
    """What is wrong with resources as they will be, each by itself."""
    unread: list[str] = field(default_factory=list)
    """Addresses of objects that could not be made a resource of."""
    not_modelled: Counter[str] = field(default_factory=Counter)
    """Objects of types that vtap does not model, by type."""


class Draft(NamedTuple):
    """A resource as a document has it, and what is wrong with it by itself. `settled`: as the service would
    show it; None where it cannot be told from others, or lacks what rules must be able to read.
    """

    given: Resource
    violations: Sequence[Violation]
    settled: Resource | None


class _Claim(NamedTuple):
    """Who has an ID, as it is spelled there."""

    address: str
    resource_id: str
    is_new: bool


class _Claims:
    """Who has which ID, by key."""

    def __init__(self) -> None:
        self._claims: dict[str, _Claim] = {}

    def clash(self, instance: Instance, resource: Resource) -> Violation | None:
        """Claims an ID for an object; tells if another has it, and one of the two is new. A state may have an
        object twice, each written as the other is.
        """
        key, is_new = ids.key(resource.id), instance.is_written and instance.before is None
        other = self._claims.get(key)
        if other is None or (is_new and not other.is_new):
            self._claims[key] = _Claim(instance.address, resource.id, is_new)
        if other is None or not (is_new or other.is_new):
            return None
        path = (naming_arguments(resource)[0],)
        return used_twice(resource, path, resource.id, f"{other.address} has it too", other.resource_id)


def read_resources(document: Document, *, strict_ids: bool = False) -> Reading:
    """The resources of a document. `strict_ids`: as `validate` takes it."""
    reader = Reader(document, strict_ids=strict_ids)
    reading, claims = Reading(), _Claims()
    for instance in document.instances:
        if kind_of(instance) is None:
            if instance.after is not None:
                reading.not_modelled[_type_shown(instance)] += 1
            continue
        drafts = reader.drafts(instance)
        now = [one.settled for one in drafts if one.settled is not None]
        then = now if instance.before == instance.after else reader.past(instance)
        past = {ids.key(one.id): one for one in then}
        misfits = [
            Misfit(instance.address, draft.settled or draft.given, violation)
            for draft in drafts
            for violation in draft.violations
        ]
        if now and (clash := claims.clash(instance, now[0])) is not None:
            misfits.append(Misfit(instance.address, now[0], clash))
        reading.misfits.extend(misfits)
        is_lost = (not now and instance.after is not None) or (not then and instance.before is not None)
        if is_lost and not misfits:
            reading.unread.append(instance.address)
        for made, where in ((then, reading.before), (now, reading.after)):
            for resource in made:
                where[ids.key(resource.id)] = resource
                reading.addresses.setdefault(ids.key(resource.id), instance.address)
        if instance.is_written:
            standing = {} if instance.is_replaced else past
            reading.written.update({(key := ids.key(one.id)): standing.get(key) for one in now})
    _add_children(reading.before, reading.addresses)
    reading.misfits.extend(
        Misfit(reading.addresses[ids.key(parent.id)], child, replace(one, path=(*path, *one.path)))
        for parent, path, child in _add_children(reading.after, reading.addresses)
        for one in validate(child, child, strict_ids=strict_ids)
    )
    for where in (reading.before, reading.after):
        for tenant in reader.subscriptions():
            where.setdefault(ids.key(tenant.id), tenant)
    return reading


def _add_children(
    resources: dict[str, Resource], addresses: dict[str, str]
) -> Sequence[tuple[Resource, Path, Resource]]:
    """Adds the resources that others carry, such as a network its subnets, unless they have a block too.
    Returns all of them as they are given, with their parents and places there.
    """
    carried = [
        (parent, (name, position), child)
        for parent in resources.values()
        for name, position, child in inline.children(parent)
    ]
    for parent, _, child in carried:
        key = ids.key(child.id)
        if key not in resources and is_sound(child):
            resources[key] = settled(child)
            addresses.setdefault(key, addresses[ids.key(parent.id)])
    return carried


class Reader:
    """Makes resources of instances. Each ID is made once, when somebody first needs it."""

    def __init__(self, document: Document, *, strict_ids: bool) -> None:
        self._strict_ids = strict_ids
        self._configuration = Configuration(document)
        self._ids: dict[str, str | None] = {}
        self._homes = find_homes(document.instances, self._configuration)
        self._untold = {kind.__name__: _untold(kind) for kind in TYPES.values()}

    def subscriptions(self) -> Iterator[Subscription]:
        """The subscriptions of which the plan says the tenant."""
        for home in self._homes.values():
            if home.tenant_id:
                yield Subscription(subscription_id=home.subscription_id, tenant_id=home.tenant_id)

    def past(self, instance: Instance) -> Sequence[Resource]:
        """The resource of an instance as it was, and others that it tells of."""
        if instance.before is None:
            return ()
        drafts: Sequence[Draft]
        resource_id = instance.before.get("id")
        if instance.type == azapi.TYPE:
            drafts = self._from_arm(instance.before, resource_id, {}, Scope(""))
        else:
            drafts = [self._draft(TYPES[instance.type], instance.before, resource_id, {})]
        return [one.settled for one in drafts if one.settled is not None]

    def drafts(self, instance: Instance) -> Sequence[Draft]:
        """As `past`, as it will be; nothing if it will not be there."""
        if instance.after is None:
            return ()
        expressions, scope = self._configuration.expressions(instance), self._configuration.scope(instance)
        if instance.type == azapi.TYPE:
            return self._from_arm(instance.after, self.id_of(instance), expressions, scope)
        kind, values = TYPES[instance.type], instance.after
        if instance.is_written:
            values = self._with_references(kind, values, expressions, scope)
        return [self._draft(kind, values, self.id_of(instance), expressions)]

    def _from_arm(
        self, values: Mapping[str, Any], resource_id: object, expressions: Expression, scope: Scope
    ) -> Sequence[Draft]:
        """What the JSON of azapi tells of. All its references are in one expression, the body's. What that
        lacks may be given elsewhere.
        """
        if not isinstance(resource_id, str):
            return ()
        body = expression_in(expressions, "body")
        drafts = (
            self._draft(
                type(one),
                self._with_references(
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
        return [one for one in drafts if one.settled is not None]

    def _draft(
        self, kind: type[Resource], values: Mapping[str, Any], resource_id: object, arguments: Expression
    ) -> Draft:
        names, told = _names_in(kind, resource_id), _telling(kind, values)
        given = kind.from_values(names | told | self._untold[kind.__name__])
        fields = kind.fields()
        mine = [name for name in arguments if name in fields and fields[name].has(OPTIONAL_ASSIGNED)]
        # What the configuration does not give, and the service could, it has given.
        before = given.replace(**dict.fromkeys(mine)) if mine else given
        violations = tuple(validate(given, before, strict_ids=self._strict_ids))
        if not names or (violations and not is_sound(given)):
            return Draft(given, violations, None)
        return Draft(given, violations, settled(given.replace(**names)))

    # Identity

    def id_of(self, instance: Instance) -> str | None:
        """The ID of an instance as it will be; None if it cannot be told."""
        if instance.address not in self._ids:
            self._ids[instance.address] = None  # should it depend on itself
            self._ids[instance.address] = self._id(instance)
        return self._ids[instance.address]

    def _id(self, instance: Instance) -> str | None:
        kind, values = kind_of(instance), instance.after or {}
        given = values.get("id")
        if kind is None or (isinstance(given, str) and kind.parse_id(given) is not None):
            return given if isinstance(given, str) else None
        if instance.type == azapi.TYPE:
            return self._id_under_parent(instance, kind, values)
        names: dict[str, str] = {}
        for name in ids.placeholders(kind.id_format):
            value = self._name(instance, kind, name, values.get(name))
            if value is None:
                return None
            names[name] = value
        return kind.id_format.format_map(names)

    def _id_under_parent(
        self, instance: Instance, kind: type[Resource], values: Mapping[str, Any]
    ) -> str | None:
        """The ID of a resource that names its parent by ID."""
        parent_id, name = values.get("parent_id"), values.get("name")
        if parent_id is UNKNOWN:
            expression = expression_in(self._configuration.expressions(instance), "parent_id")
            scope = self._configuration.scope(instance)
            found = self._candidates(azapi.parent_kind(kind), expression, scope, new=True)
            parent_id = found[0] if len(found) == 1 else None
        if not isinstance(parent_id, str) or not isinstance(name, str):
            return None
        return azapi.id_under(parent_id, values, name)

    def _name(self, instance: Instance, kind: type[Resource], name: str, value: object) -> str | None:
        if name == "subscription_id":
            return self._subscription(instance)
        if value is UNKNOWN and kind.fields()[name].ref is not None:
            expressions, scope = (
                self._configuration.expressions(instance),
                self._configuration.scope(instance),
            )
            value = self._referred(kind.fields()[name], expression_in(expressions, name), scope)
        if value is UNKNOWN and name == "name":
            return f"({instance.address.translate(_NO_SEPARATORS)})"
        return value if isinstance(value, str) and value else None

    def _subscription(self, instance: Instance) -> str:
        return self._homes[self._configuration.provider(instance)].subscription_id

    # References

    def _with_references(
        self, model: type[Model], values: Mapping[str, Any], expressions: Expression, scope: Scope
    ) -> Values:
        """Values with the references filled in that the configuration says."""
        found = dict(values)
        for name, one in model.referring_fields().items():
            value, expression = values.get(name), expressions.get(name)
            if expression is None:
                continue
            if one.ref is not None and isinstance(expression, Mapping):
                found[name] = self._reference(one, value, expression, scope)
            elif one.block is not None and isinstance(value, list) and not one.has(UNORDERED):
                found[name] = self._blocks(one.block, value, expression, scope)
        return found

    def _blocks(self, block: type[Block], values: list[Any], expression: Any, scope: Scope) -> list[Any]:
        """Nested blocks; where there are as many as in the configuration, each with its expressions."""
        written = expression if isinstance(expression, list) else [expression]
        if len(written) != len(values):
            return values
        return [
            self._with_references(block, value, one, scope)
            if isinstance(value, Mapping) and isinstance(one, Mapping)
            else value
            for value, one in zip(values, written, strict=True)
        ]

    def _reference(self, one: Field, value: Any, expression: Expression, scope: Scope) -> Any:
        if one.shape is Shape.LIST:
            if value is not UNKNOWN and not (isinstance(value, list) and any(v is UNKNOWN for v in value)):
                return value
            known = value if isinstance(value, list) else None
            return self._referred_list(one, known, expression, scope)
        return self._referred(one, expression, scope) if value is UNKNOWN else value

    def _referred(self, one: Field, expression: Expression, scope: Scope) -> Any:
        """The one thing that a reference of unknown value can mean, else UNKNOWN."""
        found = self._referred_to(one, expression, scope, new=True)
        return found[0] if len(found) == 1 else UNKNOWN

    def _referred_list(
        self, one: Field, known: list[Any] | None, expression: Expression, scope: Scope
    ) -> Any:
        """A list of references: as many as there are, in the order of the configuration, or UNKNOWN."""
        found = self._referred_to(one, expression, scope, new=False)
        if not found or (known is not None and len(known) != len(found)):
            return UNKNOWN
        agrees = known is None or all(
            mine is UNKNOWN or ids.key(str(mine)) == ids.key(theirs)
            for mine, theirs in zip(known, found, strict=True)
        )
        return found if agrees else UNKNOWN

    def _referred_to(self, one: Field, expression: Expression, scope: Scope, *, new: bool) -> Sequence[str]:
        """What of a reference's type an expression refers to, by ID or by name, as the reference does."""
        assert one.ref is not None
        found = self._candidates(one.ref.kind, expression, scope, new=new)
        is_by_id = one.name.endswith(("_id", "_ids"))
        return found if is_by_id else tuple(dict.fromkeys(map(ids.name, found)))

    def _candidates(
        self, kind_name: str, expression: Expression, scope: Scope, *, new: bool
    ) -> Sequence[str]:
        """The IDs of a type that an expression refers to; `new`: that the plan makes, for what is there
        already is known.
        """
        try:
            targets = self._configuration.targets(expression, scope)
        except OpaqueError:
            return ()
        return tuple(
            dict.fromkeys(
                meant
                for target in targets
                if not new or _is_new(target.instance)
                for meant in self._meant(kind_name, target)
            )
        )

    def _meant(self, kind_name: str, target: Target) -> Iterator[str]:
        """The IDs of a type that a target stands for: its own, or those of its parts."""
        kind, wanted = kind_of(target.instance), kind_named(kind_name)
        if kind is None:
            return
        is_wanted, parts = issubclass(kind, wanted), _parts(kind.__name__, kind_name)
        target_id = self.id_of(target.instance) if is_wanted or parts else None
        if target_id is None:
            return
        if is_wanted:
            yield target_id
            return
        for name, segment in parts:
            blocks = (target.instance.after or {}).get(name)
            for position, block in enumerate(blocks if isinstance(blocks, list) else ()):
                if _names_another(target, name, position) or not isinstance(block, Mapping):
                    continue
                if isinstance(block.get("name"), str):
                    yield f"{target_id}/{segment}/{block['name']}"


@cache
def _parts(owner: str, part: str) -> Sequence[tuple[str, str]]:
    """The fields of a type whose blocks are what is wanted, with the segments before the names in their IDs.
    Types by class name.
    """
    kind, wanted, found = resource_kind(owner), kind_named(part), []
    for name, one in kind.fields().items():
        if one.block is not None and one.block is wanted:
            found.append((name, one.block.id_segment))
        elif one.block is not None and one.has(INLINE) and resource_kind(one.block.child) is wanted:
            found.append((name, id_format_of(one.block.child).split("/")[-2]))
    return found


def _names_another(target: Target, name: str, position: int) -> bool:
    """Whether a reference steps into another block than this one."""
    steps = target.steps
    is_indexed = steps[:1] == (name,) and len(steps) > 1 and isinstance(steps[1], Index)
    return is_indexed and steps[1] != Index(position)


def _is_new(instance: Instance) -> bool:
    return instance.after is not None and instance.after.get("id", UNKNOWN) is UNKNOWN


def _names_in(kind: type[Resource], resource_id: object) -> Values:
    """What an ID says of a resource; nothing if it is none of the kind."""
    names = kind.parse_id(resource_id) if isinstance(resource_id, str) else None
    if names is None or not isinstance(resource_id, str):
        return {}
    return {"subscription_id": ids.subscription(resource_id), **names}


def _telling(model: type[Model], values: Mapping[str, Any]) -> Values:
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
            value = [_telling(one.block, part) if isinstance(part, Mapping) else part for part in value]
        found[name] = value
    return found


def _is_zero(value: Any) -> bool:
    return value == "" or value == [] or (type(value) is int and value == 0)


def _may_be_absent(one: Field) -> bool:
    return not one.required and one.default is None and not one.has(OPTIONAL_ASSIGNED)


def _untold(kind: type[Resource]) -> Values:
    """What no provider tells of a resource, as unknown."""
    names = (name for name, one in kind.fields().items() if one.has(INTERNAL))
    return dict.fromkeys(names, UNKNOWN)


_NO_SEPARATORS = str.maketrans("/|", "__")
