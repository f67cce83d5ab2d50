"""Changes of every argument of machines: those that both systems have, and those of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.terraform.changes import Change, inside, switched, values
from tests.terraform.hcl import Expression
from tests.terraform.network_changes import LAB2, TAGS, TIMEOUTS
from tests.terraform.worlds import OTHER_SSH_KEY, SSH_KEY, arm

DISK: Final = {"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}
LOCAL: Final = {"option": "Local"}
IMAGE: Final = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
MARKET: Final = {"name": "n", "product": "p", "publisher": "q"}
APPLICATION: Final = {"version_id": arm("Microsoft.Compute/galleries/g/applications/a/versions/1.0.0")}
VAULT: Final = "https://vault.vault.azure.net/secrets/cert"
KEY: Final = {"username": "operator", "public_key": SSH_KEY}
IDENTITY: Final = arm("Microsoft.ManagedIdentity/userAssignedIdentities/i")
ENCRYPTION_SET: Final = arm("Microsoft.Compute/diskEncryptionSets/s")
CONFIDENTIAL: Final = {"vtpm_enabled": True, "secure_boot_enabled": True}


def nics(*names: str) -> list[Any]:
    return [Expression(f"azurerm_network_interface.{name}.id") for name in names]


def two_ids(argument: str, arm_type: str, **beside: Any) -> Change:
    return values(argument, arm(f"{arm_type}/a"), arm(f"{arm_type}/b"), **beside)


def attached(**login: None) -> Change:
    """A change of the attached system disk, which brings the login along."""
    return two_ids(
        "os_managed_disk_id",
        "Microsoft.Compute/disks",
        admin_username=None,
        source_image_reference=None,
        os_disk=[{"caching": "None"}],
        **login,
    )


def secrets(certificate: Mapping[str, Any]) -> list[Change]:
    """Changes of the certificates to install, each like this one."""
    whole = {"key_vault_id": arm("Microsoft.KeyVault/vaults/v"), "certificate": [certificate]}
    others = [{**certificate, name: f"{value}2"} for name, value in certificate.items()]
    return [
        values("secret", [whole]),
        inside("secret", whole, "key_vault_id", whole["key_vault_id"], arm("Microsoft.KeyVault/vaults/w")),
        inside("secret", whole, "certificate", [certificate], [certificate, others[0]]),
        *(
            Change(
                f"secret.certificate.{name}",
                {"secret": [{**whole, "certificate": [other]}]},
                {"secret": [whole]},
            )
            for name, other in zip(certificate, others, strict=True)
        ),
    ]


PROVISIONED: Final = [
    values("name", "vm2"),
    values("resource_group_name", LAB2),
    Change("location", {"location": "northeurope", "network_interface_ids": nics("far")}),
    values("size", "Standard_D4s_v5"),
    values("network_interface_ids", nics("one"), nics("two", "one")),
    values("additional_capabilities", [{"hibernation_enabled": True}]),
    inside("additional_capabilities", {}, "hibernation_enabled", before=False, after=True),
    inside("additional_capabilities", {}, "ultra_ssd_enabled", before=False, after=True),
    values("admin_username", "keeper"),
    switched("allow_extension_operations", on=False),
    two_ids("availability_set_id", "Microsoft.Compute/availabilitySets"),
    values("boot_diagnostics", [{"storage_account_uri": "https://a.blob.core.windows.net/"}]),
    inside("boot_diagnostics", {}, "storage_account_uri", None, "https://a.blob.core.windows.net/"),
    switched(
        "bypass_platform_safety_checks_on_user_schedule_enabled", on=True, patch_mode="AutomaticByPlatform"
    ),
    two_ids("capacity_reservation_group_id", "Microsoft.Compute/capacityReservationGroups"),
    values("computer_name", "host", "host2"),
    values("custom_data", "b25l", "dHdv"),
    two_ids("dedicated_host_group_id", "Microsoft.Compute/hostGroups"),
    two_ids("dedicated_host_id", "Microsoft.Compute/hostGroups/g/hosts"),
    values("disk_controller_type", "SCSI", "NVMe"),
    values("edge_zone", "losangeles", "perth"),
    switched("encryption_at_host_enabled", on=True),
    values("eviction_policy", "Deallocate", "Delete", priority="Spot"),
    values("extensions_time_budget", "PT2H"),
    values("gallery_application", [APPLICATION]),
    inside(
        "gallery_application",
        APPLICATION,
        "version_id",
        APPLICATION["version_id"],
        APPLICATION["version_id"] + "1",
    ),
    inside("gallery_application", APPLICATION, "automatic_upgrade_enabled", before=None, after=True),
    inside(
        "gallery_application",
        APPLICATION,
        "configuration_blob_uri",
        None,
        "https://a.blob.core.windows.net/c",
    ),
    inside("gallery_application", APPLICATION, "order", None, 3),
    inside("gallery_application", APPLICATION, "tag", None, "blue"),
    inside(
        "gallery_application",
        APPLICATION,
        "treat_failure_as_deployment_failure_enabled",
        before=None,
        after=True,
    ),
    values("identity", [{"type": "SystemAssigned"}]),
    inside("identity", {"identity_ids": [IDENTITY]}, "type", "UserAssigned", "SystemAssigned, UserAssigned"),
    inside("identity", {"type": "UserAssigned"}, "identity_ids", [IDENTITY], [IDENTITY, IDENTITY + "2"]),
    values("max_bid_price", 0.25, priority="Spot", eviction_policy="Delete"),
    values("os_image_notification", [{"timeout": "PT15M"}]),
    # The only value there is.
    inside("os_image_notification", {}, "timeout", None, "PT15M"),
    values("patch_assessment_mode", "AutomaticByPlatform"),
    values("patch_mode", "AutomaticByPlatform"),
    values("plan", [MARKET]),
    *(inside("plan", MARKET, name, MARKET[name], "other") for name in MARKET),
    two_ids("virtual_machine_scale_set_id", "Microsoft.Compute/virtualMachineScaleSets"),
    values(
        "platform_fault_domain",
        1,
        2,
        virtual_machine_scale_set_id=arm("Microsoft.Compute/virtualMachineScaleSets/s"),
    ),
    Change("priority", {"priority": "Spot", "eviction_policy": "Delete"}),
    switched("provision_vm_agent", on=False, allow_extension_operations=False),
    two_ids("proximity_placement_group_id", "Microsoft.Compute/proximityPlacementGroups"),
    values("reboot_setting", "Always", "Never", patch_mode="AutomaticByPlatform"),
    switched("secure_boot_enabled", on=True),
    values(
        "source_image_id",
        arm("Microsoft.Compute/images/a"),
        arm("Microsoft.Compute/galleries/g/images/b"),
        source_image_reference=None,
    ),
    Change(
        "source_image_reference",
        {"source_image_reference": [IMAGE]},
        {"source_image_reference": None, "source_image_id": arm("Microsoft.Compute/images/a")},
    ),
    *(inside("source_image_reference", IMAGE, name, IMAGE[name], "other") for name in IMAGE),
    values("termination_notification", [{"enabled": True}]),
    inside("termination_notification", {}, "enabled", before=True, after=False),
    inside("termination_notification", {"enabled": True}, "timeout", "PT5M", "PT10M"),
    values("user_data", "b25l", "dHdv"),
    switched("vtpm_enabled", on=True),
    values("zone", "1", "2"),
    values(
        "os_disk", [DISK], [{"caching": "None", "storage_account_type": "Standard_LRS", "disk_size_gb": 40}]
    ),
    inside("os_disk", DISK, "caching", "ReadWrite", "ReadOnly"),
    inside("os_disk", DISK, "storage_account_type", "Standard_LRS", "Premium_LRS"),
    inside("os_disk", DISK, "diff_disk_settings", None, [LOCAL]),
    inside("os_disk", DISK, "disk_encryption_set_id", ENCRYPTION_SET, ENCRYPTION_SET + "2"),
    inside("os_disk", DISK, "disk_size_gb", None, 64),
    inside("os_disk", DISK, "name", "disk", "disk2"),
    inside(
        "os_disk",
        {**DISK, "security_encryption_type": "DiskWithVMGuestState"},
        "secure_vm_disk_encryption_set_id",
        ENCRYPTION_SET,
        ENCRYPTION_SET + "2",
        **CONFIDENTIAL,
    ),
    inside(
        "os_disk",
        DISK,
        "security_encryption_type",
        "VMGuestStateOnly",
        "DiskWithVMGuestState",
        **CONFIDENTIAL,
    ),
    inside("os_disk", DISK, "write_accelerator_enabled", before=None, after=True),
    Change(
        "os_disk.diff_disk_settings.option",
        {"os_disk": [{**DISK, "diff_disk_settings": [LOCAL]}]},
        {"os_disk": [DISK]},
    ),
    Change(
        "os_disk.diff_disk_settings.placement",
        {"os_disk": [{**DISK, "diff_disk_settings": [{**LOCAL, "placement": "NvmeDisk"}]}]},
        {"os_disk": [{**DISK, "diff_disk_settings": [LOCAL]}]},
    ),
    TAGS,
    TIMEOUTS,
]

LINUX: Final = [
    *PROVISIONED,
    values("admin_password", "Correct-Horse-1", "Battery-Staple-2", disable_password_authentication=False),
    values("admin_ssh_key", [KEY], [KEY, {**KEY, "public_key": OTHER_SSH_KEY}]),
    inside("admin_ssh_key", KEY, "public_key", SSH_KEY, OTHER_SSH_KEY),
    inside("admin_ssh_key", KEY, "username", "operator", "keeper"),
    switched("disable_password_authentication", on=False, admin_password="Correct-Horse-1"),
    values("license_type", "RHEL_BYOS", "SLES_BYOS"),
    attached(admin_ssh_key=None),
    *secrets({"url": f"{VAULT}/1"}),
]

ANSWER: Final = {"setting": "AutoLogon", "content": "<AutoLogon/>"}
LISTENER: Final = {"protocol": "Https", "certificate_url": f"{VAULT}/1"}

WINDOWS: Final = [
    *PROVISIONED,
    values("additional_unattend_content", [ANSWER], [ANSWER, {**ANSWER, "content": "<Other/>"}]),
    inside("additional_unattend_content", ANSWER, "content", "<AutoLogon/>", "<Other/>"),
    inside("additional_unattend_content", ANSWER, "setting", "AutoLogon", "FirstLogonCommands"),
    values("admin_password", "Correct-Horse-1", "Battery-Staple-2"),
    switched("automatic_updates_enabled", on=False),
    switched("hotpatching_enabled", on=True, patch_mode="AutomaticByPlatform"),
    values("license_type", "Windows_Client", "Windows_Server"),
    attached(admin_password=None),
    *secrets({"url": f"{VAULT}/1", "store": "My"}),
    values("timezone", "UTC", "W. Europe Standard Time"),
    values("winrm_listener", [LISTENER], [LISTENER, {"protocol": "Http"}]),
    inside("winrm_listener", LISTENER, "protocol", "Https", "Http"),
    inside("winrm_listener", LISTENER, "certificate_url", f"{VAULT}/1", f"{VAULT}/2"),
]
