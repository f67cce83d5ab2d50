"""Objects as they stand in Terraform's state file: JSON, read tolerantly.

State outlives versions. What an older version did not write reads as null (or as "no blocks"), what this
version does not know is dropped; only a value of the wrong type is an error.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key, Path
from provider_shim.schema import NestedBlock, Nesting, SchemaBlock, Type
from provider_shim.values import Dynamic, DynamicValueError, expect, number
from vtaplib.model.unknown import UNKNOWN

_WAY_OUT = (
    "No version of this provider writes this: the state was edited or damaged. Restore "
    "terraform.tfstate.backup, or an earlier version where the state is kept elsewhere. Or take the object "
    "out of the state with `terraform state rm ADDRESS`, and import it again."
)


def damage(type_name: str, problem: str, raw: Any = None) -> Diagnostic:
    """What is wrong with an object in the state: parsed JSON, or None where that cannot be read."""
    known = raw.get("id") if isinstance(raw, dict) else None
    which = f" {known!r:.300}" if isinstance(known, str) else ""
    detail = f"In the state of {type_name}{which}: {problem}. {_WAY_OUT}"
    return Diagnostic(DiagnosticSeverity.ERROR, "The state is damaged", detail)


def parse(text: bytes) -> Any:
    """Parse JSON without losing a digit: integers are int, others Decimal. Raises DynamicValueError."""
    try:
        # Python's int() refuses more than 4300 digits; Decimal has no such limit.
        return json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_no_constant)
    except ValueError as error:  # also UnicodeDecodeError
        raise DynamicValueError((), f"not JSON: {error}") from error
    except RecursionError as error:
        raise DynamicValueError((), "JSON that is nested too deeply") from error


def read_block(raw: Any, block: SchemaBlock, path: Path = ()) -> dict[str, Any] | None:
    """Read parsed JSON as a block's value, with every attribute present. Raises DynamicValueError."""
    if raw is None:
        return None
    written = expect(dict, raw, "object", path)
    value = {a.name: read_value(written.get(a.name), a.type, (*path, a.name)) for a in block.attributes}
    value.update((n.name, _nested(written.get(n.name), n, (*path, n.name))) for n in block.blocks)
    return value


def _nested(raw: Any, nested: NestedBlock, path: Path) -> Any:
    if nested.nesting is Nesting.SINGLE:
        return read_block(raw, nested.block, path)
    if nested.nesting is Nesting.GROUP:  # is never null itself
        return read_block({} if raw is None else raw, nested.block, path)
    if nested.nesting is Nesting.MAP:
        labelled = expect(dict, {} if raw is None else raw, "map of blocks", path)
        return {k: read_block(v, nested.block, (*path, Key(k))) for k, v in labelled.items()}
    listed = expect(list, [] if raw is None else raw, "list of blocks", path)
    return [read_block(item, nested.block, (*path, i)) for i, item in enumerate(listed)]


def read_value(raw: Any, type_: Type, path: Path = ()) -> Any:
    """Read parsed JSON as a plain value of the type. Raises DynamicValueError."""
    if raw is None or raw is UNKNOWN:
        return raw
    match type_:
        case "string":
            return _text(raw, path)
        case "bool":
            return expect(bool, raw, "bool", path)
        case "number":
            return number(raw, path)
        case "dynamic":
            return _dynamic(raw, path)
        case ["list" | "set" as kind, element]:
            return [read_value(v, element, (*path, i)) for i, v in enumerate(expect(list, raw, kind, path))]
        case ["map", element]:
            return {
                _text(k, path): read_value(v, element, (*path, Key(k)))
                for k, v in expect(dict, raw, "map", path).items()
            }
        case ["object", dict(attributes)]:
            written = expect(dict, raw, "object", path)
            return {name: read_value(written.get(name), t, (*path, name)) for name, t in attributes.items()}
        case ["tuple", list(elements)]:
            items = expect(list, raw, "tuple", path)
            if len(items) != len(elements):
                raise DynamicValueError(
                    path, f"expected a tuple of {len(elements)}, got {len(items)} elements"
                )
            return [
                read_value(v, t, (*path, i)) for i, (v, t) in enumerate(zip(items, elements, strict=True))
            ]
    raise DynamicValueError(path, f"there is no type {type_!r:.80}")


def _text(raw: Any, path: Path) -> str:
    text: str = expect(str, raw, "string", path)
    if not text.isascii() and text.encode(errors="replace").decode() != text:
        raise DynamicValueError(path, f"{text!r:.80} is not Unicode text")  # half of a surrogate pair
    return text


def _dynamic(raw: Any, path: Path) -> Any:
    if isinstance(raw, Dynamic):
        return raw
    if not (isinstance(raw, dict) and raw.keys() == {"type", "value"}):
        raise DynamicValueError(path, f"expected an object of type and value, got {raw!r:.80}")
    value = read_value(raw["value"], raw["type"], path)
    return value if value is None and raw["type"] == "dynamic" else Dynamic(raw["type"], value)


def _integer(digits: str) -> int | Decimal:
    return number(Decimal(digits))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
