"""What `terraform show -json` prints, of a plan or of a state: resource instances with their values.

Terraform writes a value that only the apply can know into a tree of its own, `after_unknown`; here it is
`UNKNOWN` in its place, as everywhere in vtap.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from vtaplib.errors import VtapError
from vtaplib.model.unknown import UNKNOWN

Key = int | str | None
"""What tells the instances of one `count` or `for_each` apart; None where there is just one."""

HOW: Final = "make it with: terraform show -json PLAN > plan.json"
ZIP: Final = b"PK\x03\x04"
"""How the file begins that `terraform plan -out` writes."""
KNOWN_VERSIONS: Final = ("0", "1")
"""Major versions of the format: 0 was that of Terraform before 1.1, and has the same shape."""
MANAGED: Final = "managed"


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of a resource block. `before` and `after` are its values, None where it is not there."""

    address: str
    module: str
    """The address of its module; "" for the root."""
    type: str
    name: str
    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    is_written: bool = False
    """Whether the plan creates, changes or replaces it."""
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A plan or a state."""

    name: str
    is_plan: bool
    instances: Sequence[Instance]
    configuration: Mapping[str, Any]
    """The blocks behind a plan, as Terraform describes them; a state has none."""
    variables: Mapping[str, Any]
    notes: Sequence[str] = ()
    """What about the document limits what can be said of it."""


def read_document(name: str) -> Document:
    """The plan or state in a file; `-` is standard input. Raises `VtapError` for what is neither."""
    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    shown = "standard input" if name == "-" else name
    parsed = parse_json(shown, content)
    _require_shown(shown, parsed)
    is_plan = "resource_changes" in parsed or "planned_values" in parsed
    try:
        return _plan(shown, parsed) if is_plan else _state(shown, parsed)
    except (AttributeError, KeyError, TypeError) as error:
        raise VtapError(f"{shown}: is not what terraform show -json prints ({error!r}); {HOW}") from error


def parse_json(shown: str, content: bytes, how: str = HOW) -> Any:
    """What a JSON document says. Raises `VtapError` for what is none, with `how` to make one."""
    if content.startswith(ZIP):
        raise VtapError(f"{shown}: is Terraform's own plan file; {HOW}")
    if not content.strip():
        raise VtapError(f"{shown}: is empty; {how}")
    try:
        # A shell of Windows writes a byte order mark, and two bytes a character.
        return json.loads(content.decode(_encoding(content)))
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        end = len(error.doc.rstrip())
        if error.pos >= end or error.msg.startswith("Unterminated"):
            raise VtapError(f"{shown}: is cut off at {at}; {how}") from error
        raise VtapError(f"{shown}: is not JSON ({error.msg} at {at}); {how}") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise VtapError(f"{shown}: is not JSON; {how}") from error


def _encoding(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _require_shown(shown: str, parsed: Any) -> None:
    if not isinstance(parsed, dict):
        raise VtapError(f"{shown}: is a JSON {type(parsed).__name__}, not a plan or state; {HOW}")
    if "format_version" not in parsed:
        if "serial" in parsed and "lineage" in parsed:
            raise VtapError(f"{shown}: is a state file; make it readable: terraform show -json > state.json")
        if "@level" in parsed:
            raise VtapError(f"{shown}: is the log of terraform plan -json; {HOW}")
        raise VtapError(f"{shown}: has no format_version, so it is no plan or state; {HOW}")
    version = str(parsed["format_version"])
    if version.partition(".")[0] not in KNOWN_VERSIONS:
        raise VtapError(f"{shown}: has format_version {version}; vtap reads versions 0 and 1")


def _state(shown: str, parsed: Mapping[str, Any]) -> Document:
    instances = [
        _standing(one, module) for module, one in _resources(parsed.get("values")) if _is_managed(one)
    ]
    return Document(shown, is_plan=False, instances=instances, configuration={}, variables={})


def _plan(shown: str, parsed: Mapping[str, Any]) -> Document:
    changes = [one for one in parsed.get("resource_changes") or () if _is_managed(one)]
    changed = {one["address"]: _changed(one) for one in changes if "deposed" not in one}
    standing = {
        one["address"]: _standing(one, module)
        for module, one in _resources((parsed.get("prior_state") or {}).get("values"))
        if _is_managed(one)
    }
    notes = []
    if parsed.get("errored"):
        notes.append("Terraform could not finish this plan: what is missing in it was not checked.")
    elif parsed.get("complete") is False:
        notes.append("This plan defers some changes to a later one: those were not checked.")
    return Document(
        name=shown,
        is_plan=True,
        instances=list((standing | changed).values()),
        configuration=parsed.get("configuration") or {},
        variables={name: one.get("value") for name, one in (parsed.get("variables") or {}).items()},
        notes=notes,
    )


def _is_managed(one: Mapping[str, Any]) -> bool:
    return bool(one.get("mode", MANAGED) == MANAGED)


def _resources(values: Mapping[str, Any] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The resources of a state with the address of their modules, the root's first."""
    pending = [(values or {}).get("root_module") or {}]
    while pending:
        module = pending.pop()
        for one in module.get("resources") or ():
            yield module.get("address", ""), one
        pending += module.get("child_modules") or ()


def _standing(one: Mapping[str, Any], module: str) -> Instance:
    """An object that stays as it is."""
    values = one.get("values") or {}
    return Instance(one["address"], module, one["type"], one["name"], one.get("index"), values, values)


def _changed(one: Mapping[str, Any]) -> Instance:
    change = one["change"]
    actions = set(change["actions"])
    before = change.get("before")
    after = with_unknowns(change.get("after"), change.get("after_unknown"))
    if "forget" in actions and "create" not in actions:
        after = before  # Terraform forgets it, and leaves it in the cloud
    return Instance(
        address=one["address"],
        module=one.get("module_address", ""),
        type=one["type"],
        name=one["name"],
        key=one.get("index"),
        before=before,
        after=after or None,
        is_written=bool(actions & {"create", "update"}),
        is_replaced="create" in actions and before is not None,
    )


def with_unknowns(value: Any, unknown: Any) -> Any:
    """A value with `UNKNOWN` where the tree beside it says true."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, Mapping) and unknown:
        known = value if isinstance(value, Mapping) else {}
        return {**known, **{name: with_unknowns(known.get(name), one) for name, one in unknown.items()}}
    if isinstance(unknown, list) and unknown:
        elements = value if isinstance(value, list) else []
        return [with_unknowns(one, mark) for one, mark in zip_longest(elements, unknown)]
    return value
