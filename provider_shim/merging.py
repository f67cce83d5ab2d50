"""Values of one object from several sides, merged field by field: as written, as it was, as the service says.

Terraform holds a provider to its word: a configured value is planned as configured, or exactly as it was
where the two mean the same; a value once planned is applied as planned. These functions keep that word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from provider_shim.derivation import is_computed, is_settable, public_fields
from provider_shim.late import once_for_each_class
from vtaplib.control.service_defaults import canonical, empty
from vtaplib.model.base import Field, Model, Shape, Values
from vtaplib.model.marks import (
    ATTRIBUTE_BLOCK,
    CREATE_ONLY,
    DERIVED,
    IGNORED_AS_IMPORTED,
    INLINE,
    NOT_IN_ARM,
    OPTIONAL_ASSIGNED,
    SENSITIVE,
    UNORDERED,
    WRITE_ONLY,
)
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.violation import Path

Blocks = Sequence[Values]


def same(field: Field, one: Any, other: Any) -> bool:
    """Whether two plain values of a field mean the same."""
    if one is None or other is None or holds_unknown(one) or holds_unknown(other):
        return one is None and other is None
    if field.block is not None:
        made = [[_meaning(field.block, block) for block in side] for side in (one, other)]
        return made[0] == made[1] or (
            field.has(UNORDERED) and sorted(map(repr, made[0])) == sorted(map(repr, made[1]))
        )
    form = _form(field)
    if field.shape is Shape.LIST:
        sides = [list(map(form, side)) for side in (one, other)]
        if field.has(UNORDERED):
            sides = [sorted(set(side)) for side in sides]
        return sides[0] == sides[1]
    return bool(form(one) == form(other))


def _meaning(cls: type[Model], block: Values) -> Values:
    """What a user says in a block, in canonical form. Null and an empty list are one, and say nothing."""
    made = canonical(cls.from_values(block), compared=True).values()
    settable = {field.name for field in cls.fields().values() if is_settable(field)}
    return _given({name: value for name, value in made.items() if name in settable})


def _given(values: Values) -> Values:
    parts = {
        name: [_given(one) if isinstance(one, dict) else one for one in value]
        if isinstance(value, list)
        else value
        for name, value in values.items()
    }
    return {name: value for name, value in parts.items() if value is not None and value != []}


def _form(field: Field) -> Callable[[Any], Any]:
    """What two single values of a field must have in common to mean the same."""
    if field.ref is not None:
        return _same_id
    if field.canonical:
        return field.canonical.form
    return _same_number if field.scalar is float else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _same_id(value: Any) -> Any:
    """An ID as ARM compares it. A bare name is an argument of its resource, which is compared with case."""
    return value.lower() if isinstance(value, str) and value.startswith("/") else value


def _same_number(value: Any) -> Any:
    """A number as the cloud keeps it: Terraform's has more digits."""
    return float(value) if isinstance(value, Decimal) else value


def planned(
    cls: type[Model], config: Values, prior: Values | None, assigned: Values, *, fresh: bool
) -> Values:
    """The values to plan. `assigned`: what the service would make of the configuration. `fresh`: the object
    replaces one of the same ID, so that what the service gives is new although it may look the same.
    """
    return {
        field.name: _planned_field(field, config.get(field.name), prior, assigned, fresh)
        for field in public_fields(cls)
    }


def _planned_field(field: Field, written: Any, prior: Values | None, assigned: Values, fresh: bool) -> Any:
    was = None if prior is None else prior.get(field.name)
    gives = assigned.get(field.name, UNKNOWN)
    if field.has(WRITE_ONLY):
        return None
    if field.has(DERIVED):
        return UNKNOWN if prior is None else was
    if not is_settable(field):
        return _service_value(field, was, gives, fresh)
    if written is UNKNOWN:
        return UNKNOWN
    if written == "" and field.has(OPTIONAL_ASSIGNED):
        written = None  # in azurerm the same: the service gives the value
    if field.has(INLINE) and written is None:
        return UNKNOWN if prior is None else was
    if field.has(ATTRIBUTE_BLOCK) and was and written and same(field, written, was):
        return was
    if field.block is not None:
        return _planned_blocks(field, written, was, gives, fresh)
    if written is not None and was == IGNORED_AS_IMPORTED and field.has(SENSITIVE):
        return was
    if written is not None:
        return was if was is not None and same(field, written, was) else written
    if not is_computed(field):
        return None
    if not field.has(OPTIONAL_ASSIGNED):
        return _plain_default(field)
    return _service_value(field, was, gives, fresh and prior is None)


def departs(cls: type[Model], config: Values, prior: Values | None, plan: Values) -> bool:
    """Whether a plan has another value than what is written, or was, to which Terraform holds a provider that
    does not say so. azurerm's plans have one in two places, and so have ours: where "" is written for what
    the service gives, and in an attribute of objects, such as a network's subnets, whose elements Terraform
    takes for all or nothing although the user writes their names and the service gives their IDs.
    """
    was = prior or {}
    return any(
        _field_departs(field, config.get(field.name), was.get(field.name), plan[field.name])
        for field in _departing_fields(cls)
    )


@once_for_each_class
def _departing_fields(cls: type[Model]) -> Sequence[Field]:
    """The fields whose planned value may depart."""
    return [
        field
        for field in public_fields(cls)
        if field.has(ATTRIBUTE_BLOCK)
        or (field.has(OPTIONAL_ASSIGNED) if field.block is None else _departing_fields(field.block))
    ]


def _field_departs(field: Field, written: Any, was: Any, value: Any) -> bool:
    if field.block is None or field.has(ATTRIBUTE_BLOCK):
        gives = field.has(ATTRIBUTE_BLOCK) or (written == "" and field.has(OPTIONAL_ASSIGNED))
        return gives and written is not None and value not in (written, was)
    block, past = field.block, was if isinstance(was, list) else []
    return isinstance(written, list) and any(
        one is not UNKNOWN and departs(block, one, past[n] if n < len(past) else None, value[n])
        for n, one in enumerate(written)
    )


def _service_value(field: Field, was: Any, gives: Any, fresh: bool) -> Any:
    if fresh or holds_unknown(gives):
        return UNKNOWN
    return was if was is not None and same(field, gives, was) else gives


def _planned_blocks(field: Field, written: Any, was: Any, gives: Any, fresh: bool) -> Any:
    if not written:
        return was if not was and was is not None else written  # null and empty mean the same
    assert field.block is not None
    past = was if isinstance(was, list) else []
    service = gives if isinstance(gives, list) else []
    sides = zip(written, partners(field, written, past), partners(field, written, service), strict=True)
    return [
        block if block is UNKNOWN else planned(field.block, block, before, after or {}, fresh=fresh)
        for block, before, after in sides
    ]


def partners(field: Field, blocks: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """For each block the one among others that it is the same as, or None: by position in a list; in a set by
    what is written in it, by name, or by what that means, and no two get the same.
    """
    if not field.has(UNORDERED):
        return [others[n] if n < len(others) else None for n in range(len(blocks))]
    assert field.block is not None
    settable = [one for one in public_fields(field.block) if is_settable(one)]
    found: list[Any] = [None] * len(blocks)
    rest = [other for other in others if isinstance(other, dict)]
    for fits in (_same_words, _same_name, _same_meaning):
        for position, block in enumerate(blocks):
            if found[position] is None and isinstance(block, dict):
                for n, other in enumerate(rest):
                    if fits(settable, block, other):
                        found[position] = rest.pop(n)
                        break
    return found


def _same_words(settable: Sequence[Field], one: Values, other: Values) -> bool:
    return all(field.has(WRITE_ONLY) or one.get(field.name) == other.get(field.name) for field in settable)


def _same_name(settable: Sequence[Field], one: Values, other: Values) -> bool:
    return isinstance(one.get("name"), str) and one["name"] == other.get("name")


def _same_meaning(settable: Sequence[Field], one: Values, other: Values) -> bool:
    return all(same(field, one.get(field.name), other.get(field.name)) for field in settable)


def _plain_default(field: Field) -> Any:
    return list(field.default) if isinstance(field.default, tuple) else field.default


def filled(cls: type[Model], plan: Values, actual: Values) -> Values:
    """The planned values, with what was unknown filled from what came to be."""
    return {
        field.name: _filled_field(field, plan.get(field.name), actual.get(field.name))
        for field in public_fields(cls)
    }


def _filled_field(field: Field, plan: Any, actual: Any) -> Any:
    if plan is UNKNOWN:
        return _or_empty(field, actual)
    if isinstance(plan, list) and holds_unknown(plan):
        if field.block is None:
            return actual
        others = actual if isinstance(actual, list) else []
        return [
            filled(field.block, block, found or {}) if isinstance(block, dict) else others[n]
            for n, (block, found) in enumerate(zip(plan, partners(field, plan, others), strict=True))
        ]
    if isinstance(plan, dict) and holds_unknown(plan):
        return actual
    return plan


def _or_empty(field: Field, value: Any) -> Any:
    if value is None and not is_settable(field):
        given = empty(field)
        return list(given) if isinstance(given, tuple) else given
    return value


def observed(cls: type[Model], prior: Values | None, actual: Values) -> Values:
    """The values as read, in the prior state's words where those mean the same: spelling is no drift."""
    return {field.name: _observed_field(field, prior, actual.get(field.name)) for field in public_fields(cls)}


def _observed_field(field: Field, prior: Values | None, value: Any) -> Any:
    was = None if prior is None else prior.get(field.name)
    if field.has(WRITE_ONLY):
        return None
    if field.has(NOT_IN_ARM) and is_settable(field):
        return was  # the configuration's own: the service does not know it
    if field.has(SENSITIVE):
        # Never returned by the service: what was sent is all that is known.
        return IGNORED_AS_IMPORTED if was is None and field.required else was
    if field.block is not None and isinstance(value, list):
        if not value and not was and prior is not None:
            return was
        past = was if isinstance(was, list) else []
        merged = [
            observed(field.block, before, block)
            for block, before in zip(value, partners(field, value, past), strict=True)
        ]
        if field.has(UNORDERED) and len(merged) == len(past) and all(block in past for block in merged):
            return past
        return merged
    # What depends on something that is gone cannot be computed: there is none.
    value = _or_empty(field, None if holds_unknown(value) else value)
    if value is None and was == "":
        return was  # the service has nothing there, in whichever word
    if value is None or was is None:
        return value
    return was if same(field, was, value) else value


def changed_for_good(cls: type[Model], prior: Values, plan: Values) -> Iterator[Path]:
    """Paths of create-only fields that the plan changes: each needs a new object."""
    for field in public_fields(cls):
        was, will = prior.get(field.name), plan.get(field.name)
        if (
            field.has(CREATE_ONLY)
            and not (field.has(SENSITIVE) and was is None)
            and not same(field, was, will)
        ):
            yield (field.name,)
        elif (
            field.block is not None
            and not field.has(UNORDERED)
            and isinstance(was, list)
            and isinstance(will, list)
        ):
            for position, (before, after) in enumerate(zip(was, will, strict=False)):
                if isinstance(before, dict) and isinstance(after, dict):
                    for path in changed_for_good(field.block, before, after):
                        yield (field.name, position, *path)


def holds_unknown(value: Any) -> bool:
    """Whether a plain value is unknown, or has an unknown value in it."""
    if value is UNKNOWN:
        return True
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return False
