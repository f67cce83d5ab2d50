"""Loaders: what Terraform and the Azure CLI print of a world, from files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from vtaplib.analysis.azure_export import AzureExport, parse_azure_export
from vtaplib.analysis.terraform_plan.document import TerraformDocument, parse_terraform
from vtaplib.errors import WrongTypeError, require_type

NAMES_WAY_OUT: Final = "give a list of paths"

__all__ = ["load_azure_export", "load_terraform"]


def load_terraform(name: str | Path) -> TerraformDocument:
    """The plan or state in a file, as `terraform show -json` prints it; `-` is standard input. Raises
    `VtapError` for what is neither.
    """
    require_type("the name of a file", name, (str, Path), "give the path of a plan or a state")
    if str(name) == "-":
        return parse_terraform("standard input", sys.stdin.buffer.read())
    return parse_terraform(str(name), Path(name).read_bytes())


def load_azure_export(names: Iterable[str | Path]) -> AzureExport:
    """The resources in files of what `az … list -o json` prints. Raises `VtapError` for anything else."""
    require_type("the names of files", names, Iterable, NAMES_WAY_OUT)
    if isinstance(names, str):
        raise WrongTypeError(f"the names of files are {names!r}, a single text; {NAMES_WAY_OUT}")
    paths = list(names)
    for path in paths:
        require_type("the name of a file", path, (str, Path), NAMES_WAY_OUT)
    return parse_azure_export((str(one), Path(one).read_bytes()) for one in paths)
