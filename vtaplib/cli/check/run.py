"""A check from files to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vtaplib.analysis.azure_export import HOW
from vtaplib.analysis.design_check.check import check
from vtaplib.analysis.design_check.report import CheckReport
from vtaplib.cli.cloud_file import cloud_files, open_cloud
from vtaplib.cli.input_directory import Input, InputDirectory, input_files
from vtaplib.loading import load_azure_export, load_terraform
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: a plan or state, over a cloud or what Azure has if that is given; or those alone."""

    plan: str | None
    cloud: Path | None
    policy: Policy
    azure: tuple[str, ...] = ()
    strict: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What is read."""
        plan = () if self.plan is None else (self.plan,)
        cloud = () if self.cloud is None else cloud_files(self.cloud)
        return *plan, *cloud, *_exports(self.azure)


def run_check(request: CheckRequest, begin: Callable[[str], None] = lambda step: None) -> CheckReport:
    """Check. `begin` is told each step. Raises `VtapError` for what cannot be read."""
    begin("reading")
    cloud = None
    if request.cloud is not None:
        with open_cloud(request.cloud, request.policy) as opened, opened.snapshot() as view:
            cloud = tuple(view.list(Resource))
    azure = load_azure_export(input_files(_exports(request.azure)))
    document = load_terraform(request.plan) if request.plan is not None else None
    parts = [document.title] if document is not None else []
    parts += [f"what Azure has in {', '.join(request.azure)}"] if request.azure else []
    parts += [f"cloud {request.cloud}"] if request.cloud is not None else []
    return check(
        document,
        cloud=cloud,
        azure=azure,
        policy=request.policy,
        strict=request.strict,
        name=" over ".join(parts),
        begin=begin,
    )


def _exports(names: Iterable[str]) -> Iterator[Path | InputDirectory]:
    """The files given, and the directories of JSON files."""
    for path in map(Path, names):
        if path.is_dir():
            yield InputDirectory(path, (".json",), f"has no .json files in it; {HOW}")
        else:
            yield path
