"""Which instance a reference of unknown value means: what the configuration of a plan tells, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.plans import (
    IN_LAB,
    UNKNOWN,
    Plan,
    configuration_block,
    constant,
    interface_values,
    references,
    subnet_values,
)
from vtaplib.analysis.terraform_plan.resources import TerraformResources, read_resources
from vtaplib.loading import load_terraform
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import Undecided
from vtaplib.resources import LinuxVirtualMachine, NetworkInterface, Subnet, VirtualNetworkTap

NIC, SUBNET = "azurerm_network_interface.nic", "azurerm_subnet.s"
TO_INTERFACE = "destination_network_interface_ip_configuration_id"


def reading_of(plan: Plan, directory: Path) -> TerraformResources:
    return read_resources(load_terraform(str(plan.write(directory))))


def at(reading: TerraformResources, address: str) -> Resource:
    """The resource that comes from an address."""
    (key,) = (key for key, one in reading.addresses.items() if one == address)
    return reading.after[key]


def subnets_of(reading: TerraformResources) -> dict[str, str | None]:
    """For each interface, by name, the name of its subnet; None where it is not known."""
    return {
        one.name: subnet.rpartition("/")[2] if (subnet := known_subnet(one)) else None
        for one in reading.after.values()
        if isinstance(one, NetworkInterface)
    }


def known_subnet(interface: NetworkInterface) -> str | None:
    try:
        return interface.ip_configuration[0].subnet_id
    except Undecided:
        return None


def some(plan: Plan, block: str, keys: Mapping[Any, str], module: str = "") -> None:
    """Instances of a block of subnets or of interfaces, by key, with their names."""
    for number, (key, name) in enumerate(keys.items()):
        is_subnet = block.startswith("azurerm_subnet")
        values = subnet_values(name, "v", f"10.0.{number}.0/24") if is_subnet else interface_values(name)
        plan.create(block, values, key=key, module=module)


def in_subnet(expression: Mapping[str, Any]) -> dict[str, Any]:
    """The expressions of an interface."""
    return {"ip_configuration": [{"name": constant("ip"), "subnet_id": expression}]}


def listed(*reference: str) -> dict[str, Any]:
    """An expression with just these references."""
    return {"references": list(reference)}


def one_interface(expression: Mapping[str, Any], keys: Mapping[Any, str]) -> Plan:
    plan = Plan()
    some(plan, SUBNET, keys)
    some(plan, NIC, {None: "nic"})
    plan.configure(NIC, in_subnet(expression))
    return plan


TWO = {"a": "sub-a", "b": "sub-b"}


@pytest.mark.parametrize(
    ("expression", "keys", "subnet"),
    [
        pytest.param(references(f"{SUBNET}.id"), {None: "sub"}, "sub", id="the only one"),
        pytest.param(references(f'{SUBNET}["b"].id'), TWO, "sub-b", id="one of for_each"),
        pytest.param(references(f"{SUBNET}[1].id"), {0: "zero", 1: "one"}, "one", id="one of count"),
        pytest.param(listed(SUBNET), TWO, None, id="one of several, Terraform does not say which"),
        pytest.param(listed(SUBNET, "var.key"), {"a": "only"}, "only", id="one of one"),
        pytest.param(listed(f"{SUBNET}.id", SUBNET, "local.x"), {None: "s"}, None, id="or a local value"),
        pytest.param(listed("data.azurerm_subnet.x.id"), {None: "sub"}, None, id="a data source"),
        pytest.param(listed("random_pet.x.id"), {None: "sub"}, None, id="something that is not modelled"),
        pytest.param(references(f'{SUBNET}["a"].id', f'{SUBNET}["b"].id'), TWO, None, id="a condition"),
        pytest.param(references(f'{SUBNET}["x.y/z"].id'), {"x.y/z": "sub"}, "sub", id="a key with marks"),
    ],
)
def test_a_reference_means_what_can_only_be_meant(
    tmp_path: Path, expression: Mapping[str, Any], keys: Mapping[Any, str], subnet: str | None
) -> None:
    assert subnets_of(reading_of(one_interface(expression, keys), tmp_path)) == {"nic": subnet}


@pytest.mark.parametrize("index", ["each.key", "each.value"])
def test_an_own_key_is_that_of_a_block_with_the_same_keys(tmp_path: Path, index: str) -> None:
    plan = Plan()
    some(plan, SUBNET, TWO)
    some(plan, NIC, {"a": "nic-a", "b": "nic-b"})
    plan.configure(NIC, in_subnet(listed(SUBNET, index)), for_each_expression=listed("local.names"))
    assert subnets_of(reading_of(plan, tmp_path)) == {"nic-a": "sub-a", "nic-b": "sub-b"}


def test_an_own_index_of_another_number_of_instances_tells_nothing(tmp_path: Path) -> None:
    plan = Plan()
    some(plan, SUBNET, {0: "zero", 1: "one"})
    some(plan, NIC, {number: f"nic-{number}" for number in range(3)})
    plan.configure(NIC, in_subnet(listed(SUBNET, "count.index")), count_expression=constant(3))
    assert set(subnets_of(reading_of(plan, tmp_path)).values()) == {None}


def test_for_each_over_a_resource_gives_each_its_own(tmp_path: Path) -> None:
    plan = Plan()
    some(plan, SUBNET, TWO)
    some(plan, NIC, {"a": "nic-a", "b": "nic-b"})
    each = listed("each.value.id", "each.value")
    plan.configure(NIC, in_subnet(each), for_each_expression=listed(SUBNET))
    assert subnets_of(reading_of(plan, tmp_path)) == {"nic-a": "sub-a", "nic-b": "sub-b"}


@pytest.mark.parametrize("of", ["variable", "constant"])
def test_a_key_from_what_for_each_runs_over_is_looked_up(tmp_path: Path, of: str) -> None:
    over = {"one": {"subnet": "b"}, "two": {"subnet": "a"}, "three": {"subnet": "b"}}
    plan = Plan(variables={"nics": over})
    some(plan, SUBNET, TWO)
    some(plan, NIC, {name: name for name in over})
    each = listed(SUBNET, "each.value.subnet", "each.value")
    runs_over = listed("var.nics") if of == "variable" else constant(over)
    plan.configure(NIC, in_subnet(each), for_each_expression=runs_over)
    assert subnets_of(reading_of(plan, tmp_path)) == {"one": "sub-b", "two": "sub-a", "three": "sub-b"}


def networks(plan: Plan, outputs: Mapping[str, Any], *keys: str) -> None:
    """A module of subnets, called once, or once for each key."""
    for key in keys or (None,):
        address = "module.net" if key is None else f'module.net["{key}"]'
        some(plan, SUBNET, {name: f"{key or 'sub'}-{name}" for name in "ab"}, address)
    plan.module("net")["outputs"] = {name: {"expression": one} for name, one in outputs.items()}


OUTPUTS = {
    "ids": listed(SUBNET),
    "first": references(f'{SUBNET}["a"].id'),
    "subnets": listed(SUBNET),
}


@pytest.mark.parametrize(
    ("reference", "subnet"),
    [
        ("module.net.first", "sub-a"),
        ('module.net.ids["b"]', "sub-b"),
        ("module.net.ids.b", "sub-b"),
        ('module.net.subnets["b"].id', "sub-b"),
        ("module.net.ids", None),
        ("module.net.no_such", None),
    ],
)
def test_an_output_is_followed_into_its_module(tmp_path: Path, reference: str, subnet: str | None) -> None:
    plan = Plan()
    networks(plan, OUTPUTS)
    some(plan, NIC, {None: "nic"})
    plan.configure(NIC, in_subnet(references(reference)))
    assert subnets_of(reading_of(plan, tmp_path)) == {"nic": subnet}


@pytest.mark.parametrize("reference", ['module.net["x"].first', "module.net"])
def test_an_output_of_one_of_several_modules_is_followed(tmp_path: Path, reference: str) -> None:
    plan = Plan()
    networks(plan, {"first": OUTPUTS["first"]}, "x", "y")
    some(plan, NIC, {"x": "nic-x", "y": "nic-y"})
    expression = listed(reference, "each.key") if reference == "module.net" else references(reference)
    plan.configure(NIC, in_subnet(expression), for_each_expression=listed("local.names"))
    found = subnets_of(reading_of(plan, tmp_path))
    assert found == {"nic-x": "x-a", "nic-y": "y-a" if reference == "module.net" else "x-a"}


def test_a_variable_is_followed_out_of_modules_in_modules(tmp_path: Path) -> None:
    plan = Plan()
    some(plan, SUBNET, TWO)
    for key in TWO:
        some(plan, NIC, {None: f"nic-{key}"}, f'module.outer["{key}"].module.inner[0]')
    plan.configure(NIC, in_subnet(listed("var.subnet.id", "var.subnet")), "outer.inner")
    plan.module(
        "outer", expressions={"its": listed(SUBNET, "each.key")}, for_each_expression=listed("local.x")
    )
    plan.module("outer.inner", expressions={"subnet": references("var.its")}, count_expression=constant(1))
    assert subnets_of(reading_of(plan, tmp_path)) == {"nic-a": "sub-a", "nic-b": "sub-b"}


def machine(plan: Plan, interfaces: Any, expression: Mapping[str, Any]) -> None:
    values = {"name": "vm", **IN_LAB, "size": "Standard_D2s_v5", "network_interface_ids": interfaces}
    plan.create(
        "azurerm_linux_virtual_machine.vm", {**values, "os_disk": [{"caching": "None", "name": "disk"}]}
    )
    plan.configure("azurerm_linux_virtual_machine.vm", {"network_interface_ids": expression})


@pytest.mark.parametrize("shape", ["elements", "whole"])
def test_a_list_of_references_is_filled_in_order(tmp_path: Path, shape: str) -> None:
    plan = Plan()
    some(plan, NIC, {0: "zero", 1: "one"})
    if shape == "elements":
        machine(plan, [UNKNOWN, UNKNOWN], references(f"{NIC}[1].id", f"{NIC}[0].id"))
    else:
        machine(plan, UNKNOWN, listed(NIC))
    found = at(reading_of(plan, tmp_path), "azurerm_linux_virtual_machine.vm")
    assert isinstance(found, LinuxVirtualMachine)
    names = [one.rpartition("/")[2] for one in found.network_interface_ids]
    assert names == (["one", "zero"] if shape == "elements" else ["zero", "one"])


def test_a_list_with_more_than_is_referred_to_stays_unknown(tmp_path: Path) -> None:
    plan = Plan()
    some(plan, NIC, {None: "nic"})
    machine(plan, [UNKNOWN, UNKNOWN], references(f"{NIC}.id"))
    found = at(reading_of(plan, tmp_path), "azurerm_linux_virtual_machine.vm")
    assert not found.knows("network_interface_ids")


@pytest.mark.parametrize(
    ("reference", "names", "part"),
    [
        (f"{NIC}.id", ["only"], "only"),
        (f"{NIC}.ip_configuration[1].id", ["one", "two"], "two"),
        (f"{NIC}.id", ["one", "two"], None),
    ],
)
def test_a_part_is_the_only_one_or_the_one_at_an_index(
    tmp_path: Path, reference: str, names: list[str], part: str | None
) -> None:
    plan = Plan()
    blocks = [configuration_block(name=one, primary=number == 0) for number, one in enumerate(names)]
    plan.create(NIC, interface_values("nic", ip_configuration=blocks))
    plan.create("azurerm_virtual_network_tap.tap", {"name": "tap", **IN_LAB, TO_INTERFACE: UNKNOWN})
    plan.configure("azurerm_virtual_network_tap.tap", {TO_INTERFACE: references(reference)})
    found = at(reading_of(plan, tmp_path), "azurerm_virtual_network_tap.tap")
    assert isinstance(found, VirtualNetworkTap)
    if part is None:
        assert not found.knows(TO_INTERFACE)
    else:
        assert found.destination_id.endswith(f"/networkInterfaces/nic/ipConfigurations/{part}")


def test_the_only_subnet_that_a_network_carries_is_meant_by_a_reference_to_it(tmp_path: Path) -> None:
    plan = Plan()
    inline = [{"name": "inside", "address_prefixes": ["10.0.0.0/24"], "id": UNKNOWN}]
    values = {"name": "v", **IN_LAB, "address_space": ["10.0.0.0/16"], "subnet": inline}
    plan.create("azurerm_virtual_network.v", values)
    some(plan, NIC, {None: "nic"})
    plan.configure(NIC, in_subnet(listed("azurerm_virtual_network.v.subnet", "azurerm_virtual_network.v")))
    reading = reading_of(plan, tmp_path)
    assert subnets_of(reading) == {"nic": "inside"}
    assert [one.name for one in reading.after.values() if isinstance(one, Subnet)] == ["inside"]


def test_a_name_that_only_the_apply_knows_is_stood_in_for_by_the_address(tmp_path: Path) -> None:
    plan = Plan()
    plan.create("azurerm_resource_group.lab", {"name": UNKNOWN, "location": "eastus"})
    plan.configure("azurerm_resource_group.lab", {"name": references("random_pet.group.id")})
    values = {"name": "v", "location": "eastus", "address_space": ["10.0.0.0/16"]}
    plan.create("azurerm_virtual_network.v", {**values, "resource_group_name": UNKNOWN})
    group = references("azurerm_resource_group.lab.name")
    plan.configure("azurerm_virtual_network.v", {"resource_group_name": group})
    reading = reading_of(plan, tmp_path)
    network, lab = at(reading, "azurerm_virtual_network.v"), at(reading, "azurerm_resource_group.lab")
    assert network.id.startswith(f"{lab.id}/")
    assert lab.id.endswith("/resourceGroups/(azurerm_resource_group.lab)")
    assert reading.unread == []


def test_what_cannot_be_told_from_others_is_named(tmp_path: Path) -> None:
    plan = Plan()
    plan.create("azurerm_lb_probe.p", {"name": "probe", "port": 80, "loadbalancer_id": UNKNOWN})
    plan.configure("azurerm_lb_probe.p", {"loadbalancer_id": references("local.balancer")})
    reading = reading_of(plan, tmp_path)
    assert (reading.after, reading.unread) == ({}, ["azurerm_lb_probe.p"])


def test_the_subscription_is_the_providers_where_the_configuration_says_it(tmp_path: Path) -> None:
    mine = "33333333-2222-3333-4444-555555555555"
    plan = Plan(
        variables={"subscription": mine},
        provider={"subscription_id": listed("var.subscription"), "tenant_id": constant("a-tenant")},
    )
    plan.create("azurerm_resource_group.lab", {"name": "lab", "location": "eastus"})
    plan.configure("azurerm_resource_group.lab", {})
    found = [repr(one) for one in reading_of(plan, tmp_path).after.values()]
    assert len(found) == 2
    assert all(mine in one for one in found)
    assert any("a-tenant" in one for one in found)
