"""Deletion: what is in use stays, children go with their parent, and a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    NORTH,
    WEST,
    Lab,
    backend,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    lb_id,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    pool_id,
    security_group_id,
    subnet,
    subnet_id,
    tap_id,
    vm_id,
)
from vtaplib import (
    ArmError,
    NetworkInterfaceTapConfiguration,
    Policy,
    ResourceGroup,
    Subnet,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    RESOURCE_TYPES,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkSecurityRule,
    SubnetNetworkSecurityGroupAssociation,
)


class Use(NamedTuple):
    """A field of a resource that refers to another."""

    user: Resource
    field: str
    owner_id: str

    @property
    def name(self) -> tuple[str, str]:
        return type(self.user).__name__, self.field


def everything(lab: Lab) -> list[Resource]:
    return [one for kind in RESOURCE_TYPES for one in lab.cloud.list(kind)]


def uses(lab: Lab) -> Iterator[Use]:
    for user in everything(lab):
        for reference in user.references():
            if not reference.claim:
                yield Use(
                    user, ".".join(step for step in reference.path if isinstance(step, str)), reference.owner
                )


def reference_fields() -> set[tuple[str, str]]:
    found = set()
    for kind in RESOURCE_TYPES:
        for name, field in kind.fields().items():
            if field.ref:
                found.add((kind.__name__, name))
            if field.block:
                found |= {
                    (kind.__name__, f"{name}.{inner}")
                    for inner, one in field.block.fields().items()
                    if one.ref
                }
    return found


LEFT_DANGLING = {("VirtualNetworkPeering", "remote_virtual_network_id")}
"""Azure lets a peered network go; the other side is Disconnected."""
GOES_ALONG = {("NetworkInterfaceSecurityGroupAssociation", "network_interface_id")}
"""Azure keeps it on the interface."""


def test_the_lab_uses_every_field_that_refers_to_something() -> None:
    assert {one.name for one in uses(Lab())} == reference_fields()


def test_what_somebody_else_refers_to_cannot_be_deleted() -> None:
    lab = Lab()
    refused = set()
    for use in uses(lab):
        if (
            use.user.id.lower().startswith(use.owner_id.lower() + "/")
            or use.name in LEFT_DANGLING | GOES_ALONG
        ):
            continue
        before = everything(lab)
        with pytest.raises(ArmError) as error:
            lab.cloud.delete(use.owner_id)
        assert any(use.user.label in one.message for one in error.value.violations)
        assert everything(lab) == before
        refused.add(use.name)
    assert len(refused) >= 10


@pytest.mark.parametrize(
    ("target", "code", "user"),
    [
        (subnet_id("app"), "InUseSubnetCannotBeDeleted", "networkInterfaces/web"),
        (nic_id("web"), "NicInUse", "virtualMachines/vm-web"),
        (nic_id("collector"), "VirtualNetworkTapDestinationInUse", "virtualNetworkTaps/tap"),
        (lb_id("inner"), "VirtualNetworkTapDestinationInUse", "virtualNetworkTaps/tap-lb"),
        (tap_id("tap"), "InUseVirtualNetworkTapCannotBeDeleted", "tapConfigurations/mirror"),
        (network_id("app"), "InUseSubnetCannotBeDeleted", "networkInterfaces/web"),
        (security_group_id("guard"), "InUseNetworkSecurityGroupCannotBeDeleted", "networkInterfaces/reached"),
        (security_group_id("guard"), "InUseNetworkSecurityGroupCannotBeDeleted", "subnets/two"),
    ],
)
def test_a_refused_deletion_has_azures_code_and_names_the_user(target: str, code: str, user: str) -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(target)
    assert any(one.code == code and user in one.message for one in error.value.violations)


def test_a_subscription_with_groups_goes_with_all_that_is_in_it() -> None:
    lab = Lab()
    lab.cloud.delete(f"/subscriptions/{HOME}")
    assert {one.subscription_id for one in everything(lab)} == {
        lab.sister.subscription_id,
        lab.stranger.subscription_id,
    }


def test_a_group_goes_with_everything_in_it() -> None:
    lab = Lab()
    lab.cloud.delete(f"/subscriptions/{HOME}/resourceGroups/LAB")
    assert [one for one in everything(lab) if "/resourceGroups/lab/" in one.id] == []


def test_a_group_stays_while_something_outside_uses_what_is_in_it() -> None:
    lab = Lab()
    lab.put(ResourceGroup(name="other", location=WEST))
    lab.put(nic("outside", ip(subnet_id("app")), resource_group_name="other"))
    before = everything(lab)
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(f"/subscriptions/{HOME}/resourceGroups/lab")
    assert [one.code for one in error.value.violations] == ["InUseSubnetCannotBeDeleted"]
    assert "networkInterfaces/outside" in error.value.message
    assert everything(lab) == before


def test_a_network_goes_with_its_subnets_and_peerings() -> None:
    lab = Lab(stocked=False)
    lab.put(network("a", "10.1.0.0/16"), network("ab", "10.2.0.0/16"))
    lab.put(subnet("a", "one", "10.1.1.0/24"), subnet("ab", "one", "10.2.1.0/24"))
    lab.link("a", "ab")
    lab.cloud.delete(network_id("a"))
    assert [one.id for one in lab.cloud.list(Subnet)] == [subnet_id("ab")]
    (left,) = lab.cloud.list(VirtualNetworkPeering)
    assert left.virtual_network_name == "ab"
    assert left.peering_state == "Disconnected"


def test_interfaces_and_subnets_go_with_what_attaches_groups_to_them() -> None:
    lab = Lab()
    lab.cloud.delete(nic_id("reached"))
    lab.cloud.delete(subnet_id("app", "two"))
    assert lab.cloud.list(NetworkInterfaceSecurityGroupAssociation) == []
    assert lab.cloud.list(SubnetNetworkSecurityGroupAssociation) == []
    lab.cloud.delete(security_group_id("guard"))
    assert lab.cloud.list(NetworkSecurityRule) == []


def test_an_interface_goes_with_its_tap_configurations() -> None:
    lab = Lab()
    lab.cloud.delete(nic_id("db"))
    assert lab.cloud.list(NetworkInterfaceTapConfiguration) == []
    assert lab.get(VirtualNetworkTap, tap_id("tap")).network_interface_tap_configuration_ids == ()


def test_a_load_balancer_goes_with_its_children_and_the_memberships_in_its_pools() -> None:
    lab = Lab()
    lab.cloud.delete(tap_id("tap-lb"))
    with pytest.raises(ArmError):  # an interface's membership in the pool is no child of the load balancer
        lab.cloud.delete(lb_id("inner"))
    lab.cloud.delete(f"{ip_id('collector')}|{pool_id('inner')}")
    lab.cloud.delete(lb_id("inner"))
    assert [one.id for one in everything(lab) if one.id.startswith(lb_id("inner"))] == []


def test_a_machine_leaves_its_interface_behind() -> None:
    lab = Lab()
    lab.cloud.delete(vm_id("vm-web"))
    lab.cloud.delete(nic_id("web"))
    assert lab.cloud.find(nic_id("web")) is None


def test_deleting_what_is_not_there_succeeds() -> None:
    lab = Lab()
    before = everything(lab)
    lab.cloud.delete(nic_id("nobody"))
    assert everything(lab) == before


def test_everything_can_be_deleted_users_first() -> None:
    lab = Lab()
    for one in reversed(everything(lab)):
        lab.cloud.delete(one.id)
    assert everything(lab) == []


# Parts of a resource


def test_a_part_that_is_in_use_cannot_be_removed_by_a_write() -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.put(nic("collector", ip(subnet_id("tools"), name="other")))
    assert "VirtualNetworkTapDestinationInUse" in [one.code for one in error.value.violations]
    with pytest.raises(ArmError) as error:
        lab.put(lb("inner", front(subnet_id("tools"), name="other")))
    assert "VirtualNetworkTapDestinationInUse" in [one.code for one in error.value.violations]


def test_a_part_that_nobody_uses_can_be_removed_by_a_write() -> None:
    lab = Lab()
    tools = subnet_id("tools")
    lab.put(nic("collector", ip(tools, primary=True), ip(tools, name="second")))
    lab.put(nic("collector", ip(tools)))


def test_a_configuration_that_is_in_a_pool_cannot_be_removed_by_a_write() -> None:
    lab = Lab()
    lab.put(nic("member", ip(subnet_id("tools"))), backend("member", pool_id("inner")))
    with pytest.raises(ArmError) as error:
        lab.put(nic("member", ip(subnet_id("tools"), name="other")))
    assert "ip" in error.value.message


# References to what is not there


def test_a_reference_to_what_is_not_there_is_refused_at_its_field() -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.put(nic("new", ip(subnet_id("app", "nowhere"))))
    assert error.value.code == "InvalidResourceReference"
    assert error.value.path == ("ip_configuration", 0, "subnet_id")
    assert subnet_id("app", "nowhere") in error.value.message


def test_a_reference_to_a_part_that_is_not_there_is_refused_at_its_field() -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.put(
            VirtualNetworkTap(
                name="new",
                resource_group_name="lab",
                location=WEST,
                destination_load_balancer_frontend_ip_configuration_id=frontend_id("inner", "nowhere"),
            )
        )
    assert error.value.code == "InvalidResourceReference"
    assert error.value.path == ("destination_load_balancer_frontend_ip_configuration_id",)


@pytest.mark.parametrize(
    "wrong", ["web", "", nic_id("web"), subnet_id("app") + "/x", "/subscriptions/x", "not/an/id", "/"]
)
def test_a_reference_to_something_of_another_type_is_refused(wrong: str) -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.put(nic("new", ip(wrong)))
    assert ("ip_configuration", 0, "subnet_id") in [one.path for one in error.value.violations]


def test_a_resource_with_another_type_at_its_id_is_seen_as_that() -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.put(mirror(lb_id("inner"), "tap"))
    assert error.value.path == ("network_interface_id",)


# What dangles


def test_a_destination_that_comes_back_is_in_use_again() -> None:
    lab = Lab(Policy(delete_destination_in_use="dangle"))
    lab.cloud.delete(f"{ip_id('collector')}|{pool_id('inner')}")
    lab.cloud.delete(nic_id("collector"))
    assert lab.get(VirtualNetworkTap, tap_id("tap")).destination_id == ip_id("collector")
    lab.put(nic("collector", ip(subnet_id("tools"))))
    lab.cloud.policy = Policy()
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(nic_id("collector"))
    assert error.value.code == "VirtualNetworkTapDestinationInUse"


def test_a_peered_network_that_comes_back_is_found_by_what_was_left_of_the_peering() -> None:
    lab = Lab(stocked=False)
    lab.put(network("a", "10.1.0.0/16"), network("b", "10.2.0.0/16"))
    lab.link("a", "b")
    lab.cloud.delete(network_id("b"))
    lab.put(network("b", "10.2.0.0/16"))
    lab.cloud.delete(network_id("b"))
    assert [one.name for one in lab.cloud.list(VirtualNetwork)] == ["a"]
    lab.put(network("b", "10.2.0.0/16", location=NORTH))
    assert lab.get(VirtualNetwork, network_id("b")).location == NORTH
