"""Changes that look dangerous half-way and are none: no plan refuses them, and the apply goes through."""

from __future__ import annotations

import pytest

from tests.terraform.hcl import Expression
from tests.terraform.reattached import Workspace
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    at,
    interface,
    machine,
    network,
    peering,
    subnet,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform


def change(workspace: Workspace, before: str, after: str) -> None:
    """A valid configuration becomes another."""
    workspace.write(before)
    workspace.apply()
    workspace.write(after)
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told
    workspace.apply()
    workspace.plans_nothing()


def test_a_subnet_is_renamed_within_its_prefix(workspace: Workspace) -> None:
    before = NETWORKS + subnet("a", "v", "10.0.0.0/24")
    change(workspace, before, before.replace('name = "a"', 'name = "renamed"'))


def test_a_subnet_is_renamed_under_an_interface_that_is_recreated(workspace: Workspace) -> None:
    replaced = "  lifecycle {\n    replace_triggered_by = [azurerm_subnet.a.id]\n  }\n}\n"
    before = NETWORKS + subnet("a", "v", "10.0.0.0/24") + interface("n").removesuffix("}\n") + replaced
    change(workspace, before, before.replace('name = "a"', 'name = "renamed"'))


def test_two_subnets_swap_their_prefixes_in_two_steps_of_one_plan(workspace: Workspace) -> None:
    before = (
        NETWORKS
        + subnet("a", "v", "10.0.0.0/24")
        + subnet("b", "v", "10.0.1.0/24", depends_on=Expression("[azurerm_subnet.a]"))
    )
    after = before.replace('"10.0.0.0/24"', '"10.0.2.0/24"').replace('"10.0.1.0/24"', '"10.0.0.0/24"')
    change(workspace, before, after)


def test_an_address_is_handed_from_one_interface_to_another(workspace: Workspace) -> None:
    def two(first: str, second: str) -> str:
        after_the_first = Expression("[azurerm_network_interface.one]")
        return (
            SUBNETS
            + interface("one", **at(first))
            + interface("two", **at(second), depends_on=after_the_first)
        )

    change(workspace, two("10.0.0.10", "10.0.0.11"), two("10.0.0.12", "10.0.0.10"))


def test_an_address_outlives_the_interface_that_had_it(workspace: Workspace) -> None:
    before = SUBNETS + interface("one", **at("10.0.0.10"))
    workspace.write(before)
    workspace.apply()
    workspace.write(SUBNETS + interface("two", **at("10.0.0.10")))
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told


def test_an_interface_moves_from_one_machine_to_another(workspace: Workspace) -> None:
    def worlds(first: str, second: str) -> str:
        after_the_first = Expression("[azurerm_linux_virtual_machine.a]")
        return (
            INTERFACES
            + interface("three")
            + machine("a", *first.split())
            + machine("b", *second.split(), depends_on=after_the_first)
        )

    change(workspace, worlds("one two", "three"), worlds("one", "three two"))


def test_an_interface_moves_with_its_machine_recreated(workspace: Workspace) -> None:
    before = INTERFACES + machine("vm", "one")
    change(workspace, before, INTERFACES + machine("vm", "two", "one", name="renamed"))


def test_a_network_is_replaced_with_everything_in_it(workspace: Workspace) -> None:
    before = (
        LAB
        + network("v", "10.0.0.0/16")
        + subnet("a", "v", "10.0.0.0/24")
        + interface("one")
        + interface("two")
        + machine("vm", "one", **AFTER_THE_TAP)
        + tap("tap", "two")
        + tapped("mirror", "one", "tap")
    )
    change(workspace, before, before.replace('"westeurope"', '"northeurope"'))


def test_what_is_in_a_replaced_network_is_replaced_with_it(workspace: Workspace) -> None:
    before = NETWORKS + subnet("a", "v", "10.0.0.0/24")
    workspace.write(before)
    workspace.apply()
    outcome = workspace.plan("-replace=azurerm_virtual_network.v")
    assert outcome.actions == {"azurerm_virtual_network.v": "replace", "azurerm_subnet.a": "replace"}
    workspace.apply("-replace=azurerm_virtual_network.v")
    workspace.plans_nothing()


def test_a_peered_network_is_replaced(workspace: Workspace) -> None:
    before = NETWORKS + peering("there", "v", "w") + peering("back", "w", "v")
    change(workspace, before, before.replace('name = "w"', 'name = "renamed"'))


def test_a_tapped_network_is_planned_with_its_peerings_in_any_order(workspace: Workspace) -> None:
    body = (
        NETWORKS
        + subnet("a", "v", "10.0.0.0/24")
        + subnet("c", "w", "10.1.0.0/24")
        + interface("one")
        + interface("collector", "c")
        + tap("tap", "collector")
        + peering("there", "v", "w")
        + peering("back", "w", "v")
    )
    both = Expression("[azurerm_virtual_network_peering.there, azurerm_virtual_network_peering.back]")
    change(workspace, body, body + tapped("mirror", "one", "tap", depends_on=both))


def test_a_tap_is_turned_to_another_collector_while_sources_send(workspace: Workspace) -> None:
    body = INTERFACES + interface("first") + interface("second") + tapped("mirror", "one", "tap")
    change(workspace, body + tap("tap", "first"), body + tap("tap", "second"))


def test_everything_is_destroyed_while_all_of_it_is_in_use(workspace: Workspace) -> None:
    workspace.write(
        INTERFACES
        + machine("vm", "one", **AFTER_THE_TAP)
        + tap("tap", "two")
        + tapped("mirror", "one", "tap")
        + peering("there", "v", "w")
        + peering("back", "w", "v")
    )
    workspace.apply()
    workspace.destroy()
    assert workspace.cloud_holds() == []


def test_a_tap_is_tagged_while_it_loses_a_source(workspace: Workspace) -> None:
    def world(*sources: str, **changes: str) -> str:
        return (
            INTERFACES
            + machine("vm", "one", **AFTER_THE_TAP)
            + tap("tap", "two", tags=changes)
            + "".join(tapped(source, source, "tap") for source in sources)
        )

    change(workspace, world("one"), world(env="lab"))
    assert (
        workspace.state()["azurerm_virtual_network_tap.tap"]["network_interface_tap_configuration_ids"] == []
    )
