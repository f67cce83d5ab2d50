from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.control import lab
from tests.vtaplib.control.arm.arm_documents import (
    BALANCER,
    INTERFACE,
    NETWORK,
    Document,
    printed_interface,
    printed_machine,
    rest_balancer,
    rest_network,
    without_etags,
)
from vtaplib import VtapError
from vtaplib.control.arm import decode, encode
from vtaplib.control.read_view import ReadView
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    AdminSshKey,
    IpAddressPool,
    Lb,
    LbRule,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
    NetworkSecurityGroup,
    NetworkSecurityRule,
    PublicIp,
    ResourceGroup,
    Subnet,
    SubnetNetworkSecurityGroupAssociation,
    Subscription,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
    WindowsVirtualMachine,
)


def only(document: Document, resource_id: str = "") -> Any:
    """The first resource of a document that has nothing unread."""
    decoded = decode(document, resource_id)
    assert decoded.unread == ()
    return decoded.resources[0]


@pytest.mark.parametrize("document", [rest_network, rest_balancer])
def test_what_is_decoded_from_a_document_is_encoded_as_the_document(document: Callable[[], Document]) -> None:
    resources = decode(document()).resources
    assert without_etags(encode(resources[0], ReadView(resources, whole=True))) == document()


def test_what_a_network_nests_is_decoded_as_resources_of_their_own() -> None:
    kinds = [type(one) for one in decode(rest_network()).resources]
    assert kinds == [
        VirtualNetwork,
        Subnet,
        SubnetNetworkSecurityGroupAssociation,
        VirtualNetworkPeering,
    ]


def test_a_parent_and_what_it_nests_have_one_etag_that_changes_with_any_of_them() -> None:
    resources = decode(rest_network()).resources
    network, subnet = (encode(one, ReadView(resources, whole=True)) for one in resources[:2])
    assert network["etag"] == network["properties"]["subnets"][0]["etag"] == subnet["etag"]
    assert isinstance(resources[1], Subnet)
    changed = ReadView([*resources, resources[1].replace(sharing_scope="Tenant")], whole=True)
    assert encode(resources[0], changed)["etag"] != network["etag"]


def test_an_interface_that_the_cli_printed_is_decoded_with_what_is_attached_to_it() -> None:
    decoded = decode(printed_interface())
    interface, *attached = decoded.resources
    assert decoded.unread == ()
    assert isinstance(interface, NetworkInterface)
    assert interface.id == INTERFACE
    assert interface.ip_forwarding_enabled
    assert interface.mac_address == "00-00-5E-00-53-01"
    assert interface.ip_configuration[0].subnet_id == f"{NETWORK}/subnets/default"
    assert interface.ip_configuration[0].public_ip_address_id == lab.public_ip_id("vm-ip")
    assert {type(one) for one in attached} == {
        NetworkInterfaceSecurityGroupAssociation,
        NetworkInterfaceBackendAddressPoolAssociation,
    }
    assert {one.id.partition("|")[2] for one in attached} == {
        lab.security_group_id("guard"),
        f"{BALANCER}/backendAddressPools/machines",
    }


def test_a_machine_that_the_cli_printed_has_its_primary_interface_first() -> None:
    machine = only(printed_machine())
    assert isinstance(machine, LinuxVirtualMachine)
    assert machine.network_interface_ids == (INTERFACE, lab.nic_id("second"))
    assert machine.admin_ssh_key == (AdminSshKey(username="operator", public_key=lab.SSH_KEY + "\n"),)
    assert machine.boot_diagnostics is None
    assert machine.os_managed_disk_id is None
    assert machine.os_disk.name == "vm-disk"


def test_a_machine_is_of_the_system_that_its_document_names() -> None:
    windows = printed_machine(
        osProfile={"adminUsername": "operator", "windowsConfiguration": {"timeZone": "UTC"}}
    )
    windows["storageProfile"]["osDisk"]["osType"] = "Windows"
    assert isinstance(only(windows), WindowsVirtualMachine)
    del windows["storageProfile"]["osDisk"]["osType"]
    assert isinstance(only(windows), WindowsVirtualMachine)


def test_a_machine_with_an_attached_disk_keeps_the_disk_and_nothing_that_came_with_it() -> None:
    document = printed_machine(osProfile=None)
    document["storageProfile"]["imageReference"] = None
    document["storageProfile"]["osDisk"]["createOption"] = "Attach"
    machine = only(document)
    assert machine.os_managed_disk_id == lab.resource_id("Compute/disks", "vm-disk")
    assert (machine.os_disk.name, machine.os_disk.storage_account_type) == (None, None)


@pytest.mark.parametrize("gallery", ["community", "shared"])
def test_an_image_of_a_public_gallery_has_a_place_of_its_own(gallery: str) -> None:
    document = printed_machine()
    image = f"/{gallery}Galleries/pictures/images/linux"
    document["storageProfile"]["imageReference"] = {f"{gallery}GalleryImageId": image}
    machine = only(document)
    assert machine.source_image_id == image
    shown = encode(machine, ReadView([machine], whole=True))
    assert shown["properties"]["storageProfile"]["imageReference"] == {f"{gallery}GalleryImageId": image}


def test_names_and_words_are_compared_without_case() -> None:
    document = {
        "ID": lab.tap_id("tap").replace("resourceGroups", "resourcegroups").replace("Network/", "network/"),
        "Name": "Tap",
        "LOCATION": "westeurope",
        "Properties": {
            "destinationLoadBalancerFrontEndIPConfiguration": {
                "ID": f"{BALANCER}/frontendIPConfigurations/inner"
            },
            "DestinationPort": 4789,
        },
    }
    tap = only(document)
    assert isinstance(tap, VirtualNetworkTap)
    assert tap.name == "Tap"
    assert tap.destination_id == f"{BALANCER}/frontendIPConfigurations/inner"
    balancer = rest_balancer()
    balancer["properties"]["loadBalancingRules"][0]["properties"]["protocol"] = "UDP"
    rule = decode(balancer).resources[-1]
    assert isinstance(rule, LbRule)
    assert rule.protocol == "Udp"


def test_a_single_prefix_and_a_single_pool_are_read_in_their_older_form() -> None:
    subnet = only({"id": f"{NETWORK}/subnets/one", "properties": {"addressPrefix": "10.0.1.0/24"}})
    assert subnet.address_prefixes == ("10.0.1.0/24",)
    pool = f"{BALANCER}/backendAddressPools/machines"
    rule = only(
        {"id": f"{BALANCER}/loadBalancingRules/one", "properties": {"backendAddressPool": {"id": pool}}}
    )
    assert rule.backend_address_pool_ids == (pool,)


def test_a_network_keeps_the_addresses_that_a_pool_gave_it() -> None:
    pool_id = lab.resource_id("Network/networkManagers", "manager/ipamPools/pool")
    allocations = [{"pool": {"id": pool_id}, "numberOfIpAddresses": "256"}]
    space = {"addressPrefixes": ["10.0.0.0/24"], "ipamPoolPrefixAllocations": allocations}
    network = only({"id": NETWORK, "properties": {"addressSpace": space}})
    assert (network.address_space, network.ip_address_pool) == (("10.0.0.0/24",), ())
    asked = only({"id": NETWORK, "properties": {"addressSpace": {"ipamPoolPrefixAllocations": allocations}}})
    assert asked.ip_address_pool == (IpAddressPool(id=pool_id, number_of_ip_addresses="256"),)


def test_the_body_of_a_request_has_its_id_from_the_request() -> None:
    network = only({"location": "westeurope", "properties": {"subnets": [{"name": "one"}]}}, NETWORK)
    assert network.id == NETWORK
    nested = decode({"properties": {"subnets": [{"name": "one"}]}}, NETWORK).resources[1]
    assert nested.id == f"{NETWORK}/subnets/one"


def test_groups_and_subscriptions_are_decoded_too() -> None:
    group_id = f"/subscriptions/{lab.HOME}/resourceGroups/lab"
    group = only({"id": group_id, "name": "lab", "location": "westeurope", "managedBy": None, "tags": None})
    assert group == ResourceGroup(subscription_id=lab.HOME, name="lab", location="westeurope")
    subscription = only(
        {
            "id": f"/subscriptions/{lab.HOME}",
            "subscriptionId": lab.HOME,
            "tenantId": lab.TENANT,
            "displayName": "Pay as you go",
            "state": "Enabled",
        }
    )
    assert subscription == Subscription(subscription_id=lab.HOME, tenant_id=lab.TENANT)


def test_a_map_of_ours_is_a_list_of_pairs_there() -> None:
    document: Document = {
        "id": lab.public_ip_id("pip"),
        "name": "pip",
        "properties": {"ipTags": [{"ipTagType": "RoutingPreference", "tag": "Internet"}]},
    }
    address = only(document)
    assert isinstance(address, PublicIp)
    assert address.ip_tags == {"RoutingPreference": "Internet"}
    shown = encode(address, ReadView([address], whole=True))
    assert shown["properties"]["ipTags"] == document["properties"]["ipTags"]


def test_a_pool_lists_its_members_by_address_too_which_says_nothing_new() -> None:
    member = {
        "name": "vm-nic-ip",
        "properties": {"networkInterfaceIPConfiguration": {"id": lab.ip_id("vm-nic")}},
    }
    addressed = {"name": "by-address", "properties": {"ipAddress": "10.0.3.9"}}
    document = {
        "id": f"{BALANCER}/backendAddressPools/machines",
        "properties": {"loadBalancerBackendAddresses": [member, addressed]},
    }
    unread = decode(document).unread
    assert unread == ("properties.loadBalancerBackendAddresses[1].properties.ipAddress",)


def test_a_security_group_that_the_cli_printed_is_decoded_with_its_own_rules_only() -> None:
    def rule(name: str, priority: int) -> Document:
        return {
            "access": "Allow",
            "destinationAddressPrefix": "*",
            "destinationAddressPrefixes": [],
            "destinationPortRange": None,
            "destinationPortRanges": ["22", "4789"],
            "direction": "Inbound",
            "id": f"{lab.security_group_id('guard')}/securityRules/{name}",
            "name": name,
            "priority": priority,
            "protocol": "TCP",
            "provisioningState": "Succeeded",
            "resourceGroup": "lab",
            "sourceAddressPrefix": "Internet",
            "sourceAddressPrefixes": [],
            "sourceApplicationSecurityGroups": None,
            "sourcePortRange": "*",
            "sourcePortRanges": [],
            "type": "Microsoft.Network/networkSecurityGroups/securityRules",
        }

    decoded = decode(
        {
            "defaultSecurityRules": [rule("AllowVnetInBound", 65000)],
            "flushConnection": False,
            "id": lab.security_group_id("guard"),
            "location": "westeurope",
            "name": "guard",
            "networkInterfaces": [{"id": INTERFACE, "resourceGroup": "lab"}],
            "securityRules": [rule("ssh", 1001)],
            "type": "Microsoft.Network/networkSecurityGroups",
        }
    )
    group, ssh = decoded.resources
    assert decoded.unread == ()
    assert isinstance(group, NetworkSecurityGroup)
    assert isinstance(ssh, NetworkSecurityRule)
    assert (ssh.protocol, ssh.destination_port_ranges) == ("Tcp", ("22", "4789"))
    assert (ssh.destination_port_range, ssh.source_port_ranges) == (None, None)


UNREAD: list[tuple[Document, tuple[str, ...]]] = [
    ({"id": lab.resource_id("Network/applicationGateways", "gate"), "properties": {"x": 1}}, ("",)),
    ({"id": NETWORK, "properties": {"future": {"deep": [1]}}}, ("properties.future",)),
    ({"id": NETWORK, "properties": {"addressSpace": {"future": 1}}}, ("properties.addressSpace.future",)),
    ({"id": NETWORK, "future": None, "properties": {"alsoFuture": {"deep": []}}}, ()),
    (
        {
            "id": NETWORK,
            "properties": {"subnets": [{"name": "one", "properties": {"natGateway": {"id": "x"}}}]},
        },
        ("properties.subnets[0].properties.natGateway",),
    ),
    (
        {"id": BALANCER, "properties": {"inboundNatRules": [{"name": "ssh"}], "outboundRules": []}},
        ("properties.inboundNatRules",),
    ),
    (
        {"id": INTERFACE, "properties": {"disableTcpStateTracking": True}},
        ("properties.disableTcpStateTracking",),
    ),
    (
        {"id": NETWORK, "subnets": [{"name": "one", "privateLinkServiceNetworkPolicies": "Perhaps"}]},
        ("subnets[0].privateLinkServiceNetworkPolicies",),
    ),
]


@pytest.mark.parametrize(("document", "unread"), UNREAD)
def test_what_vtap_has_no_place_for_is_named_and_the_rest_is_decoded(
    document: Document, unread: tuple[str, ...]
) -> None:
    decoded = decode(document)
    assert decoded.unread == unread
    if unread != ("",):
        assert decoded.resources[0].id == document["id"]


WRONG: list[tuple[Document, str]] = [
    ({"location": "westeurope"}, "id: is missing, and it says which resource this is"),
    ({"id": 7}, "id: = 7 is not a string"),
    ({"id": NETWORK, "location": 7}, "location: = 7 is not a string"),
    ({"id": NETWORK, "tags": ["a"]}, "tags: = ['a'] is not an object"),
    ({"id": NETWORK, "tags": {"a": 1}}, "tags.a: = 1 is not a string"),
    ({"id": NETWORK, "properties": "none"}, "properties: = 'none' is not an object"),
    (
        {"id": NETWORK, "properties": {"addressSpace": {"addressPrefixes": "10.0.0.0/8"}}},
        "properties.addressSpace.addressPrefixes: = '10.0.0.0/8' is not a list",
    ),
    (
        {"id": NETWORK, "properties": {"subnets": [{"name": "one"}, {"name": ["two"]}]}},
        "properties.subnets[1].name: = ['two'] is not a string",
    ),
    (
        {"id": NETWORK, "properties": {"flowTimeoutInMinutes": "4"}},
        "properties.flowTimeoutInMinutes: = '4' is not a whole number",
    ),
    (
        {"id": INTERFACE, "enableIPForwarding": "true"},
        "enableIPForwarding: = 'true' is not true or false",
    ),
    (
        {"id": NETWORK, "properties": {"subnets": [{"privateLinkServiceNetworkPolicies": 1, "name": "a"}]}},
        "properties.subnets[0].privateLinkServiceNetworkPolicies: = 1 is not one of Enabled, Disabled",
    ),
]


@pytest.mark.parametrize(("document", "message"), WRONG)
def test_a_value_of_another_type_is_an_error_that_names_its_place(document: Document, message: str) -> None:
    with pytest.raises(VtapError) as caught:
        decode(document)
    assert str(caught.value) == message


def test_a_resource_without_its_parent_has_an_etag_of_its_own() -> None:
    balancer, *_, rule = decode(rest_balancer()).resources
    alone: list[Resource] = [rule]
    assert isinstance(balancer, Lb)
    assert encode(rule, ReadView(alone, whole=True))["etag"].startswith('W/"')


def test_an_etag_is_the_same_in_every_run() -> None:
    resources = decode(rest_network()).resources
    view = ReadView(resources, whole=True)
    assert encode(resources[0], view) == encode(resources[0], view)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def damaged(draw: st.DrawFn) -> Document:
    """A document in which something, anywhere, is something else."""
    document: Any = draw(st.sampled_from((rest_network, rest_balancer, printed_interface, printed_machine)))()
    parent = document
    while True:
        steps = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        step = draw(st.sampled_from(steps))
        if not isinstance(parent[step], dict | list) or not parent[step] or draw(st.booleans()):
            parent[step] = draw(JSON)
            return dict(document)
        parent = parent[step]


@given(document=damaged())
def test_a_damaged_document_is_decoded_or_refused_and_nothing_else(document: Document) -> None:
    with suppress(VtapError):
        decode(document)


def test_what_is_no_object_is_refused() -> None:
    listed: Any = [rest_network()]
    with pytest.raises(VtapError, match=r"the document: .* is not an object"):
        decode(listed)
