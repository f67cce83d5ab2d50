"""Terraform's values on the wire (msgpack inside DynamicValue) and as plain Python values.

A plain value is None, bool, str, int, `Decimal`, list (list, set, tuple), dict (map, object), `UNKNOWN`, or
a `Dynamic` where the schema leaves the type open. The wire does not say which type a value has (0.1 and
"0.1" are the same bytes), so both directions follow the type, which the schema gives.

Numbers lose nothing: integers are int, all others Decimal. Terraform sends what a float64 cannot hold
exactly as a decimal string, and so does `encode`. A float is encoded as the shortest decimal that reads
back as it: 0.1, not 0.1000000000000000055.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgpack

from provider_shim.diagnostics import Key, Path
from provider_shim.schema import NestedBlock, Nesting, SchemaBlock, Type
from vtaplib.model.unknown import UNKNOWN

# Terraform reads every extension code as "unknown"; 0 with a dummy byte is the one without refinements.
_UNKNOWN_EXT: Final = msgpack.ExtType(0, b"\x00")
_INT64: Final = range(-(2**63), 2**63)
# Terraform computes with 512 bits; an integer far beyond that stays in exponent form instead of filling
# memory.
_MAX_INTEGER_DIGITS: Final = 400


class DynamicValueError(Exception):
    """A value does not have the type that the schema gives; `path` names the place."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{format_path(path)}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


class Dynamic(NamedTuple):
    """A value of a type that only the configuration decides. Null is None, wholly unknown is UNKNOWN."""

    type: Type
    value: Any


def format_path(path: Path) -> str:
    """Write a path as Terraform does: `ip_configuration[0].name`, `tags["env"]`."""
    text = ""
    for step in path:
        if isinstance(step, Key):
            text += f"[{json.dumps(step.key, ensure_ascii=False)}]"
        elif isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def object_type(block: SchemaBlock) -> Type:
    """The type of a whole block's value: its attributes, and its nested blocks by their nesting."""
    attributes: dict[str, Type] = {attribute.name: attribute.type for attribute in block.attributes}
    attributes.update((nested.name, _nested_type(nested)) for nested in block.blocks)
    return ["object", attributes]


def _nested_type(nested: NestedBlock) -> Type:
    inner = object_type(nested.block)
    if nested.nesting in {Nesting.SINGLE, Nesting.GROUP}:
        return inner
    return [nested.nesting.value, inner]


def decode(payload: bytes, type_: Type) -> Any:
    """Read a msgpack payload as a value of the type. Raises DynamicValueError."""
    try:
        raw = msgpack.unpackb(payload, ext_hook=_unknown, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise DynamicValueError((), f"not msgpack: {error}") from error
    return _decode(raw, type_, ())


def encode(value: Any, type_: Type) -> bytes:
    """Write a value of the type as msgpack. Raises DynamicValueError."""
    raw = _encode(value, type_, ())
    try:
        payload: bytes = msgpack.packb(raw)
    except UnicodeEncodeError as error:
        raise DynamicValueError((), f"a string is not valid Unicode: {error}") from error
    return payload


def _unknown(_code: int, _payload: bytes) -> Any:
    # Refinements ("not null", "starts with ...") may be ignored: they only narrow what the value can become.
    return UNKNOWN


def _decode(raw: Any, type_: Type, path: Path) -> Any:
    if raw is None or raw is UNKNOWN:
        return raw
    if isinstance(raw, msgpack.Timestamp):  # extension code -1, which msgpack reads itself
        return UNKNOWN
    if isinstance(type_, str):
        return _PRIMITIVES_IN[_known(type_, _PRIMITIVES_IN, path)](raw, path)
    kind, argument = _split(type_, path)
    if kind in {"list", "set"}:
        return [_decode(item, argument, (*path, i)) for i, item in enumerate(expect(list, raw, kind, path))]
    if kind == "map":
        return {k: _decode(v, argument, (*path, Key(k))) for k, v in expect(dict, raw, kind, path).items()}
    if kind == "tuple":
        items = expect(list, raw, kind, path)
        _same_length(items, argument, path)
        return [_decode(v, t, (*path, i)) for i, (v, t) in enumerate(zip(items, argument, strict=True))]
    attributes = expect(dict, raw, kind, path)
    _same_names(attributes, argument, path)
    return {
        name: attributes[name]
        if _is_plain(attributes[name], t)
        else _decode(attributes[name], t, (*path, name))
        for name, t in argument.items()
    }


def _is_plain(value: Any, type_: Type) -> bool:
    """Whether a value is its own form on the wire and ours, as most are: to know it at once saves half."""
    return value is None or (type_ == "string" and type(value) is str)


def _encode(value: Any, type_: Type, path: Path) -> Any:
    if value is None:
        return None
    if value is UNKNOWN:
        return _UNKNOWN_EXT
    if isinstance(type_, str):
        return _PRIMITIVES_OUT[_known(type_, _PRIMITIVES_OUT, path)](value, path)
    kind, argument = _split(type_, path)
    if kind in {"list", "set"}:
        return [_encode(item, argument, (*path, i)) for i, item in enumerate(expect(list, value, kind, path))]
    if kind == "map":
        return {k: _encode(v, argument, (*path, Key(k))) for k, v in _string_keys(value, path).items()}
    if kind == "tuple":
        items = expect(list, value, kind, path)
        _same_length(items, argument, path)
        return [_encode(v, t, (*path, i)) for i, (v, t) in enumerate(zip(items, argument, strict=True))]
    attributes = expect(dict, value, kind, path)
    _same_names(attributes, argument, path)
    return {
        name: attributes[name]
        if _is_plain(attributes[name], t)
        else _encode(attributes[name], t, (*path, name))
        for name, t in argument.items()
    }


def expect(python: type, raw: Any, kind: str, path: Path) -> Any:
    """Return `raw` if it is of the Python type, else raise DynamicValueError with the type that was meant."""
    if not isinstance(raw, python) or (isinstance(raw, bool) and python is not bool):
        raise DynamicValueError(path, f"expected {kind}, got {type(raw).__name__} {raw!r:.80}")
    return raw


def number(raw: Any, path: Path = ()) -> int | Decimal:
    """The exact number that an int, a float64 or a decimal string stands for. Raises DynamicValueError."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, float | str | Decimal):
        raise DynamicValueError(path, f"expected number, got {type(raw).__name__} {raw!r:.80}")
    try:
        exact = Decimal(raw)
    except InvalidOperation as error:
        raise DynamicValueError(path, f"expected number, got {raw!r:.80}") from error
    if not exact.is_finite():
        raise DynamicValueError(path, f"expected a finite number, got {raw!r:.80}")
    if exact.adjusted() < _MAX_INTEGER_DIGITS and exact == exact.to_integral_value():
        return int(exact)
    return exact


def _number_out(value: Any, path: Path) -> int | float | str:
    exact = number(repr(value) if isinstance(value, float) else expect_number(value, path), path)
    if isinstance(exact, int):
        return exact if exact in _INT64 else str(Decimal(exact))
    approximate = float(exact)  # inf beyond a float's range, which never equals
    return approximate if Decimal(approximate) == exact else str(exact)


def expect_number(value: Any, path: Path) -> int | Decimal:
    """Refuse a string where our own side should have a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise DynamicValueError(path, f"expected number, got {type(value).__name__} {value!r:.80}")
    return value


def _string_in(raw: Any, path: Path) -> str:
    text: str = expect(str, raw, "string", path)
    return text


def _bool_in(raw: Any, path: Path) -> bool:
    flag: bool = expect(bool, raw, "bool", path)
    return flag


def _dynamic_in(raw: Any, path: Path) -> Any:
    if not (isinstance(raw, list) and len(raw) == 2 and isinstance(raw[0], bytes)):
        raise DynamicValueError(path, f"expected a value with its type, got {raw!r:.80}")
    try:
        type_ = json.loads(raw[0])
    except ValueError as error:
        raise DynamicValueError(path, f"the type beside the value is not JSON: {raw[0]!r:.80}") from error
    value = _decode(raw[1], type_, path)
    return value if type_ == "dynamic" else Dynamic(type_, value)


def _dynamic_out(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, Dynamic):
        raise DynamicValueError(
            path, f"expected Dynamic(type, value), got {type(value).__name__} {value!r:.80}"
        )
    return [json.dumps(value.type, separators=(",", ":")).encode(), _encode(value.value, value.type, path)]


_PRIMITIVES_IN: Final[dict[str, Callable[[Any, Path], Any]]] = {
    "string": _string_in,
    "bool": _bool_in,
    "number": number,
    "dynamic": _dynamic_in,
}
_PRIMITIVES_OUT: Final[dict[str, Callable[[Any, Path], Any]]] = {
    "string": _string_in,
    "bool": _bool_in,
    "number": _number_out,
    "dynamic": _dynamic_out,
}


def _known(name: str, table: dict[str, Callable[[Any, Path], Any]], path: Path) -> str:
    if name not in table:
        raise DynamicValueError(path, f"there is no type {name!r}")
    return name


_ARGUMENTS: Final[dict[str, type]] = {
    "list": object,
    "set": object,
    "map": object,
    "object": dict,
    "tuple": list,
}


def _split(type_: Any, path: Path) -> tuple[str, Any]:
    """A compound type's kind and argument; anything else is refused, for it may come with a dynamic value."""
    if isinstance(type_, list) and len(type_) == 2:
        kind, argument = type_
        if isinstance(kind, str) and isinstance(argument, _ARGUMENTS.get(kind, ())):
            return kind, argument
    raise DynamicValueError(path, f"there is no type {type_!r:.80}")


def _string_keys(value: Any, path: Path) -> dict[str, Any]:
    mapping: dict[str, Any] = expect(dict, value, "map", path)
    for key in mapping:
        expect(str, key, "a string as map key", path)
    return mapping


def _same_length(items: list[Any], types: list[Any], path: Path) -> None:
    if len(items) != len(types):
        raise DynamicValueError(path, f"expected a tuple of {len(types)}, got {len(items)} elements")


def _same_names(attributes: dict[str, Any], types: dict[str, Any], path: Path) -> None:
    if attributes.keys() == types.keys():
        return
    missing = ", ".join(sorted(types.keys() - attributes.keys()))
    extra = ", ".join(sorted(map(str, attributes.keys() - types.keys())))
    problems = [f"missing: {missing}"] * bool(missing) + [f"not in the schema: {extra}"] * bool(extra)
    raise DynamicValueError(path, "the object's attributes differ from the schema's, " + "; ".join(problems))
