from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.clouds import GROUP, REGION, SUBSCRIPTION, Builder, nic_id
from tests.vtaplib.cli.command import VTAP, Vtap
from vtaplib import __version__
from vtaplib.control.cloud import Cloud
from vtaplib.loops import COMPILED
from vtaplib.resources.lb import Lb, LbFrontendIpConfiguration
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.public_ip import PublicIp
from vtaplib.resources.virtual_machine import VirtualMachine


def test_the_tree_names_everything_that_was_put(vtap: Vtap, quickstart: Path) -> None:
    tree = vtap("show", "--cloud", quickstart).stdout
    for line in (
        f"subscription {SUBSCRIPTION}",
        "resource group rg-test  westeurope",
        "network vnet-app  10.10.0.0/16  westeurope",
        "subnet snet-web  10.10.1.0/24",
        "subnet snet-data  10.10.2.0/24",
        "peering to-vnet-security  to vnet-security  Connected",
        "peering to-vnet-app  to vnet-app  Connected",
        "interface nic-web  10.10.1.4 in vnet-app/snet-web  machine vm-web",
        "interface nic-database  10.10.2.4 in vnet-app/snet-data  machine vm-database",
        "interface nic-collector  10.20.1.4 in vnet-security/snet-collector  machine vm-collector",
        "machine vm-web  Standard_D2s_v5  interfaces nic-web",
        "TAP tap  sends to nic-collector/internal 10.20.1.4 port 4789",
        "source nic-web  by tap configuration mirror",
        "source nic-database  by tap configuration mirror",
    ):
        assert line in tree


def test_the_tree_shows_a_load_balancer_with_all_that_belongs_to_it(vtap: Vtap, load_balanced: Path) -> None:
    tree = vtap("show", "--cloud", load_balanced).stdout
    for line in (
        "load balancer lb  Standard",
        "frontend front  10.10.3.4 in vnet-app/snet-collector",
        "rule ha  HA ports of front  to pool  distribution Default  probe probe",
        "probe probe  Tcp port 8080",
        "pool pool",
        "member nic-collector-a/internal",
        "member nic-collector-b/internal",
        "member nic-collector-c/internal",
        "TAP tap  sends to lb/front 10.10.3.4 port 4789",
    ):
        assert line in tree


def test_the_tree_shows_public_addresses_where_there_are_some(vtap: Vtap, quickstart: Path) -> None:
    with Cloud.open(quickstart) as cloud:
        sub = cloud.subscription(SUBSCRIPTION)
        where: dict[str, Any] = {"resource_group_name": GROUP, "location": REGION}
        free, web, front = (
            sub.put(PublicIp(name=name, allocation_method="Static", domain_name_label=label, **where))
            for name, label in (("pip-free", "free"), ("pip-web", None), ("pip-front", None))
        )
        interface = sub.get(nic_id("nic-web"))
        assert isinstance(interface, NetworkInterface)
        reached = interface.ip_configuration[0].replace(public_ip_address_id=web.id)
        sub.put(interface.replace(ip_configuration=[reached]))
        outside = LbFrontendIpConfiguration(name="outside", public_ip_address_id=front.id)
        sub.put(Lb(name="lb-out", frontend_ip_configuration=[outside], **where))
    tree = vtap("show", "--cloud", quickstart).stdout
    for line in (
        f"public address pip-free  {free.ip_address}  free.westeurope.cloudapp.azure.com  westeurope",
        f"public address pip-web  {web.ip_address}  westeurope",
        f"interface nic-web  10.10.1.4 in vnet-app/snet-web, public {web.ip_address}  machine vm-web",
        f"frontend outside  public {front.ip_address}",
    ):
        assert line in tree


def test_the_document_holds_the_same_by_id(vtap: Vtap, quickstart: Path) -> None:
    world = vtap("show", "--cloud", quickstart, "--json").document
    assert world["cloud"] == str(quickstart)
    (tenant,) = world["tenants"]
    (subscription,) = tenant["subscriptions"]
    assert subscription["subscription_id"] == SUBSCRIPTION
    (group,) = subscription["groups"]
    assert {one["name"]: [subnet["name"] for subnet in one["subnets"]] for one in group["networks"]} == {
        "vnet-app": ["snet-data", "snet-web"],
        "vnet-security": ["snet-collector"],
    }
    assert {peering["state"] for one in group["networks"] for peering in one["peerings"]} == {"Connected"}
    assert {
        one["id"]: [address["address"] for address in one["addresses"]] for one in group["interfaces"]
    } == {
        nic_id("nic-web"): ["10.10.1.4"],
        nic_id("nic-database"): ["10.10.2.4"],
        nic_id("nic-collector"): ["10.20.1.4"],
    }
    (tap,) = group["taps"]
    assert tap["destination_id"] == f"{nic_id('nic-collector')}/ipConfigurations/internal"
    assert [source["interface_id"] for source in tap["sources"]] == [
        nic_id("nic-database"),
        nic_id("nic-web"),
    ]
    assert {one["name"]: one["tap_ids"] for one in group["interfaces"]} == {
        "nic-web": [tap["id"]],
        "nic-database": [tap["id"]],
        "nic-collector": [],
    }


def test_a_cloud_that_holds_nothing_is_said_to_be_empty(vtap: Vtap, tmp_path: Path) -> None:
    Cloud.open(tmp_path / "empty.db").close()
    assert "empty" in vtap("show", "--cloud", tmp_path / "empty.db").stdout
    assert vtap("show", "--cloud", tmp_path / "empty.db", "--json").document["tenants"] == []


def test_the_default_is_the_providers(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    (tmp_path / ".vtap").mkdir()
    quickstart.rename(tmp_path / ".vtap" / "cloud.db")
    assert vtap("show", "--json").document["cloud"] == ".vtap/cloud.db"


def test_the_environment_names_the_cloud_as_it_does_for_the_provider(vtap: Vtap, quickstart: Path) -> None:
    shown = vtap("show", "--json", VTAP_ENDPOINT="file:quickstart.db").document
    assert shown["cloud"] == quickstart.name
    assert "VTAP_ENDPOINT is 'https://cloud'" in vtap.refuses("show", VTAP_ENDPOINT="https://cloud")


def test_a_cloud_that_is_not_there_is_not_made(vtap: Vtap, tmp_path: Path) -> None:
    message = vtap.refuses("show")
    assert message.startswith(".vtap/cloud.db: there is no such file")
    assert "--cloud" in message
    assert not (tmp_path / ".vtap").exists()
    assert vtap.refuses("show", "--cloud", tmp_path).startswith(f"{tmp_path}: is not a file")


def test_another_programs_database_is_refused_and_not_touched(vtap: Vtap, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customer (name TEXT)")
    connection.close()
    before = path.read_bytes()
    assert "is not a vtap cloud" in vtap.refuses("show", "--cloud", path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database, but text\n" * 100, b"\0" * 4096], ids=["text", "zeros"]
)
def test_a_file_that_is_no_database_is_refused(vtap: Vtap, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cloud.db"
    path.write_bytes(content)
    assert vtap.refuses("show", "--cloud", path).startswith(f"{path}: ")
    assert path.read_bytes() == content


def test_a_damaged_cloud_is_an_error_with_its_name(vtap: Vtap, quickstart: Path) -> None:
    whole = quickstart.read_bytes()
    # The header says that the file is good; the pages of the tables are gone.
    quickstart.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert vtap.refuses("show", "--cloud", quickstart).startswith(f"{quickstart}: ")


def test_help_of_every_command_has_examples(vtap: Vtap) -> None:
    overview = vtap("--help").stdout
    for command in ("show", "replay", "install"):
        assert command in overview
        text = vtap(command, "--help").stdout
        assert "Examples:" in text
        assert f"vtap {command}" in text
    assert "terraform" in overview


def test_help_imports_nothing_that_is_slow(vtap: Vtap) -> None:
    imported = vtap("--help", PYTHONPROFILEIMPORTTIME="1").stderr
    names = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert "typer" in names
    assert names.isdisjoint({"pydantic", "scapy", "grpc", "vtaplib.resources", "vtaplib.mirror.replay"})


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["show", "--nonsense"], ["replay"]], ids=["command", "option", "argument"]
)
def test_a_usage_error_is_explained_on_standard_error(vtap: Vtap, arguments: list[str]) -> None:
    outcome = vtap(*arguments, code=2)
    assert outcome.stdout == ""
    assert "Usage: vtap" in outcome.stderr


def test_the_command_is_installed_beside_its_interpreter(vtap: Vtap) -> None:
    assert VTAP.exists()
    how = "compiled" if COMPILED else "interpreted"
    assert vtap("--version").stdout == f"vtap {__version__}, inner loops {how}\n"


def test_a_machine_that_is_off_and_one_that_cannot_be_tapped_are_said_to_be(
    vtap: Vtap, tmp_path: Path
) -> None:
    build = Builder(tmp_path / "cloud.db")
    network = build.network("vnet", "10.0.0.0/16", {"one": "10.0.0.0/24"})
    build.machine("web", f"{network.id}/subnets/one")
    (machine,) = build.cloud.list(VirtualMachine)
    tree = vtap("show", "--cloud", tmp_path / "cloud.db").stdout
    assert "machine vm-web  Standard_D2s_v5  not on the fast path  interfaces nic-web" in tree
    build.cloud.deallocate(machine.id)
    tree = vtap("show", "--cloud", tmp_path / "cloud.db").stdout
    assert "machine vm-web  Standard_D2s_v5  deallocated  not on the fast path" in tree
