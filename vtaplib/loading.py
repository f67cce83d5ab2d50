"""Loaders: what Terraform and the Azure CLI print of a world, from files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from vtaplib.analysis.azure_export import AzureExport, parse_azure_export
from vtaplib.analysis.terraform_plan.document import TerraformDocument, parse_terraform

__all__ = ["load_azure_export", "load_terraform"]


def load_terraform(name: str | Path) -> TerraformDocument:
    """The plan or state in a file, as `terraform show -json` prints it; `-` is standard input. Raises
    `VtapError` for what is neither.
    """
    if str(name) == "-":
        return parse_terraform("standard input", sys.stdin.buffer.read())
    return parse_terraform(str(name), Path(name).read_bytes())


def load_azure_export(names: Iterable[str | Path]) -> AzureExport:
    """The resources in files of what `az … list -o json` prints. Raises `VtapError` for anything else."""
    return parse_azure_export((str(one), Path(one).read_bytes()) for one in names)
