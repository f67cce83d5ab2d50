"""What azurerm declares of each resource type, read from `azurerm_arguments.txt`: the judge of schema and
plans.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Declared:
    """An argument, a block, or a computed attribute."""

    kind: str
    flags: frozenset[str]

    @property
    def settable(self) -> bool:
        return bool(self.flags & {"required", "optional"})

    @property
    def replaces(self) -> bool:
        """Whether a change needs a new object."""
        return "force_new" in self.flags


@cache
def declared() -> Mapping[str, Mapping[str, Declared]]:
    """By resource type and dotted path."""
    found: dict[str, dict[str, Declared]] = {}
    for line in (Path(__file__).parent / "azurerm_arguments.txt").read_text().splitlines():
        if not line.startswith("#"):
            type_name, path, kind, *flags = line.split()
            found.setdefault(type_name, {})[path] = Declared(kind, frozenset(flags))
    return found
