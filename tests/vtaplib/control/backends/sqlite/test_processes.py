"""Several processes on one cloud's file: none loses a write, and no rule is broken between two of them."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from ipaddress import IPv4Address
from itertools import islice
from pathlib import Path

import pytest

from tests.examples import part_of
from tests.vtaplib.control.lab import (
    HOME,
    TENANT,
    WEST,
    Lab,
    ip,
    machine,
    network,
    network_id,
    nic,
    nic_id,
    subnet,
    subnet_id,
    vm_id,
)
from tests.vtaplib.control.whole_states import halves
from vtaplib import Cloud, NetworkInterface, ResourceGroup, VirtualNetworkPeering
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES

ROOT = Path(__file__).parents[5]
KILLS = part_of(30)
TURNS = part_of(5)


@contextmanager
def working(path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has opened the cloud, and waits for a line to begin."""
    command = [
        sys.executable,
        "-m",
        "tests.vtaplib.control.backends.sqlite.cloud_process",
        str(path),
        *arguments,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str]) -> None:
    """Sends a process a line: to begin, or to end."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def work_together(path: Path, *works: Sequence[str]) -> Sequence[Sequence[str]]:
    """Starts processes, lets them go at the same moment; what each of them said."""
    with ExitStack() as stack:
        processes = [stack.enter_context(working(path, *work)) for work in works]
        for process in processes:
            tell(process)
        said = [process.communicate()[0].splitlines() for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
    return said


def make_cloud(path: Path) -> Path:
    """A cloud's file with two networks that are not peered."""
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        home.put(ResourceGroup(name="lab", location=WEST))
        for name, number in (("app", 1), ("tools", 2)):
            home.put(network(name, f"10.{number}.0.0/16"))
            home.put(subnet(name, "one", f"10.{number}.1.0/24"))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_cloud(tmp_path / "cloud.db")


def test_processes_that_make_the_file_at_once_all_find_it_whole(tmp_path: Path) -> None:
    for turn in range(3):
        path = tmp_path / "new" / f"{turn}.db"
        assert work_together(path, *[["group"]] * 6) == [["put"]] * 6
        with Cloud.open(path) as cloud:
            assert [one.name for one in cloud.list(ResourceGroup)] == ["lab"]


def test_writers_that_allocate_at_once_get_the_lowest_addresses_each_once(path: Path) -> None:
    each, writers = 12, 4
    said = work_together(path, *(("interfaces", "app", f"w{n}", str(each)) for n in range(writers)))
    given = dict(line.split() for lines in said for line in lines)
    assert len(given) == writers * each
    # The first four addresses and the last are the network's: the fifth is the first to give.
    lowest = [str(IPv4Address("10.1.1.4") + n) for n in range(writers * each)]
    assert sorted(given.values(), key=IPv4Address) == lowest
    with Cloud.open(path) as cloud:
        assert {one.name: one.private_ip_address for one in cloud.list(NetworkInterface)} == given


def test_of_two_machines_that_take_one_interface_at_once_one_gets_it(path: Path) -> None:
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        for turn in range(TURNS):
            home.put(nic(f"nic-{turn}", ip(subnet_id("app"))))
    for turn in range(TURNS):
        names = [f"vm-{turn}-{side}" for side in "ab"]
        said = [lines[0] for lines in work_together(path, *(("attach", one, f"nic-{turn}") for one in names))]
        assert sorted(said) == ["NicInUse", "put"]
        with Cloud.open(path) as cloud:
            assert cloud.find(vm_id(names[said.index("put")])) is not None
            assert cloud.find(vm_id(names[said.index("NicInUse")])) is None
            assert list(halves(cloud.view)) == []


def test_of_two_processes_that_take_the_last_place_of_a_limit_at_once_one_gets_it(tmp_path: Path) -> None:
    for turn in range(TURNS):
        path = make_cloud(tmp_path / f"{turn}.db")
        said = work_together(path, ("take-last", "app", "two", "2"), ("take-last", "app", "more", "2"))
        assert sorted(line for (line,) in said) == ["NetcfgSubnetRangesOverlap QuotaExceeded", "put"]


def test_two_halves_of_a_peering_that_come_at_once_are_connected(tmp_path: Path) -> None:
    for turn in range(TURNS):
        path = make_cloud(tmp_path / f"{turn}.db")
        said = work_together(path, ("peer", "app", "tools"), ("peer", "tools", "app"))
        # Who came first saw no other half.
        assert sorted(state for (state,) in said) == ["Connected", "Initiated"]
        with Cloud.open(path) as cloud:
            states = [one.peering_state for one in cloud.list(VirtualNetworkPeering)]
            assert states == ["Connected", "Connected"]


def test_readers_see_no_half_of_a_write(path: Path) -> None:
    with ExitStack() as stack:
        readers = [stack.enter_context(working(path, "watch")) for _ in range(2)]
        for reader in readers:
            tell(reader)
        work_together(path, ("build", "0", "8"), ("build", "300", "8"))
        for reader in readers:
            tell(reader)
        said = [reader.communicate()[0].splitlines() for reader in readers]
    # The last line is how often they looked; the ones before it are what was half.
    assert [lines[:-1] for lines in said] == [[], []]
    assert all(int(lines[-1]) > 1 for lines in said)


def test_a_half_of_a_write_would_be_noticed() -> None:
    lab = Lab(stocked=False)
    lab.put(
        network("app", "10.1.0.0/16"), network("tools", "10.2.0.0/16"), subnet("app", "one", "10.1.1.0/24")
    )
    lab.put(nic("web", ip(subnet_id("app"))), machine("vm", nic_id("web")))
    lab.link("app", "tools")
    assert list(halves(lab.cloud.view)) == []
    web = lab.get(NetworkInterface, nic_id("web"))
    side = lab.get(VirtualNetworkPeering, f"{network_id('app')}/virtualNetworkPeerings/to-tools")
    for part in (web.replace(mac_address=""), side.replace(peering_state="Initiated")):
        overlay = lab.cloud.overlay()
        overlay.stage(part)
        assert list(halves(overlay)) != []
    for gone in (vm_id("vm"), nic_id("web"), side.id, network_id("tools")):
        overlay = lab.cloud.overlay()
        overlay.remove(gone)
        assert list(halves(overlay)) != []


@pytest.mark.kill
def test_a_writer_killed_at_any_moment_leaves_what_it_had_done_and_no_half_of_a_write(path: Path) -> None:
    # Repeatable moments; where they fall in the work is up to the machine.
    moments = random.Random(4789)
    with Cloud.open(path) as cloud:
        done = {one.id for one in everything(cloud)}
    killed_at_work = 0
    for turn in range(0, KILLS * 1000, 1000):
        with working(path, "build", str(turn), "1000") as process:
            tell(process)
            assert process.stdout is not None
            lines = list(islice(process.stdout, moments.randrange(1, 25)))
            time.sleep(moments.uniform(0, 0.01))
            process.kill()
            lines += process.stdout.readlines()
        killed_at_work += process.returncode == -signal.SIGKILL
        doubtful: set[str] = set()
        for line in lines:
            mark, resource_id = line[0], line[1:].rstrip()
            below = {one for one in done if one == resource_id or one.startswith(f"{resource_id}/")}
            doubtful = below if mark == "~" else set()
            done = done | {resource_id} if mark == "+" else done - below if mark == "-" else done
        there = look(path)
        # What was being deleted is there as a whole, or gone as a whole.
        assert done - there in (set(), doubtful)
        # What was being put when it was killed may be there; that is one resource.
        assert len(there - done) <= 1
        done = there
    assert killed_at_work == KILLS


@pytest.mark.kill
def test_a_process_killed_while_it_makes_the_file_leaves_one_that_another_can_use(tmp_path: Path) -> None:
    moments = random.Random(6335)
    found = []
    for turn in range(KILLS):
        path = tmp_path / f"{turn}.db"
        with working(path, "group") as process:
            tell(process)
            time.sleep(moments.uniform(0, 0.025))
            process.kill()
            done = process.stdout is not None and process.stdout.read() == "put\n"
        found.append((path.exists(), done))
        assert work_together(path, ["group"]) == [["put"]]
        assert len(look(path)) == 2
    # Some were killed before they had put what they put: else this would show nothing.
    assert not all(done for _, done in found)


def everything(cloud: Cloud) -> Sequence[Resource]:
    """All resources, decoded."""
    return [one for kind in RESOURCE_TYPES for one in cloud.list(kind)]


def look(path: Path) -> set[str]:
    """The IDs in a cloud that was left by a killed process; checks that it is sound, and holds no halves."""
    with Cloud.open(path) as cloud:
        assert list(halves(cloud.view)) == []
        there = {one.id for one in everything(cloud)}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT COUNT(*) FROM resource").fetchone() == (len(there),)
    return there


def test_a_disk_that_refuses_more_is_an_error_and_keeps_what_was_put(path: Path) -> None:
    for spare in (0, 1000, 50_000):
        *put, message = work_together(path, ("run-out", str(path), str(spare)))[0]
        assert message.startswith(f"{path}: cannot be written: disk I/O error")
        with Cloud.open(path) as cloud:
            assert sorted(one.name for one in cloud.list(NetworkInterface)) == sorted(put)
            for one in put:
                cloud.delete(nic_id(one))
        look(path)
