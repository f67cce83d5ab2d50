"""Data sources in real Terraform: beside the resource that they read, they say what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from provider_shim.data_source import Lookup
from provider_shim.derivation import is_settable, public_fields
from provider_shim.types import DATA_SOURCES, RESOURCE_TYPES
from tests.terraform.hcl import Body, Expression, data, resource
from tests.terraform.reattached import SUBSCRIPTION, Workspace
from tests.terraform.worlds import LAB, SUBNETS, WORLDS, in_subnet, interface

pytestmark = pytest.mark.terraform

RESOURCES: Final = {"azurerm_virtual_machine": "azurerm_linux_virtual_machine"}
"""The resource type that a data source reads, where it has another name."""
TAGS: Final = {"tags": {"env": "lab", "owner": ""}}
DETAILS: Final[Mapping[str, Body]] = {
    "azurerm_resource_group": {"managed_by": "somebody"},
    "azurerm_virtual_network": {"dns_servers": ["10.9.0.5", "10.9.0.4"]},
    "azurerm_subnet": {
        "default_outbound_access_enabled": False,
        "private_endpoint_network_policies": "Enabled",
        "service_endpoint": [{"service": "Microsoft.Storage"}],
    },
    "azurerm_network_interface": {
        "dns_servers": ["10.0.0.9", "10.0.0.8"],
        "internal_dns_name_label": "sensor",
        "ip_forwarding_enabled": True,
    },
    "azurerm_network_security_group": {
        "security_rule": [
            {
                "name": "vxlan",
                "priority": 100,
                "direction": "Inbound",
                "access": "Allow",
                "protocol": "Udp",
                "source_address_prefixes": ["10.0.0.0/24", "10.0.1.0/24"],
                "source_port_range": "*",
                "destination_address_prefix": "*",
                "destination_port_ranges": ["4789"],
            }
        ],
    },
    "azurerm_virtual_machine": {"identity": [{"type": "SystemAssigned"}]},
    "azurerm_lb": {"frontend_ip_configuration": [in_subnet(zones=["1", "2"])]},
    "azurerm_lb_rule": {"idle_timeout_in_minutes": 9, "load_distribution": "SourceIP"},
    "azurerm_public_ip": {"domain_name_label": "collector", "zones": ["1"]},
}
"""What a subject has beside what it must have and tags, so that there is something to read."""
LOOKUPS: Final = sorted(name for name, kind in DATA_SOURCES.items() if issubclass(kind, Lookup))


def subject_of(name: str) -> str:
    return f"{RESOURCES.get(name, name)}.subject"


def world(name: str) -> str:
    type_name = RESOURCES.get(name, name)
    subject = WORLDS[type_name]
    tags = TAGS if "tags" in RESOURCE_TYPES[type_name].fields() else {}
    body = {**subject.body, **tags, **DETAILS.get(name, {})}
    return subject.surroundings + resource(subject_of(name), body)


def asked_for(name: str) -> list[str]:
    return [field.name for field in public_fields(DATA_SOURCES[name]) if is_settable(field)]


def lookup(name: str, /, **more: Any) -> str:
    """The data source that asks for the subject by the subject's own arguments."""
    asked = {one: Expression(f"{subject_of(name)}.{one}") for one in asked_for(name)}
    return data(f"{name}.found", {**asked, **more})


def by_way_of_locals(name: str, /, **more: Any) -> str:
    """The data source that asks for the subject without a reference to it: Terraform reads it in the plan."""
    asked = "".join(f"  {one} = {subject_of(name)}.{one}\n" for one in asked_for(name))
    body = {one: Expression(f"local.{one}") for one in asked_for(name)}
    return f"locals {{\n{asked}}}\n" + data(f"{name}.found", {**body, **more})


def assert_alike(workspace: Workspace, name: str) -> None:
    """Every attribute that both have is the same, and nothing is left to do."""
    workspace.settles()
    state = workspace.state()
    found, subject = state[f"data.{name}.found"], state[subject_of(name)]
    common = found.keys() & subject.keys() - {"timeouts"}
    assert {one: found[one] for one in common if not alike(found[one], subject[one])} == {}
    assert common >= {"id", "name"}


def alike(shown: Any, has: Any) -> bool:
    """Whether two values are the same; a data source says "" or [] for nothing."""
    if not shown and not has:
        return True
    if isinstance(shown, list) and isinstance(has, list):
        if all(isinstance(one, str) for one in has):
            return sorted(one["id"] if isinstance(one, dict) else one for one in shown) == sorted(has)
        pairs = zip(shown, has, strict=True)
        return all(alike(one[key], other[key]) for one, other in pairs for key in one.keys() & other.keys())
    return bool(shown == has)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOOKUPS)
def test_what_exists_is_read_in_the_plan(workspace: Workspace, name: str) -> None:
    workspace.write(world(name))
    workspace.apply()
    workspace.write(world(name) + lookup(name))
    outcome = workspace.plan()
    assert (outcome.errors, outcome.actions) == ([], {})
    workspace.apply()
    assert_alike(workspace, name)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOOKUPS)
def test_what_the_same_apply_makes_is_read_after_it(workspace: Workspace, name: str) -> None:
    workspace.write(world(name) + lookup(name))
    workspace.apply()
    assert_alike(workspace, name)
    workspace.destroy()
    assert workspace.cloud_holds() == []


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOOKUPS)
def test_what_is_known_of_what_the_same_apply_makes_waits_with_depends_on(
    workspace: Workspace, name: str
) -> None:
    workspace.write(world(name) + by_way_of_locals(name, depends_on=[Expression(subject_of(name))]))
    workspace.apply()
    assert_alike(workspace, name)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOOKUPS)
def test_what_is_asked_may_come_out_at_apply(workspace: Workspace, name: str) -> None:
    late = resource("terraform_data.late", {"input": Expression(f"{subject_of(name)}.name")})
    workspace.write(world(name) + late + lookup(name, name=Expression("terraform_data.late.output")))
    workspace.apply()
    assert_alike(workspace, name)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LOOKUPS)
def test_what_does_not_exist_fails_the_plan_at_the_line_that_names_it(
    workspace: Workspace, name: str
) -> None:
    workspace.write(world(name))
    workspace.apply()
    workspace.write(world(name) + lookup(name, name="nowhere"))
    (error,) = workspace.plan().errors
    assert error.summary in ("ResourceNotFound", "ResourceGroupNotFound")
    assert "/nowhere: not found (/subscriptions/" in error.detail
    assert (error.address, error.line) == (f"data.{name}.found", 'name = "nowhere"')


def test_what_the_plan_only_makes_is_said_to_need_a_reference(workspace: Workspace) -> None:
    workspace.write(world("azurerm_lb_rule") + by_way_of_locals("azurerm_lb_rule"))
    (error,) = workspace.plan().errors
    assert "This plan makes it" in error.detail
    assert "depends_on" in error.detail


def test_the_providers_subscription_and_client_are_known_before_anything_is_made(
    workspace: Workspace,
) -> None:
    workspace.write(
        data("azurerm_subscription.current", {})
        + data("azurerm_client_config.current", {})
        + resource(
            "azurerm_resource_group.lab",
            {"name": Expression('"rg-${data.azurerm_subscription.current.state}"'), "location": "westeurope"},
        )
        + 'output "tenant" {\n  value = data.azurerm_client_config.current.tenant_id\n}\n'
    )
    workspace.apply()
    state = workspace.state()
    assert state["data.azurerm_subscription.current"]["id"] == f"/subscriptions/{SUBSCRIPTION}"
    assert state["data.azurerm_client_config.current"]["subscription_id"] == SUBSCRIPTION
    assert state["azurerm_resource_group.lab"]["name"] == "rg-Enabled"
    workspace.settles()


def test_resources_are_listed(workspace: Workspace) -> None:
    interfaces = data(
        "azurerm_resources.interfaces",
        {
            "type": "Microsoft.Network/networkInterfaces",
            "required_tags": {"role": "sensor"},
            "depends_on": [Expression("azurerm_network_interface.one")],
        },
    )
    workspace.write(SUBNETS + interface("one", tags={"role": "sensor"}) + interface("two") + interfaces)
    workspace.apply()
    state = workspace.state()
    (found,) = state["data.azurerm_resources.interfaces"]["resources"]
    subject = state["azurerm_network_interface.one"]
    assert found == {
        **{key: subject[key] for key in ("id", "location", "name", "resource_group_name", "tags")},
        "type": "Microsoft.Network/networkInterfaces",
    }
    workspace.settles()


def test_a_list_of_nothing_in_particular_is_refused(workspace: Workspace) -> None:
    workspace.write(data("azurerm_resources.all", {"required_tags": {"a": "b"}}))
    (error,) = workspace.validate().errors
    assert "one of name, resource_group_name and type must be given" in error.detail


def test_interfaces_that_exist_are_tapped_by_for_each_in_a_module(workspace: Workspace) -> None:
    """What a landing zone does: it taps interfaces that somebody else made, by their names."""
    made = SUBNETS + "".join(interface(name) for name in ("one", "two", "collector"))
    module = workspace.directory / "taps"
    module.mkdir()
    (module / "main.tf").write_text(
        """
        terraform {
          required_providers {
            azurerm = { source = "terraform.local/vtap/vtap" }
          }
        }
        variable "names" { type = set(string) }
        data "azurerm_resource_group" "lab" { name = "lab" }
        data "azurerm_network_interface" "source" {
          for_each            = var.names
          name                = each.key
          resource_group_name = data.azurerm_resource_group.lab.name
        }
        data "azurerm_network_interface" "collector" {
          name                = "collector"
          resource_group_name = data.azurerm_resource_group.lab.name
        }
        resource "azurerm_virtual_network_tap" "tap" {
          name                = "tap"
          resource_group_name = data.azurerm_resource_group.lab.name
          location            = data.azurerm_network_interface.collector.location
          destination_network_interface_ip_configuration_id = join("/", [
            data.azurerm_network_interface.collector.id,
            "ipConfigurations",
            data.azurerm_network_interface.collector.ip_configuration[0].name,
          ])
        }
        resource "azurerm_network_interface_tap_configuration" "tapped" {
          for_each               = data.azurerm_network_interface.source
          name                   = "mirror"
          network_interface_id   = each.value.id
          virtual_network_tap_id = azurerm_virtual_network_tap.tap.id
        }
        """
    )
    workspace.write(made)
    workspace.apply()
    workspace.write(made + 'module "taps" {\n  source = "./taps"\n  names  = ["one", "two"]\n}\n')
    workspace.run("get")
    workspace.apply()
    workspace.settles()
    tapped = [address for address in workspace.state() if "tap_configuration" in address]
    assert sorted(tapped) == [
        f'module.taps.azurerm_network_interface_tap_configuration.tapped["{name}"]' for name in ("one", "two")
    ]


def test_a_change_from_outside_is_seen_at_the_next_plan(workspace: Workspace) -> None:
    output = 'output "region" {\n  value = data.azurerm_resource_group.found.tags\n}\n'
    found = data("azurerm_resource_group.found", {"name": "lab"})
    workspace.write(LAB)
    workspace.apply()
    workspace.write(LAB + found + output)
    workspace.apply()
    with workspace.cloud() as cloud:
        group = RESOURCE_TYPES["azurerm_resource_group"]
        (lab,) = cloud.list(group)
        cloud.put(lab.replace(tags={"seen": "yes"}))
    workspace.write(LAB + "# the tags are somebody else's\n" + found + output)
    assert workspace.plan().code == 2
