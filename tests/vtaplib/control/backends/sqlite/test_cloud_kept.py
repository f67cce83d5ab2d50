"""A cloud that is kept in a file: what is in it the next time, and what never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vtaplib.control.lab import (
    HOME,
    PASSWORD,
    TENANT,
    WEST,
    ip,
    machine,
    network,
    nic,
    nic_id,
    stock,
    subnet,
    subnet_id,
)
from vtaplib import ArmError, Cloud, ResourceGroup
from vtaplib.control import SubscriptionHandle
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES, InlineSubnet

CUSTOM_DATA = "c2VjcmV0IGRhdGEgZm9yIHRoZSBmaXJzdCBib290"


def opened(cloud: Cloud) -> SubscriptionHandle:
    home = cloud.subscription(HOME, tenant_id=TENANT)
    home.put(ResourceGroup(name="lab", location=WEST))
    return home


def contents(cloud: Cloud) -> list[Resource]:
    return [one for kind in RESOURCE_TYPES for one in cloud.list(kind)]


def bytes_beside(path: Path) -> bytes:
    """Everything in the file, and in the files that SQLite keeps beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


def test_everything_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    with Cloud.open(path) as cloud:
        home = opened(cloud)
        for resource in stock():
            home.put(resource)
        written = contents(cloud)
    with Cloud.open(path) as cloud:
        assert contents(cloud) == written
        with pytest.raises(ArmError):
            cloud.delete(nic_id("web"))


def test_a_file_and_its_directory_are_made_where_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "cloud.db"
    with Cloud.open(path) as cloud:
        assert contents(cloud) == []
    assert path.exists()


def test_a_secret_is_nowhere_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    secretive = machine(
        "secretive",
        nic_id("n"),
        admin_password=PASSWORD,
        disable_password_authentication=False,
        custom_data=CUSTOM_DATA,
    )
    with Cloud.open(path) as cloud:
        home = opened(cloud)
        for resource in (network("n", "10.0.0.0/16"), subnet("n", "one", "10.0.1.0/24")):
            home.put(resource)
        home.put(nic("n", ip(subnet_id("n"))))
        home.put(secretive)
        while_open = bytes_beside(path)
    for found in (while_open, bytes_beside(path)):
        assert b"secretive" in found, "the machine itself is there"
        assert PASSWORD.encode() not in found
        assert CUSTOM_DATA.encode() not in found


@pytest.mark.parametrize(
    "refused",
    [
        # Each would write something before the part of it that breaks a rule.
        network("n", "10.0.0.0/16", subnet=[InlineSubnet(name="two", address_prefixes=["10.9.0.0/24"])]),
        network("n", "10.7.0.0/16", tags={"changed": "yes"}),
        machine("vm", nic_id("n"), nic_id("nowhere")),
        nic("n", ip(subnet_id("n"), primary=True), ip(subnet_id("n", "nowhere"), name="second")),
    ],
    ids=["inline subnet", "address space", "machine", "interface"],
)
def test_a_refused_write_changes_nothing(tmp_path: Path, refused: Resource) -> None:
    path = tmp_path / "cloud.db"
    with Cloud.open(path) as cloud:
        home = opened(cloud)
        home.put(network("n", "10.0.0.0/16"))
        home.put(subnet("n", "one", "10.0.1.0/24"))
        home.put(nic("n", ip(subnet_id("n"))))
        before = contents(cloud)
        with pytest.raises(ArmError):
            home.put(refused)
        assert contents(cloud) == before
    with Cloud.open(path) as cloud:
        assert contents(cloud) == before


def test_two_clouds_on_one_file_see_each_others_writes(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    with Cloud.open(path) as one, Cloud.open(path) as other:
        opened(one).put(network("n", "10.0.0.0/16"))
        assert contents(other) == contents(one)
        opened(other).put(subnet("n", "one", "10.0.1.0/24"))
        with pytest.raises(ArmError) as error:
            opened(one).put(subnet("n", "two", "10.0.1.0/25"))
        assert error.value.code == "NetcfgSubnetRangesOverlap"


def test_a_snapshot_stays_as_it_was_while_others_write(tmp_path: Path) -> None:
    path = tmp_path / "cloud.db"
    with Cloud.open(path) as one, Cloud.open(path) as other:
        opened(one)
        with one.snapshot() as view:
            before = list(view.list(ResourceGroup))
            other.subscription(HOME, tenant_id=TENANT).put(ResourceGroup(name="later", location=WEST))
            assert list(view.list(ResourceGroup)) == before
        assert [group.name for group in one.list(ResourceGroup)] == ["lab", "later"]
