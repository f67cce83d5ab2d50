"""What needs providers that Terraform starts: two of them at a time, and what happens when one is killed."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.provider_shim.launching import PATIENCE
from tests.terraform.hcl import Expression, data, resource
from tests.terraform.launched import LaunchedTerraform, write_mirror
from tests.terraform.reattached import SUBSCRIPTION
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    INTERFACES,
    LAB,
    SUBNETS,
    group,
    machine,
    network,
    public_ip,
    tap,
    tapped,
)
from vtaplib.control.cloud import Cloud
from vtaplib.model.resource import Resource
from vtaplib.resources import NetworkInterface, Subscription

pytestmark = pytest.mark.terraform

OTHER_SUBSCRIPTION = "99999999-2222-3333-4444-555555555555"
TENANT = "aaaaaaaa-2222-3333-4444-555555555555"
OTHER_TENANT = "bbbbbbbb-2222-3333-4444-555555555555"
QUIET = ("-no-color", "-input=false")
MANY = 60


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    return write_mirror(tmp_path / "mirror")


@pytest.fixture
def terraform(tmp_path: Path, mirror: str) -> LaunchedTerraform:
    return LaunchedTerraform(tmp_path / "one", tmp_path / "cloud.db", mirror)


def holds(terraform: LaunchedTerraform) -> list[str]:
    with Cloud.open(terraform.cloud_path) as cloud:
        return [one.label for one in cloud.list(Resource) if not isinstance(one, Subscription)]


def test_installed_from_a_mirror_it_lives_a_whole_life(terraform: LaunchedTerraform) -> None:
    terraform.write_world(
        INTERFACES
        + machine("vm", "one", **AFTER_THE_TAP)
        + tap("tap", "two")
        + tapped("mirror", "one", "tap")
    )
    terraform("init", *QUIET)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    terraform("destroy", *QUIET, "-auto-approve")
    assert holds(terraform) == []


def test_what_an_error_shows_of_the_configuration_steers_no_terminal(terraform: LaunchedTerraform) -> None:
    """Terraform prints what a provider says as it is."""
    terraform.write_world(INTERFACES)
    main = terraform.directory / "main.tf"
    hostile = r"file:/dev/null/a\u001b[31m\nError: forged \u202e/cloud.db"
    main.write_text(main.read_text().replace(f"file:{terraform.cloud_path}", hostile))
    terraform("init", *QUIET)
    said = terraform("plan", *QUIET, code=1).stderr
    assert r"/dev/null/a\x1b[31m\nError: forged \u202e/cloud.db" in " ".join(said.split())
    assert not re.search("[\x1b\u202e]|^Error: forged", said, re.MULTILINE)


def across(terraform: LaunchedTerraform, here: str, there: str) -> str:
    """A TAP in one subscription whose source is in another; the tenants of both."""
    terraform.write_world("")
    first = terraform.provider("11111111-2222-3333-4444-555555555555", tenant_id=here)
    second = terraform.provider(OTHER_SUBSCRIPTION, alias="other", tenant_id=there)
    main = terraform.directory / "main.tf"
    head = main.read_text().partition("provider ")[0]
    body = INTERFACES + tapped("mirror", "one", "tap")
    elsewhere = group("far") + tap("tap", "two")
    elsewhere = elsewhere.replace("azurerm_resource_group.lab.name", "azurerm_resource_group.far.name")
    elsewhere = elsewhere.replace('" {\n', '" {\n  provider = azurerm.other\n')
    main.write_text(head + first + second + body + elsewhere)
    return body


@pytest.mark.thorough
def test_two_aliases_that_make_one_resource_are_told_apart_by_the_apply(terraform: LaunchedTerraform) -> None:
    """Each alias plans in a process of its own, which does not see what the other plans."""
    other = public_ip("other", name="p").replace('" {\n', '" {\n  provider = azurerm.other\n', 1)
    terraform.write_world(LAB + public_ip("p") + other, terraform.provider(SUBSCRIPTION, alias="other"))
    terraform("init", *QUIET)
    terraform("plan", *QUIET, "-detailed-exitcode", code=2)
    said = terraform("apply", *QUIET, "-auto-approve", code=1).stderr
    assert "already exists" in said
    assert "inconsistent" not in said


@pytest.mark.thorough
def test_a_tap_takes_sources_of_another_subscription_of_its_tenant(terraform: LaunchedTerraform) -> None:
    across(terraform, TENANT, TENANT)
    terraform("init", *QUIET)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    attributes = terraform.state()["azurerm_network_interface_tap_configuration.mirror"]
    assert OTHER_SUBSCRIPTION in attributes["virtual_network_tap_id"]
    terraform("destroy", *QUIET, "-auto-approve")
    assert holds(terraform) == []


def test_a_tap_takes_no_source_of_another_tenant(terraform: LaunchedTerraform) -> None:
    across(terraform, TENANT, OTHER_TENANT)
    terraform("init", *QUIET)
    error = terraform("apply", *QUIET, "-auto-approve", code=1).stderr
    assert "VirtualNetworkTapTenantMismatch" in error
    assert "with azurerm_network_interface_tap_configuration.mirror" in error


@pytest.mark.thorough
def test_a_data_source_reads_in_the_subscription_of_its_provider(terraform: LaunchedTerraform) -> None:
    elsewhere = (
        group("far")
        + data("azurerm_resource_group.seen", {"name": Expression("azurerm_resource_group.far.name")})
        + data("azurerm_client_config.there", {})
    ).replace('" {\n', '" {\n  provider = azurerm.other\n')
    other = terraform.provider(OTHER_SUBSCRIPTION, alias="other", tenant_id=TENANT)
    terraform.write_world(elsewhere + data("azurerm_client_config.here", {}), other)
    terraform("init", *QUIET)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    state = terraform.state()
    far = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/far"
    assert state["data.azurerm_resource_group.seen"]["id"] == far
    there, here = (state[f"data.azurerm_client_config.{one}"] for one in ("there", "here"))
    assert (there["subscription_id"], there["tenant_id"]) == (OTHER_SUBSCRIPTION, TENANT)
    assert here["subscription_id"] == SUBSCRIPTION
    terraform.write_world(elsewhere + data("azurerm_resource_group.unseen", {"name": "far"}), other)
    assert "ResourceGroupNotFound" in terraform("plan", *QUIET, code=1).stderr


def many(label: str) -> str:
    """A group with many networks, made all at once."""
    copies = network("n", "10.0.0.0/16").replace("{\n", f"{{\n  count = {MANY}\n", 1)
    body = group() + copies.replace('name = "n"', f'name = "{label}-${{count.index}}"')
    return body.replace('name = "lab"', f'name = "{label}"')


@pytest.mark.thorough
def test_two_terraforms_on_one_cloud_lose_nothing(tmp_path: Path, mirror: str) -> None:
    both = [LaunchedTerraform(tmp_path / name, tmp_path / "cloud.db", mirror) for name in ("one", "two")]
    for terraform in both:
        terraform.write_world(many(terraform.directory.name))
        terraform("init", *QUIET)
    running = [terraform.start("apply", *QUIET, "-auto-approve") for terraform in both]
    for process in running:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, out + err
    assert len(holds(both[0])) == 2 * (MANY + 1)
    for terraform in both:
        terraform("plan", *QUIET, "-detailed-exitcode")


def test_two_aliases_on_one_cloud_lose_nothing(terraform: LaunchedTerraform) -> None:
    second = many("two").replace('" {\n', '" {\n  provider = azurerm.other\n')
    second = second.replace('"lab" {', '"lab2" {').replace(".lab.", ".lab2.").replace('"n" {', '"m" {')
    terraform.write_world(many("one") + second, terraform.provider(OTHER_SUBSCRIPTION, alias="other"))
    terraform("init", *QUIET)
    terraform("apply", *QUIET, "-auto-approve")
    assert len(holds(terraform)) == 2 * (MANY + 1)
    terraform("plan", *QUIET, "-detailed-exitcode")


@pytest.mark.thorough
def test_of_two_that_take_one_address_one_is_refused(tmp_path: Path, mirror: str) -> None:
    first = LaunchedTerraform(tmp_path / "base", tmp_path / "cloud.db", mirror)
    first.write_world(SUBNETS)
    first("init", *QUIET)
    first("apply", *QUIET, "-auto-approve")
    subnet_id = first.state()["azurerm_subnet.a"]["id"]
    both = [LaunchedTerraform(tmp_path / name, tmp_path / "cloud.db", mirror) for name in ("one", "two")]
    for terraform in both:
        asked = {"name": "ip", "subnet_id": subnet_id, "private_ip_address": "10.0.0.10"}
        body = {
            "name": terraform.directory.name,
            "resource_group_name": "lab",
            "location": "westeurope",
            "ip_configuration": [{**asked, "private_ip_address_allocation": "Static"}],
        }
        terraform.write_world(resource("azurerm_network_interface.nic", body))
        terraform("init", *QUIET)
    running = [terraform.start("apply", *QUIET, "-auto-approve") for terraform in both]
    outputs = [process.communicate(timeout=PATIENCE)[1] for process in running]
    assert sorted(process.returncode for process in running) == [0, 1], outputs
    assert "PrivateIPAddressIsAllocated" in "".join(outputs)
    with Cloud.open(first.cloud_path) as cloud:
        assert [nic.private_ip_address for nic in cloud.list(NetworkInterface)] == ["10.0.0.10"]


def wait_for_rows(path: Path, count: int) -> None:
    """Returns when the cloud has some resources, while something else writes to it."""
    for _ in range(int(PATIENCE / 0.005)):
        try:
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                (rows,) = connection.execute("SELECT count(*) FROM resource").fetchone()
            connection.close()
        except sqlite3.OperationalError:
            rows = 0  # not there yet
        if rows >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"there are not {count} resources in {path}")


def providers_of(process_id: int) -> list[int]:
    """The provider processes that a Terraform process has started."""
    children = Path(f"/proc/{process_id}/task").glob("*/children")
    return [int(child) for path in children for child in path.read_text().split()]


@pytest.mark.thorough
@pytest.mark.kill
def test_a_provider_killed_in_mid_apply_leaves_a_cloud_that_a_second_apply_finishes(
    terraform: LaunchedTerraform,
) -> None:
    terraform.write_world(many("one"))
    terraform("init", *QUIET)
    running = terraform.start("apply", *QUIET, "-auto-approve")
    wait_for_rows(terraform.cloud_path, 8)
    for provider in providers_of(running.pid):
        os.kill(provider, signal.SIGKILL)
    _, error = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert "Plugin did not respond" in error or "was cancelled" in error
    with sqlite3.connect(terraform.cloud_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    finish(terraform)


def finish(terraform: LaunchedTerraform) -> None:
    """Applies again until all is there. What Terraform does not know of is imported, as it says."""
    for address, missing in unknown_to_terraform(terraform).items():
        terraform("import", *QUIET, address, missing)
    terraform("apply", *QUIET, "-auto-approve")
    terraform("plan", *QUIET, "-detailed-exitcode")
    assert len(holds(terraform)) == MANY + 1


def unknown_to_terraform(terraform: LaunchedTerraform) -> dict[str, str]:
    """What is in the cloud and not in the state: a killed provider cannot say what it has just made."""
    known = {attributes["id"] for attributes in terraform.state().values()}
    with Cloud.open(terraform.cloud_path) as cloud:
        there = [one.id for one in cloud.list(Resource) if not isinstance(one, Subscription)]
    return {f"azurerm_virtual_network.n[{id_.rpartition('-')[2]}]": id_ for id_ in there if id_ not in known}


@pytest.mark.thorough
@pytest.mark.kill
def test_an_interrupted_apply_keeps_what_it_has_made(terraform: LaunchedTerraform) -> None:
    terraform.write_world(many("one"))
    terraform("init", *QUIET)
    running = terraform.start("apply", *QUIET, "-auto-approve")
    wait_for_rows(terraform.cloud_path, 4)
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: Terraform and providers all get it
    out, error = running.communicate(timeout=PATIENCE)
    assert "panic" not in out + error
    assert unknown_to_terraform(terraform) == {}
    finish(terraform)


def test_a_crash_at_start_is_shown(terraform: LaunchedTerraform) -> None:
    (launcher,) = terraform.directory.parent.rglob("terraform-provider-vtap_*")
    launcher.write_text(
        launcher.read_text().replace("from provider_shim", "import not_installed\nfrom provider_shim")
    )
    terraform.write_world(group())
    terraform("init", *QUIET)
    error = terraform("plan", *QUIET, code=1).stderr
    assert "not_installed" in error or "Failed to read any lines" in error


def test_a_cloud_that_is_no_cloud_is_said_to_be_none(terraform: LaunchedTerraform) -> None:
    terraform.cloud_path.write_text("a letter to a friend")
    terraform.write_world(group())
    terraform("init", *QUIET)
    error = " ".join(terraform("plan", *QUIET, code=1).stderr.replace("│", " ").split())
    assert "The cloud cannot be opened" in error
    assert "cloud.db" in error
    assert "Traceback" not in error


def test_without_a_subscription_it_says_what_to_set(terraform: LaunchedTerraform) -> None:
    terraform.write_world(group())
    main = terraform.directory / "main.tf"
    lines = [line for line in main.read_text().splitlines() if "subscription_id" not in line]
    main.write_text("\n".join(lines) + "\n")
    terraform("init", *QUIET)
    assert "ARM_SUBSCRIPTION_ID" in terraform("plan", *QUIET, code=1).stderr
    subscription = "12121212-2222-3333-4444-555555555555"
    terraform("apply", *QUIET, "-auto-approve", ARM_SUBSCRIPTION_ID=subscription)
    assert subscription in terraform.state()["azurerm_resource_group.lab"]["id"]
