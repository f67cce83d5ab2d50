"""Arguments that have their type already are taken as Typer would take them, without what that takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from vtaplib.cli.application import app_for
from vtaplib.control.cloud import Cloud

TEXTS = ["", "-", "5", "two words", "ü", "=", "\udcff"]
COMMANDS = [one.callback for one in app_for([]).registered_commands if one.callback is not None]


def parameters(command: Any) -> dict[str, Any]:
    """The parameters of a command, each with a context to convert values in."""
    context = typer.Context(command)
    return {one.name: (one, context) for one in command.get_params(context) if one.name != "help"}


@pytest.mark.parametrize("callback", COMMANDS, ids=lambda callback: callback.__name__)
def test_values_that_need_no_conversion_are_what_typer_makes_of_them(callback: Any) -> None:
    plain = typer.Typer()
    plain.command()(callback)
    quick = typer.Typer()
    quick.command(cls=app_for([]).registered_commands[0].cls)(callback)
    typers, ours = (parameters(get_command(one)) for one in (plain, quick))
    assert typers.keys() == ours.keys()
    for name, (parameter, context) in typers.items():
        annotation = parameter.type_descriptor.annotation
        values: list[Any] = [parameter.default] if parameter.default is not None else []
        values += [None, *TEXTS] if annotation is str else []
        values += [None, (), ("a",), tuple(TEXTS)] if annotation == list[str] else []
        for value in values:
            known, own_context = ours[name]
            expected = parameter.get_runtime_param().coerce(value, param=parameter, ctx=context)
            actual = known.get_runtime_param().coerce(value, param=known, ctx=own_context)
            assert (type(actual), actual) == (type(expected), expected), (name, value)


def test_a_command_imports_what_it_needs_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    Cloud.open(path).close()
    program = (
        "import sys\n"
        f"sys.argv = ['vtap', 'show', '--cloud', {str(path)!r}]\n"
        "from vtaplib.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sorted(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    modules = shown.splitlines()[-1].split()
    assert "vtaplib.control.cloud" in modules
    heavy = ("pydantic", "grpc", "provider_shim", "vtaplib.collector", "vtaplib.capture", "hypothesis")
    assert not [one for one in modules if one in heavy]
