"""The cloud's file as Terraform's provider leaves it: copied, restored, and after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.provider_shim.launching import PATIENCE
from tests.terraform.launched import LaunchedTerraform, write_mirror
from tests.terraform.test_launched import QUIET, many, providers_of, wait_for_rows
from tests.terraform.worlds import group
from tests.vtaplib.cli.command import Vtap

pytestmark = pytest.mark.terraform


@pytest.fixture
def terraform(tmp_path: Path) -> LaunchedTerraform:
    mirror = write_mirror(tmp_path / "mirror")
    (tmp_path / "home").mkdir()
    return LaunchedTerraform(tmp_path / "one", tmp_path / "home" / "cloud.db", mirror)


@pytest.fixture
def vtap(tmp_path: Path) -> Vtap:
    return Vtap.in_directory(tmp_path / "shell")


def groups(vtap: Vtap, path: Path) -> list[str]:
    """The resource groups that `vtap show` tells of."""
    document = vtap("show", "--cloud", path, "--json").document
    return [
        group["name"]
        for tenant in document["tenants"]
        for subscription in tenant["subscriptions"]
        for group in subscription["groups"]
    ]


def apply(terraform: LaunchedTerraform, *names: str) -> None:
    terraform.write_world("".join(map(group, names)))
    terraform("init", *QUIET)
    terraform("apply", *QUIET, "-auto-approve")


def test_the_file_alone_is_the_whole_cloud_after_every_apply(
    terraform: LaunchedTerraform, vtap: Vtap
) -> None:
    path = terraform.cloud_path
    backup, copy = path.parent.parent / "backup.db", path.parent.parent / "copy.db"
    apply(terraform, "first")
    assert os.listdir(path.parent) == [path.name]
    assert path.stat().st_mode & 0o777 == 0o600
    shutil.copyfile(path, backup)
    assert groups(vtap, backup) == ["first"]
    apply(terraform, "first", "second")
    vtap("show", "--cloud", path, "--copy", copy)
    assert groups(vtap, copy) == ["first", "second"]
    shutil.copyfile(backup, path)
    assert groups(vtap, path) == ["first"]
    terraform("apply", *QUIET, "-auto-approve")
    assert groups(vtap, path) == ["first", "second"]
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.thorough
def test_a_cloud_behind_a_link_is_made_and_written(terraform: LaunchedTerraform, vtap: Vtap) -> None:
    link = terraform.cloud_path
    real = link.parent.parent / "elsewhere" / "real.db"
    link.symlink_to("../elsewhere/real.db")
    apply(terraform, "first")
    apply(terraform, "first", "second")
    assert groups(vtap, link) == groups(vtap, real) == ["first", "second"]
    assert link.is_symlink()
    assert os.listdir(link.parent) == [link.name]
    assert os.listdir(real.parent) == [real.name]


@pytest.mark.thorough
@pytest.mark.kill
def test_a_file_restored_beside_the_log_of_a_killed_provider_is_refused_by_all(
    terraform: LaunchedTerraform, vtap: Vtap
) -> None:
    path = terraform.cloud_path
    apply(terraform, "before")
    backup = Path(shutil.copyfile(path, path.parent.parent / "backup.db"))
    terraform.write_world(many("one"))
    running = terraform.start("apply", *QUIET, "-auto-approve")
    wait_for_rows(path, 8)
    for provider in providers_of(running.pid):
        os.kill(provider, signal.SIGKILL)
    running.communicate(timeout=PATIENCE)
    log = path.with_name(path.name + "-wal")
    killed, killed_log = path.read_bytes(), log.read_bytes()
    shutil.copyfile(backup, path)
    said = vtap.refuses("show", "--cloud", path)
    assert f"{log} belongs to another version of {path}." in said
    error = "".join(terraform("plan", *QUIET, code=1).stderr.replace("│", " ").split())
    assert f"{log}belongstoanotherversionof{path}." in error
    assert log.read_bytes() == killed_log
    log.unlink()
    assert groups(vtap, path) == ["before"]
    path.write_bytes(killed)
    log.write_bytes(killed_log)
    assert "one" in groups(vtap, path)
    assert os.listdir(path.parent) == [path.name]


def test_a_cloud_of_which_a_part_cannot_be_read_is_not_written_and_the_resource_is_named(
    terraform: LaunchedTerraform,
) -> None:
    path = terraform.cloud_path
    apply(terraform, "first", "second")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE resource SET body = substr(body, 1, 40) WHERE key LIKE '%/second'")
    before = path.read_bytes()
    terraform.write_world("".join(map(group, ("first", "third"))))
    for options in ((), ("-refresh=false",)):  # what is not refreshed is first seen when something is written
        error = terraform("apply", *QUIET, "-auto-approve", *options, code=1).stderr
        words = " ".join(error.replace("│", " ").split())
        assert "resourcegroups/second cannot be read: its contents are not JSON" in words
        assert path.name in words
        assert "bug" not in words
        assert path.read_bytes() == before
