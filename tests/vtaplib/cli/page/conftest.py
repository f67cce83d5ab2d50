"""Pages of the five worlds that are looked at, each written once by the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.cli.page.browser import Browser
from tests.vtaplib.cli.page.worlds import addresses_in, write_empty, write_large, write_traffic
from tests.vtaplib.reports.page.reading import Page


@dataclass(frozen=True)
class Written:
    """A page's file, and the JSON document of the same replay."""

    path: Path
    document: Any

    @property
    def text(self) -> str:
        """The page as it was written."""
        return self.path.read_text(encoding="utf-8")

    @property
    def page(self) -> Page:
        """The page, parsed."""
        return Page.of(self.text)


class Pages(dict[str, Written]):
    """The pages by the names of their worlds; each is written when it is first asked for."""

    def __init__(self, write: Callable[[str], Written]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, world: str) -> Written:
        self[world] = self._write(world)
        return self[world]


@pytest.fixture(scope="module")
def browser(require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A browser, or a declared skip."""
    return Browser(require("chromium"), tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def written(clouds: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """The pages by the names of their worlds: `empty`, `one` TAP, `balanced`, `hundred`, `large`."""
    directory = tmp_path_factory.mktemp("pages")
    vtap = Vtap.in_directory(directory)

    def replayed(world: str) -> tuple[str | Path, ...]:
        if world == "empty":
            return CAPTURE, "--cloud", write_empty(directory / "empty.db")
        if world == "one":
            return CAPTURE, "--cloud", clouds / "quickstart.db", "--policy", "oversize=drop"
        traffic = directory / f"{world}.pcap"
        if world == "balanced":
            write_traffic(traffic, ["10.10.1.4", "10.10.2.4"], seconds=90, per_second=40)
            return traffic, "--cloud", clouds / "load-balanced.db", "--down", "nic-collector-c"
        machines, seconds = (10, 60) if world == "hundred" else (50, 300)
        cloud = write_large(directory / f"{world}.db", machines)
        write_traffic(traffic, addresses_in(cloud), seconds=seconds, per_second=30)
        return traffic, "--cloud", cloud

    def write(world: str) -> Written:
        ended = vtap("replay", *replayed(world), "--report", f"{world}.html", "--json")
        return Written(directory / f"{world}.html", ended.document)

    return Pages(write)
