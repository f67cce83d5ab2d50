"""The commands, their options and their help. What they do is in modules that each imports when it runs."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from vtaplib.cli.check.command import check
from vtaplib.cli.collect.command import collect
from vtaplib.cli.diff.command import diff
from vtaplib.cli.estimate.command import estimate
from vtaplib.cli.exit_code import ExitCode
from vtaplib.cli.explain.command import explain
from vtaplib.cli.install.command import install
from vtaplib.cli.machine.command import deallocate, start
from vtaplib.cli.quick_command import QuickCommand, QuickGroup
from vtaplib.cli.replay.command import replay
from vtaplib.cli.send.command import send
from vtaplib.cli.show.command import show
from vtaplib.cli.terraform.command import terraform
from vtaplib.errors import VtapError

TERRAFORMS_OWN = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
"""Of a command whose arguments are another program's."""

app = typer.Typer(
    name="vtap",
    cls=QuickGroup,
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def app_for(arguments: list[str]) -> typer.Typer:
    """The application for a command line: with the one command that it names, or with all.

    Typer makes all options of all commands before it runs one, which takes longer than to run some.
    """
    named = [
        one
        for one in app.registered_commands
        if one.callback is not None and [one.name or one.callback.__name__] == arguments[:1]
    ]
    if not named:
        return app
    only = copy(app)
    only.registered_commands, only.registered_groups = named, []
    return only


def run_command(arguments: list[str]) -> int:
    """Run the command that a command line gives; returns its exit code. Raises `VtapError` for a command line
    that says nothing it can do.

    Typer's own way of running one takes the errors of streams for its own, and has exit codes for them.
    """
    from vtaplib.cli.output import ignore_impossible_sizes, say_usage

    ignore_impossible_sizes()
    command = get_command(app_for(arguments))
    try:
        with command.make_context("vtap", arguments) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except TyperException as error:
        usage = getattr(error, "ctx", None)
        message = error.format_message()
        if usage is not None and message:
            say_usage(usage.get_usage(), f"Try '{usage.command_path} --help' for help.")
        # Where there is no message, the help has been printed.
        raise VtapError(message or "name a command") from error
    return ExitCode.DONE


def _print_version(wanted: bool) -> None:
    if wanted:
        from vtaplib.cli.output import print_line
        from vtaplib.loops import COMPILED
        from vtaplib.version import __version__

        print_line(f"vtap {__version__}, inner loops {'compiled' if COMPILED else 'interpreted'}")
        raise typer.Exit


# `\b` keeps the lines of a paragraph.
_AS_IT_STANDS = "\b"


def _flowing(text: str) -> str:
    """A help text whose paragraphs are lines, so that they fill a terminal of any width."""
    paragraphs = cleandoc(text).split("\n\n")
    return "\n\n".join(one if one.startswith(_AS_IT_STANDS) else one.replace("\n", " ") for one in paragraphs)


_HELP = "\n".join(
    [
        "Virtual network TAPs as software. Check a tapped network, apply it with Terraform, replay traffic",
        "through it, and collect or send what a TAP sends.",
        "",
        _AS_IT_STANDS,
        "Exit codes:",
        *(f"  {one:<3}  {one.meaning}" for one in ExitCode),
        "",
        "Ctrl-C and SIGTERM stop collect and send in good order: they print their report and end with exit",
        "code 0, 1 or 2.",
    ]
)


@app.callback(help=_flowing(_HELP))
def vtap(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version, and whether the inner loops are compiled.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """The command itself, without one of its commands."""


machine_app = typer.Typer(
    name="machine",
    cls=QuickGroup,
    no_args_is_help=True,
    help="Deallocate and start machines, as an operator does.",
)
app.add_typer(machine_app)


def _add(to: typer.Typer, *commands: Callable[..., None], **settings: Any) -> None:
    for command in commands:
        to.command(cls=QuickCommand, help=_flowing(command.__doc__ or ""), **settings)(command)


_add(app, show, replay, explain, estimate, diff, collect, send, check, install)
_add(app, terraform, context_settings=TERRAFORMS_OWN)
_add(machine_app, deallocate, start)
