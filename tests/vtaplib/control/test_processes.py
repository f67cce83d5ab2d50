"""Several processes on one cloud's file: none loses a write, and no rule is broken between two of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.vtaplib.control.lab import HOME, TENANT, WEST, network, nic_id, subnet
from vtaplib import Cloud, NetworkInterface, ResourceGroup

ROOT = Path(__file__).parents[3]


@contextmanager
def working(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has opened the cloud, and waits for a line to begin."""
    command = [sys.executable, "-m", "tests.vtaplib.control.cloud_process", str(path), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def work_together(path: Path, *works: Sequence[str]) -> Sequence[Sequence[str]]:
    """Starts processes, lets them go at the same moment; what each of them said."""
    with ExitStack() as stack:
        processes = [stack.enter_context(working(path, *work)) for work in works]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate()[0].splitlines() for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
    return said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cloud's file with two networks that are not peered."""
    path = tmp_path / "cloud.db"
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        home.put(ResourceGroup(name="lab", location=WEST))
        for name, number in (("app", 1), ("tools", 2)):
            home.put(network(name, f"10.{number}.0.0/16"))
            home.put(subnet(name, "one", f"10.{number}.1.0/24"))
    return path


def test_writers_that_allocate_at_once_get_the_lowest_addresses_each_once(path: Path) -> None:
    each, writers = 12, 4
    said = work_together(path, *(("interfaces", "app", f"w{n}", str(each)) for n in range(writers)))
    given = dict(line.split() for lines in said for line in lines)
    assert len(given) == writers * each
    # The first four addresses and the last are the network's: the fifth is the first to give.
    lowest = [str(IPv4Address("10.1.1.4") + n) for n in range(writers * each)]
    assert sorted(given.values(), key=IPv4Address) == lowest
    with Cloud.open(path) as cloud:
        kept = {one.name: one.private_ip_address for one in cloud.list(NetworkInterface)}
        assert kept == given
        assert cloud.get(nic_id("w0-0")).id == nic_id("w0-0")
