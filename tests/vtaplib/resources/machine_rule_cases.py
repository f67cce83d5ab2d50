"""Cases of the rules of machines."""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.control.lab import (
    NORTH,
    PASSWORD,
    machine,
    nic_id,
)
from tests.vtaplib.resources.rule_case import (
    Case,
    Pair,
    pair,
)
from vtaplib import OsDisk
from vtaplib.model.resource import Resource


def disk(kind: str) -> OsDisk:
    return OsDisk(caching="None", storage_account_type="Standard_LRS", security_encryption_type=kind)


def vm(**more: object) -> Resource:
    return machine("new", nic_id("spare"), **more)


CASES: Mapping[tuple[str, str], Case] = {
    ("LinuxVirtualMachine", "interfaces_are_not_attached_elsewhere"): Case(
        "NicInUse",
        [
            pair(machine("new", nic_id("web")), machine("new", nic_id("spare"))),
            pair(
                machine("new", nic_id("spare"), nic_id("SPARE")),
                machine("new", nic_id("spare"), nic_id("db")),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            pair(
                machine("new", nic_id("spare"), nic_id("stray")),
                machine("new", nic_id("spare"), nic_id("db")),
            )
        ],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_the_same_region"): Case(
        "InvalidResourceReference",
        [pair(machine("new", nic_id("far")), machine("new", nic_id("far"), location=NORTH))],
    ),
    ("LinuxVirtualMachine", "interfaces_are_in_the_same_subscription"): Case(
        "InvalidResourceReference", [Pair(lambda lab: (vm(), lab.sister), lambda lab: vm())]
    ),
    ("LinuxVirtualMachine", "there_is_a_way_to_log_in"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(admin_ssh_key=()), vm()),
            pair(
                vm(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=True),
                vm(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=False),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "extensions_and_platform_patches_need_the_agent"): Case(
        "InvalidParameterCombination",
        [
            pair(
                vm(provision_vm_agent=False),
                vm(provision_vm_agent=False, allow_extension_operations=False),
            ),
            pair(
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_mode="AutomaticByPlatform",
                ),
                vm(provision_vm_agent=True, patch_mode="AutomaticByPlatform"),
            ),
            pair(
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_assessment_mode="AutomaticByPlatform",
                ),
                vm(
                    provision_vm_agent=False,
                    allow_extension_operations=False,
                    patch_assessment_mode="ImageDefault",
                ),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "patch_options_need_the_platform"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(reboot_setting="Always"), vm(reboot_setting="Always", patch_mode="AutomaticByPlatform")),
            pair(
                vm(bypass_platform_safety_checks_on_user_schedule_enabled=True),
                vm(
                    bypass_platform_safety_checks_on_user_schedule_enabled=True,
                    patch_mode="AutomaticByPlatform",
                ),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "spot_options_go_with_spot"): Case(
        "InvalidParameterCombination",
        [
            pair(vm(priority="Spot"), vm(priority="Spot", eviction_policy="Deallocate")),
            pair(vm(eviction_policy="Deallocate"), vm(priority="Regular")),
            pair(vm(max_bid_price=0.5), vm(max_bid_price=0.5, priority="Spot", eviction_policy="Deallocate")),
        ],
    ),
    ("LinuxVirtualMachine", "confidential_disks_need_a_tpm"): Case(
        "InvalidParameterCombination",
        [
            pair(
                vm(os_disk=disk("VMGuestStateOnly")), vm(os_disk=disk("VMGuestStateOnly"), vtpm_enabled=True)
            ),
            pair(
                vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True),
                vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True, secure_boot_enabled=True),
            ),
        ],
    ),
}
