"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show_stages(stages: list[str] | None) -> list[str] | None:
    """Of an option `--stage`: list the stages for `help`, whatever else is given, and end."""
    if stages and "help" in stages:
        from vtaplib.cli.output import print_line
        from vtaplib.collector.broker.language import stage_help

        print_line(stage_help())
        raise typer.Exit
    return stages


CloudFile = Annotated[
    str | None,
    typer.Option(
        "--cloud",
        metavar="FILE",
        help="The cloud's file.",
        show_default="the one in VTAP_ENDPOINT, else .vtap/cloud.db",
    ),
]
PolicySettings = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="NAME=VALUE",
        help="Choose how the cloud does what Azure does not document, such as oversize=fragment; repeatable. "
        "VTAP_POLICY_NAME=VALUE in the environment does the same.",
    ),
]
Down = Annotated[
    list[str] | None,
    typer.Option(
        "--down", metavar="NIC", help="Treat this interface, given by name or ID, as failed; repeatable."
    ),
]
PrivateLink = Annotated[
    list[str] | None,
    typer.Option(
        "--private-link",
        metavar="ADDRESS",
        help="An address that a Private Link service translates to; repeatable. Traffic from it is not "
        "mirrored.",
    ),
]
Page = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Also write the report as one HTML page: the network as a picture, traffic over time, tables.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
