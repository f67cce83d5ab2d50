"""How every command ends: with its report shown, on a page too where one is wanted, and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

from vtaplib.cli.exit_code import ExitCode
from vtaplib.cli.output import print_report, write_json

if TYPE_CHECKING:
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.errors import VtapError
    from vtaplib.reports.document import Document

Report = TypeVar("Report")


def maybe_page(files: OutputFiles, page: Path | None) -> Callable[[Callable[[], Document]], None]:
    """Begin the file that `--report` names, if it names one, before the work is done. Returns what writes a
    document into it, which is made only then.
    """
    file = files.maybe_open(page, "--report")

    def write(document_of: Callable[[], Document]) -> None:
        if file is not None:
            # What pages need takes 50 ms to import, and most runs have none.
            from vtaplib.reports.page.frame import html_page

            file.write(html_page(document_of()).encode())

    return write


def finish(
    report: Report,
    shown_as: Callable[[Report], Document | str],
    *,
    as_json: bool,
    found: bool = False,
    failure: VtapError | None = None,
    stderr: bool = False,
) -> NoReturn:
    """Print a report, and end the command: `found` says that it found something, `failure` that it did not
    run to its end.
    """
    if as_json:
        write_json(report)
    else:
        print_report(report, shown_as, stderr=stderr)
    if failure is not None:
        raise failure
    raise typer.Exit(ExitCode.of(found))
