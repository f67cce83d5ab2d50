"""Cases of the rules of machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.vtaplib.control.lab import (
    NORTH,
    PASSWORD,
    ip,
    machine,
    nic,
    nic_id,
    windows_machine,
)
from tests.vtaplib.resources.rule_case import TWO, Case, Pair, after, pair
from vtaplib.model.resource import Resource
from vtaplib.resources import OsDisk


def disk(kind: str) -> OsDisk:
    return OsDisk(caching="None", storage_account_type="Standard_LRS", security_encryption_type=kind)


THREE_NICS = (nic_id("spare"), nic_id("db"), nic_id("third"))
with_third = after(nic("third", ip(TWO)))


def new_maker(make: Callable[..., Resource]) -> Callable[..., Resource]:
    """A way to say what a new machine with one interface has."""

    def vm(name: str = "new", **more: object) -> Resource:
        return make(name, nic_id("spare"), **more)

    return vm


linux, windows = new_maker(machine), new_maker(windows_machine)


def shared_cases(kind: str, make: Callable[..., Resource]) -> Mapping[tuple[str, str], Case]:
    """Cases of the rules that both types of machines have."""
    vm = new_maker(make)
    return {
        (kind, "interfaces_are_not_attached_elsewhere"): Case(
            "NicInUse",
            [
                pair(make("new", nic_id("web")), make("new", nic_id("spare"))),
                pair(
                    make("new", nic_id("spare"), nic_id("SPARE")),
                    make("new", nic_id("spare"), nic_id("db")),
                ),
            ],
        ),
        (kind, "interfaces_are_in_one_network"): Case(
            "SubnetsNotInSameVnet",
            [
                pair(
                    make("new", nic_id("spare"), nic_id("stray")),
                    make("new", nic_id("spare"), nic_id("db")),
                )
            ],
        ),
        (kind, "interfaces_are_in_the_same_region"): Case(
            "InvalidResourceReference",
            [pair(make("new", nic_id("far")), make("new", nic_id("far"), location=NORTH))],
        ),
        (kind, "interfaces_are_in_the_same_subscription"): Case(
            "InvalidResourceReference", [Pair(lambda lab: (vm(), lab.sister), lambda lab: vm())]
        ),
        (kind, "extensions_need_the_agent"): Case(
            "InvalidParameterCombination",
            [
                pair(
                    vm(provision_vm_agent=False),
                    vm(provision_vm_agent=False, allow_extension_operations=False),
                ),
            ],
        ),
        (kind, "platform_patches_need_the_agent"): Case(
            "InvalidParameterCombination",
            [
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
        (kind, "patch_options_need_the_platform"): Case(
            "InvalidParameterCombination",
            [
                pair(
                    vm(reboot_setting="Always"), vm(reboot_setting="Always", patch_mode="AutomaticByPlatform")
                ),
                pair(
                    vm(bypass_platform_safety_checks_on_user_schedule_enabled=True),
                    vm(
                        bypass_platform_safety_checks_on_user_schedule_enabled=True,
                        patch_mode="AutomaticByPlatform",
                    ),
                ),
            ],
        ),
        (kind, "spot_options_go_with_spot"): Case(
            "InvalidParameterCombination",
            [
                pair(vm(priority="Spot"), vm(priority="Spot", eviction_policy="Deallocate")),
                pair(vm(eviction_policy="Deallocate"), vm(priority="Regular")),
                pair(
                    vm(max_bid_price=0.5),
                    vm(max_bid_price=0.5, priority="Spot", eviction_policy="Deallocate"),
                ),
            ],
        ),
        (kind, "confidential_disks_need_a_tpm"): Case(
            "InvalidParameterCombination",
            [
                pair(
                    vm(os_disk=disk("VMGuestStateOnly")),
                    vm(os_disk=disk("VMGuestStateOnly"), vtpm_enabled=True),
                ),
                pair(
                    vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True),
                    vm(os_disk=disk("DiskWithVMGuestState"), vtpm_enabled=True, secure_boot_enabled=True),
                ),
            ],
        ),
        (kind, "size_has_room_for_the_interfaces"): Case(
            "NetworkInterfaceCountExceeded",
            [
                Pair(
                    with_third(make("new", *THREE_NICS, size=size)),
                    with_third(make("new", *THREE_NICS, size="Standard_D8s_v5")),
                )
                for size in ("Standard_D2s_v5", "STANDARD_B1MS", "Standard_D4_v3")
            ],
        ),
        (kind, "size_is_known"): Case(
            "VirtualMachineSizeNotKnown",
            [
                pair(vm(size="Standard_D2sv5"), vm(size="Standard_D2s_v5")),
                pair(vm(size="D2s_v5"), vm(size="standard_d2S_V5")),
                Pair(
                    with_third(make("new", *THREE_NICS, size="Standard_Huge")),
                    with_third(make("new", *THREE_NICS, size="Standard_M128s")),
                ),
            ],
        ),
    }


CASES: Mapping[tuple[str, str], Case] = {
    **shared_cases("LinuxVirtualMachine", machine),
    **shared_cases("WindowsVirtualMachine", windows_machine),
    ("LinuxVirtualMachine", "there_is_a_way_to_log_in"): Case(
        "InvalidParameterCombination",
        [
            pair(linux(admin_ssh_key=()), linux()),
            pair(
                linux(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=True),
                linux(admin_ssh_key=(), admin_password=PASSWORD, disable_password_authentication=False),
            ),
        ],
    ),
    ("LinuxVirtualMachine", "name_can_be_the_computer_name"): Case(
        "InvalidRequestContent",
        [
            pair(linux(name="a_b"), linux(name="a_b", computer_name="a-b")),
            pair(linux(name="a" * 65), linux(name="a" * 64)),
        ],
    ),
    ("WindowsVirtualMachine", "name_can_be_the_computer_name"): Case(
        "InvalidRequestContent",
        [
            pair(windows(name="a" * 16), windows(name="a" * 16, computer_name="a" * 15)),
            pair(windows(name="a" * 16), windows(name="a" * 15)),
            pair(windows(name="a.b"), windows(name="a-b")),
        ],
    ),
    ("WindowsVirtualMachine", "hotpatches_need_the_platform"): Case(
        "InvalidParameterCombination",
        [
            pair(
                windows(hotpatching_enabled=True),
                windows(hotpatching_enabled=True, patch_mode="AutomaticByPlatform"),
            ),
        ],
    ),
}
