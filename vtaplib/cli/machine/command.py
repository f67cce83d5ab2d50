"""`vtap machine deallocate` and `vtap machine start`, their options and their help."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from vtaplib.cli.options import AsJson, CloudFile

HELP: Final = "Deallocate and start machines, as an operator does."

MachineName = Annotated[str, typer.Argument(metavar="NAME", help="The machine, by name or ID.")]


def deallocate(machine: MachineName, cloud: CloudFile = None, as_json: AsJson = False) -> None:
    """Take a machine off its host. It keeps its interfaces and addresses.

    \b
    Examples:
      vtap machine deallocate vm-web
      vtap machine deallocate vm-web --cloud lab/.vtap/cloud.db --json
    """
    _operate("deallocate", machine, cloud, as_json=as_json)


def start(machine: MachineName, cloud: CloudFile = None, as_json: AsJson = False) -> None:
    """Start a machine. A machine that was deallocated gets onto the fast path if there is a TAP now.

    An interface can be tapped only if its subscription and region had a TAP when its machine was created, or
    when its machine was last started after it had been deallocated.

    \b
    Examples:
      vtap machine deallocate vm-web && vtap machine start vm-web
    """
    _operate("start", machine, cloud, as_json=as_json)


def _operate(operation: str, machine: str, cloud: str | None, *, as_json: bool) -> None:
    from vtaplib.cli.cloud_file import find_cloud_file
    from vtaplib.cli.machine.operation import Operation, operate
    from vtaplib.cli.runner import finish

    report = operate(find_cloud_file(cloud), machine, Operation(operation))
    finish(report, lambda shown: shown.sentence, as_json=as_json)
