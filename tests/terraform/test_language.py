"""What Terraform's language can do to a resource, done to ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import SUBSCRIPTION, Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    balancer,
    in_subnet,
    interface,
    interface_body,
    machine,
    network,
    peering,
    pool,
    probe,
    rule_body,
    subnet,
    tap,
    tap_body,
    tapped,
)
from vtaplib.resources import NetworkInterface, VirtualNetwork

pytestmark = pytest.mark.terraform

IN_LAB = 'resource_group_name = azurerm_resource_group.lab.name\n  location = "westeurope"\n'
INLINE = (
    'resource "azurerm_virtual_network" "net" {\n  name = "net"\n  '
    + IN_LAB
    + '  address_space = ["10.9.0.0/16"]\n'
)


def holds(workspace: Workspace, body: str) -> None:
    """A configuration is applied, and means what it says."""
    workspace.write(body)
    workspace.apply()
    workspace.plans_nothing()


def test_dynamic_blocks(workspace: Workspace) -> None:
    body = SUBNETS + (
        f'resource "azurerm_network_interface" "nic" {{\n  name = "nic"\n  {IN_LAB}'
        '  dynamic "ip_configuration" {\n    for_each = { a = true, b = false }\n    content {\n'
        "      name = ip_configuration.key\n      subnet_id = azurerm_subnet.a.id\n"
        '      primary = ip_configuration.value\n      private_ip_address_allocation = "Dynamic"\n    }\n  }\n}\n'
    )
    holds(workspace, body)
    configurations = workspace.state()["azurerm_network_interface.nic"]["ip_configuration"]
    assert [one["name"] for one in configurations] == ["a", "b"]


def test_dynamic_blocks_over_what_is_not_known_yet(workspace: Workspace) -> None:
    body = (
        SUBNETS
        + resource("terraform_data.names", {"input": ["a", "b"]})
        + (
            f'resource "azurerm_lb" "lb" {{\n  name = "lb"\n  {IN_LAB}'
            '  dynamic "frontend_ip_configuration" {\n    for_each = terraform_data.names.output\n'
            "    content {\n      name = frontend_ip_configuration.value\n      subnet_id = azurerm_subnet.a.id\n    }\n  }\n}\n"
        )
    )
    holds(workspace, body)
    frontends = workspace.state()["azurerm_lb.lb"]["frontend_ip_configuration"]
    assert [one["private_ip_address"] for one in frontends] == ["10.0.0.4", "10.0.0.5"]


def test_for_each_and_count(workspace: Workspace) -> None:
    body = NETWORKS + (
        'resource "azurerm_subnet" "s" {\n  for_each = { a = "10.0.0.0/24", b = "10.0.1.0/24" }\n  name = each.key\n'
        "  resource_group_name = azurerm_resource_group.lab.name\n"
        "  virtual_network_name = azurerm_virtual_network.v.name\n  address_prefixes = [each.value]\n}\n"
        'resource "azurerm_network_interface" "n" {\n  count = 3\n  name = "n${count.index}"\n  '
        + IN_LAB
        + "  ip_configuration {\n"
        '    name = "ip"\n    subnet_id = azurerm_subnet.s["a"].id\n    private_ip_address_allocation = "Dynamic"\n  }\n}\n'
    )
    holds(workspace, body)
    holds(workspace, body.replace("count = 3", "count = 2"))
    taken = [workspace.state()[f"azurerm_network_interface.n[{n}]"]["private_ip_address"] for n in range(2)]
    assert sorted(taken) == sorted(set(taken))
    assert "azurerm_network_interface.n[2]" not in workspace.state()


def test_modules(workspace: Workspace) -> None:
    module = workspace.directory / "network"
    module.mkdir()
    (module / "main.tf").write_text(
        'terraform {\n  required_providers {\n    azurerm = { source = "terraform.local/vtap/vtap" }\n  }\n}\n'
        'variable "name" {}\nvariable "space" {}\nvariable "group" {}\n'
        'resource "azurerm_virtual_network" "it" {\n  name = var.name\n  resource_group_name = var.group\n'
        '  location = "westeurope"\n  address_space = [var.space]\n}\n'
        'output "id" { value = azurerm_virtual_network.it.id }\n'
    )
    body = LAB + (
        'module "net" {\n  source = "./network"\n  for_each = { a = "10.0.0.0/16", b = "10.1.0.0/16" }\n'
        "  name = each.key\n  space = each.value\n  group = azurerm_resource_group.lab.name\n}\n"
        'output "ids" { value = [for one in module.net : one.id] }\n'
    )
    workspace.write(body)
    workspace.run("get")
    workspace.apply()
    workspace.plans_nothing()
    assert 'module.net["b"].azurerm_virtual_network.it' in workspace.state()


def test_ignored_changes_stay(workspace: Workspace) -> None:
    body = 'resource "azurerm_resource_group" "lab" {\n  name = "lab"\n  location = "westeurope"\n' + (
        "  tags = { env = %s }\n  lifecycle { ignore_changes = [tags] }\n}\n"
    )
    holds(workspace, body % '"lab"')
    holds(workspace, body % '"production"')
    assert workspace.state()["azurerm_resource_group.lab"]["tags"] == {"env": "lab"}


def test_an_ignored_key_of_a_map_stays_while_others_change(workspace: Workspace) -> None:
    body = 'resource "azurerm_resource_group" "lab" {\n  name = "lab"\n  location = "westeurope"\n' + (
        '  tags = { env = "lab", owner = "%s" }\n  lifecycle { ignore_changes = [tags["env"]] }\n}\n'
    )
    holds(workspace, body % "one")
    with workspace.cloud() as cloud:
        group = cloud.get(workspace.state()["azurerm_resource_group.lab"]["id"])
        cloud.put(group.replace(tags={"env": "changed by a policy", "owner": "one"}))
    holds(workspace, body % "two")
    tags = workspace.state()["azurerm_resource_group.lab"]["tags"]
    assert tags == {"env": "changed by a policy", "owner": "two"}


def test_create_before_destroy(workspace: Workspace) -> None:
    body = SUBNETS + (
        f'resource "azurerm_network_interface" "n" {{\n  name = "%s"\n  {IN_LAB}  ip_configuration {{\n    name = "ip"\n'
        '    subnet_id = azurerm_subnet.a.id\n    private_ip_address_allocation = "Dynamic"\n  }\n'
        "  lifecycle { create_before_destroy = true }\n}\n"
    )
    holds(workspace, body % "before")
    holds(workspace, body % "after")
    # The first address was still held when the second interface was made.
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_address"] == "10.0.0.5"
    assert workspace.cloud_holds().count("NetworkInterface") == 1


def test_one_at_a_time_gives_the_same_end(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one", "two") + balancer("lb") + pool("pool", "lb"))
    workspace.apply("-parallelism=1")
    workspace.plans_nothing()
    workspace.destroy("-parallelism=1")
    assert workspace.cloud_holds() == []


def test_a_moved_resource_stays_what_it_is(workspace: Workspace) -> None:
    holds(workspace, NETWORKS)
    moved = NETWORKS.replace('"azurerm_virtual_network" "v"', '"azurerm_virtual_network" "renamed"')
    workspace.write(
        moved + "moved {\n  from = azurerm_virtual_network.v\n  to = azurerm_virtual_network.renamed\n}\n"
    )
    assert set(workspace.plan().actions.values()) <= {"move"}
    workspace.apply()
    workspace.plans_nothing()
    assert "azurerm_virtual_network.renamed" in workspace.state()


def test_a_move_to_another_type_is_refused(workspace: Workspace) -> None:
    holds(workspace, LAB + network("v", "10.0.0.0/16"))
    workspace.write(
        LAB
        + "moved {\n  from = azurerm_virtual_network.v\n  to = azurerm_subnet.v\n}\n"
        + subnet("v", "v", "10.0.0.0/24").replace("azurerm_virtual_network.v.name", '"v"')
    )
    outcome = workspace.plan()
    assert "Cannot move between types" in outcome.codes, outcome.told


def test_forgotten_and_imported_it_is_the_same(workspace: Workspace) -> None:
    holds(workspace, NETWORKS)
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
    # Not machines: what the service gives them contradicts what the user wrote, in azurerm's schema too.
    everything = INTERFACES + balancer("lb") + pool("pool", "lb") + probe("probe", "lb")
    holds(workspace, everything + tap("tap", "two"))
    imports = "".join(
        f'import {{\n  to = {address}\n  id = "{attributes["id"]}"\n  provider = vtap\n}}\n'
        for address, attributes in workspace.state().items()
        if not address.startswith("azurerm_subnet")  # they are in the generated networks, too
    )
    (workspace.directory / "terraform.tfstate").unlink()
    # Terraform writes the last part of a source into generated blocks, so that must be the local name.
    workspace.write(imports, local_name="vtap")
    workspace.run("plan", "-input=false", "-generate-config-out=generated.tf")
    outcome = workspace.plan()
    assert set(outcome.actions.values()) == {"import"}, outcome.told
    workspace.apply()
    workspace.plans_nothing()


def test_beside_another_provider_it_goes_by_the_name_vtap(workspace: Workspace) -> None:
    body = LAB.replace("{\n", "{\n  provider = vtap\n", 1) + resource("terraform_data.other", {"input": 1})
    workspace.write(body, local_name="vtap")
    workspace.apply()
    workspace.plans_nothing()
    assert workspace.cloud_holds() == ["ResourceGroup"]


def test_inline_subnets_as_blocks_as_a_value_and_none(workspace: Workspace) -> None:
    blocks = '  subnet {\n    name = "web"\n    address_prefixes = ["10.9.0.0/24"]\n  }\n'
    value = (
        '  subnet = [{\n    name = "web", address_prefixes = ["10.9.0.0/24"], default_outbound_access_enabled = true,\n'
        '    delegation = [], id = null, private_endpoint_network_policies = "Disabled", security_group = null,\n'
        "    private_link_service_network_policies_enabled = true, route_table_id = null, service_endpoint = [],\n"
        "    service_endpoint_policy_ids = []\n  }]\n"
    )
    holds(workspace, LAB + INLINE + blocks + "}\n")
    workspace.write(LAB + INLINE + value + "}\n")
    assert workspace.plan().actions == {}
    holds(workspace, LAB + INLINE + "}\n")
    assert workspace.cloud_holds().count("Subnet") == 1  # left out, they stay
    holds(workspace, LAB + INLINE + "  subnet = []\n}\n")
    assert workspace.cloud_holds().count("Subnet") == 0


def test_the_id_of_an_inline_subnet_is_used_in_the_same_apply(workspace: Workspace) -> None:
    blocks = '  subnet {\n    name = "web"\n    address_prefixes = ["10.9.0.0/24"]\n  }\n}\n'
    of_web = Expression('one([for one in azurerm_virtual_network.net.subnet : one.id if one.name == "web"])')
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": of_web}
    holds(workspace, LAB + INLINE + blocks + interface("n", ip_configuration=[configuration]))
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_address"] == "10.9.0.4"


def test_depends_on_orders_what_has_no_reference(workspace: Workspace) -> None:
    held = tapped("mirror", "source", "tap").replace(
        "}\n",
        "  depends_on = [azurerm_virtual_network_peering.there, azurerm_virtual_network_peering.back]\n}\n",
    )
    body = (
        NETWORKS
        + subnet("a", "v", "10.0.0.0/24")
        + subnet("b", "w", "10.1.0.0/24")
        + interface("source", "a")
        + interface("collector", "b")
        + tap("tap", "collector")
        + peering("there", "v", "w")
        + peering("back", "w", "v")
    )
    holds(workspace, body + held)
    workspace.destroy()
    assert workspace.cloud_holds() == []


def test_refined_unknowns_are_unknown(workspace: Workspace) -> None:
    """`"net-${unknown}"` is known to begin with "net-", and a choice of two ports to be one or the other."""
    body = (
        SUBNETS
        + balancer("lb")
        + resource("terraform_data.late", {"input": "x"})
        + network("late", "10.7.0.0/16").replace(
            'name = "late"', 'name = "net-${terraform_data.late.output}"'
        )
        + resource(
            "azurerm_lb_rule.rule",
            rule_body("lb", backend_port=Expression('terraform_data.late.output == "x" ? 4789 : 4790')),
        )
    )
    workspace.write(body)
    assert workspace.plan().errors == []
    holds(workspace, body)
    assert workspace.state()["azurerm_virtual_network.late"]["name"] == "net-x"


def test_unknown_inside_blocks_lists_maps_and_sets(workspace: Workspace) -> None:
    late = Expression("terraform_data.late.output")
    body = (
        NETWORKS
        + resource("terraform_data.late", {"input": "10.0.0.0/24"})
        + subnet("a", "v", "10.0.0.0/24", address_prefixes=[late])
        + network(
            "set",
            "10.7.0.0/16",
            address_space=["10.7.0.0/16", Expression("cidrsubnet(terraform_data.late.output, 0, 0)")],
            tags={"prefix": late},
        )
        + resource(
            "azurerm_network_interface.n",
            interface_body(
                "n",
                ip_configuration=[
                    in_subnet(
                        private_ip_address_allocation="Static",
                        private_ip_address=Expression("cidrhost(terraform_data.late.output, 9)"),
                    )
                ],
            ),
        )
    )
    workspace.write(body)
    assert workspace.plan().errors == []
    holds(workspace, body)
    assert workspace.state()["azurerm_network_interface.n"]["private_ip_addresses"] == ["10.0.0.9"]


@pytest.mark.parametrize("spelling", ["West Europe", "WestEurope", "westeurope", "west europe"])
def test_a_region_is_the_same_however_it_is_spelt(workspace: Workspace, spelling: str) -> None:
    holds(workspace, LAB)
    workspace.write(LAB.replace('"westeurope"', f'"{spelling}"'))
    assert workspace.plan().actions == {}
    workspace.destroy()
    holds(workspace, LAB.replace('"westeurope"', f'"{spelling}"'))


def test_names_in_an_id_are_the_same_in_another_case(workspace: Workspace) -> None:
    holds(workspace, SUBNETS + interface("n"))
    there = workspace.state()["azurerm_subnet.a"]["id"].removesuffix("/v/subnets/a") + "/V/subnets/A"
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": there}
    workspace.write(SUBNETS + interface("n", ip_configuration=[configuration]))
    assert workspace.plan().actions == {}


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("resourceGroups", "resourcegroups"),
        ("Microsoft.Network", "microsoft.network"),
        ("/subnets/", "/Subnets/"),
    ],
)
def test_a_fixed_segment_in_another_case_is_refused(workspace: Workspace, written: str, wrong: str) -> None:
    holds(workspace, SUBNETS + interface("n"))
    there = workspace.state()["azurerm_subnet.a"]["id"].replace(written, wrong)
    configuration = {**in_subnet(private_ip_address_allocation="Dynamic"), "subnet_id": there}
    workspace.write(SUBNETS + interface("n", ip_configuration=[configuration]))
    (error,) = workspace.plan().errors
    assert error.line.startswith("subnet_id")
    assert wrong in error.detail
    said = workspace.run("import", "-input=false", "-state=other.tfstate", "azurerm_subnet.a", there, code=1)
    assert "case-sensitive" in said


def test_drift_made_behind_terraforms_back_is_shown_and_undone(workspace: Workspace) -> None:
    holds(workspace, SUBNETS + interface("n"))
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
    holds(workspace, LAB + network("v", "10.0.0.0/16"))
    with workspace.cloud() as cloud:
        (found,) = cloud.list(VirtualNetwork)
        cloud.put(found.replace(tags={"by": "hand"}))
    workspace.apply("-refresh-only")
    assert workspace.state()["azurerm_virtual_network.v"]["tags"] == {"by": "hand"}


def test_a_destination_is_written_with_the_configurations_id(workspace: Workspace) -> None:
    holds(workspace, INTERFACES + resource("azurerm_virtual_network_tap.tap", tap_body("two")))
    state = workspace.state()
    destination = state["azurerm_virtual_network_tap.tap"][
        "destination_network_interface_ip_configuration_id"
    ]
    assert destination == state["azurerm_network_interface.two"]["id"] + "/ipConfigurations/ip"


def test_an_interface_knows_its_machine_once_it_is_read_again(workspace: Workspace) -> None:
    holds(workspace, INTERFACES + machine("vm", "one"))
    workspace.apply("-refresh-only")
    nic = workspace.state()["azurerm_network_interface.one"]
    assert nic["virtual_machine_id"] == workspace.state()["azurerm_linux_virtual_machine.vm"]["id"]
    assert nic["mac_address"]
    workspace.plans_nothing()


def test_a_full_group_is_not_deleted_unless_the_features_say_so(workspace: Workspace, tmp_path: Path) -> None:
    holds(workspace, LAB)
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
    main = tmp_path / "main.tf"
    unprotected = (
        "features {\n    resource_group {\n      prevent_deletion_if_contains_resources = false\n    }\n  }"
    )
    main.write_text(main.read_text().replace("features {}", unprotected))
    workspace.apply()
    assert workspace.cloud_holds() == []
