"""What `terraform show -json` prints, of a plan or of a state: resource instances with their values.

Terraform writes a value that only the apply can know into a tree of its own, `after_unknown`; here it is
`UNKNOWN` in its place, as everywhere in vtap.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from vtaplib.analysis.terraform_plan.terraform_json import (
    MANAGED,
    ResourceChange,
    ShownConfiguration,
    ShownDocument,
    StateResource,
    StateValues,
    parse_shown,
)
from vtaplib.errors import VtapError, require_type
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.wording import shown

Key = int | str | None
"""The key of an instance, see `terraform_json.InstanceKey`."""

HOW: Final = "make it with: terraform show -json PLAN > plan.json"
ZIP: Final = b"PK\x03\x04"
"""How the file begins that `terraform plan -out` writes."""
KNOWN_VERSIONS: Final = ("0", "1")
"""Major versions of the format: 0 was that of Terraform before 1.1, and has the same shape."""
LOG: Final = b'{"@'
"""How what `terraform plan -json` prints begins."""


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
class TerraformDocument:
    """A plan or a state."""

    name: str
    is_plan: bool
    instances: Sequence[Instance]
    configuration: ShownConfiguration
    """The blocks behind a plan; a state has none."""
    variables: Mapping[str, Any]
    notes: Sequence[str] = ()
    """What about the document limits what can be said of it."""

    @property
    def title(self) -> str:
        """What reports call it."""
        return f"{'plan' if self.is_plan else 'state'} {self.name}"


DOCUMENT_WAY_OUT: Final = 'load it first: load_terraform("plan.json")'


def parse_terraform(name: str, content: bytes) -> TerraformDocument:
    """The plan or state in a file's content. Raises `VtapError` for what is neither."""
    require_type("the name of a document", name, str, "give what messages are to call it")
    require_type("the content of a document", content, bytes, "give bytes, as Path.read_bytes() does")
    text = json_text(name, content, HOW)
    if content.lstrip().startswith(LOG):
        raise VtapError(f"{name}: is the log of terraform plan -json; {HOW}")
    parsed = parse_shown(name, text, HOW)
    if not parsed.format_version:
        if parsed.lineage is not None:
            raise VtapError(f"{name}: is a state file; make it readable: terraform show -json > state.json")
        raise VtapError(f"{name}: has no format_version, so it is not a plan or a state; {HOW}")
    if parsed.format_version.partition(".")[0] not in KNOWN_VERSIONS:
        version = shown(parsed.format_version)
        raise VtapError(f"{name}: has format_version {version}; vtap reads versions 0 and 1")
    is_plan = parsed.resource_changes is not None or parsed.planned_values is not None
    return _plan(name, parsed) if is_plan else _state(name, parsed)


def json_text(name: str, content: bytes, how: str) -> bytes | str:
    """The JSON in a file's content, which may be in another encoding, as a shell of Windows writes it. Raises
    `VtapError` for what is none, with `how` to make one.
    """
    if content.startswith(ZIP):
        raise VtapError(f"{name}: is Terraform's own plan file; {HOW}")
    if not content.strip():
        raise VtapError(f"{name}: is empty; {how}")
    encoding = json.detect_encoding(content)
    if encoding.startswith("utf-8"):
        return content.removeprefix(BOM_UTF8)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise VtapError(f"{name}: is not JSON; {how}") from error


def _state(name: str, parsed: ShownDocument) -> TerraformDocument:
    instances = [_standing(one, module) for module, one in _resources(parsed.values) if one.mode == MANAGED]
    return TerraformDocument(
        name, is_plan=False, instances=instances, configuration=ShownConfiguration(), variables={}
    )


def _plan(name: str, parsed: ShownDocument) -> TerraformDocument:
    changes = [one for one in parsed.resource_changes or () if one.mode == MANAGED]
    changed = {one.address: _changed(one) for one in changes if one.deposed is None}
    prior = parsed.prior_state.values if parsed.prior_state else None
    standing = {
        one.address: _standing(one, module) for module, one in _resources(prior) if one.mode == MANAGED
    }
    notes = []
    if parsed.errored:
        notes.append("Terraform could not finish this plan. The missing part was not checked.")
    elif parsed.complete is False:
        notes.append("This plan defers some changes to a later one: those were not checked.")
    return TerraformDocument(
        name=name,
        is_plan=True,
        instances=list((standing | changed).values()),
        configuration=parsed.configuration or ShownConfiguration(),
        variables={variable: one.value for variable, one in (parsed.variables or {}).items()},
        notes=notes,
    )


def _resources(values: StateValues | None) -> Iterator[tuple[str, StateResource]]:
    """The resources of a state with the address of their modules, the root's first."""
    pending = [values.root_module] if values and values.root_module else []
    while pending:
        module = pending.pop()
        for one in module.resources or ():
            yield module.address, one
        pending += module.child_modules or ()


def _standing(one: StateResource, module: str) -> Instance:
    """An object that stays as it is."""
    values = one.values or {}
    return Instance(one.address, module, one.type, one.name, one.index, values, values)


def _changed(one: ResourceChange) -> Instance:
    change = one.change
    actions = set(change.actions)
    after = with_unknowns(change.after, change.after_unknown)
    if "forget" in actions and "create" not in actions:
        after = change.before  # Terraform forgets it, and leaves it in the cloud
    return Instance(
        address=one.address,
        module=one.module_address,
        type=one.type,
        name=one.name,
        key=one.index,
        before=change.before,
        after=after or None,
        is_written=bool(actions & {"create", "update"}),
        is_replaced="create" in actions and change.before is not None,
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
