"""Resource and data blocks as text: plain values written in Terraform's language.

A list of dictionaries is a repeated block, a dictionary a map, and an `Expression` stands as it is. An empty
list is written as a value, which in azurerm means "none" where leaving it out means "as it was".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
"""A resource's arguments by name; None leaves one out."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Something of Terraform's language, written as it is."""

    text: str


def resource(address: str, body: Body) -> str:
    """A resource block with this address (`TYPE.NAME`)."""
    return _block("resource", address, body)


def data(address: str, body: Body) -> str:
    """A data block with this address (`TYPE.NAME`)."""
    return _block("data", address, body)


def _block(keyword: str, address: str, body: Body) -> str:
    kind, name = address.split(".")
    return f'{keyword} "{kind}" "{name}" {{\n{lines(body, 1)}}}\n'


def lines(body: Body, depth: int) -> str:
    """Arguments and nested blocks, indented."""
    indent = "  " * depth
    text = ""
    for name, value in body.items():
        if value is None:
            continue
        if is_blocks(value):
            text += "".join(f"{indent}{name} {{\n{lines(one, depth + 1)}{indent}}}\n" for one in value)
        else:
            text += f"{indent}{name} = {literal(value)}\n"
    return text


def is_blocks(value: Any) -> bool:
    """Whether a value is written as blocks of one name."""
    return isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)


def literal(value: Any) -> str:
    """A value in Terraform's language."""
    if isinstance(value, Expression):
        return value.text
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {literal(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
