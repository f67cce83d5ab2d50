"""The examples and the demonstration, applied by real Terraform through the command."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vtaplib.cli.captures import expected_copies
from tests.vtaplib.cli.command import CAPTURE, EXAMPLES, PATIENCE_SECONDS, ROOT, VTAP, Vtap

WEB, DATABASE = "10.10.1.4", "10.10.2.4"
LEFT_BEHIND = shutil.ignore_patterns(".terraform*", ".vtap", "*.tfstate*")

pytestmark = pytest.mark.terraform


def apply(vtap: Vtap, example: str) -> Path:
    """Copy an example, apply it, and check that nothing is left to do; return its directory."""
    root = vtap.directory / example
    shutil.copytree(EXAMPLES / example, root, ignore=LEFT_BEHIND)
    vtap("terraform", f"-chdir={example}", "init", "-no-color", "-input=false")
    vtap("terraform", f"-chdir={example}", "apply", "-no-color", "-input=false", "-auto-approve")
    vtap("terraform", f"-chdir={example}", "plan", "-no-color", "-input=false", "-detailed-exitcode")
    return root


def destroy(vtap: Vtap, example: str) -> None:
    """Destroy an example and check that the cloud is as empty as before."""
    vtap("terraform", f"-chdir={example}", "destroy", "-no-color", "-input=false", "-auto-approve")
    world = vtap("show", "--cloud", f"{example}/.vtap/cloud.db", "--json").document
    groups = [
        group
        for tenant in world["tenants"]
        for subscription in tenant["subscriptions"]
        for group in subscription["groups"]
    ]
    assert groups == []


def test_the_quickstart_mirrors_web_and_database_to_the_collector(vtap: Vtap) -> None:
    root = apply(vtap, "quickstart")
    tree = vtap("show", "--cloud", root / ".vtap" / "cloud.db").stdout
    for line in (
        "interface nic-web  10.10.1.4 in vnet-app/snet-web",
        "interface nic-database  10.10.2.4 in vnet-app/snet-data",
        "interface nic-collector  10.20.1.4 in vnet-security/snet-collector",
        "peering app-to-security  to vnet-security  Connected",
        "TAP tap-collector  sends to nic-collector/internal 10.20.1.4",
    ):
        assert line in tree
    (collector,) = vtap("replay", CAPTURE, "--cloud", root / ".vtap" / "cloud.db", "--json").document[
        "collectors"
    ]
    assert collector["frames"] == len(expected_copies(CAPTURE, [WEB, DATABASE]))
    outputs = vtap("terraform", "-chdir=quickstart", "output", "-json").document
    assert outputs["addresses"]["value"] == {
        "web": "10.10.1.4",
        "database": "10.10.2.4",
        "collector": "10.20.1.4",
    }
    destroy(vtap, "quickstart")


@pytest.mark.thorough
def test_three_collectors_share_the_copies_and_take_over_from_one_that_fails(vtap: Vtap) -> None:
    root = apply(vtap, "load-balanced-collector")
    replay = ("replay", CAPTURE, "--cloud", root / ".vtap" / "cloud.db", "--json")
    wanted = len(expected_copies(CAPTURE, [WEB, DATABASE]))
    shares = {one["interface"]: one["frames"] for one in vtap(*replay).document["collectors"]}
    assert shares.keys() == {f"nic-collector-{letter}" for letter in "abc"}
    assert all(shares.values())
    assert sum(shares.values()) == wanted
    after = vtap(*replay, "--down", "nic-collector-b").document["collectors"]
    left = {one["interface"]: one["frames"] for one in after}
    assert left["nic-collector-b"] == 0
    assert sum(left.values()) == wanted
    destroy(vtap, "load-balanced-collector")


def test_the_audit_proves_that_every_machine_is_tapped_and_names_the_one_that_is_not(vtap: Vtap) -> None:
    apply(vtap, "coverage-audit")
    outputs = vtap("terraform", "-chdir=coverage-audit", "output", "-json").document
    assert outputs["coverage"]["value"] == {
        "nic-collector": "collector",
        "nic-database": "tapped",
        "nic-web": "tapped",
    }
    change = ("apply", "-no-color", "-input=false", "-auto-approve", "-var", 'exempt=["web"]')
    told = vtap("terraform", "-chdir=coverage-audit", *change)
    assert "Check block assertion failed" in told.stdout
    assert "/networkInterfaces/nic-web" in " ".join(told.stdout.split()).replace("│ ", "")
    outputs = vtap("terraform", "-chdir=coverage-audit", "output", "-json").document
    assert outputs["coverage"]["value"]["nic-web"] == "eligible"
    destroy(vtap, "coverage-audit")


def test_examples_are_formatted_as_terraform_formats(vtap: Vtap) -> None:
    for example in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        vtap("terraform", f"-chdir={example}", "fmt", "-check", "-diff")


def test_the_demonstration_runs_from_a_fresh_clone_and_touches_nothing_else(
    vtap: Vtap, tmp_path: Path
) -> None:
    clone = tmp_path / "a clone"
    shutil.copytree(EXAMPLES, clone / "terraform-examples", ignore=LEFT_BEHIND)
    (clone / "tests" / "captures").mkdir(parents=True)
    shutil.copy(CAPTURE, clone / "tests" / "captures")
    environment = {
        **vtap.environment,
        "PATH": f"{VTAP.parent}{os.pathsep}{vtap.environment['PATH']}",
        # Settings of the user's that would lead it astray.
        "VTAP_ENDPOINT": "file:/nowhere/cloud.db",
        "TF_DATA_DIR": "/nowhere",
        "TF_CLI_ARGS_plan": "-nonsense",
    }
    result = subprocess.run(
        ["sh", clone / "terraform-examples" / "demo.sh"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for words in ("Apply complete!", "TAP tap-collector", "What each collector gets", "17 destroyed"):
        assert words in result.stdout
    # Whoever decodes: tshark, or vtap where it is missing.
    assert "VXLAN" in result.stdout or "Virtual eXtensible Local Area Network" in result.stdout
    assert "\033" not in result.stdout
    assert sorted(path.name for path in clone.iterdir()) == [".vtap", "terraform-examples", "tests"]
    assert list((tmp_path / "home").iterdir()) == []


def test_the_makefile_runs_the_demonstration() -> None:
    printed = subprocess.run(
        ["make", "--dry-run", "demo"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert "terraform-examples/demo.sh" in printed
