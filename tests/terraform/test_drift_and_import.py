"""What happens behind Terraform's back: it is shown, taken over, or undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from provider_shim.types import RESOURCE_TYPES
from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import SUBSCRIPTION, Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    WORLDS,
    balancer,
    interface,
    machine,
    network,
    pool,
    probe,
    security_group,
    subnet,
    tap,
)
from vtaplib.resources import NetworkInterface, VirtualNetwork

pytestmark = pytest.mark.terraform


def test_forgotten_and_imported_it_is_the_same(workspace: Workspace) -> None:
    workspace.holds(NETWORKS)
    before = workspace.state()["azurerm_virtual_network.v"]
    workspace.run("state rm", "azurerm_virtual_network.v")
    workspace.run("import", "-input=false", "azurerm_virtual_network.v", before["id"])
    assert workspace.state()["azurerm_virtual_network.v"] == before
    workspace.plans_nothing()


def test_what_is_not_there_cannot_be_imported(workspace: Workspace) -> None:
    workspace.write(LAB)
    missing = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/nowhere"
    said = workspace.run("import", "-input=false", "azurerm_resource_group.lab", missing, code=1)
    assert "does not exist" in said
    assert missing in said
    workspace.write(LAB + f'import {{\n  to = azurerm_resource_group.lab\n  id = "{missing}"\n}}\n')
    (error,) = workspace.plan().errors
    assert missing in error.detail


def test_configuration_generated_for_an_import_plans_no_change(workspace: Workspace) -> None:
    everything = INTERFACES + balancer("lb") + pool("pool", "lb") + probe("probe", "lb")
    workspace.holds(everything + tap("tap", "two") + machine("vm", "one"))
    imports = "".join(
        f'import {{\n  to = {address}\n  id = "{attributes["id"]}"\n  provider = vtap\n}}\n'
        for address, attributes in workspace.state().items()
    )
    (workspace.directory / "terraform.tfstate").unlink()
    # Terraform writes the last part of a source into generated blocks, so that must be the local name.
    workspace.write(imports, local_name="vtap")
    workspace.run("plan", "-input=false", "-generate-config-out=generated.tf")
    outcome = workspace.plan()
    assert set(outcome.actions.values()) == {"import"}, outcome.told
    workspace.apply()
    workspace.plans_nothing()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_an_object_is_imported_into_a_world_that_is_only_planned(
    workspace: Workspace, type_name: str
) -> None:
    """The world exists too, but Terraform does not know it: nothing is replaced."""
    world, address = WORLDS[type_name], f"{type_name}.subject"
    body = world.surroundings + resource(address, world.body)
    workspace.write(body)
    workspace.apply()
    found = workspace.state()[address]["id"]
    (workspace.directory / "terraform.tfstate").unlink()
    workspace.write(f'{body}import {{\n  to = {address}\n  id = "{found}"\n}}\n')
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told
    assert outcome.actions == dict.fromkeys(outcome.actions, "create") | {address: "import"}


def test_an_imported_subnet_keeps_the_group_that_was_sent_before(workspace: Workspace) -> None:
    sent = {
        "network_security_group_id_wo": Expression("azurerm_network_security_group.guard.id"),
        "network_security_group_id_wo_version": 3,
    }
    around = NETWORKS + security_group("guard")
    workspace.holds(around + subnet("a", "v", "10.0.0.0/24", **sent))
    subnet_id = workspace.state()["azurerm_subnet.a"]["id"]
    workspace.run("state rm", "azurerm_subnet.a")
    workspace.write(around + subnet("a", "v", "10.0.0.0/24"))
    workspace.run("import", "-input=false", "azurerm_subnet.a", subnet_id)
    workspace.plans_nothing()
    workspace.holds(around + subnet("a", "v", "10.0.0.0/24", default_outbound_access_enabled=False))
    assert workspace.state()["azurerm_subnet.a"]["network_security_group_id"].endswith("/guard")


def test_drift_made_behind_terraforms_back_is_shown_and_undone(workspace: Workspace) -> None:
    workspace.holds(SUBNETS + interface("n"))
    workspace.apply("-refresh-only")  # the networks see their subnets
    with workspace.cloud() as cloud:
        (nic,) = cloud.list(NetworkInterface)
        cloud.put(nic.replace(ip_forwarding_enabled=True, tags={"by": "hand"}))
    outcome = workspace.plan()
    assert outcome.drift == {"azurerm_network_interface.n": "update"}
    assert outcome.actions == {"azurerm_network_interface.n": "update"}
    workspace.apply()
    workspace.plans_nothing()
    with workspace.cloud() as cloud:
        (nic,) = cloud.list(NetworkInterface)
        assert (nic.ip_forwarding_enabled, nic.tags) == (False, None)


def test_refresh_only_takes_drift_over(workspace: Workspace) -> None:
    workspace.holds(LAB + network("v", "10.0.0.0/16"))
    with workspace.cloud() as cloud:
        (found,) = cloud.list(VirtualNetwork)
        cloud.put(found.replace(tags={"by": "hand"}))
    workspace.apply("-refresh-only")
    assert workspace.state()["azurerm_virtual_network.v"]["tags"] == {"by": "hand"}


def test_an_interface_knows_its_machine_once_it_is_read_again(workspace: Workspace) -> None:
    workspace.holds(INTERFACES + machine("vm", "one"))
    workspace.apply("-refresh-only")
    nic = workspace.state()["azurerm_network_interface.one"]
    assert nic["virtual_machine_id"] == workspace.state()["azurerm_linux_virtual_machine.vm"]["id"]
    assert nic["mac_address"]
    workspace.plans_nothing()


def test_a_full_group_is_not_deleted_unless_the_features_say_so(workspace: Workspace, tmp_path: Path) -> None:
    workspace.holds(LAB)
    with workspace.cloud() as cloud:
        cloud.subscription(SUBSCRIPTION).put(
            VirtualNetwork(
                name="other", resource_group_name="lab", location="westeurope", address_space=["10.0.0.0/16"]
            )
        )
    workspace.write("")
    outcome = workspace.try_apply()
    assert outcome.code == 1
    assert "virtualNetworks/other" in outcome.told
    assert "the Resource Group still contains Resources. Terraform is configured to check" in outcome.told
    assert [one.summary for one in outcome.errors] == ["The resource group still has resources"]
    main = tmp_path / "main.tf"
    unprotected = (
        "features {\n    resource_group {\n      prevent_deletion_if_contains_resources = false\n    }\n  }"
    )
    main.write_text(main.read_text().replace("features {}", unprotected))
    workspace.apply()
    assert workspace.cloud_holds() == []
