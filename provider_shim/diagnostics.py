"""What the provider has to say to the user, as data.

A diagnostic is collected, never raised: everything that is wrong with a configuration is reported at once.
Its path names the attribute that causes it, so that Terraform can point at the line.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from vtaplib.errors import VtapError


class DiagnosticSeverity(enum.Enum):
    """How bad it is: an error stops the operation, a warning is shown and the operation goes on."""

    ERROR = "error"
    WARNING = "warning"


class Key(NamedTuple):
    """A step into a map, by key; a plain `str` is an attribute or block name, an `int` a list index."""

    key: str


Step = str | int | Key
Path = tuple[Step, ...]


class Diagnostic(NamedTuple):
    """One message to the user, with the path of the attribute that it is about (empty: the whole object)."""

    severity: DiagnosticSeverity
    summary: str
    detail: str = ""
    path: Path = ()


def failure(error: VtapError) -> Diagnostic:
    """What keeps the provider from using its cloud."""
    return Diagnostic(DiagnosticSeverity.ERROR, "The cloud cannot be used", str(error))
