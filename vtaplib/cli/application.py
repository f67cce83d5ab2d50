"""The commands, their options and their help. What they do is in modules that each imports when it runs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any, Final

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from vtaplib.cli.exit_code import ExitCode
from vtaplib.cli.quick_command import QuickCommand, QuickGroup
from vtaplib.errors import VtapError

COMMANDS: Final = (
    "show",
    "replay",
    "explain",
    "estimate",
    "diff",
    "collect",
    "send",
    "check",
    "install",
    "terraform",
    "machine",
)
"""Each is a package here, whose module `command` has the function of that name, or those of the group."""
GROUPS: Final = {"machine": ("deallocate", "start")}
TERRAFORMS_OWN: Final = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
"""Of a command whose arguments are another program's."""


def app_for(arguments: list[str]) -> typer.Typer:
    """The application for a command line: with the one command that it names, or with all.

    To import all commands, and to make their options, takes longer than to run some.
    """
    app = typer.Typer(
        name="vtap",
        cls=QuickGroup,
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback(help=_flowing(_HELP))(vtap)
    named = [name for name in COMMANDS if [name] == arguments[:1]]
    for name in named or COMMANDS:
        module = import_module(f"vtaplib.cli.{name}.command")
        if name in GROUPS:
            group = typer.Typer(name=name, cls=QuickGroup, no_args_is_help=True, help=module.HELP)
            app.add_typer(group)
            _add(group, *(getattr(module, one) for one in GROUPS[name]))
        else:
            settings = {"context_settings": TERRAFORMS_OWN} if name == "terraform" else {}
            _add(app, getattr(module, name), **settings)
    return app


def _add(to: typer.Typer, *commands: Callable[..., None], **settings: Any) -> None:
    for command in commands:
        to.command(cls=QuickCommand, help=_flowing(command.__doc__ or ""), **settings)(command)


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
