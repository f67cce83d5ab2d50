"""What a command line sees of the commands that it does not name: nothing that could be told."""

from __future__ import annotations

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from vtaplib.cli.application import COMMANDS, app_for

# A group knows its commands, but its type does not say so. Terraform has its own help.
NAMES = sorted(set(get_command(app_for([])).commands) - {"terraform"})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments", [*([name, "--help"] for name in NAMES), ["replay", "--no-option"], ["diff"]]
)
def test_a_command_says_the_same_alone_and_among_all(arguments: list[str]) -> None:
    alone, among_all = (CliRunner().invoke(one, arguments) for one in (app_for(arguments), app_for([])))
    assert (alone.output, alone.exit_code) == (among_all.output, among_all.exit_code)
    assert alone.output


@pytest.mark.parametrize("arguments", [[], ["--help"], ["replai"], ["--version", "replay"]])
def test_a_command_line_that_names_no_command_first_is_offered_all(arguments: list[str]) -> None:
    assert set(get_command(app_for(arguments)).commands) == set(COMMANDS)  # type: ignore[attr-defined]  # a group
