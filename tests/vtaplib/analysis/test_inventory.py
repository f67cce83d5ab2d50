"""`vtaplib.analysis.take_inventory` without the command: a cloud in, everything in it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import given

from tests.vtaplib.control.lab import Lab, ip_id, nic_id, tap_id
from vtaplib import Cloud
from vtaplib.analysis import Inventory, take_inventory
from vtaplib.analysis.inventory_document import inventory_document
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.reports.page.frame import html_page
from vtaplib.resources import (
    Lb,
    LbBackendAddressPool,
    LbProbe,
    LbRule,
    NetworkInterface,
    PublicIp,
    ResourceGroup,
    Subnet,
    VirtualMachine,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.testing import clouds

LISTED: tuple[type[Resource], ...] = (
    ResourceGroup,
    VirtualNetwork,
    Subnet,
    VirtualNetworkPeering,
    PublicIp,
    NetworkInterface,
    VirtualMachine,
    Lb,
    LbRule,
    LbProbe,
    LbBackendAddressPool,
    VirtualNetworkTap,
)


def entries(value: Any) -> Iterator[Any]:
    """Every entry in a value."""
    if isinstance(value, tuple):
        for one in value:
            yield from entries(one)
    elif is_dataclass(value):
        yield value
        for one in fields(value):
            yield from entries(getattr(value, one.name))


@given(clouds(attached=True))
def test_every_resource_has_one_entry(cloud: Cloud) -> None:
    inventory = take_inventory(cloud, "drawn")
    listed = sorted(one.id for one in entries(inventory) if hasattr(one, "id"))
    resources = [one for kind in LISTED for one in cloud.list(kind)]
    configurations = [block for one in cloud.list(NetworkInterface) for block in one.ip_configuration]
    frontends = [block for one in cloud.list(Lb) for block in one.frontend_ip_configuration]
    assert listed == sorted(one.id for one in (*resources, *configurations, *frontends))


def test_entries_refer_to_each_other_by_id() -> None:
    lab = Lab()
    (group,) = (
        group
        for tenant in take_inventory(lab.cloud).tenants
        for subscription in tenant.subscriptions
        for group in subscription.groups
        if group.taps
    )
    taps = {one.id: one for one in group.taps}
    interfaces = {one.id: one for one in group.interfaces}
    tap, tapped = taps[tap_id("tap")], interfaces[nic_id("db")]
    assert tap.destination_id == ip_id("collector")
    (address,) = interfaces[nic_id("collector")].addresses
    assert tap.destination_address == address.address
    assert [one.interface_id for one in tap.sources] == [tapped.id]
    assert tapped.tap_ids == (tap.id,)


def test_an_empty_cloud_has_no_tenant_and_says_so() -> None:
    inventory = take_inventory(Cloud(), "nothing")
    assert inventory == Inventory("nothing", ())
    assert "empty: nothing has been applied to it" in html_page(inventory_document(inventory))


def test_a_name_is_that_of_its_id() -> None:
    for one in entries(take_inventory(Lab().cloud)):
        if hasattr(one, "name"):
            assert one.name == ids.name(one.id)
