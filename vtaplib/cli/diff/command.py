"""`vtap diff`, its options and its help."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, Page, PolicySettings


def diff(
    capture: Annotated[
        str, typer.Argument(metavar="CAPTURE", help="A pcap or pcapng, gzipped or not; - is standard input.")
    ],
    before: Annotated[
        str | None,
        typer.Option(
            "--before",
            metavar="CLOUD",
            help="A cloud's file, or a state as terraform show -json prints it.",
            show_default="the cloud in VTAP_ENDPOINT, else .vtap/cloud.db",
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(
            "--after",
            metavar="CLOUD|PLAN",
            help="A cloud's file, a state, or a plan as terraform show -json prints it. A plan is applied to "
            "the design before. Without --after, the same design is compared under another policy, or with "
            "a failed interface.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="PLAN",
            help="Compare the designs before and after this plan, instead of --before and --after.",
        ),
    ] = None,
    policy: PolicySettings = None,
    policy_before: Annotated[
        list[str] | None,
        typer.Option(
            "--policy-before", metavar="NAME=VALUE", help="Like --policy, for the design before only."
        ),
    ] = None,
    policy_after: Annotated[
        list[str] | None,
        typer.Option(
            "--policy-after", metavar="NAME=VALUE", help="Like --policy, for the design after only."
        ),
    ] = None,
    down_after: Annotated[
        list[str] | None,
        typer.Option(
            "--down-after",
            metavar="NIC",
            help="Treat this interface, given by name or ID, as failed in the design after; repeatable.",
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", metavar="N", min=0, help="List the N largest conversations of each kind; 0 lists all."
        ),
    ] = 20,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Compare what collectors see of the same traffic under two designs, before anything is applied.

    A conversation (a five-tuple and its answers) is newly seen, no longer seen, seen by other collectors, or
    seen as before. vtap fills in the values that only an apply would give, such as addresses.

    Exit code 1: something that was seen is no longer seen, or a part of the capture could not be read.

    \b
    Examples:
      vtap diff traffic.pcap --after plan.json
      vtap diff traffic.pcap --plan plan.json
      vtap diff traffic.pcap --before lab/.vtap/cloud.db --after next/.vtap/cloud.db --limit 5
      vtap diff traffic.pcap --policy-after oversize=drop --report diff.html
      vtap diff traffic.pcap --down-after nic-collector-b --json
    """
    from vtaplib.analysis import diff as compared
    from vtaplib.analysis.coverage_diff.document import diff_document
    from vtaplib.analysis.naming import interfaces_named
    from vtaplib.cli.diff.designs import design_inputs, read_designs
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.progress import reading, steps
    from vtaplib.cli.runner import finish, maybe_page
    from vtaplib.errors import VtapError

    policies = (
        policy_of(policy, but={"--policy-before": policy_before}),
        policy_of(policy, but={"--policy-after": policy_after}),
    )
    with OutputFiles([capture, *design_inputs(before, after, plan)]) as files:
        write_page = maybe_page(files, page)
        if (after, plan) == (None, None) and policies[0] == policies[1] and not down_after:
            raise VtapError("nothing to compare with: give --after CLOUD, --after PLAN or --plan PLAN")
        if [capture, before, after, plan].count("-") > 1:
            raise VtapError("-: standard input can be only one of CAPTURE, --before, --after and --plan")
        with steps() as begin:
            begin("reading the designs")
            first, second = read_designs(before, after, plan, *policies)
        down = interfaces_named(second.topology, down_after or (), "--down-after ")
        with reading(capture, "comparing") as reader:
            report = compared(reader, first, replace(second, down=down), limit=limit or None)
        write_page(lambda: diff_document(report))
    finish(report, diff_document, as_json=as_json, found=report.found_something)
