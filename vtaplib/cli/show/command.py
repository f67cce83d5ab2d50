"""`vtap show`, its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, CloudFile


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
    from vtaplib.analysis.inventory_document import inventory_document
    from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, open_cloud
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.runner import finish

    path = find_cloud_file(cloud)
    with OutputFiles(cloud_files(path)) as files, open_cloud(path) as opened:
        if copy_to is not None:
            files.claim(copy_to, "--copy")
            opened.copy(copy_to)
        inventory = take_inventory(opened, str(path))
    finish(inventory, inventory_document, as_json=as_json)
