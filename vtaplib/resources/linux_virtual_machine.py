"""A Linux virtual machine, with azurerm's arguments. What concerns the network is in `virtual_machine`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from vtaplib.model import ids
from vtaplib.model.arguments import (
    Base64,
    CaseInsensitive,
    EdgeZone,
    IdOf,
    NonEmpty,
    Tags,
)
from vtaplib.model.combination import ConflictsWith, ExactlyOneOf, RequiredWith
from vtaplib.model.marks import (
    SERVICE,
    Assigned,
    Between,
    CreateOnly,
    Inert,
    Items,
    Length,
    OneOf,
    OptionalAssigned,
    Satisfies,
    Sensitive,
    Unordered,
)
from vtaplib.model.resource import Assignment, Findings, rule
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_machine_blocks import (
    AdditionalCapabilities,
    AdminSshKey,
    BootDiagnostics,
    GalleryApplication,
    Identity,
    OsDisk,
    OsImageNotification,
    Plan,
    Secret,
    SourceImageReference,
    TerminationNotification,
)

if TYPE_CHECKING:
    from vtaplib.control.policy import Policy
    from vtaplib.model.view import View

LICENSE_TYPES = (
    *(
        "RHEL_BYOS",
        "RHEL_BASE",
        "RHEL_EUS",
        "RHEL_SAPAPPS",
        "RHEL_SAPHA",
        "RHEL_BASESAPAPPS",
        "RHEL_BASESAPHA",
    ),
    *("SLES_BYOS", "SLES_SAP", "SLES_HPC", "UBUNTU_PRO"),
)
FORBIDDEN_USERNAMES = frozenset(
    [
        "administrator",
        "admin",
        "user",
        "user1",
        "test",
        "user2",
        "test1",
        "user3",
        "admin1",
        "1",
        "123",
        "a",
        "actuser",
        "adm",
        "admin2",
        "aspnet",
        "backup",
        "console",
        "david",
        "guest",
        "john",
        "owner",
        "root",
        "server",
        "sql",
        "support",
        "support_388945a0",
        "sys",
        "test2",
        "test3",
        "user4",
        "user5",
    ]
)
FORBIDDEN_PASSWORDS = frozenset(
    [
        "abc@123",
        "P@$$w0rd",
        "P@ssw0rd",
        "P@ssword123",
        "Pa$$word",
        "pass@word1",
        "Password!",
        "Password1",
        "Password22",
        "iloveyou!",
    ]
)
FORBIDDEN_IN_COMPUTER_NAME = frozenset("\\/\"[]:|<>+=;,?*@&~!#$%^()_{}'")
DEFAULT_DISK_SIZE_GB = 30
NO_BID = -1.0
IMAGE_DEFAULT = "ImageDefault"
BY_PLATFORM = "AutomaticByPlatform"


def _username_problem(value: str) -> str | None:
    return "is a name that Azure does not allow" if value.lower() in FORBIDDEN_USERNAMES else None


def _password_problem(value: str) -> str | None:
    classes = sum(
        bool(re.search(pattern, value)) for pattern in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9_]")
    )
    if value in FORBIDDEN_PASSWORDS:
        return "is a password that Azure does not allow"
    if not 6 <= len(value) <= 72:
        return "must have 6 to 72 characters"
    return (
        None
        if classes >= 3
        else "must have 3 of: a lower-case letter, an upper-case letter, a digit, a special character"
    )


def _computer_name_problem(value: str) -> str | None:
    if found := sorted(set(value) & FORBIDDEN_IN_COMPUTER_NAME):
        return f"has characters that a host name cannot have: {' '.join(found)}"
    return "must not end with a period or a dash" if value.endswith((".", "-")) else None


def _extensions_budget_problem(value: str) -> str | None:
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?", value)
    minutes = int(match.group(1) or 0) * 60 + int(match.group(2) or 0) if match else 0
    return None if 15 <= minutes <= 120 else "is not an ISO 8601 duration from PT15M to PT2H"


def _image_problem(value: str) -> str | None:
    galleries = r"/(communityGalleries|sharedGalleries)/[^/]+/images/[^/]+(/versions/[^/]+)?"
    own = (
        r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/"
        r"(images/[^/]+|galleries/[^/]+/images/[^/]+(/versions/[^/]+)?)"
    )
    return None if re.fullmatch(f"{galleries}|{own}", value) else "is not the ID of an image"


OS_MANAGED = [
    "admin_password",
    "bypass_platform_safety_checks_on_user_schedule_enabled",
    "computer_name",
    "custom_data",
    "patch_assessment_mode",
    "patch_mode",
    "provision_vm_agent",
    "reboot_setting",
    "admin_ssh_key",
    "gallery_application",
    "os_disk.name",
    "os_disk.diff_disk_settings",
]
"""What an attached system disk brings with it, so that it cannot be given."""


class LinuxVirtualMachine(VirtualMachine):
    """A Linux virtual machine."""

    combinations = (
        ExactlyOneOf("admin_username", "os_managed_disk_id"),
        ExactlyOneOf("os_managed_disk_id", "source_image_id", "source_image_reference"),
        ExactlyOneOf("os_managed_disk_id", "os_disk.storage_account_type"),
        *(ConflictsWith(name, "os_managed_disk_id") for name in OS_MANAGED),
        ConflictsWith(
            "availability_set_id", "capacity_reservation_group_id", "virtual_machine_scale_set_id", "zone"
        ),
        ConflictsWith("capacity_reservation_group_id", "proximity_placement_group_id"),
        ConflictsWith("dedicated_host_group_id", "dedicated_host_id"),
        ConflictsWith("os_disk.disk_encryption_set_id", "os_disk.secure_vm_disk_encryption_set_id"),
        RequiredWith("platform_fault_domain", "virtual_machine_scale_set_id"),
    )

    os_disk: OsDisk
    """The system disk."""
    additional_capabilities: AdditionalCapabilities | None = None
    """Capabilities that the size may offer."""
    admin_password: CreateOnly[Sensitive[Inert[Annotated[str, Satisfies(_password_problem)]]]] | None = None
    """The administrator's password; needs `disable_password_authentication = false`."""
    admin_ssh_key: CreateOnly[Unordered[Sequence[AdminSshKey]]] = ()
    """The administrator's public keys."""
    admin_username: CreateOnly[Inert[Annotated[str, Length(1, 64), Satisfies(_username_problem)]]] | None = (
        None
    )
    """The administrator's account."""
    allow_extension_operations: OptionalAssigned[Inert[bool]] | None = None
    """Whether extensions may run; true where left out."""
    availability_set_id: (
        CreateOnly[Inert[Annotated[str, IdOf("Microsoft.Compute/availabilitySets"), CaseInsensitive]]] | None
    ) = None
    """The ID of the availability set."""
    boot_diagnostics: BootDiagnostics | None = None
    """Where the boot log goes."""
    bypass_platform_safety_checks_on_user_schedule_enabled: Inert[bool] = False
    """Whether patches on a schedule skip the platform's checks."""
    capacity_reservation_group_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/capacityReservationGroups"), CaseInsensitive]] | None
    ) = None
    """The ID of the capacity reservation group."""
    computer_name: (
        OptionalAssigned[CreateOnly[Inert[Annotated[str, Length(1, 64), Satisfies(_computer_name_problem)]]]]
        | None
    ) = None
    """The host name; the machine's name where left out."""
    custom_data: CreateOnly[Sensitive[Inert[Base64]]] | None = None
    """Data for the first boot, in base64."""
    dedicated_host_group_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/hostGroups"), CaseInsensitive]] | None
    ) = None
    """The ID of the dedicated host group."""
    dedicated_host_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/hostGroups/hosts"), CaseInsensitive]] | None
    ) = None
    """The ID of the dedicated host."""
    disable_password_authentication: OptionalAssigned[CreateOnly[Inert[bool]]] | None = None
    """Whether only keys log in; true where left out."""
    disk_controller_type: OptionalAssigned[Inert[Annotated[str, OneOf(("NVMe", "SCSI"))]]] | None = None
    """The disk controller."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    encryption_at_host_enabled: Inert[bool] | None = None
    """Whether disks are encrypted on the host."""
    eviction_policy: CreateOnly[Inert[Annotated[str, OneOf(("Deallocate", "Delete"))]]] | None = None
    """What happens to an evicted Spot machine."""
    extensions_time_budget: Inert[Annotated[str, Satisfies(_extensions_budget_problem)]] = "PT1H30M"
    """How long all extensions together may take."""
    gallery_application: Annotated[Sequence[GalleryApplication], Items(0, 100)] = ()
    """Applications to install."""
    identity: Identity | None = None
    """The managed identity."""
    license_type: Inert[Annotated[str, OneOf(LICENSE_TYPES)]] | None = None
    """A licence of one's own."""
    max_bid_price: Inert[Annotated[float, Between(-1)]] = NO_BID
    """The highest hourly price of a Spot machine; -1 for no limit."""
    os_image_notification: OsImageNotification | None = None
    """A notice before the image is replaced."""
    os_managed_disk_id: (
        OptionalAssigned[CreateOnly[Inert[Annotated[str, IdOf("Microsoft.Compute/disks")]]]] | None
    ) = None
    """The ID of an existing system disk to attach."""
    patch_assessment_mode: (
        OptionalAssigned[Inert[Annotated[str, OneOf((BY_PLATFORM, IMAGE_DEFAULT))]]] | None
    ) = None
    """Who looks for patches."""
    patch_mode: OptionalAssigned[Inert[Annotated[str, OneOf((BY_PLATFORM, IMAGE_DEFAULT))]]] | None = None
    """Who installs patches."""
    plan: CreateOnly[Plan] | None = None
    """The marketplace plan."""
    platform_fault_domain: CreateOnly[Inert[Annotated[int, Between(-1)]]] = -1
    """The fault domain in a scale set; -1 for any."""
    priority: CreateOnly[Inert[Annotated[str, OneOf(("Regular", "Spot"))]]] = "Regular"
    """Whether the machine can be evicted."""
    provision_vm_agent: OptionalAssigned[CreateOnly[Inert[bool]]] | None = None
    """Whether the agent is installed; true where left out."""
    proximity_placement_group_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/proximityPlacementGroups"), CaseInsensitive]] | None
    ) = None
    """The ID of the proximity placement group."""
    reboot_setting: Inert[Annotated[str, OneOf(("Always", "IfRequired", "Never"))]] | None = None
    """Whether patches may reboot the machine."""
    secret: Sequence[Secret] = ()
    """Certificates to install."""
    secure_boot_enabled: CreateOnly[Inert[bool]] | None = None
    """Whether secure boot is on."""
    source_image_id: CreateOnly[Inert[Annotated[str, Satisfies(_image_problem)]]] | None = None
    """The ID of the image."""
    source_image_reference: CreateOnly[SourceImageReference] | None = None
    """The marketplace image."""
    tags: Tags | None = None
    """Tags of the resource."""
    termination_notification: TerminationNotification | None = None
    """A notice before the machine is deleted."""
    user_data: Inert[Base64] | None = None
    """Data that the machine can read, in base64."""
    virtual_machine_scale_set_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/virtualMachineScaleSets")]] | None
    ) = None
    """The ID of the scale set."""
    vtpm_enabled: CreateOnly[Inert[bool]] | None = None
    """Whether a virtual TPM is there."""
    zone: CreateOnly[Inert[NonEmpty]] | None = None
    """The availability zone."""
    vm_agent_platform_updates_enabled: Assigned[bool] = SERVICE
    """Whether the platform updates the agent."""

    def assign(self, view: View, before: VirtualMachine | None) -> Iterator[Assignment]:
        yield from super().assign(view, before)
        for name, default in (
            ("allow_extension_operations", True),
            ("disable_password_authentication", True),
            ("provision_vm_agent", True),
            ("patch_assessment_mode", IMAGE_DEFAULT),
            ("patch_mode", IMAGE_DEFAULT),
            ("disk_controller_type", "SCSI"),
        ):
            yield (name,), partial(_given_or, name, default)
        yield ("computer_name",), lambda it: it.computer_name or it.name
        yield ("vm_agent_platform_updates_enabled",), lambda it: False
        yield ("os_disk", 0, "name"), lambda it: it.os_disk.name or _disk_name(it)
        yield ("os_disk", 0, "id"), lambda it: it.os_managed_disk_id or _disk_id(it)
        yield ("os_disk", 0, "disk_size_gb"), lambda it: it.os_disk.disk_size_gb or DEFAULT_DISK_SIZE_GB
        yield (
            ("os_disk", 0, "storage_account_type"),
            lambda it: it.os_disk.storage_account_type or "Standard_LRS",
        )
        yield ("os_managed_disk_id",), lambda it: it.os_managed_disk_id or _disk_id(it)
        if self.identity is not None:
            system = "SystemAssigned" in self.identity.type
            yield ("identity", 0, "principal_id"), lambda it: ids.guid(it.id, "principal") if system else ""
            yield ("identity", 0, "tenant_id"), lambda it: ids.guid(it.id, "tenant") if system else ""

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def there_is_a_way_to_log_in(self, view: View, policy: Policy) -> Findings:
        """Where only keys log in, there is a key."""
        keys_only = self.disable_password_authentication is not False
        if self.admin_username is None:
            return
        if keys_only and not self.admin_ssh_key:
            yield (
                ("admin_ssh_key",),
                (
                    f"{self.label}: disable_password_authentication is true and there is no admin_ssh_key; "
                    "add one, or set it to false and give an admin_password"
                ),
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def extensions_and_platform_patches_need_the_agent(self, view: View, policy: Policy) -> Findings:
        """Extensions, and patches by the platform, need the machine's agent."""
        if self.provision_vm_agent is not False:
            return
        if self.allow_extension_operations is not False:
            yield (
                ("allow_extension_operations",),
                f"{self.label}: allow_extension_operations is true, which needs provision_vm_agent = true",
            )
        for name in ("patch_mode", "patch_assessment_mode"):
            if getattr(self, name) == BY_PLATFORM:
                yield (name,), f"{self.label}: {name} is {BY_PLATFORM}, which needs provision_vm_agent = true"

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def patch_options_need_the_platform(self, view: View, policy: Policy) -> Findings:
        """The options of platform patching need `patch_mode = "AutomaticByPlatform"`."""
        if self.patch_mode == BY_PLATFORM:
            return
        for name in ("bypass_platform_safety_checks_on_user_schedule_enabled", "reboot_setting"):
            if getattr(self, name):
                yield (name,), f'{self.label}: {name} needs patch_mode = "{BY_PLATFORM}"'

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def spot_options_go_with_spot(self, view: View, policy: Policy) -> Findings:
        """A Spot machine has an eviction policy; no other has one, or a bid."""
        if self.priority == "Spot":
            if self.eviction_policy is None:
                yield ("eviction_policy",), f"{self.label}: priority is Spot, which needs an eviction_policy"
            return
        if self.eviction_policy is not None:
            yield ("eviction_policy",), f'{self.label}: eviction_policy needs priority = "Spot"'
        if self.max_bid_price not in (NO_BID, None):
            yield ("max_bid_price",), f'{self.label}: max_bid_price needs priority = "Spot"'

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def confidential_disks_need_a_tpm(self, view: View, policy: Policy) -> Findings:
        """An encrypted confidential disk needs the virtual TPM, and the guest state with it secure boot."""
        kind = self.os_disk.security_encryption_type
        if kind and not self.vtpm_enabled:
            yield (
                ("vtpm_enabled",),
                f"{self.label}: security_encryption_type {kind} needs vtpm_enabled = true",
            )
        if kind == "DiskWithVMGuestState" and not self.secure_boot_enabled:
            yield (
                ("secure_boot_enabled",),
                f"{self.label}: security_encryption_type {kind} needs secure_boot_enabled = true",
            )


def _given_or(name: str, default: str | bool, machine: LinuxVirtualMachine) -> str | bool:
    given: str | bool | None = getattr(machine, name)
    return default if given is None else given


def _disk_name(machine: LinuxVirtualMachine) -> str:
    return f"{machine.name}_OsDisk_1_{ids.guid(machine.id, 'os disk').replace('-', '')}"


def _disk_id(machine: LinuxVirtualMachine) -> str:
    group = ids.parent(machine.id).rpartition("/providers/")[0]
    return f"{group}/providers/Microsoft.Compute/disks/{machine.os_disk.name or _disk_name(machine)}"
