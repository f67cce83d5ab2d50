"""`vtap check`, its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, PolicySettings


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
    from vtaplib.analysis import check as checked
    from vtaplib.analysis import check_document
    from vtaplib.cli.check.inputs import azure_inputs
    from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, read_resources
    from vtaplib.cli.input_directory import input_files
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.progress import steps
    from vtaplib.cli.runner import finish
    from vtaplib.loading import load_azure_export, load_terraform

    base = find_cloud_file(cloud) if cloud is not None or (plan is None and not azure) else None
    settings, exports = policy_of(policy), list(azure_inputs(azure or ()))
    plans = [] if plan is None else [plan]
    with OutputFiles([*plans, *(cloud_files(base) if base else ()), *exports]) as files:
        log = files.maybe_open(sarif, "--sarif")
        with steps() as begin:
            begin("reading")
            resources = read_resources(base, settings) if base else None
            estate = load_azure_export(input_files(exports))
            document = load_terraform(plan) if plan is not None else None
            names = [document.title] if document is not None else []
            names += [f"what Azure has in {', '.join(azure)}"] if azure else []
            names += [f"cloud {base}"] if base is not None else []
            report = checked(
                document,
                cloud=resources,
                azure=estate,
                policy=settings,
                strict=strict,
                name=" over ".join(names),
                begin=begin,
            )
        if log is not None:
            from vtaplib.analysis.design_check.sarif import sarif_text

            log.write(sarif_text(report, plan or str(base or next(iter(azure or ())))).encode())
    finish(report, check_document, as_json=as_json, found=report.found_something)
