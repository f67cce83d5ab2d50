"""No command writes over what it reads, whatever option names it and however; what it writes is whole, or not
there.

The sweep is over the application's own options: one that is added is tried, too.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.vtaplib.cli.command import CAPTURE, VTAP, Vtap
from tests.vtaplib.cli.flow_logs import flow_tuple, log, record
from tests.vtaplib.cli.plans import IN_LAB, Plan
from vtaplib.capture import open_capture
from vtaplib.cli.application import app_for
from vtaplib.errors import VtapError

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
    ("show", "--copy"),
    ("replay", "--out"),
    ("replay", "--report"),
    ("estimate", "--report"),
    ("estimate from flow logs", "--report"),
    ("diff", "--report"),
    ("diff of a plan", "--report"),
    ("check", "--sarif"),
    ("collect", "--write"),
    ("install", "--to"),
)
"""The options that name what is written; the last two are of commands that read nothing."""


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
    found: Any = get_command(app_for([]))
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
    for name, found in get_command(app_for([])).commands.items():  # type: ignore[attr-defined]  # a group
        names += [f"{name} {one}" for one in found.commands] if hasattr(found, "commands") else [name]
    return sorted(set(names) - {"terraform"})


def test_every_command_is_in_the_table() -> None:
    assert set(every_command()) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_writes_is_in_the_table(world: Path, command: str) -> None:
    """It is found by what appears under the name that it is given."""
    for one in parameters(command):
        line = arguments(command, {one.name: "new/one.pcapng"})
        (world / "new").mkdir()
        CliRunner().invoke(app_for(line), line)
        assert any((world / "new").iterdir()) == ((command, one.opts[0]) in OUTPUTS), line
        shutil.rmtree(world / "new")


@pytest.mark.sampled(4)
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
        error = CliRunner().invoke(app_for(line), [*line, option, file]).exception
        assert isinstance(error, VtapError)
        assert str(error) == (
            f"{option} {file}: is the same file as {file}, which is read; name another file"
        )


def link_in_the_directory(world: Path) -> str:
    (world / "estate" / "link.json").symlink_to(world / "elsewhere")
    return "estate/link.json"


def link_to_the_directory(world: Path) -> str:
    (world / "link").symlink_to("estate/new.json")
    return "link"


def by_name(_world: Path) -> str:
    return "estate/new.json"


@pytest.mark.parametrize("name", [by_name, link_in_the_directory, link_to_the_directory])
def test_an_output_that_the_next_run_would_read_is_refused(world: Path, name: Callable[[Path], str]) -> None:
    output = name(world)
    before = contents(world)
    line = [*arguments("check", {}), "--sarif", output]
    error = CliRunner().invoke(app_for(line), line).exception
    assert str(error) == (
        f"--sarif {output}: the next run would read it, as it reads all of estate; name a file elsewhere"
    )
    assert contents(world) == before


def test_directories_of_flow_logs_are_read_all_the_way_down(world: Path) -> None:
    (world / "logs" / "y=2026").mkdir()
    line = [*arguments("estimate from flow logs", {}), "--report", "logs/y=2026/page.json"]
    assert "the next run would read it, as it reads all of logs" in str(
        CliRunner().invoke(app_for(line), line).exception
    )
    line[-1] = "logs/y=2026/page.html"
    assert CliRunner().invoke(app_for(line), line).exit_code == 0


def link(world: Path) -> str:
    (world / "link.pcapng").symlink_to("traffic.pcapng")
    return "link.pcapng"


def link_of_a_link(world: Path) -> str:
    (world / "links").symlink_to(world)
    link(world)
    return "links/link.pcapng"


def hard_link(world: Path) -> str:
    (world / "hard.pcapng").hardlink_to(world / "traffic.pcapng")
    return "hard.pcapng"


def absolute(world: Path) -> str:
    return str(world / "traffic.pcapng")


def roundabout(_world: Path) -> str:
    return "logs/../estate/../traffic.pcapng"


def dangling_link_to_the_log(world: Path) -> str:
    (world / "log.pcapng").symlink_to("cloud.db-wal")
    return "log.pcapng"


@pytest.mark.parametrize(
    "alias", [link, link_of_a_link, hard_link, absolute, roundabout, dangling_link_to_the_log]
)
@pytest.mark.parametrize("option", ["--out", "--report"])
def test_an_input_is_known_by_whatever_leads_to_it(
    world: Path, option: str, alias: Callable[[Path], str]
) -> None:
    before = contents(world)
    line = [*arguments("replay", {}), option, alias(world)]
    error = CliRunner().invoke(app_for(line), line).exception
    assert "is the same file as" in str(error)
    assert {name: contents(world).get(name) for name in before} == before


@pytest.mark.parametrize("report", ["traffic.pcapng", "/dev/stdin"])
def test_standard_input_is_known_by_the_file_that_it_comes_from(world: Path, vtap: Vtap, report: str) -> None:
    before = contents(world)
    with (world / "traffic.pcapng").open("rb") as stdin:
        ended = subprocess.run(
            [VTAP, "replay", "-", "--cloud", "cloud.db", "--report", report],
            stdin=stdin,
            env=dict(vtap.environment),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (
        2,
        f"vtap: --report {report}: is the same file as standard input, which is read; name another file\n",
    )
    assert contents(world) == before


@pytest.mark.parametrize("option", ["--sarif", "--report"])
def test_what_standard_output_goes_to_is_no_place_for_more(world: Path, vtap: Vtap, option: str) -> None:
    command = arguments("check" if option == "--sarif" else "estimate", {})
    with (world / "both").open("wb") as stdout:
        ended = subprocess.run(
            [VTAP, *command, option, "both"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=dict(vtap.environment),
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (
        2,
        f"vtap: {option} both: is the same file as standard output; name another file\n",
    )


@pytest.mark.parametrize("second", ["all.pcapng", "link.pcapng", "./all.pcapng"])
def test_two_outputs_cannot_be_one_file(world: Path, second: str) -> None:
    (world / "link.pcapng").symlink_to("all.pcapng")
    line = [*arguments("replay", {}), "--out", "all.pcapng", "--report", second]
    error = CliRunner().invoke(app_for(line), line).exception
    # The page is opened first.
    assert str(error) == "--out all.pcapng: is the same file as what --report writes; name another file"
    assert not (world / "all.pcapng").exists()


WRITES_FILES: Final = [one for one in OUTPUTS if one[0] not in ("show", "collect", "install")]


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o664])
@pytest.mark.parametrize(("command", "option"), [*WRITES_FILES, ("show", "--copy")])
def test_a_file_that_is_replaced_keeps_its_mode(world: Path, command: str, option: str, mode: int) -> None:
    output = world / "output.pcapng"
    output.write_bytes(b"before")
    output.chmod(mode)
    line = [*arguments(command, {}), option, output.name]
    assert not isinstance(CliRunner().invoke(app_for(line), line).exception, VtapError)
    assert output.read_bytes() != b"before"
    assert stat.S_IMODE(output.stat().st_mode) == mode


@pytest.mark.parametrize(("command", "option"), WRITES_FILES)
def test_a_device_is_written_directly_and_one_that_is_full_is_named(
    world: Path, command: str, option: str
) -> None:
    for name, device in (("full.pcapng", "/dev/full"), ("null.pcapng", "/dev/null")):
        (world / name).symlink_to(device)
    line = arguments(command, {})
    error = CliRunner().invoke(app_for(line), [*line, option, "full.pcapng"]).exception
    assert str(error) == "full.pcapng: cannot be written: no space left on device"
    assert not isinstance(
        CliRunner().invoke(app_for(line), [*line, option, "null.pcapng"]).exception, VtapError
    )
    assert all((world / name).is_symlink() for name in ("full.pcapng", "null.pcapng"))


@pytest.mark.namespaces
def test_a_disk_without_room_is_named_and_nothing_is_left_on_it(
    world: Path, vtap: Vtap, require: Callable[[str], str]
) -> None:
    """Of several outputs none is put in its place where one finds no room."""
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small disk")
    (world / "disk").mkdir()
    (world / "disk.pcapng").symlink_to("disk/all.pcapng")
    script = (
        'mount -t tmpfs -o size=16k none disk && "$@"; code=$?; '
        "find disk -mindepth 1 >left; ls page.html >>left 2>&-; exit $code"
    )
    command = [*arguments("replay", {}), "--report", "page.html", "--out", "disk.pcapng"]
    ended = subprocess.run(
        [require("unshare"), "--mount", "sh", "-c", script, "sh", VTAP, *command],
        env=dict(vtap.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (
        2,
        "vtap: disk.pcapng: cannot be written: no space left on device\n",
    )
    assert (world / "left").read_text() == ""


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/proc/self/fd/1"])
def test_frames_and_a_report_do_not_both_go_to_standard_output(vtap: Vtap, name: str) -> None:
    assert vtap.refuses("collect", "--listen", "127.0.0.1:0", "--write", name, "--json") == (
        f"--write {name}: frames go to standard output, and so would --json; write to a file"
    )
    command = [str(VTAP), "collect", "--listen", "127.0.0.1:0", "--for", "0.01s", "--write", name]
    ended = subprocess.run(command, env=dict(vtap.environment), capture_output=True, check=True)
    with open_capture(BytesIO(ended.stdout)) as reader:
        assert list(reader) == []
    assert b"0 datagrams" in ended.stderr


def test_an_output_may_be_a_pipe_that_has_no_path(world: Path, vtap: Vtap) -> None:
    """As a shell does with `--report >(cat)`."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        subprocess.run(
            [VTAP, *arguments("check", {}), "--sarif", f"/dev/fd/{writing}"],
            env=dict(vtap.environment),
            pass_fds=[writing],
            capture_output=True,
            check=False,
        )
        os.close(writing)
        assert json.loads(pipe.read())["version"] == "2.1.0"
