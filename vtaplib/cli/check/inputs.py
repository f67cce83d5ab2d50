"""What Azure has, as `vtap check --azure` names it: files, and directories of JSON files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from vtaplib.analysis.azure_export import HOW
from vtaplib.cli.input_directory import InputDirectory


def azure_inputs(names: Iterable[str]) -> Iterator[Path | InputDirectory]:
    """The files given, and the directories of JSON files."""
    for path in map(Path, names):
        if path.is_dir():
            yield InputDirectory(path, (".json",), f"has no .json files in it; {HOW}")
        else:
            yield path
