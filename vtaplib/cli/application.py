"""The commands, their options and their help. What they do is in modules that each imports when it runs."""

from __future__ import annotations

from copy import copy
from inspect import cleandoc
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from vtaplib.cli.collect.command import collect
from vtaplib.cli.diff.command import diff
from vtaplib.cli.estimate.command import estimate
from vtaplib.cli.exit_code import ExitCode
from vtaplib.cli.explain.command import explain
from vtaplib.cli.options import AsJson, CloudFile, PolicySettings
from vtaplib.cli.quick_command import QuickCommand, QuickGroup
from vtaplib.cli.replay.command import replay
from vtaplib.cli.send.command import send
from vtaplib.errors import VtapError

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


@app.command()
def show(
    cloud: CloudFile = None,
    copy_to: Annotated[
        Path | None,
        typer.Option(
            "--copy",
            metavar="FILE",
            help="Also copy the cloud into this file, as it is at one moment. Others may write to the cloud "
            "meanwhile.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is in the cloud, as a tree.

    The tree has networks with their subnets and peerings, interfaces, machines, load balancers, and TAPs with
    their sources.

    \b
    Examples:
      vtap show
      vtap show --cloud lab/.vtap/cloud.db --json
      vtap show --copy backup.db
    """
    from vtaplib.analysis.inventory import take_inventory
    from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, open_cloud
    from vtaplib.cli.output import print_report, write_json
    from vtaplib.cli.output_files import OutputFiles

    path = find_cloud_file(cloud)
    with OutputFiles(cloud_files(path)) as files, open_cloud(path) as opened:
        if copy_to is not None:
            files.claim(copy_to, "--copy")
            opened.copy(copy_to)
        world = take_inventory(opened, str(path))
    if as_json:
        write_json(world)
        return
    from vtaplib.cli.world_tree import world_tree

    print_report(world, lambda shown: [world_tree(shown)])


app.command()(replay)
app.command()(explain)
app.command()(estimate)
app.command()(diff)
app.command()(collect)
app.command()(send)

machine_app = typer.Typer(
    name="machine",
    cls=QuickGroup,
    no_args_is_help=True,
    help="Deallocate and start machines, as an operator does.",
)
app.add_typer(machine_app)

MachineName = Annotated[str, typer.Argument(metavar="NAME", help="The machine, by name or ID.")]


@machine_app.command()
def deallocate(machine: MachineName, cloud: CloudFile = None, as_json: AsJson = False) -> None:
    """Take a machine off its host. It keeps its interfaces and addresses.

    \b
    Examples:
      vtap machine deallocate vm-web
      vtap machine deallocate vm-web --cloud lab/.vtap/cloud.db --json
    """
    _operate("deallocate", machine, cloud, as_json=as_json)


@machine_app.command()
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
    from vtaplib.cli.machine import Operation, operate
    from vtaplib.cli.output import print_report, write_json

    report = operate(find_cloud_file(cloud), machine, Operation(operation))
    if as_json:
        write_json(report)
    else:
        print_report(report, lambda shown: [shown.sentence], soft_wrap=True)


@app.command()
def check(
    plan: Annotated[
        str | None,
        typer.Argument(
            metavar="PLAN",
            help="A plan or a state, as terraform show -json prints it; - is standard input. Without it, "
            "the export or the cloud is checked.",
            show_default=False,
        ),
    ] = None,
    cloud: Annotated[
        str | None,
        typer.Option(
            "--cloud",
            metavar="FILE",
            help="The file of the cloud that the plan is applied to.",
            show_default="none; without PLAN and --azure the one in VTAP_ENDPOINT, else .vtap/cloud.db",
        ),
    ] = None,
    azure: Annotated[
        list[str] | None,
        typer.Option(
            "--azure",
            metavar="EXPORT",
            help="An export of Azure that the plan is applied to: a file with the output of az network vnet "
            "list -o json (or nic, lb, vnet tap), or a directory of such files; repeatable. Without a plan, "
            "the export itself is checked.",
        ),
    ] = None,
    policy: PolicySettings = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as violations.")] = False,
    sarif: Annotated[
        Path | None,
        typer.Option(
            "--sarif",
            metavar="FILE",
            help="Also write the findings as SARIF 2.1.0, which code hosts display.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a plan against the rules of the cloud before anything is applied.

    The plan may be one of the real azurerm provider, with modules, count and for_each. You see every broken
    rule with the address of its resource. Then you see how coverage changes: which interfaces are newly
    tapped, which are no longer tapped, and which have lost their collector. vtap counts the resources of
    types that it does not model.

    Exit code 1: a rule is broken.

    \b
    Examples:
      terraform plan -out=plan.bin && terraform show -json plan.bin > plan.json
      vtap check plan.json
      vtap check plan.json --strict --sarif vtap.sarif --policy reachability_check=warn
      terraform show -json | vtap check - --json
      vtap check plan.json --azure estate/
      vtap check --cloud lab/.vtap/cloud.db
    """
    from vtaplib.cli.check.progress import Steps
    from vtaplib.cli.check.run import CheckRequest
    from vtaplib.cli.check.run import run_check as run
    from vtaplib.cli.cloud_file import find_cloud_file
    from vtaplib.cli.output import print_report, write_json
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.policy_option import policy_of

    base = find_cloud_file(cloud) if cloud is not None or (plan is None and not azure) else None
    request = CheckRequest(plan, base, policy_of(policy), tuple(azure or ()), strict)
    with OutputFiles(request.inputs) as files:
        log = files.maybe_open(sarif, "--sarif")
        with Steps() as steps:
            report = run(request, steps.begin)
        if log is not None:
            from vtaplib.cli.check.sarif import sarif_text

            log.write(sarif_text(report, plan or str(base or request.azure[0])).encode())
    if as_json:
        write_json(report)
    else:
        from vtaplib.cli.check.tables import check_tables

        print_report(report, check_tables)
    raise typer.Exit(ExitCode.of(report.found_something))


@app.command()
def install(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="The filesystem mirror to install it into.",
            show_default="~/.terraform.d/plugins, where every Terraform looks",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install the Terraform provider, so that terraform itself finds it.

    The provider is one small executable that starts this installation of vtap. You can install it again
    without harm.

    \b
    Examples:
      vtap install
      vtap install --to /usr/local/share/terraform/plugins
    """
    from vtaplib.cli.installation import install as run
    from vtaplib.cli.installation_text import installation_text, notes_on_configuration
    from vtaplib.cli.output import print_report, write_json
    from vtaplib.cli.user_directories import implied_mirror

    done = run(to or implied_mirror())
    done = done.with_notes(notes_on_configuration(Path(done.mirror)))
    if as_json:
        write_json(done)
    else:
        print_report(done, lambda shown: [installation_text(shown)], soft_wrap=True)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
)
def terraform(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS...", help="Terraform's command and options.")
    ] = None,
) -> None:
    """Run Terraform with this provider, without installing it.

    vtap runs the terraform on your PATH. If there is none, it runs the one of the extra vtap[terraform].

    \b
    Examples:
      vtap terraform init
      vtap terraform apply
      vtap terraform -chdir=lab plan -out=plan.bin
    """
    from vtaplib.cli.terraform import run_terraform

    run_terraform(arguments or [])


for _one in (*app.registered_commands, *machine_app.registered_commands):
    _one.cls = QuickCommand
    _one.help = _flowing(getattr(_one.callback, "__doc__", None) or "")
