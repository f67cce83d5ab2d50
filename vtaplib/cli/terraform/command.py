"""`vtap terraform`, its help."""

from __future__ import annotations

from typing import Annotated

import typer


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
    from vtaplib.cli.terraform.run import run_terraform

    run_terraform(arguments or [])
