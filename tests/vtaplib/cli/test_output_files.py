"""No command writes over what it reads, whatever option names it and however; what it writes is whole, or not
there.

The sweep is over the application's own options: one that is added is tried, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.vtaplib.cli.command import CAPTURE
from tests.vtaplib.cli.flow_logs import flow_tuple, log, record
from tests.vtaplib.cli.plans import IN_LAB, Plan
from vtaplib.cli.application import app, app_for

# What each command is given so that it runs: by parameter, in the directory of `world`.
CLOUD: Final = {"cloud": "cloud.db"}
COMMANDS: Final[Mapping[str, Mapping[str, str]]] = {
    "show": CLOUD,
    "replay": {"capture": "traffic.pcapng", **CLOUD},
    "explain": {"src": "vm-web", "dst": "vm-database", "dport": "5432", **CLOUD},
    "estimate": {"capture": "traffic.pcapng", **CLOUD},
    "estimate from flow logs": {"flow_logs": "logs", **CLOUD},
    "diff": {"capture": "traffic.pcapng", "before": "cloud.db", "after": "plan.json"},
    "diff of a plan": {"capture": "traffic.pcapng", "plan": "plan.json"},
    "check": {"plan": "plan.json", "azure": "estate", **CLOUD},
    "collect": {"listen": "127.0.0.1:0", "duration": "0.01s"},
    "send": {"capture": "traffic.pcapng", "to": "127.0.0.1:9", "count": "1", **CLOUD},
    "machine deallocate": {"machine": "vm-web", **CLOUD},
    "machine start": {"machine": "vm-web", **CLOUD},
    "install": {"to": "mirror"},
}
INPUTS: Final = {
    "capture": ("traffic.pcapng",),
    "plan": ("plan.json",),
    "after": ("plan.json",),
    "before": ("cloud.db", "cloud.db-wal"),
    "cloud": ("cloud.db", "cloud.db-wal", "cloud.db-shm"),
    "flow_logs": ("logs/PT1H.json",),
    "azure": ("estate/networks.json",),
}
"""The files that a parameter's value stands for. Those of SQLite are there only at times."""
SQLITES_OWN: Final = tuple(map(bytes.fromhex, ("", "377f0682", "377f0683", "18e22d00")))
"""How a WAL and its index begin (SQLite's file format, 4.1; walindex.c), and a file that is empty."""
WRITES_THE_CLOUD: Final = ("machine deallocate", "machine start")
"""The cloud that they change is no input of theirs."""

OUTPUTS: Final = (
    ("replay", "--out"),
    ("replay", "--report"),
    ("estimate", "--report"),
    ("estimate from flow logs", "--report"),
    ("diff", "--report"),
    ("diff of a plan", "--report"),
    ("check", "--sarif"),
)


@pytest.fixture(scope="module")
def inputs(clouds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every kind of input."""
    directory = tmp_path_factory.mktemp("inputs")
    shutil.copy(clouds / "quickstart.db", directory / "cloud.db")
    # What a capture is called does not matter to its reader, and --out tells by the name.
    shutil.copy(CAPTURE, directory / "traffic.pcapng")
    plan = Plan()
    plan.create("azurerm_resource_group.lab", {"name": "lab", "location": IN_LAB["location"]})
    plan.write(directory)
    (directory / "logs").mkdir()
    (directory / "logs" / "PT1H.json").write_text(
        log(record(flow_tuple(0, "10.1.1.4", "10.1.2.4", "E", (1, 2, 3, 4))))
    )
    (directory / "estate").mkdir()
    (directory / "estate" / "networks.json").write_text("[]")
    return directory


@pytest.fixture
def world(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a directory of the test's own, which it is in."""
    directory = tmp_path / "world"
    shutil.copytree(inputs, directory)
    monkeypatch.chdir(directory)
    monkeypatch.setenv("HOME", str(tmp_path))
    return directory


def parameters(command: str) -> Iterator[Any]:
    """The parameters of a command that have a value."""
    found: Any = get_command(app)
    for name in command.partition(" from")[0].partition(" of")[0].split():
        found = found.commands[name]
    for one in found.params:
        if not getattr(one, "is_flag", False):
            yield one


def arguments(command: str, more: Mapping[str, str]) -> list[str]:
    """The command line that gives these parameters beside those that the command is always given."""
    values = {**COMMANDS[command], **more}
    words = command.partition(" from")[0].partition(" of")[0].split()
    for one in parameters(command):
        if one.name in values:
            words += (
                [one.opts[0], values[one.name]] if one.param_type_name == "option" else [values[one.name]]
            )
    return words


def read_by(command: str) -> list[str]:
    """The files that a command reads."""
    if command in WRITES_THE_CLOUD:
        return []
    given = COMMANDS[command]
    return [file for parameter, files in INPUTS.items() if parameter in given for file in files]


def contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of the world with its inode and bytes; SQLite's own beside the cloud come and go."""
    return {
        str(path.relative_to(directory)): (path.stat().st_ino, path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith("cloud.db-")
    }


def every_command() -> list[str]:
    """The application's commands, but for Terraform, whose arguments are its own."""
    names = []
    for name, found in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group
        names += [f"{name} {one}" for one in found.commands] if hasattr(found, "commands") else [name]
    return sorted(set(names) - {"terraform"})


def test_every_command_is_in_the_table() -> None:
    assert set(every_command()) <= set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "parameter"),
    [(command, one.name) for command in COMMANDS for one in parameters(command)],
)
def test_no_value_of_any_parameter_makes_a_command_write_over_what_it_reads(
    world: Path, command: str, parameter: str
) -> None:
    """Whatever the parameter is for: as an output it would be written to."""
    read = read_by(command)
    before = contents(world)
    for file in read:
        # The parameter may be one that says what is read, and then there is nothing to read.
        line = arguments(command, {parameter: file})
        outcome = CliRunner().invoke(app_for(line), line)
        after = contents(world)
        assert {name: after.get(name) for name in before} == before, (line, outcome.output)
        if file not in before and (world / file).exists():
            assert (world / file).read_bytes()[:4] in SQLITES_OWN, line


@pytest.mark.parametrize(("command", "option"), OUTPUTS)
def test_an_output_that_is_read_is_refused_by_its_name(world: Path, command: str, option: str) -> None:
    line = arguments(command, {})
    for file in read_by(command):
        if option == "--out" and not file.endswith(".pcapng"):
            # It is no directory, and can hold no captures.
            continue
        message = CliRunner().invoke(app_for(line), [*line, option, file]).exception
        assert str(message) == (
            f"{option} {file}: is the same file as {world / file if '-' in file else file}, which is read; "
            "name another file"
        )
