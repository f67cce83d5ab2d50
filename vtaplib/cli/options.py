"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

CloudFile = Annotated[
    str | None,
    typer.Option(
        "--cloud",
        metavar="FILE",
        help="The cloud's file.",
        show_default="that of VTAP_ENDPOINT, else .vtap/cloud.db",
    ),
]
PolicySettings = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="NAME=VALUE",
        help="Set what Azure does not document, such as oversize=fragment; repeatable. "
        "Or VTAP_POLICY_NAME=VALUE in the environment.",
    ),
]
Down = Annotated[
    list[str] | None,
    typer.Option("--down", metavar="NIC", help="Take this interface, by name or ID, for failed; repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
