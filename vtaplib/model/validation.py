"""Validation of a resource by itself: values against their fields, and fields against each other.

Nothing here looks at the world; that is what rules are for. Values that are not known yet pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from math import isfinite
from types import MappingProxyType
from typing import Any

from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Shape
from vtaplib.model.combination import Combination, Presence
from vtaplib.model.general_rule import SECRETS_ARE_GIVEN, VALUES_ARE_ALLOWED
from vtaplib.model.layout import is_surely_sound, may_be_absent
from vtaplib.model.marks import (
    INLINE,
    OPTIONAL_ASSIGNED,
    SENSITIVE,
    WRITE_ONLY,
    Items,
)
from vtaplib.model.resource import Resource, id_format_of, resolve
from vtaplib.model.unknown import Undecided
from vtaplib.model.violation import ErrorCode, Path, Violation, dotted
from vtaplib.model.wording import TYPE_WORDS, shown

NO_CODES: Mapping[str, ErrorCode] = MappingProxyType({})
_LONGEST_LABEL = 200
_SEQUENCES = (tuple, set, frozenset)
"""What a repeated field may be given as. A list is made a tuple when the model is built."""


def validate(
    resource: Resource,
    before: Resource | None = None,
    *,
    strict_ids: bool = False,
    secrets_told: bool = False,
) -> Iterator[Violation]:
    """Everything that is wrong with a resource by itself.

    `before`: the stored resource that it replaces; what the service gave it then does not count as given now.
    `strict_ids`: the fixed segments of IDs must be in their canonical case, as azurerm wants them.
    `secrets_told`: a secret, or what is only ever sent, that is not given is not there. Otherwise it may be
    one that no read returns.
    """
    name = _name(resource)
    yield from check_fields(
        resource, name, strict_ids=strict_ids, foreign_id_codes=type(resource).foreign_id_codes
    )
    yield from _misplaced(resource)
    code = type(resource).combination_code
    combinations = type(resource).combinations
    for path, problem in check_combinations(resource, combinations, before, secrets_told=secrets_told):
        yield Violation(code, f"{name}: {problem}", path, rule=VALUES_ARE_ALLOWED)


def missing_secrets(resource: Resource) -> Iterator[Violation]:
    """What is wrong with a new resource whose secrets are all said to exist."""
    with suppress(Undecided):
        code = type(resource).combination_code
        for path, problem, way_out in resource.missing_secrets():
            yield Violation.of(code, f"{resource.label}: {problem}", way_out, path, rule=SECRETS_ARE_GIVEN)


def check_fields(
    model: Model,
    name: str,
    *,
    strict_ids: bool = False,
    foreign_id_codes: Mapping[str, ErrorCode] = NO_CODES,
) -> Iterator[Violation]:
    """Every value that does not fit its field. `name`: the model's, for messages. `foreign_id_codes`: what an
    ID of another type answers, by field (see `Resource`).
    """
    for path, field, value in model.walk():
        if value is None and field.nullable:
            continue  # most of them
        for problem_path, problem in _problems(model, field, value, strict_ids):
            full = path + problem_path
            code = ErrorCode.INVALID_RESOURCE_NAME if full == ("name",) else ErrorCode.INVALID_REQUEST_CONTENT
            if path == full and _is_foreign(field, value):
                code = foreign_id_codes.get(dotted(path), code)
            yield Violation(code, f"{name}: {dotted(full)} {problem}", full, rule=VALUES_ARE_ALLOWED)


def _is_foreign(field: Field, value: Any) -> bool:
    return (
        field.ref is not None
        and isinstance(value, str)
        and ids.is_foreign(id_format_of(field.ref.kind), value)
    )


def check_combinations(
    model: Model,
    combinations: Iterable[Combination],
    before: Model | None = None,
    *,
    secrets_told: bool = True,
) -> Iterator[tuple[Path, str]]:
    """Path and problem of every combination of fields that does not hold. `before` and `secrets_told` as in
    `validate`.
    """
    for combination in combinations:
        presence = {
            name: _presence(model, before, name, secrets_told=secrets_told) for name in combination.names
        }
        for path, problem in combination.findings(presence):
            yield _located(type(model), path), problem


def _located(cls: type[Model], names: Path) -> Path:
    """A path of names as a path of the resource: the one block of its kind is at position 0."""
    name, *rest = names
    field = cls.fields()[str(name)]
    if not rest or field.block is None:
        return names
    return (name, 0, *_located(field.block, tuple(rest)))


def _misplaced(resource: Resource) -> Iterator[Violation]:
    """Names that make no ID: a subscription that is missing, a name with a slash in it."""
    found = id_if_known(resource)
    if found and type(resource).parse_id(found) is None:
        nowhere = resource.knows("subscription_id") and not resource.subscription_id
        missing = "; it names no subscription: put it into one" if nowhere else ""
        message = f"{_name(resource)}: {shown(found)} is not a well-formed ID{missing}"
        yield Violation(ErrorCode.INVALID_RESOURCE_NAME, message, rule=VALUES_ARE_ALLOWED)


def id_if_known(resource: Resource) -> str:
    """The resource's ID; "" where a name in it is not known, or is none."""
    names = ids.placeholders(resource.id_format)
    is_known = all(resource.knows(name) and isinstance(getattr(resource, name), str) for name in names)
    return resource.id if is_known else ""


def is_sound(resource: Resource) -> bool:
    """Whether all that must be there is, and of the declared type, so that rules can read the resource."""
    return is_surely_sound(resource) or not any(structure_problems(resource))


def structure_problems(resource: Resource) -> Iterator[tuple[Path, str]]:
    """The path of everything that is missing or of another type than declared, and what is wrong with it."""
    for path, field, value in resource.walk():
        for inner, problem in _structure_problems(field, value):
            yield path + inner, problem


def _structure_problems(field: Field, value: Any) -> Iterator[tuple[Path, str]]:
    if value is None:
        if not may_be_absent(field):
            yield (), "is required"
        return
    if field.shape is Shape.MAP:
        yield from _map_problems(value)
        return
    if field.shape is Shape.SCALAR or (field.shape is Shape.BLOCK and not isinstance(value, tuple)):
        problem = _element_problem(field, value)
        if problem:
            yield (), problem
        return
    if not isinstance(value, _SEQUENCES):
        yield (), f"= {shown(value)} is not a list"
        return
    if field.shape is Shape.BLOCK:
        yield (), f"is given {len(value)} times; it can be there once"
    problem = _count_problem(field, len(value))
    if problem:
        yield (), problem
    for position, element in enumerate(value):
        problem = _element_problem(field, element)
        if problem:
            yield (position,), problem


def _element_problem(field: Field, value: Any) -> str | None:
    if field.block is None:
        return _type_problem(field.scalar, value)
    if value is None:
        return "is required"
    if isinstance(value, field.block):
        return None
    way_out = f"; write {field.block.__name__}(…)" if isinstance(value, Mapping) else ""  # in Python only
    return f"= {shown(value)} is not a block{way_out}"


def _map_problems(value: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(value, Mapping):
        yield (), f"= {shown(value)} is not a map"
        return
    for name, element in value.items():
        problem = _type_problem(str, name) or _type_problem(str, element)
        if problem:
            yield (str(name),), problem


def _problems(model: Model, field: Field, value: Any, strict_ids: bool) -> Iterable[tuple[Path, str]]:
    if value is None or field.shape is not Shape.SCALAR:
        return _problems_inside(model, field, value, strict_ids)
    problem = _type_problem(field.scalar, value) or _scalar_problem(model, field, value, strict_ids)
    return [((), problem)] if problem else ()


def _problems_inside(model: Model, field: Field, value: Any, strict_ids: bool) -> Iterator[tuple[Path, str]]:
    unsound = list(_structure_problems(field, value))
    yield from unsound
    if unsound or value is None:
        return
    if field.block is not None:
        if field.has(INLINE):
            yield from _repeated_names(value)
        return
    found: list[tuple[Path, str | None]]
    if field.shape is Shape.MAP:
        found = [((), constraint.problem(value)) for constraint in field.constraints]
    else:
        found = [((at,), _scalar_problem(model, field, one, strict_ids)) for at, one in enumerate(value)]
    yield from ((path, problem) for path, problem in found if problem)


def _scalar_problem(model: Model, field: Field, value: Any, strict_ids: bool) -> str | None:
    if value == "" and field.has(OPTIONAL_ASSIGNED):
        return None  # a read says "" where there is nothing, and what was read can be put back
    constraints = field.constraints if field.shape is Shape.SCALAR else field.element_constraints
    for constraint in constraints:
        problem = constraint.problem(value)
        if problem:
            return f"= {shown(value)} {problem}"
    if field.ref is not None and value != "":
        id_format = id_format_of(field.ref.kind)
        by_name = ids.placeholders(id_format)[-1] == field.name or not field.name.endswith(("_id", "_ids"))
        if not by_name and not value.startswith("/"):
            return f"= {shown(value)} {ids.format_problem(id_format, value)}"
        target = resolve(field.ref.kind, value, model)
        if target is not None and target == value:
            problem = ids.format_problem(id_format, target, strict=strict_ids)
            if problem:
                return f"= {shown(value)} {problem}"
    return None


def _type_problem(wanted: type, value: Any) -> str | None:
    if value is None:
        return "is required"
    types = (int, float) if wanted is float else (wanted,)
    if not isinstance(value, types) or (isinstance(value, bool) and wanted is not bool):
        return f"= {shown(value)} is not {TYPE_WORDS[wanted]}"
    if isinstance(value, str) and not value.isascii() and value.encode(errors="replace").decode() != value:
        return f"= {shown(value)} is not Unicode text"
    if isinstance(value, float) and not isfinite(value):
        return f"= {value} is not a finite number"
    return None


def _count_problem(field: Field, count: int) -> str | None:
    bounds = field.items
    if count == 0 and field.block is not None and not bounds.minimum:
        return None
    return Items(bounds.minimum, bounds.maximum, bounds.minimum_if_set).problem(count)


def _repeated_names(blocks: tuple[Model, ...]) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for position, block in enumerate(blocks):
        if not block.knows("name"):
            continue
        name = str(block.name).lower()
        if name in seen:
            yield (position, "name"), f"= {shown(block.name)} is used twice"
        seen.add(name)


def _presence(model: Model, before: Model | None, name: str, *, secrets_told: bool) -> Presence:
    value, past, service_gives = _reach(model, before, name)
    if value is Presence.UNKNOWN:
        return Presence.UNKNOWN
    if value is None or value == ():
        field = model.fields()[name.partition(".")[0]]
        secret = field.has(SENSITIVE) or field.has(WRITE_ONLY)
        return Presence.UNKNOWN if secret and not secrets_told else Presence.ABSENT
    if service_gives and past == value:
        return Presence.UNKNOWN  # given by the user, or kept from what the service gave
    return Presence.GIVEN


def _reach(model: Model, before: Model | None, name: str) -> tuple[Any, Any, bool]:
    """A value by dotted path, what it was before, and whether the service may have given it. What is of
    another type than declared, or in such a thing, is not known: that is wrong by itself.
    """
    value: Any = model
    past: Any = before
    service_gives = False
    for step in name.split("."):
        if not isinstance(value, Model) or step not in value.fields():
            continue
        try:
            field = value.fields()[step]
            service_gives = field.has(OPTIONAL_ASSIGNED)
            value = getattr(value, step)
        except Undecided:
            return Presence.UNKNOWN, None, False
        if value is not None and any(_structure_problems(field, value)):
            return Presence.UNKNOWN, None, False
        value = None if value == field.default else value
        past = getattr(past, step, None) if past is not None else None
    return value, past, service_gives


def _name(resource: Resource) -> str:
    """What messages call a resource: its type, where nobody could read its name."""
    names = {name: _told(resource, name) for name in ids.placeholders(resource.id_format)}
    label = ids.label(resource.id_format.format_map(names))
    is_whole = all(all(side.split("/")) for side in label.split("|"))  # a name has come from each
    readable = is_whole and label.isprintable() and len(label) <= _LONGEST_LABEL
    return label if readable else type(resource).__name__


def _told(resource: Resource, name: str) -> str:
    value = getattr(resource, name) if resource.knows(name) else None
    return value if isinstance(value, str) else ""
