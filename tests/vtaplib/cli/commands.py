"""Every command that the application has: what all must hold is tested with this list, so that a new one
cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from typer.main import get_command

from vtaplib.cli.application import app_for


def _words(command: object, *names: str) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield names
        return
    for name, one in below.items():
        yield from _words(one, *names, name)


COMMANDS = tuple(_words(get_command(app_for([]))))
"""The words of each: `("machine", "start")`."""

TERRAFORM = ("terraform",)
"""The one whose arguments, streams and exit codes are Terraform's."""
