"""Machines of both systems: their sizes, their names and logins, and what of them is a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.vtaplib.control.lab import Lab, machine, nic_id, vm_id, windows_machine
from vtaplib import ArmError, LinuxVirtualMachine, Topology, VirtualMachine
from vtaplib.model.resource import Resource
from vtaplib.resources import AdditionalUnattendContent, OsDisk, WindowsVirtualMachine
from vtaplib.resources.machine_size import size_named

# From Azure's pages per series.
SIZES = {
    "Standard_B1s": (2, None),
    "Standard_B20ms": (8, None),
    "Standard_DS3_v2": (4, 3000),
    "Standard_D3_v2": (4, 3000),
    "Standard_D16_v3": (8, 8000),
    "Standard_E96s_v5": (8, 35000),
    "Standard_E96_v5": (8, 30000),
    "STANDARD_d96S_V6": (8, 41000),
    "Standard_F8als_v6": (4, 12500),
}


@pytest.mark.parametrize(("name", "network"), SIZES.items())
def test_a_size_says_how_many_interfaces_there_may_be_and_how_fast_they_are(
    name: str, network: tuple[int, int | None]
) -> None:
    size = size_named(name)
    assert size is not None
    assert (size.max_interfaces, size.megabits_per_second) == network


@pytest.mark.parametrize("name", ["", "Standard_", "D2s_v5", "Standard_D2_v6", "Standard_F2_v2", "Basic_A1"])
def test_of_other_names_nothing_is_known(name: str) -> None:
    assert size_named(name) is None


def windows(**more: Any) -> WindowsVirtualMachine:
    return windows_machine("new", nic_id("spare"), **more)


@pytest.mark.parametrize(
    ("argument", "refused", "taken"),
    [
        ("admin_username", ["", "a" * 21, "Administrator", "ends."], ["operator", "a" * 20]),
        ("admin_password", ["Short-1", "P@ssw0rd", "alllower-", "Aa1-" + "x" * 120], ["Aa1-" + "x" * 119]),
        ("computer_name", ["a" * 16, "under_score", "123", "dash-"], ["a" * 15, "web-01"]),
        ("timezone", ["utc", "Mars Standard Time"], ["", "UTC", "Tonga Standard Time"]),
        ("license_type", ["windows_server", "RHEL_BYOS"], ["None", "Windows_Server"]),
        ("patch_mode", ["ImageDefault"], ["Manual", "AutomaticByOS", "AutomaticByPlatform"]),
    ],
)
def test_windows_takes_what_azurerm_takes(argument: str, refused: list[str], taken: list[str]) -> None:
    lab = Lab()
    for value in refused:
        (violation,) = lab.broken_by(windows(**{argument: value}))
        assert violation.path == (argument,), value
    for value in taken:
        assert list(lab.broken_by(windows(**{argument: value}))) == [], value


def test_a_windows_machine_has_an_account_and_what_is_not_told_of_it_may_be_a_secret() -> None:
    lab = Lab()
    assert {one.code for one in lab.broken_by(windows(admin_username=None))} == {
        "InvalidParameterCombination"
    }
    assert list(lab.broken_by(windows(admin_password=None))) == []


def test_an_attached_disk_brings_the_account_along() -> None:
    disk = f"{vm_id('x').rsplit('/', 2)[0]}/disks/old"
    attached = {"os_managed_disk_id": disk, "os_disk": OsDisk(caching="None"), "source_image_reference": None}
    lab = Lab()
    assert list(lab.broken_by(windows(**attached, admin_username=None, admin_password=None))) == []
    assert lab.broken_by(windows(**attached, admin_username=None))[0].path == ("admin_password",)


def test_what_is_secret_is_not_kept_and_what_was_read_can_be_put_back() -> None:
    lab = Lab()
    answers = AdditionalUnattendContent(setting="AutoLogon", content="<AutoLogon>hidden</AutoLogon>")
    made = lab.home.put(windows(additional_unattend_content=[answers]))
    assert made.admin_password is None
    assert made.additional_unattend_content == (answers.replace(content=""),)
    assert lab.home.put(made.replace(size="Standard_D4s_v5")).size == "Standard_D4s_v5"


def test_the_service_says_what_a_windows_machine_does_not() -> None:
    made = Lab().home.put(windows())
    assert made.computer_name == "new"
    assert (made.automatic_updates_enabled, made.hotpatching_enabled) == (True, False)
    assert (made.patch_mode, made.patch_assessment_mode) == ("AutomaticByOS", "ImageDefault")


@pytest.mark.parametrize(("first", "second"), [(machine, windows_machine), (windows_machine, machine)])
def test_a_machine_does_not_become_one_of_the_other_system(
    first: Callable[..., Resource], second: Callable[..., Resource]
) -> None:
    lab = Lab()
    lab.put(first("new", nic_id("spare")))
    with pytest.raises(ArmError) as error:
        lab.put(second("new", nic_id("spare")))
    assert error.value.code == "PropertyChangeNotAllowed"
    lab.cloud.delete(vm_id("new"))
    lab.put(second("new", nic_id("spare")))


def test_both_systems_are_machines() -> None:
    lab = Lab()
    lab.put(windows())
    assert {type(one) for one in lab.cloud.list(VirtualMachine)} == {
        LinuxVirtualMachine,
        WindowsVirtualMachine,
    }
    (attached,) = (one for one in Topology.of(lab.cloud).interfaces if one.id == nic_id("spare"))
    assert attached.machine_id == vm_id("new")


@pytest.mark.parametrize("make", [machine, windows_machine])
def test_what_is_checked_when_a_machine_is_created_does_not_stop_an_update(make: Callable[..., Any]) -> None:
    lab = Lab()
    lab.put(make("new", nic_id("spare"), provision_vm_agent=False, allow_extension_operations=False))
    allowing = make("new", nic_id("spare"), provision_vm_agent=False, allow_extension_operations=True)
    assert lab.home.put(allowing).allow_extension_operations
    assert [one.violation.rule for one in lab.cloud.audit() if one.resource.name == "new"] == []


@pytest.mark.parametrize("make", [machine, windows_machine])
@pytest.mark.parametrize(
    "given",
    [
        {"computer_name": "custom"},
        {"allow_extension_operations": False},
        {"patch_assessment_mode": "AutomaticByPlatform"},
        {"disk_controller_type": "NVMe"},
        {"provision_vm_agent": False, "allow_extension_operations": False},
    ],
)
def test_what_a_machine_was_given_stays_where_it_is_left_out_later(
    make: Callable[..., Any], given: dict[str, Any]
) -> None:
    lab = Lab()
    made = lab.home.put(make("new", nic_id("spare"), **given))
    assert lab.home.put(make("new", nic_id("spare"))) == made


def test_a_disk_keeps_the_name_and_size_that_it_was_given() -> None:
    lab = Lab()
    disk = OsDisk(caching="None", storage_account_type="Premium_LRS", name="mine", disk_size_gb=64)
    made = lab.home.put(machine("new", nic_id("spare"), os_disk=disk))
    assert (
        lab.home.put(machine("new", nic_id("spare"), os_disk=disk.replace(name=None, disk_size_gb=None)))
        == made
    )
