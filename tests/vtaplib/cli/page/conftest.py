"""Pages of the four worlds that are looked at, each written once by the command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.command import CAPTURE, Vtap
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


@pytest.fixture(scope="session")
def written(clouds: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """The pages by the names of their worlds: `empty`, `one` TAP, `balanced`, `large`."""
    directory = tmp_path_factory.mktemp("pages")
    vtap = Vtap.in_directory(directory)
    large = write_large(directory / "large.db")
    traffic = write_traffic(directory / "large.pcap", addresses_in(large), seconds=300, per_second=30)
    balanced = write_traffic(
        directory / "balanced.pcap", ["10.10.1.4", "10.10.2.4"], seconds=90, per_second=40
    )
    replays: dict[str, tuple[str | Path, ...]] = {
        "empty": (CAPTURE, "--cloud", write_empty(directory / "empty.db")),
        "one": (CAPTURE, "--cloud", clouds / "quickstart.db", "--policy", "oversize=drop"),
        "balanced": (balanced, "--cloud", clouds / "load-balanced.db", "--down", "nic-collector-c"),
        "large": (traffic, "--cloud", large),
    }
    return {
        name: Written(
            directory / f"{name}.html",
            vtap("replay", *arguments, "--report", f"{name}.html", "--json").document,
        )
        for name, arguments in replays.items()
    }
