"""Data sources on plain values: they say what the cloud holds, and of what is not there how to find it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from provider_shim import data_reading
from provider_shim.data_source import Lookup, Session
from provider_shim.derivation import is_settable, public_fields
from provider_shim.lifecycle import Provider
from provider_shim.types import DATA_SOURCES
from tests.provider_shim.configurations import provider_block
from tests.vtaplib.control.lab import (
    HOME,
    SISTER,
    TENANT,
    WEST,
    Lab,
    lb_id,
    network_id,
    nic_id,
    pool_id,
    resource_id,
    subnet_id,
    tap_id,
    vm_id,
)
from vtaplib import Cloud, ResourceGroup
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.network_security_group import InlineSecurityRule, NetworkSecurityGroup

Values = dict[str, Any]

LOOKUPS = sorted(name for name, kind in DATA_SOURCES.items() if issubclass(kind, Lookup))
GUARD = resource_id("Network/networkSecurityGroups", "guard")
ANYTHING: Values = {
    "protocol": "*",
    "source_address_prefix": "*",
    "source_port_range": "*",
    "destination_address_prefix": "*",
    "destination_port_range": "*",
}


@pytest.fixture(scope="module")
def lab() -> Lab:
    """The lab, with a security group that guards an interface."""
    made = Lab()
    inline = InlineSecurityRule(name="inline", access="Deny", direction="Inbound", priority=200, **ANYTHING)
    made.put(
        NetworkSecurityGroup(
            name="guard", resource_group_name="lab", location=WEST, security_rule=[inline], tags={"a": "b"}
        ),
        NetworkInterfaceSecurityGroupAssociation(
            network_interface_id=nic_id("spare"), network_security_group_id=GUARD
        ),
    )
    return made


def session(lab: Lab, **changes: Any) -> Session:
    values = {"cloud": lab.cloud, "subscription_id": HOME, "tenant_id": TENANT, "client_id": ""}
    return Session(**{**values, "planned": lab.cloud.overlay(complete=False), **changes})


def configuration(name: str, /, **asked: Any) -> Values:
    fields = {field.name: None for field in public_fields(DATA_SOURCES[name])}
    return {**fields, "timeouts": None, **asked}


def read(lab: Lab, name: str, /, **asked: Any) -> Values:
    result = data_reading.read(DATA_SOURCES[name], configuration(name, **asked), session(lab))
    assert result.diagnostics == ()
    assert result.state is not None
    return result.state


def refused(lab: Lab, name: str, /, **asked: Any) -> tuple[str, str, tuple[object, ...]]:
    result = data_reading.read(DATA_SOURCES[name], configuration(name, **asked), session(lab))
    assert result.state is None
    (error,) = result.diagnostics
    return error.summary, error.detail, error.path


def stocked(lab: Lab, kind: type[Lookup]) -> list[Resource]:
    return [one for one in lab.cloud.list(kind.of) if one.subscription_id in (HOME, "")]


def asked_for(kind: type[Lookup], resource: Resource) -> Values:
    return {field.name: getattr(resource, field.name) for field in public_fields(kind) if is_settable(field)}


def or_empty(value: Any, like: Any) -> Any:
    return type(like)() if value is None else value


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_shows_what_the_resource_has(lab: Lab, name: str) -> None:
    kind = DATA_SOURCES[name]
    assert issubclass(kind, Lookup)
    resources = stocked(lab, kind)
    assert resources
    for resource in resources:
        shown = read(lab, name, **asked_for(kind, resource))
        assert shown["id"] == resource.id
        has = resource.values()
        plain = [one for one in kind.shows if kind.fields()[one].block is None and not has_blocks(has[one])]
        for attribute in plain:
            assert shown[attribute] == or_empty(has[attribute], shown[attribute]), attribute


def has_blocks(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_name_in_another_case_is_found_and_kept(lab: Lab, name: str) -> None:
    kind = DATA_SOURCES[name]
    assert issubclass(kind, Lookup)
    resource = stocked(lab, kind)[0]
    asked = {**asked_for(kind, resource), "name": resource.name.upper()}
    shown = read(lab, name, **asked)
    assert (shown["id"], shown["name"]) == (resource.id, resource.name.upper())


@pytest.mark.parametrize("name", LOOKUPS)
def test_what_is_not_there_is_an_error_that_names_it(lab: Lab, name: str) -> None:
    kind = DATA_SOURCES[name]
    assert issubclass(kind, Lookup)
    asked = {**asked_for(kind, stocked(lab, kind)[0]), "name": "nowhere"}
    code, detail, path = refused(lab, name, **asked)
    group = name == "azurerm_resource_group"
    assert code == ("ResourceGroupNotFound" if group else "ResourceNotFound")
    assert "/nowhere: not found (/subscriptions/" in detail
    assert "Check the names" in detail
    assert path == ("name",)


def test_what_only_the_plan_makes_is_said_to_be_made_by_it(lab: Lab) -> None:
    planned = lab.cloud.overlay(complete=False)
    planned.put(ResourceGroup(subscription_id=HOME, name="later", location="westeurope"))
    config = configuration("azurerm_resource_group", name="later")
    result = data_reading.read(DATA_SOURCES["azurerm_resource_group"], config, session(lab, planned=planned))
    (error,) = result.diagnostics
    assert "This plan makes it" in error.detail
    assert "depends_on" in error.detail


def test_a_network_tells_its_subnets_and_peerings(lab: Lab) -> None:
    shown = read(lab, "azurerm_virtual_network", resource_group_name="lab", name="app")
    assert shown["subnets"] == ["one", "two"]
    assert shown["vnet_peerings"] == {"to-tools": network_id("tools")}
    assert shown["vnet_peerings_addresses"] == ["10.2.0.0/16"]
    alone = read(lab, "azurerm_virtual_network", resource_group_name="lab", name="north")
    assert (alone["vnet_peerings"], alone["vnet_peerings_addresses"]) == ({}, [])


def test_a_subnet_tells_its_first_prefix(lab: Lab) -> None:
    asked = {"resource_group_name": "lab", "virtual_network_name": "app", "name": "two"}
    shown = read(lab, "azurerm_subnet", **asked)
    assert (shown["address_prefix"], shown["address_prefixes"]) == ("10.1.2.0/24", ["10.1.2.0/24"])


def test_an_interface_tells_its_configurations_with_their_pools(lab: Lab) -> None:
    shown = read(lab, "azurerm_network_interface", resource_group_name="lab", name="collector")
    assert shown["ip_configuration"] == [
        {
            "application_gateway_backend_address_pools_ids": [],
            "application_security_group_ids": [],
            "gateway_load_balancer_frontend_ip_configuration_id": "",
            "load_balancer_backend_address_pools_ids": [pool_id("inner")],
            "load_balancer_inbound_nat_rules_ids": [],
            "name": "ip",
            "primary": True,
            "private_ip_address": "10.2.1.4",
            "private_ip_address_allocation": "Dynamic",
            "private_ip_address_version": "IPv4",
            "public_ip_address_id": "",
            "subnet_id": subnet_id("tools"),
        }
    ]
    web = read(lab, "azurerm_network_interface", resource_group_name="lab", name="web")
    assert web["virtual_machine_id"].endswith("/vm-web")
    assert web["mac_address"]


def test_a_security_group_tells_its_rules_and_an_interface_its_group(lab: Lab) -> None:
    shown = read(lab, "azurerm_network_security_group", resource_group_name="lab", name="guard")
    (rule,) = shown["security_rule"]
    assert {key: value for key, value in rule.items() if value} == {
        "name": "inline",
        "access": "Deny",
        "direction": "Inbound",
        "priority": 200,
        **ANYTHING,
    }
    assert (rule["description"], rule["source_port_ranges"]) == ("", [])
    guarded = read(lab, "azurerm_network_interface", resource_group_name="lab", name="spare")
    assert guarded["network_security_group_id"] == GUARD
    free = read(lab, "azurerm_network_interface", resource_group_name="lab", name="web")
    assert free["network_security_group_id"] == ""


def test_a_machine_runs_and_has_the_addresses_of_its_interfaces(lab: Lab) -> None:
    shown = read(lab, "azurerm_virtual_machine", resource_group_name="lab", name="vm-web")
    assert (shown["power_state"], shown["private_ip_addresses"]) == ("running", ["10.1.1.4"])
    lab.cloud.deallocate(vm_id("vm-web"))
    shown = read(lab, "azurerm_virtual_machine", resource_group_name="lab", name="vm-web")
    assert shown["power_state"] == "deallocated"
    assert shown["identity"] == []


def test_a_load_balancer_tells_its_frontends(lab: Lab) -> None:
    shown = read(lab, "azurerm_lb", resource_group_name="lab", name="inner")
    (frontend,) = shown["frontend_ip_configuration"]
    assert frontend["id"] == f"{lb_id('inner')}/frontendIPConfigurations/front"
    assert (frontend["subnet_id"], frontend["zones"]) == (subnet_id("tools"), [])


def test_a_pool_tells_who_is_in_it_and_which_rules_use_it(lab: Lab) -> None:
    shown = read(lab, "azurerm_lb_backend_address_pool", loadbalancer_id=lb_id("inner"), name="pool")
    assert shown["backend_ip_configurations"] == [{"id": f"{nic_id('collector')}/ipConfigurations/ip"}]
    assert shown["load_balancing_rules"] == [f"{lb_id('inner')}/loadBalancingRules/rule"]
    rule = read(lab, "azurerm_lb_rule", loadbalancer_id=lb_id("inner"), name="rule")
    assert rule["backend_address_pool_id"] == pool_id("inner")


def test_a_tap_tells_its_sources(lab: Lab) -> None:
    shown = read(lab, "azurerm_virtual_network_tap", resource_group_name="lab", name="tap")
    mirror = f"{nic_id('db')}/tapConfigurations/mirror"
    assert shown["network_interface_tap_configuration_ids"] == [mirror]
    assert shown["destination_load_balancer_frontend_ip_configuration_id"] == ""
    asked = {"network_interface_id": nic_id("db"), "name": "mirror"}
    configured = read(lab, "azurerm_network_interface_tap_configuration", **asked)
    assert configured["virtual_network_tap_id"] == tap_id("tap")


def listed(lab: Lab, **asked: Any) -> list[str]:
    return [one["name"] for one in read(lab, "azurerm_resources", **asked)["resources"]]


def test_resources_are_listed_by_type_name_group_and_tags(lab: Lab) -> None:
    taps = "microsoft.network/virtualNetworkTaps"
    assert listed(lab, type=taps) == ["tap", "tap-lb"]
    assert listed(lab, type=taps, name="TAP") == ["tap"]
    assert listed(lab, type=taps, resource_group_name="LAB") == ["tap", "tap-lb"]
    assert listed(lab, type=taps, resource_group_name="elsewhere") == []
    assert listed(lab, type=taps, required_tags={"env": "lab"}) == []
    (found,) = read(lab, "azurerm_resources", name="vm-web")["resources"]
    assert found == {
        "id": resource_id("Compute/virtualMachines", "vm-web"),
        "location": WEST,
        "name": "vm-web",
        "resource_group_name": "lab",
        "tags": {},
        "type": "Microsoft.Compute/virtualMachines",
    }


def test_children_and_other_subscriptions_are_not_listed(lab: Lab) -> None:
    everything = read(lab, "azurerm_resources", resource_group_name="lab")["resources"]
    here = lab.cloud.list(Resource, f"/subscriptions/{HOME}/resourceGroups/lab/providers/")
    assert [one["id"] for one in everything] == [one.id for one in here if one.id.count("/") == 8]


def test_a_list_has_the_same_id_as_long_as_the_same_is_asked(lab: Lab) -> None:
    first, again, other = (read(lab, "azurerm_resources", name=name)["id"] for name in ("web", "web", "db"))
    assert first == again != other
    assert first.startswith("resource-")


def test_resources_wants_to_know_what_to_list() -> None:
    (error,) = Provider().validate_data_source_config("azurerm_resources", configuration("azurerm_resources"))
    assert "one of name, resource_group_name and type must be given" in error.detail
    late = configuration("azurerm_resources", name=UNKNOWN)
    assert Provider().validate_data_source_config("azurerm_resources", late) == []


@pytest.mark.parametrize(
    ("name", "asked", "path"),
    [
        ("azurerm_resource_group", {"name": "what?"}, ("name",)),
        ("azurerm_virtual_network", {"resource_group_name": "dot.", "name": "x"}, ("resource_group_name",)),
        ("azurerm_lb_rule", {"loadbalancer_id": "/lb", "name": "rule"}, ("loadbalancer_id",)),
        (
            "azurerm_lb_rule",
            {"loadbalancer_id": lb_id("inner").replace("resourceGroups", "resourcegroups"), "name": "rule"},
            ("loadbalancer_id",),
        ),
        ("azurerm_lb", {"resource_group_name": "lab", "name": ""}, ("name",)),
    ],
)
def test_what_cannot_be_a_name_or_an_id_is_found_without_a_read(
    name: str, asked: Values, path: tuple[str, ...]
) -> None:
    (error,) = Provider().validate_data_source_config(name, configuration(name, **asked))
    assert error.path == path
    assert error.detail.startswith(f"{name}: {path[0]}")


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    made = Provider()
    assert made.configure(provider_block(tmp_path / "cloud.db"), "1.15.5") == []
    return made


def test_the_providers_own_subscription_is_there_from_the_start(tmp_path: Path) -> None:
    provider = Provider()
    block = {**provider_block(tmp_path / "cloud.db"), "subscription_id": HOME, "tenant_id": TENANT}
    assert provider.configure({**block, "client_id": "me"}, "1.15.5") == []
    result = provider.read_data_source("azurerm_subscription", configuration("azurerm_subscription"))
    assert result.state is not None
    assert (result.state["id"], result.state["tenant_id"]) == (f"/subscriptions/{HOME}", TENANT)
    assert (result.state["subscription_id"], result.state["state"]) == (HOME, "Enabled")
    client = provider.read_data_source("azurerm_client_config", configuration("azurerm_client_config")).state
    assert client is not None
    assert (client["client_id"], client["subscription_id"], client["tenant_id"]) == ("me", HOME, TENANT)
    told = base64.b64decode(client["id"]).decode()
    assert told == (
        f"clientConfigs/clientId=me;objectId={client['object_id']};subscriptionId={HOME};tenantId={TENANT}"
    )


def test_another_subscription_must_be_in_the_cloud(lab: Lab) -> None:
    shown = read(lab, "azurerm_subscription", subscription_id=SISTER)
    assert (shown["subscription_id"], shown["tenant_id"]) == (SISTER, TENANT)
    nobody = "99999999-0000-4000-8000-000000000000"
    code, detail, path = refused(lab, "azurerm_subscription", subscription_id=nobody)
    assert (code, path) == ("SubscriptionNotFound", ("subscription_id",))
    assert nobody in detail


def test_nothing_is_looked_up_in_a_subscription_that_is_not_known_yet(tmp_path: Path) -> None:
    provider = Provider()
    provider.configure({**provider_block(tmp_path / "cloud.db"), "subscription_id": UNKNOWN}, "1.15.5")
    config = configuration("azurerm_resource_group", name="lab")
    (error,) = provider.read_data_source("azurerm_resource_group", config).diagnostics
    assert error.summary == "The data source cannot be read"
    assert "subscription_id is not known yet" in error.detail


def test_a_read_sees_what_others_have_written(provider: Provider, tmp_path: Path) -> None:
    config = configuration("azurerm_resource_group", name="lab", timeouts={"read": "1m"})
    assert provider.read_data_source("azurerm_resource_group", config).state is None
    subscription_id = provider_block(tmp_path)["subscription_id"]
    with Cloud.open(tmp_path / "cloud.db") as cloud:
        handle = cloud.subscription(subscription_id)
        handle.put(ResourceGroup(name="lab", location="West Europe", tags={"a": "b"}))
    shown = provider.read_data_source("azurerm_resource_group", config).state
    assert shown == {
        "id": f"/subscriptions/{subscription_id}/resourceGroups/lab",
        "name": "lab",
        "location": "westeurope",
        "managed_by": "",
        "tags": {"a": "b"},
        "timeouts": {"read": "1m"},
    }
