"""What the Azure CLI prints of an estate: networks, interfaces, machines, load balancers and TAPs that exist.

Any file of JSON will do that holds what `az … list -o json` or `az rest` prints: resources in a list, or one
by itself. What is told twice counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vtaplib.cli.check.document import json_text
from vtaplib.cli.check.settled import settled
from vtaplib.cli.check.terraform_json import parse_json
from vtaplib.cli.input_directory import InputDirectory, input_files
from vtaplib.control.arm import DocumentError, decode
from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.marks import INTERNAL
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.validation import is_sound

HOW: Final = "make it with: az network nic list -o json > interfaces.json, and vnet, vnet tap and lb likewise"


@dataclass(frozen=True, slots=True)
class Estate:
    """What was read: resources, the types that vtap does not model, and what could not be read."""

    resources: list[Resource] = field(default_factory=list)
    not_modelled: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)


def read_exports(names: Iterable[str]) -> Estate:
    """The resources in files, and in the JSON files of directories. Raises `VtapError` for anything else."""
    estate = Estate()
    for path in input_files(exports(names)):
        add_export(estate, str(path), Path(path).read_bytes())
    return estate


def add_export(estate: Estate, name: str, content: bytes) -> None:
    """Adds the resources in the content of a file. Raises `VtapError` for what is none."""
    for position, one in enumerate(_objects(parse_json(name, json_text(name, content, HOW), HOW))):
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), str):
            raise VtapError(f"{name}: element {position} is no resource: it has no id; {HOW}")
        try:
            _add(estate, one)
        except DocumentError as error:
            raise VtapError(f"{name}: element {position}: {error}") from error


def exports(names: Iterable[str]) -> Iterator[Path | InputDirectory]:
    """The files given, and the directories of JSON files."""
    for path in map(Path, names):
        if path.is_dir():
            yield InputDirectory(path, (".json",), f"has no .json files in it; {HOW}")
        else:
            yield path


def _objects(parsed: Any) -> list[Any]:
    """The resources of an export: a list, one, or the `value` of an answer of the REST API."""
    if isinstance(parsed, Mapping) and isinstance(parsed.get("value"), list):
        parsed = parsed["value"]
    return parsed if isinstance(parsed, list) else [parsed]


def _add(estate: Estate, document: Mapping[str, Any]) -> None:
    decoded = decode(document)
    if not decoded.resources:
        estate.not_modelled[ids.arm_type(document["id"])] += 1
    for resource in decoded.resources:
        if is_sound(resource):
            estate.resources.append(settled(_with_unknowns(resource)))
        else:
            estate.unread.append(resource.id)


def _with_unknowns(resource: Resource) -> Resource:
    """The resource with what the service keeps to itself as unknown, where the export does not say it."""
    untold = [
        name
        for name, one in resource.fields().items()
        if one.has(INTERNAL) and resource.knows(name) and getattr(resource, name) is None
    ]
    return resource.replace(**dict.fromkeys(untold, UNKNOWN))
