"""What every test may rely on: oracles that are there or said to be missing, and skips that cannot hide.

An oracle is a program that we did not write and that judges what we wrote. Where one is missing a test skips;
where `VTAP_REQUIRE_ORACLES=1` says that all of them are installed (as CI does), a skip is a failure, whatever
asked for it. A test that may skip even there says so: its reason starts with `DECLARED_SKIP`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

DECLARED_SKIP = "declared: "

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

ORACLES_REQUIRED = os.environ.get("VTAP_REQUIRE_ORACLES") == "1"

# Every run draws the same examples, so that what fails in one place fails in every other. A machine that runs
# other work is slow at times, and a slow example is not a wrong one.
settings.register_profile(
    "every-case",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    print_blob=True,
)
settings.register_profile("sampled", settings.get_profile("every-case"), max_examples=20)
# `make explore` draws new ones, and begins with those that failed in earlier explorations.
settings.register_profile(
    "explore",
    settings.get_profile("every-case"),
    derandomize=False,
    database=DirectoryBasedExampleDatabase(".hypothesis/explored"),
)

EXPLORE_UNTIL = os.environ.get("VTAP_EXPLORE_UNTIL")
"""When `make explore` ends, in seconds since 1970: the rest of its last round is left out."""


def require_tool(tool: str) -> str:
    """Return the path of a program, or skip the test (fail it, where all oracles are said to be there)."""
    path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"{tool} is not installed")
    return path


@pytest.fixture(scope="session")
def require() -> Callable[[str], str]:
    """`require("tshark")` returns the program's path, or skips."""
    return require_tool


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-case",
        action="store_true",
        help="leave out nothing, as `make test-all`: all cases of sampled tests, all examples of properties",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile"):
        settings.load_profile("every-case" if config.getoption("--every-case") else "sampled")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep every nth case of a test that is marked `sampled(n)`, always the same ones, and none of one
    that is marked `thorough`. What a command line names is run.
    """
    if config.getoption("--every-case") or any("::" in one for one in config.args):
        return
    cases: defaultdict[tuple[Path, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.path, getattr(item, "originalname", item.name)].append(item)
    kept = {item for (_, name), several in cases.items() for item in _sample(name, several)}
    left_out = [item for item in items if item not in kept]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item in kept]


def _sample(name: str, cases: list[pytest.Item]) -> list[pytest.Item]:
    """The cases of a test that `make test` runs. Tests begin at different ones, for many go through the same
    list.
    """
    if cases[0].get_closest_marker("thorough"):
        return []
    sampled = cases[0].get_closest_marker("sampled")
    step = sampled.args[0] if sampled else 1
    return cases[crc32(name.encode()) % step :: step] or cases[:1]


def pytest_runtest_setup() -> None:
    if EXPLORE_UNTIL is not None and time.time() > float(EXPLORE_UNTIL):
        pytest.skip(f"{DECLARED_SKIP}the time to explore is over")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return refuse_hidden_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return refuse_hidden_skip(report)


def refuse_hidden_skip(report: Report) -> Report:
    """Turn a skip into a failure where every oracle is said to be installed."""
    if ORACLES_REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith(DECLARED_SKIP):
            report.outcome = "failed"
            report.longrepr = f"{report.nodeid} skipped, and VTAP_REQUIRE_ORACLES=1 forbids it: {reason}"
    return report
