"""`vtap machine`: a machine taken off its host and started, by name or ID."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vtaplib.cli.clouds import Builder
from tests.vtaplib.cli.command import Vtap
from vtaplib.control.cloud import Cloud
from vtaplib.model.violation import ArmError
from vtaplib.resources import NetworkInterface, NetworkInterfaceTapConfiguration, VirtualMachine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloud.db"


@pytest.fixture
def build(path: Path) -> Builder:
    """A cloud with a machine, `vm-web`, that was there before the TAP."""
    builder = Builder(path)
    network = builder.network("vnet", "10.0.0.0/16", {"one": "10.0.0.0/24"})
    builder.machine("web", f"{network.id}/subnets/one")
    return builder


def machine_of(path: Path) -> VirtualMachine:
    with Cloud.open(path) as cloud:
        (machine,) = cloud.list(VirtualMachine)
        return machine


def tap_of(build: Builder) -> NetworkInterfaceTapConfiguration:
    (web,) = build.cloud.list(NetworkInterface)
    collector = build.machine("collector", web.ip_configuration[0].subnet_id or "")
    build.cloud.delete(next(one.id for one in build.cloud.list(VirtualMachine) if one.name == "vm-collector"))
    tap = build.tap("tap", collector)
    return NetworkInterfaceTapConfiguration(
        name="mirror", network_interface_id=web.id, virtual_network_tap_id=tap.id
    )


def test_deallocating_and_starting_a_machine_lets_its_interface_be_tapped(
    vtap: Vtap, path: Path, build: Builder
) -> None:
    configuration = tap_of(build)
    with pytest.raises(ArmError) as error:
        build.cloud.put(configuration)
    assert error.value.code == "NetworkInterfaceNotOnFastpath"
    assert "vtap machine deallocate vm-web && vtap machine start vm-web" in error.value.message
    said = vtap("machine", "deallocate", "vm-web", "--cloud", path).stdout
    assert "vm-web is deallocated. Start it again with: vtap machine start vm-web" in said
    assert machine_of(path).power_state == "deallocated"
    said = vtap("machine", "start", "VM-WEB", "--cloud", path).stdout
    assert "vm-web is running, on the fast path: its interfaces can be tapped." in said
    build.cloud.put(configuration)


def test_a_start_before_there_is_a_tap_is_said_to_be_of_no_use(
    vtap: Vtap, path: Path, build: Builder
) -> None:
    vtap("machine", "deallocate", "vm-web", "--cloud", path)
    assert "there is no TAP yet" in vtap("machine", "start", "vm-web", "--cloud", path).stdout
    assert not machine_of(path).on_fastpath


def test_starting_a_machine_that_runs_is_no_start(vtap: Vtap, path: Path, build: Builder) -> None:
    configuration = tap_of(build)
    said = vtap("machine", "start", "vm-web", "--cloud", path).stdout
    assert "vm-web is running already, but not on the fast path" in said
    with pytest.raises(ArmError):
        build.cloud.put(configuration)


def test_the_document_says_what_was_and_what_is(vtap: Vtap, path: Path, build: Builder) -> None:
    machine_id = machine_of(path).id
    document = vtap("machine", "deallocate", machine_id, "--cloud", path, "--json").document
    assert document == {
        "machine": machine_id,
        "operation": "deallocate",
        "before": "running",
        "power_state": "deallocated",
        "on_fastpath": False,
    }


def test_a_machine_that_is_not_there_is_named_with_those_that_are(
    vtap: Vtap, path: Path, build: Builder
) -> None:
    message = vtap.refuses("machine", "start", "vm-db", "--cloud", path)
    assert "vm-db: the cloud has no machine of this name or ID; it has vm-web" in message


def test_a_name_that_two_machines_have_wants_an_id(vtap: Vtap, path: Path, build: Builder) -> None:
    other = Builder(path, "rg-other")
    network = other.network("vnet", "10.0.0.0/16", {"one": "10.0.0.0/24"})
    other.machine("web", f"{network.id}/subnets/one")
    assert "several machines have this name" in vtap.refuses("machine", "start", "vm-web", "--cloud", path)
