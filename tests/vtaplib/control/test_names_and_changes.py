"""Names, regions, and what can change about a resource that exists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    NORTH,
    PASSWORD,
    SSH_KEY,
    WEST,
    Lab,
    front,
    ip,
    lb,
    lb_id,
    machine,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    peering,
    pool,
    subnet,
    subnet_id,
    tap,
    vm_id,
)
from vtaplib import (
    ArmError,
    Cloud,
    LinuxVirtualMachine,
    ResourceGroup,
    Subnet,
    VirtualNetwork,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import AdminSshKey, OsDisk


@pytest.fixture
def lab() -> Lab:
    return Lab()


def refusal(action: Callable[[], object]) -> ArmError:
    with pytest.raises(ArmError) as error:
        action()
    return error.value


# Names


def test_ids_are_compared_without_case(lab: Lab) -> None:
    assert lab.cloud.get(nic_id("web").upper()) == lab.cloud.get(nic_id("web").lower())
    assert [one.name for one in lab.cloud.list(Subnet, network_id("APP").upper() + "/")] == ["one", "two"]
    lab.cloud.delete(nic_id("SPARE"))
    assert lab.cloud.find(nic_id("spare")) is None


def test_a_name_in_another_case_is_the_same_name_and_keeps_its_first_casing(lab: Lab) -> None:
    lab.put(network("APP", "10.1.0.0/16", resource_group_name="LAB", tags={"changed": "yes"}))
    networks = [one for one in lab.cloud.list(VirtualNetwork) if one.name.lower() == "app"]
    assert [(one.name, one.resource_group_name, one.tags) for one in networks] == [
        ("app", "lab", {"changed": "yes"})
    ]


def test_what_is_referred_to_by_name_is_found_in_any_case(lab: Lab) -> None:
    lab.put(subnet("App", "three", "10.1.3.0/24", resource_group_name="Lab"))
    assert refusal(lambda: lab.put(subnet("APP", "four", "10.1.3.0/25"))).code == "NetcfgSubnetRangesOverlap"


def test_what_is_referred_to_by_id_is_found_in_any_case(lab: Lab) -> None:
    shouted = nic_id("SPARE").replace("/resourceGroups/", "/RESOURCEGROUPS/")
    lab.put(machine("vm-new", shouted))
    assert refusal(lambda: lab.put(machine("vm-other", nic_id("spare")))).code == "NicInUse"
    assert refusal(lambda: lab.cloud.delete(nic_id("spare"))).code == "NicInUse"


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", ["", "-net", "net-", "net.", "a/b", "a b", "nét", "x" * 81, "net\n"])
@pytest.mark.parametrize(
    "make",
    [
        lambda name: network(name, "10.9.0.0/16"),
        lambda name: subnet("app", name, "10.1.9.0/24"),
        lambda name: peering("app", "island", name=name),
        lambda name: nic(name, ip(subnet_id("app"))),
        lb,
        lambda name: pool("inner", name),
        lambda name: tap(name, f"{nic_id('spare')}/ipConfigurations/ip"),
        lambda name: mirror(nic_id("web"), "tap", name),
        lambda name: machine(name, nic_id("spare")),
    ],
    ids=["network", "subnet", "peering", "nic", "lb", "pool", "tap", "mirror", "machine"],
)
def test_a_name_is_refused_that_is_against_the_naming_rule(
    lab: Lab, make: Callable[[str], Resource], name: str
) -> None:
    # Microsoft.Network: 1 to 80 letters, digits and _ . -, first alphanumeric, last alphanumeric or _.
    error = refusal(lambda: lab.put(make(name)))
    assert "InvalidResourceName" in [one.code for one in error.violations]


@pytest.mark.parametrize("name", ["a", "9", "net_", "a.b-c_d", "x" * 80, "Ab9"])
def test_a_name_is_taken_that_follows_the_naming_rule(lab: Lab, name: str) -> None:
    lab.put(network(name, "10.9.0.0/16"))
    assert lab.get(VirtualNetwork, network_id(name)).name == name


@pytest.mark.parametrize("name", ["", "a.", "a/b", "a b", "x" * 91, "a&b", "grüp", "a\n"])
def test_a_resource_group_has_a_naming_rule_of_its_own(lab: Lab, name: str) -> None:
    assert refusal(lambda: lab.put(ResourceGroup(name=name, location=WEST))).violations


@pytest.mark.parametrize("name", ["a", "(a)", "_a-b.c", "x" * 90])
def test_a_resource_group_may_have_parentheses_and_dots_inside(lab: Lab, name: str) -> None:
    lab.put(ResourceGroup(name=name, location=WEST))


def test_a_machines_name_is_not_digits_only(lab: Lab) -> None:
    assert refusal(lambda: lab.put(machine("123", nic_id("spare")))).code == "InvalidResourceName"


# Regions


@pytest.mark.parametrize("spelling", ["West Europe", "westeurope", "WESTEUROPE", "west europe"])
def test_a_region_has_many_spellings_and_is_read_in_one(lab: Lab, spelling: str) -> None:
    lab.put(network("new", "10.9.0.0/16", location=spelling))
    assert lab.get(VirtualNetwork, network_id("new")).location == "westeurope"
    lab.put(network("new", "10.9.0.0/16", location="West Europe"))


def test_a_resource_does_not_move_to_another_region(lab: Lab) -> None:
    error = refusal(lambda: lab.put(network("island", "10.3.0.0/16", location=NORTH)))
    assert error.code == "InvalidResourceLocation"
    assert WEST in error.message
    assert NORTH in error.message


# What can change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda: lb("inner", front(subnet_id("tools")), sku="Gateway"), ("sku",)),
        (lambda: lb("inner", front(subnet_id("tools")), sku_tier="Global"), ("sku_tier",)),
        (lambda: peering("app", "tools", peer_complete_virtual_networks_enabled=False), None),
        (lambda: peering("app", "island", name="to-tools"), ("remote_virtual_network_id",)),
        (lambda: machine("vm-web", nic_id("web"), admin_username="other"), ("admin_username",)),
        (lambda: machine("vm-web", nic_id("web"), zone="1"), ("zone",)),
        (
            lambda: machine(
                "vm-web", nic_id("web"), os_disk=OsDisk(caching="None", storage_account_type="Premium_LRS")
            ),
            ("os_disk", 0, "storage_account_type"),
        ),
        (lambda: mirror(nic_id("db"), "tap-lb"), ("virtual_network_tap_id",)),
    ],
)
def test_what_is_create_only_cannot_change(
    lab: Lab, change: Callable[[], Resource], path: tuple[str, ...] | None
) -> None:
    error = refusal(lambda: lab.put(change()))
    assert error.code == "PropertyChangeNotAllowed"
    if path is not None:
        assert error.path == path


def test_what_is_create_only_cannot_be_left_out_either(lab: Lab) -> None:
    lab.put(network("edge", "10.9.0.0/16", edge_zone="losangeles"))
    assert refusal(lambda: lab.put(network("edge", "10.9.0.0/16"))).code == "PropertyChangeNotAllowed"


def test_what_the_service_gave_may_be_left_out(lab: Lab) -> None:
    before = lab.get(LinuxVirtualMachine, vm_id("vm-web"))
    assert before.computer_name == "vm-web"
    lab.put(machine("vm-web", nic_id("web"), tags={"changed": "yes"}))
    assert lab.get(LinuxVirtualMachine, vm_id("vm-web")).computer_name == "vm-web"
    assert refusal(lambda: lab.put(machine("vm-web", nic_id("web"), computer_name="other"))).code == (
        "PropertyChangeNotAllowed"
    )


def test_a_write_replaces_what_can_change_and_is_read_as_it_was_written(lab: Lab) -> None:
    lab.put(network("island", "10.3.0.0/16", "10.30.0.0/16", dns_servers=["10.3.0.4"], tags={"a": "b"}))
    made = lab.get(VirtualNetwork, network_id("island"))
    assert set(made.address_space or ()) == {"10.3.0.0/16", "10.30.0.0/16"}
    assert (list(made.dns_servers or ()), made.tags) == (["10.3.0.4"], {"a": "b"})
    lab.put(network("island", "10.3.0.0/16"))
    assert lab.get(VirtualNetwork, network_id("island")).tags is None


def test_what_was_read_can_be_put_back_and_changes_nothing(lab: Lab) -> None:
    from vtaplib.resources import RESOURCE_TYPES

    for kind in RESOURCE_TYPES:
        for one in lab.cloud.list(kind):
            if one.id == vm_id("vm-web"):
                continue  # its key is create-only, and is read back in the canonical form
            assert lab.cloud.put(one) == one


def test_a_put_that_must_not_replace_names_what_is_there(lab: Lab) -> None:
    place = lab.home.place
    error = refusal(lambda: lab.cloud.put(place(network("app", "10.1.0.0/16")), replace=False))
    assert network_id("app") in error.message
    lab.cloud.put(place(network("new", "10.9.0.0/16")), replace=False)


def test_a_subscription_does_not_change_its_tenant() -> None:
    cloud = Cloud()
    cloud.subscription(HOME, tenant_id="one")
    cloud.subscription(HOME, tenant_id="one")
    assert refusal(lambda: cloud.subscription(HOME, tenant_id="other")).code == "PropertyChangeNotAllowed"


def test_a_resource_without_a_subscription_is_refused_with_the_way_out() -> None:
    error = refusal(lambda: Cloud().put(ResourceGroup(name="lab", location=WEST)))
    assert "subscription" in error.message


def test_a_resource_in_a_subscription_that_is_not_there_is_refused() -> None:
    group = ResourceGroup(name="lab", location=WEST, subscription_id=HOME)
    assert refusal(lambda: Cloud().put(group)).code == "SubscriptionNotFound"


def test_a_resource_in_a_group_that_is_not_there_is_refused(lab: Lab) -> None:
    error = refusal(lambda: lab.put(network("new", "10.9.0.0/16", resource_group_name="nowhere")))
    assert error.code == "ResourceGroupNotFound"
    assert error.path == ("resource_group_name",)


def test_what_is_not_there_is_not_found(lab: Lab) -> None:
    nowhere = f"{lb_id('x')}/probes/y"
    assert lab.cloud.find(nowhere) is None
    assert refusal(lambda: lab.cloud.get(nowhere)).code == "ResourceNotFound"
    lab.cloud.delete(nowhere)


# Secrets


def secretive() -> LinuxVirtualMachine:
    return machine(
        "secretive",
        nic_id("spare"),
        admin_ssh_key=[AdminSshKey(username="azureuser", public_key=SSH_KEY)],
        admin_password=PASSWORD,
        disable_password_authentication=False,
        custom_data="c2VjcmV0IGRhdGE=",
    )


def test_a_secret_is_taken_and_never_returned(lab: Lab) -> None:
    made = lab.home.put(secretive())
    assert (made.admin_password, made.custom_data) == (None, None)
    assert PASSWORD not in repr(lab.cloud.get(made.id))


def test_a_tap_has_a_guid_that_is_its_own(lab: Lab) -> None:
    taps = lab.cloud.list(VirtualNetworkTap)
    assert len({one.guid for one in taps}) == len(taps) == 2
