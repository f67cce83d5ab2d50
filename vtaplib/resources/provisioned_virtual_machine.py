"""A machine as it is provisioned: the arguments that azurerm's types for Linux and Windows share.

What concerns the network is in `virtual_machine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from vtaplib.model import ids
from vtaplib.model.arguments import Base64, CaseInsensitive, EdgeZone, IdOf, NonEmpty, Tags
from vtaplib.model.combination import ConflictsWith, ExactlyOneOf, RequiredWith
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    Between,
    Constraint,
    CreateOnly,
    Inert,
    Items,
    OneOf,
    OptionalAssigned,
    Satisfies,
    Sensitive,
)
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Assignment
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_machine_blocks import (
    AdditionalCapabilities,
    BootDiagnostics,
    GalleryApplication,
    Identity,
    OsDisk,
    OsImageNotification,
    Plan,
    SourceImageReference,
    TerminationNotification,
)

DEFAULT_DISK_SIZE_GB = 30
NO_BID = -1.0
IMAGE_DEFAULT = "ImageDefault"
CONFIGURATION = "properties.osProfile.{os}Configuration"
PATCHES = f"{CONFIGURATION}.patchSettings"
BY_PLATFORM_SETTINGS = f"{PATCHES}.automaticByPlatformSettings"
IMAGE = "properties.storageProfile.imageReference"
IN_GALLERIES = (
    ("/communityGalleries/", f"{IMAGE}.communityGalleryImageId"),
    ("/sharedGalleries/", f"{IMAGE}.sharedGalleryImageId"),
)
BY_PLATFORM = "AutomaticByPlatform"
ATTACHED_DISK = "os_managed_disk_id"
OS_MANAGED = (
    "admin_password",
    "bypass_platform_safety_checks_on_user_schedule_enabled",
    "computer_name",
    "custom_data",
    "patch_assessment_mode",
    "patch_mode",
    "provision_vm_agent",
    "reboot_setting",
    "gallery_application",
    "os_disk.name",
    "os_disk.diff_disk_settings",
)
"""What an attached system disk brings with it, so that it cannot be given."""


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


class ProvisionedVirtualMachine(VirtualMachine):
    """A virtual machine with the arguments that do not depend on its system."""

    combinations = (
        ExactlyOneOf("admin_username", ATTACHED_DISK),
        ExactlyOneOf(ATTACHED_DISK, "source_image_id", "source_image_reference"),
        ExactlyOneOf(ATTACHED_DISK, "os_disk.storage_account_type"),
        *(ConflictsWith(name, ATTACHED_DISK) for name in OS_MANAGED),
        ConflictsWith(
            "availability_set_id", "capacity_reservation_group_id", "virtual_machine_scale_set_id", "zone"
        ),
        ConflictsWith("capacity_reservation_group_id", "proximity_placement_group_id"),
        ConflictsWith("dedicated_host_group_id", "dedicated_host_id"),
        ConflictsWith("os_disk.disk_encryption_set_id", "os_disk.secure_vm_disk_encryption_set_id"),
        RequiredWith("platform_fault_domain", "virtual_machine_scale_set_id"),
    )
    defaults: ClassVar[tuple[tuple[str, str | bool], ...]] = (
        ("allow_extension_operations", True),
        ("provision_vm_agent", True),
        ("patch_assessment_mode", IMAGE_DEFAULT),
        ("disk_controller_type", "SCSI"),
    )
    """What the service makes of arguments that are left out."""
    computer_names: ClassVar[Constraint]
    """What the system takes for a host name."""
    arm_says: ClassVar[Mapping[str, Any]] = {
        "properties.instanceView": None,
        "properties.networkProfile.networkInterfaces[].properties.deleteOption": None,
        "properties.osProfile.requireGuestProvisionSignal": None,
        "properties.securityProfile.securityType": lambda it, view: _security_type(it),
        "properties.storageProfile.osDisk.createOption": lambda it, view: (
            "FromImage" if it.has_image else "Attach"
        ),
        "properties.storageProfile.osDisk.osType": lambda it, view: it.arm_words["os"].capitalize(),
        "properties.timeCreated": None,
    }

    if TYPE_CHECKING:  # what both systems have too, each with its own constraints
        admin_username: str | None = None
        computer_name: str | None = None
        patch_mode: str | None = None

    os_disk: Annotated[OsDisk, Arm("properties.storageProfile.osDisk")]
    """The system disk."""
    additional_capabilities: AdditionalCapabilities | None = None
    """Capabilities that the size may offer."""
    allow_extension_operations: (
        Annotated[OptionalAssigned[Inert[bool]], Arm("properties.osProfile.allowExtensionOperations")] | None
    ) = None
    """Whether extensions may run; true by default."""
    availability_set_id: (
        CreateOnly[Inert[Annotated[str, IdOf("Microsoft.Compute/availabilitySets"), CaseInsensitive]]] | None
    ) = None
    """The ID of the availability set."""
    boot_diagnostics: (
        Annotated[BootDiagnostics, Arm("properties.diagnosticsProfile.bootDiagnostics")] | None
    ) = None
    """Where the boot log goes."""
    bypass_platform_safety_checks_on_user_schedule_enabled: Annotated[
        Inert[bool], Arm(f"{BY_PLATFORM_SETTINGS}.bypassPlatformSafetyChecksOnUserSchedule", unset=False)
    ] = False
    """Whether patches on a schedule skip the platform's checks."""
    capacity_reservation_group_id: (
        Annotated[
            Inert[Annotated[str, IdOf("Microsoft.Compute/capacityReservationGroups"), CaseInsensitive]],
            Arm("properties.capacityReservation.capacityReservationGroup.id"),
        ]
        | None
    ) = None
    """The ID of the capacity reservation group."""
    custom_data: (
        Annotated[CreateOnly[Sensitive[Inert[Base64]]], Arm("properties.osProfile.customData")] | None
    ) = None
    """Data for the first boot, in base64."""
    dedicated_host_group_id: (
        Annotated[
            Inert[Annotated[str, IdOf("Microsoft.Compute/hostGroups"), CaseInsensitive]],
            Arm("properties.hostGroup.id"),
        ]
        | None
    ) = None
    """The ID of the dedicated host group."""
    dedicated_host_id: (
        Annotated[
            Inert[Annotated[str, IdOf("Microsoft.Compute/hostGroups/hosts"), CaseInsensitive]],
            Arm("properties.host.id"),
        ]
        | None
    ) = None
    """The ID of the dedicated host."""
    disk_controller_type: (
        Annotated[
            OptionalAssigned[Inert[Annotated[str, OneOf(("NVMe", "SCSI"))]]],
            Arm("properties.storageProfile.diskControllerType"),
        ]
        | None
    ) = None
    """The disk controller."""
    edge_zone: CreateOnly[Inert[EdgeZone]] | None = None
    """The edge zone inside the region."""
    encryption_at_host_enabled: (
        Annotated[Inert[bool], Arm("properties.securityProfile.encryptionAtHost")] | None
    ) = None
    """Whether disks are encrypted on the host."""
    eviction_policy: CreateOnly[Inert[Annotated[str, OneOf(("Deallocate", "Delete"))]]] | None = None
    """What happens to an evicted Spot machine."""
    extensions_time_budget: Inert[Annotated[str, Satisfies(_extensions_budget_problem)]] = "PT1H30M"
    """How long all extensions together may take."""
    gallery_application: Annotated[
        Sequence[GalleryApplication], Items(0, 100), Arm("properties.applicationProfile.galleryApplications")
    ] = ()
    """Applications to install."""
    identity: Annotated[Identity, Arm("identity")] | None = None
    """The managed identity."""
    max_bid_price: Annotated[
        Inert[Annotated[float, Between(-1)]], Arm("properties.billingProfile.maxPrice", unset=NO_BID)
    ] = NO_BID
    """The highest hourly price of a Spot machine; -1 for no limit."""
    os_image_notification: (
        Annotated[OsImageNotification, Arm("properties.scheduledEventsProfile.osImageNotificationProfile")]
        | None
    ) = None
    """A notice before the image is replaced."""
    os_managed_disk_id: (
        Annotated[
            OptionalAssigned[CreateOnly[Inert[Annotated[str, IdOf("Microsoft.Compute/disks")]]]],
            Arm("properties.storageProfile.osDisk.managedDisk.id"),
        ]
        | None
    ) = None
    """The ID of an existing system disk to attach."""
    patch_assessment_mode: (
        Annotated[
            OptionalAssigned[Inert[Annotated[str, OneOf((BY_PLATFORM, IMAGE_DEFAULT))]]],
            Arm(f"{PATCHES}.assessmentMode"),
        ]
        | None
    ) = None
    """Who looks for patches."""
    plan: Annotated[CreateOnly[Plan], Arm("plan")] | None = None
    """The marketplace plan."""
    platform_fault_domain: Annotated[CreateOnly[Inert[Annotated[int, Between(-1)]]], Arm(unset=-1)] = -1
    """The fault domain in a scale set; -1 for any."""
    priority: CreateOnly[Inert[Annotated[str, OneOf(("Regular", "Spot"))]]] = "Regular"
    """Whether the machine can be evicted."""
    provision_vm_agent: (
        Annotated[OptionalAssigned[CreateOnly[Inert[bool]]], Arm(f"{CONFIGURATION}.provisionVMAgent")] | None
    ) = None
    """Whether the agent is installed; true by default."""
    proximity_placement_group_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/proximityPlacementGroups"), CaseInsensitive]] | None
    ) = None
    """The ID of the proximity placement group."""
    reboot_setting: (
        Annotated[
            Inert[Annotated[str, OneOf(("Always", "IfRequired", "Never"))]],
            Arm(f"{BY_PLATFORM_SETTINGS}.rebootSetting"),
        ]
        | None
    ) = None
    """Whether patches may reboot the machine."""
    secure_boot_enabled: (
        Annotated[CreateOnly[Inert[bool]], Arm("properties.securityProfile.uefiSettings.secureBootEnabled")]
        | None
    ) = None
    """Whether secure boot is on."""
    source_image_id: (
        Annotated[
            CreateOnly[Inert[Annotated[str, Satisfies(_image_problem)]]],
            Arm(f"{IMAGE}.id", elsewhere=IN_GALLERIES),
        ]
        | None
    ) = None
    """The ID of the image."""
    source_image_reference: Annotated[CreateOnly[SourceImageReference], Arm(IMAGE)] | None = None
    """The marketplace image."""
    tags: Tags | None = None
    """Tags of the resource."""
    termination_notification: (
        Annotated[
            TerminationNotification, Arm("properties.scheduledEventsProfile.terminateNotificationProfile")
        ]
        | None
    ) = None
    """A notice before the machine is deleted."""
    user_data: Inert[Base64] | None = None
    """Data that the machine can read, in base64."""
    virtual_machine_scale_set_id: (
        Inert[Annotated[str, IdOf("Microsoft.Compute/virtualMachineScaleSets")]] | None
    ) = None
    """The ID of the scale set."""
    vtpm_enabled: (
        Annotated[CreateOnly[Inert[bool]], Arm("properties.securityProfile.uefiSettings.vTpmEnabled")] | None
    ) = None
    """Whether the machine has a virtual TPM."""
    zone: Annotated[CreateOnly[Inert[NonEmpty]], Arm("zones[0]")] | None = None
    """The availability zone."""
    vm_agent_platform_updates_enabled: Annotated[
        Assigned[bool], Arm(f"{CONFIGURATION}.enableVMAgentPlatformUpdates")
    ] = SERVICE
    """Whether the platform updates the agent."""

    @property
    def has_image(self) -> bool:
        """Whether the system disk is made from an image, and not one that exists."""
        return bool(self.source_image_id or self.source_image_reference)

    def requested(self) -> Self:
        if self.has_image:
            return self.replace(os_managed_disk_id=None)
        given: dict[str, Any] = {
            name: self.fields()[name].default for name in OS_MANAGED if name in self.fields()
        }
        if isinstance(self.os_disk, OsDisk):  # a document may lack it
            given["os_disk"] = self.os_disk.replace(name=None, storage_account_type=None)
        return self.replace(**given)

    def assign(self, view: View, before: VirtualMachine | None) -> Iterator[Assignment]:
        yield from super().assign(view, before)
        for name, default in self.defaults:
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

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, source="azurerm provider", on_create=True)
    def name_can_be_the_computer_name(self, view: View, policy: Policy) -> Findings:
        """The name of a machine without a `computer_name` is a valid host name."""
        if self.admin_username is None or self.computer_name != self.name:
            return
        problem = self.computer_names.problem(self.name)
        if problem:
            yield (("name",), f"{self.label}: as a host name {self.name!r} {problem}", "give a computer_name")

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider", on_create=True)
    def extensions_need_the_agent(self, view: View, policy: Policy) -> Findings:
        """A machine that allows extensions has the agent."""
        if self.provision_vm_agent is False and self.allow_extension_operations is not False:
            yield (
                ("allow_extension_operations",),
                f"{self.label}: allow_extension_operations is true, which needs provision_vm_agent = true",
                "set that, or allow_extension_operations = false",
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="Azure REST API, virtual machines")
    def platform_patches_need_the_agent(self, view: View, policy: Policy) -> Findings:
        """Patching by the platform needs the machine's agent."""
        if self.provision_vm_agent is not False:
            return
        for name in ("patch_mode", "patch_assessment_mode"):
            if getattr(self, name) == BY_PLATFORM:
                yield (
                    (name,),
                    f"{self.label}: {name} is {BY_PLATFORM}, which needs provision_vm_agent = true",
                    "set that, or choose another mode",
                )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def patch_options_need_the_platform(self, view: View, policy: Policy) -> Findings:
        """The options of platform patching need `patch_mode = "AutomaticByPlatform"`."""
        if self.patch_mode == BY_PLATFORM:
            return
        for name in ("bypass_platform_safety_checks_on_user_schedule_enabled", "reboot_setting"):
            if getattr(self, name):
                yield (
                    (name,),
                    f'{self.label}: {name} needs patch_mode = "{BY_PLATFORM}"',
                    "set that, or leave it out",
                )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def spot_options_go_with_spot(self, view: View, policy: Policy) -> Findings:
        """A Spot machine has an eviction policy. Other machines have neither that nor a bid."""
        if self.priority == "Spot":
            if self.eviction_policy is None:
                yield (
                    ("priority",),
                    f"{self.label}: priority is Spot, which needs an eviction_policy",
                    'give one, such as "Deallocate"',
                )
            return
        if self.eviction_policy is not None:
            yield (
                ("eviction_policy",),
                f'{self.label}: eviction_policy needs priority = "Spot"',
                "set that, or leave it out",
            )
        if self.max_bid_price not in (NO_BID, None):
            yield (
                ("max_bid_price",),
                f'{self.label}: max_bid_price needs priority = "Spot"',
                "set that, or leave it out",
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def confidential_disks_need_a_tpm(self, view: View, policy: Policy) -> Findings:
        """An encrypted confidential disk needs the virtual TPM, and the guest state with it secure boot."""
        kind = self.os_disk.security_encryption_type
        if kind and not self.vtpm_enabled:
            yield (
                ("vtpm_enabled",),
                f"{self.label}: security_encryption_type {kind} needs vtpm_enabled = true",
                "set that too",
            )
        if kind == "DiskWithVMGuestState" and not self.secure_boot_enabled:
            yield (
                ("secure_boot_enabled",),
                f"{self.label}: security_encryption_type {kind} needs secure_boot_enabled = true",
                "set that too",
            )


def _given_or(name: str, default: str | bool, machine: ProvisionedVirtualMachine) -> Any:
    given = getattr(machine, name)
    return default if given is None else given


def _disk_name(machine: ProvisionedVirtualMachine) -> str:
    return f"{machine.name}_OsDisk_1_{ids.guid(machine.id, 'os disk').replace('-', '')}"


def _disk_id(machine: ProvisionedVirtualMachine) -> str:
    group = ids.parent(machine.id).rpartition("/providers/")[0]
    return f"{group}/providers/Microsoft.Compute/disks/{machine.os_disk.name or _disk_name(machine)}"


def _security_type(machine: ProvisionedVirtualMachine) -> str | None:
    if machine.os_disk.security_encryption_type:
        return "ConfidentialVM"
    return "TrustedLaunch" if machine.secure_boot_enabled or machine.vtpm_enabled else None
