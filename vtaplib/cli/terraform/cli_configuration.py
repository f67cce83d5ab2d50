"""Terraform's CLI configuration (`.terraformrc`), with the provider's mirror added to what the user has set.

The file is HCL of the first version. It is not parsed: its braces, strings and comments are found, which is
enough to see which blocks it has and to put a line into them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

METHODS: Final = ("direct", "filesystem_mirror", "network_mirror")
"""The blocks of `provider_installation` that say where providers come from."""

_TOKEN = re.compile(
    r"""
    (?P<skipped>\#[^\n]*|//[^\n]*|/\*.*?\*/|<<-?(?P<mark>\w+)\n.*?^[ \t]*(?P=mark)$|"(?:\\.|[^"\\\n])*")
    |(?P<bracket>[{}\[\]])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_HEADER = re.compile(r'(?P<type>[A-Za-z_][\w-]*|"[\w-]+")\s*(?:"[^"\n]*"\s*)*=?\s*\Z')
_EXCLUDE = re.compile(r"(?<![\w-])exclude\s*=\s*\[")


class BlockText(NamedTuple):
    """A block in a text: its type, and where its inside begins and ends."""

    type: str
    begin: int
    end: int


def blocks_in(text: str, begin: int = 0, end: int | None = None) -> Iterator[BlockText]:
    """The blocks at the top level of a part of a text."""
    depth = inside = 0
    kind = ""
    line = begin
    for match in _TOKEN.finditer(text, begin, len(text) if end is None else end):
        bracket = match["bracket"]
        if not bracket:
            continue
        if bracket in "{[":
            depth += 1
            if depth == 1:
                # A header stands on the line of its brace.
                line = max(line, text.rfind("\n", begin, match.start()) + 1)
                header = _HEADER.search(text, line, match.start())
                kind = header["type"].strip('"') if header and bracket == "{" else ""
                inside = match.end()
        elif depth:
            depth -= 1
            if depth == 0:
                line = match.end()
                if kind:
                    yield BlockText(kind, inside, match.start())


def has_installation_block(text: str) -> bool:
    """Whether a configuration says where providers come from: then Terraform looks nowhere else."""
    return any(block.type == "provider_installation" for block in blocks_in(text))


def add_mirror(text: str, source: str, mirror: Path, others: Mapping[Path, Iterable[str]]) -> str:
    """A configuration in which one provider comes from a mirror, and every other from where it came before.

    `source` is the provider's address. `others` are the mirrors that Terraform looks into where no block says
    otherwise, with the addresses of the providers in them.
    """
    mine = _mirror_block(mirror, "include", source)
    for block in blocks_in(text):
        if block.type == "provider_installation":
            inside = _insert_method(_exclude(text[block.begin : block.end], source), mine)
            return f"{text[: block.begin]}{inside}{text[block.end :]}"
    methods = [mine]
    found = [source]
    for path, addresses in others.items():
        methods.append(_mirror_block(path, "exclude", source))
        found += [address for address in addresses if address not in found]
    methods.append(f"  direct {{\n    exclude = [{', '.join(map(quote, found))}]\n  }}\n")
    separator = "\n" if text and not text.endswith("\n") else ""
    return f"{text}{separator}provider_installation {{\n{''.join(methods)}}}\n"


def providers_in(mirror: Path) -> list[str]:
    """The addresses of the providers in a filesystem mirror; none if it cannot be read."""
    try:
        return sorted("/".join(one.relative_to(mirror).parts) for one in mirror.glob("*/*/*") if one.is_dir())
    except OSError:
        return []


def quote(text: str) -> str:
    """A string of HCL."""
    return json.dumps(text, ensure_ascii=False)


def _mirror_block(path: Path, verb: str, source: str) -> str:
    return f"  filesystem_mirror {{\n    path    = {quote(str(path))}\n    {verb} = [{quote(source)}]\n  }}\n"


def _insert_method(inside: str, method: str) -> str:
    """The inside of a `provider_installation` with one more method: the first, but for overrides."""
    ends = [block.end + 1 for block in blocks_in(inside) if block.type == "dev_overrides"]
    place = max(ends, default=0)
    return f"{inside[:place]}\n{method}{inside[place:]}"


def _exclude(inside: str, source: str) -> str:
    """The inside of a `provider_installation` with the provider left out of every method."""
    for block in reversed(list(blocks_in(inside))):
        if block.type in METHODS:
            exclude = _EXCLUDE.search(inside, block.begin, block.end)
            if exclude:
                inside = f"{inside[: exclude.end()]}{quote(source)}, {inside[exclude.end() :]}"
            else:
                line = f"\n    exclude = [{quote(source)}]\n"
                inside = f"{inside[: block.begin]}{line}{inside[block.begin :]}"
    return inside
