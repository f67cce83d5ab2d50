"""What the cloud would refuse is refused in the plan, at the line, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import Outcome, Workspace
from tests.terraform.worlds import (
    INTERFACES,
    LAB,
    NETWORKS,
    SUBNETS,
    at,
    balancer,
    in_subnet,
    interface,
    machine,
    network,
    peering,
    public_ip,
    subnet,
    tap,
    tapped,
    tapped_body,
)
from vtaplib.resources import (
    VirtualNetworkPeering,
)

pytestmark = pytest.mark.terraform


def refused(outcome: Outcome, code: str, address: str, line: str) -> None:
    assert [(one.summary, one.address) for one in outcome.errors] == [(code, address)], outcome.told
    shown = outcome.errors[0].line
    kind, name = address.split(".")
    assert shown.startswith(line or f'resource "{kind}" "{name}"'), shown


TWO_PREFIXES = LAB + network("v", "", address_space=["10.0.0.0/16", "10.1.0.0/16"])
ONE_PREFIX = LAB + network("v", "10.0.0.0/16")


def test_a_prefix_that_a_subnet_uses_stays(workspace: Workspace) -> None:
    inside = subnet("a", "v", "10.1.0.0/24")
    workspace.write(TWO_PREFIXES + inside)
    workspace.apply()
    workspace.write(ONE_PREFIX + inside)
    refused(workspace.plan(), "NetcfgSubnetRangeOutsideVnet", "azurerm_subnet.a", "address_prefixes")
    # Of a subnet that another configuration manages the plan does not know whether it stays.
    workspace.run("state rm", "azurerm_subnet.a")
    workspace.write(ONE_PREFIX)
    outcome = workspace.try_apply()
    assert outcome.codes == ["InUsePrefixCannotBeDeleted"], outcome.told
    assert outcome.errors[0].line.startswith("address_space")


def test_the_prefixes_of_a_subnet_in_use_stay(workspace: Workspace) -> None:
    workspace.write(SUBNETS + interface("n"))
    workspace.apply()
    workspace.write(SUBNETS.replace('["10.0.0.0/24"]', '["10.0.0.0/25"]') + interface("n"))
    refused(workspace.try_apply(), "InUseSubnetCannotBeUpdated", "azurerm_subnet.a", "address_prefixes")
    workspace.write(SUBNETS + interface("n"))
    workspace.plans_nothing()


def test_two_objects_of_one_id_are_refused(workspace: Workspace) -> None:
    again = resource("azurerm_network_interface_tap_configuration.again", tapped_body("one", "tap", name="M"))
    body = INTERFACES + tap("tap", "two") + tapped("m", "one", "tap")
    workspace.write(body + again)
    (error,) = workspace.plan().errors
    assert (error.summary, error.line.split()[0]) == ("OperationNotAllowed", "name")
    assert "/networkinterfaces/one/tapconfigurations/m'" in error.detail.lower()
    workspace.holds(body)
    workspace.write(body + again)
    assert workspace.plan().codes == ["OperationNotAllowed"]


def test_two_objects_whose_ids_turn_out_to_be_one_are_refused_by_the_apply(workspace: Workspace) -> None:
    late = resource("terraform_data.late", {"input": "p"})
    name = Expression("terraform_data.late.output")
    workspace.write(LAB + late + public_ip("one", name=name) + public_ip("other", name=name))
    assert workspace.plan().errors == []
    outcome = workspace.try_apply()
    assert outcome.codes == ["OperationNotAllowed"], outcome.told
    assert workspace.cloud_holds().count("PublicIp") == 1


def test_a_link_is_rebuilt_where_the_plan_replaces_the_disconnected_side(workspace: Workspace) -> None:
    workspace.holds(NETWORKS + peering("there", "v", "w") + peering("back", "w", "v"))
    with workspace.cloud() as cloud:
        cloud.delete(workspace.state()["azurerm_virtual_network_peering.there"]["id"])
    replace = "-replace=azurerm_virtual_network_peering.back"
    assert workspace.plan(replace).actions == {
        "azurerm_virtual_network_peering.there": "create",
        "azurerm_virtual_network_peering.back": "replace",
    }
    # Terraform orders the two in no way: the new side may come before the disconnected one goes.
    if workspace.try_apply(replace).code:
        workspace.apply()
    workspace.plans_nothing()
    with workspace.cloud() as cloud:
        assert {one.peering_state for one in cloud.list(VirtualNetworkPeering)} == {"Connected"}


SMALL = NETWORKS + subnet("a", "v", "10.0.0.0/29")
"""Three addresses are left of eight."""
SMALL_INLINE = LAB + network("v", "10.0.0.0/16", subnet=[{"name": "a", "address_prefixes": ["10.0.0.0/29"]}])
INLINE_ID = Expression("tolist(azurerm_virtual_network.v.subnet)[0].id")


def dynamic(count: int, **changes: Any) -> str:
    return "".join(interface(f"n{number}", **changes) for number in range(count))


def dynamic_blocks(count: int) -> list[dict[str, Any]]:
    return [
        in_subnet(name=f"ip{n}", primary=n == 0, private_ip_address_allocation="Dynamic")
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("fits", "too_many"),
    [
        pytest.param(SMALL + dynamic(3), SMALL + dynamic(4), id="interfaces"),
        pytest.param(SMALL + dynamic(2) + balancer("lb"), SMALL + dynamic(3) + balancer("lb"), id="frontend"),
        pytest.param(
            SMALL + dynamic(2) + interface("static", **at("10.0.0.6")),
            SMALL + dynamic(3) + interface("static", **at("10.0.0.6")),
            id="static",
        ),
        pytest.param(
            SMALL + interface("n", ip_configuration=dynamic_blocks(3)),
            SMALL + interface("n", ip_configuration=dynamic_blocks(4)),
            id="several of one interface",
        ),
        pytest.param(
            *(
                SMALL_INLINE
                + dynamic(count, ip_configuration=[{**dynamic_blocks(1)[0], "subnet_id": INLINE_ID}])
                for count in (3, 4)
            ),
            id="inline subnet",
        ),
    ],
)
def test_a_plan_that_wants_more_addresses_than_a_subnet_has_is_refused(
    workspace: Workspace, fits: str, too_many: str
) -> None:
    workspace.write(too_many)
    outcome = workspace.plan()
    assert outcome.codes == ["SubnetIsFull"], outcome.told
    workspace.holds(fits)
    workspace.write(too_many)
    outcome = workspace.plan()
    assert outcome.codes == ["SubnetIsFull"], outcome.told


def test_an_interface_may_take_the_address_of_one_that_the_plan_destroys_or_replaces(
    workspace: Workspace,
) -> None:
    workspace.holds(SMALL + dynamic(3))
    assert workspace.plan("-replace=azurerm_network_interface.n0").errors == []
    workspace.write(SMALL + interface("n0") + interface("n1") + interface("another"))
    assert workspace.plan().errors == []


def test_a_second_tap_on_one_interface_is_a_warning(workspace: Workspace) -> None:
    body = (
        INTERFACES
        + interface("collector")
        + tap("t1", "collector")
        + tap("t2", "collector")
        + tapped("m1", "one", "t1")
    )
    workspace.write(
        body
        + tapped("m2", "one", "t2", depends_on=Expression("[azurerm_network_interface_tap_configuration.m1]"))
    )
    outcome = workspace.plan()
    assert outcome.errors == []
    assert "VirtualNetworkTapAlreadyConfigured" in [one.summary for one in outcome.diagnostics]
    workspace.apply()


def test_several_violations_are_told_together_and_each_once(workspace: Workspace) -> None:
    workspace.write(
        SUBNETS
        + network("bad", "127.0.0.0/8")
        + subnet("outside", "v", "192.168.0.0/24")
        + interface("reserved", **at("10.0.0.1"))
        + interface("far", location="northeurope")
    )
    outcome = workspace.plan()
    assert sorted((one.summary, one.address) for one in outcome.errors) == [
        ("InvalidAddressSpace", "azurerm_virtual_network.bad"),
        ("InvalidResourceReference", "azurerm_network_interface.far"),
        ("NetcfgSubnetRangeOutsideVnet", "azurerm_subnet.outside"),
        ("PrivateIPAddressInReservedRange", "azurerm_network_interface.reserved"),
    ]


def test_several_violations_of_one_resource_are_told_together(workspace: Workspace) -> None:
    configurations = [
        in_subnet(name="x", private_ip_address_allocation="Static", private_ip_address="10.0.0.1"),
        in_subnet(name="X", private_ip_address_allocation="Static", private_ip_address="10.0.1.9"),
    ]
    workspace.write(SUBNETS + interface("n", ip_configuration=configurations, location="northeurope"))
    assert sorted(workspace.plan().codes) == [
        "InvalidRequestContent",
        "InvalidResourceReference",
        "NetworkInterfaceMustHavePrimaryPropertySet",
        "PrivateIPAddressInReservedRange",
        "PrivateIPAddressNotInSubnet",
    ]


def test_what_is_wrong_by_itself_is_told_by_validate(workspace: Workspace) -> None:
    workspace.write(
        LAB + network("v", "10.0.0.0/16", flow_timeout_in_minutes=3, bgp_community="x", tags={"k": "v" * 257})
    )
    outcome = workspace.validate()
    assert sorted(one.line.split(" ")[0] for one in outcome.errors) == [
        "bgp_community",
        "flow_timeout_in_minutes",
        "tags",
    ]
    assert set(outcome.codes) == {"InvalidRequestContent"}


@pytest.mark.parametrize("name", ["", "-tap", "tap-", "ta p", "t" * 81, "täp"])
def test_a_bad_name_is_told_by_validate(workspace: Workspace, name: str) -> None:
    workspace.write(INTERFACES + tap("tap", "one").replace('name = "tap"', f'name = "{name}"'))
    refused(workspace.validate(), "InvalidResourceName", "azurerm_virtual_network_tap.tap", "name")


def test_a_deletion_that_others_depend_on_is_refused(workspace: Workspace) -> None:
    workspace.write(INTERFACES + machine("vm", "one"))
    workspace.apply()
    workspace.run("state rm", "azurerm_linux_virtual_machine.vm")
    workspace.write(INTERFACES.replace(interface("one"), ""))
    outcome = workspace.try_apply()
    assert "NicInUse" in outcome.told
    assert "virtualMachines/vm" in outcome.told
    assert "azurerm_network_interface.one" in workspace.state()
