"""A Windows virtual machine, with azurerm's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.base import Block
from vtaplib.model.combination import ConflictsWith, RequiredWith
from vtaplib.model.marks import (
    Arm,
    CreateOnly,
    Inert,
    Items,
    OneOf,
    OptionalAssigned,
    Sensitive,
    Unordered,
)
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.provisioned_virtual_machine import (
    ATTACHED_DISK,
    BY_PLATFORM,
    CONFIGURATION,
    PATCHES,
    ProvisionedVirtualMachine,
)
from vtaplib.resources.virtual_machine_blocks import Certificate, CertificateUrl, KeyVaultId
from vtaplib.resources.virtual_machine_login import (
    WINDOWS_COMPUTER_NAMES,
    WindowsComputerName,
    WindowsPassword,
    WindowsUsername,
)
from vtaplib.resources.windows_time_zone import TIME_ZONES

BY_SYSTEM = "AutomaticByOS"
PATCH_MODES = (BY_SYSTEM, BY_PLATFORM, "Manual")
LICENSE_TYPES = ("None", "Windows_Client", "Windows_Server")
WINDOWS_MANAGED = (
    "automatic_updates_enabled",
    "hotpatching_enabled",
    "additional_unattend_content",
    "secret",
    "winrm_listener",
)
"""What else an attached system disk brings with it."""


class AdditionalUnattendContent(Block):
    """A piece of the answers that Windows is installed with."""

    arm_says: ClassVar[Mapping[str, Any]] = {
        "componentName": "Microsoft-Windows-Shell-Setup",
        "passName": "OobeSystem",
    }

    content: CreateOnly[Sensitive[Inert[str]]]
    """The piece, in XML."""
    setting: Annotated[
        CreateOnly[Inert[Annotated[str, OneOf(("AutoLogon", "FirstLogonCommands"))]]], Arm("settingName")
    ]
    """The setting that the piece belongs to."""


class StoredCertificate(Certificate):
    """A certificate to install, and where."""

    store: Annotated[Inert[str], Arm("certificateStore")]
    """The certificate store of the machine that it goes to."""


class StoredSecret(Block):
    """Certificates of one key vault to install."""

    key_vault_id: Annotated[Inert[KeyVaultId], Arm("sourceVault.id")]
    """The ID of the key vault."""
    certificate: Annotated[
        Unordered[Annotated[Sequence[StoredCertificate], Items(1)]], Arm("vaultCertificates")
    ]
    """The certificates."""


class WinrmListener(Block):
    """A way to reach the machine's remote management."""

    protocol: CreateOnly[Inert[Annotated[str, OneOf(("Http", "Https"))]]]
    """The protocol."""
    certificate_url: CreateOnly[Inert[CertificateUrl]] | None = None
    """The versioned secret with the certificate of an Https listener."""


class WindowsVirtualMachine(ProvisionedVirtualMachine):
    """A Windows virtual machine."""

    combinations = (
        *ProvisionedVirtualMachine.combinations,
        RequiredWith("admin_password", "admin_username"),
        RequiredWith("admin_username", "admin_password"),
        *(ConflictsWith(name, ATTACHED_DISK) for name in WINDOWS_MANAGED),
    )
    defaults = (
        *ProvisionedVirtualMachine.defaults,
        ("automatic_updates_enabled", True),
        ("hotpatching_enabled", False),
        ("patch_mode", BY_SYSTEM),
    )
    computer_names = WINDOWS_COMPUTER_NAMES
    arm_words: ClassVar[Mapping[str, str]] = {"os": "windows"}

    additional_unattend_content: Annotated[
        CreateOnly[Sequence[AdditionalUnattendContent]],
        Arm("properties.osProfile.windowsConfiguration.additionalUnattendContent"),
    ] = ()
    """More answers for the installation of Windows."""
    admin_password: (
        Annotated[CreateOnly[Sensitive[Inert[WindowsPassword]]], Arm("properties.osProfile.adminPassword")]
        | None
    ) = None
    """The administrator's password; needs `admin_username`."""
    admin_username: (
        Annotated[CreateOnly[Inert[WindowsUsername]], Arm("properties.osProfile.adminUsername")] | None
    ) = None
    """The administrator's account."""
    automatic_updates_enabled: (
        Annotated[OptionalAssigned[CreateOnly[Inert[bool]]], Arm(f"{CONFIGURATION}.enableAutomaticUpdates")]
        | None
    ) = None
    """Whether Windows updates itself; true by default."""
    computer_name: (
        Annotated[
            OptionalAssigned[CreateOnly[Inert[WindowsComputerName]]], Arm("properties.osProfile.computerName")
        ]
        | None
    ) = None
    """The host name, of at most 15 characters; the machine's name by default."""
    hotpatching_enabled: (
        Annotated[OptionalAssigned[Inert[bool]], Arm(f"{PATCHES}.enableHotpatching")] | None
    ) = None
    """Whether patches are installed without a reboot; needs patching by the platform."""
    license_type: Inert[Annotated[str, OneOf(LICENSE_TYPES)]] | None = None
    """Your own licence."""
    patch_mode: (
        Annotated[OptionalAssigned[Inert[Annotated[str, OneOf(PATCH_MODES)]]], Arm(f"{PATCHES}.patchMode")]
        | None
    ) = None
    """Who installs patches."""
    secret: Annotated[Sequence[StoredSecret], Arm("properties.osProfile.secrets")] = ()
    """Certificates to install."""
    timezone: (
        Annotated[
            CreateOnly[Inert[Annotated[str, OneOf(TIME_ZONES)]]],
            Arm("properties.osProfile.windowsConfiguration.timeZone"),
        ]
        | None
    ) = None
    """The time zone, by Windows' name."""
    winrm_listener: Annotated[
        CreateOnly[Unordered[Sequence[WinrmListener]]],
        Arm("properties.osProfile.windowsConfiguration.winRM.listeners"),
    ] = ()
    """Ways to reach the machine's remote management."""

    def untold_secrets(self) -> Iterator[str]:
        if self.admin_username is not None:
            yield "admin_password"

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def hotpatches_need_the_platform(self, view: View, policy: Policy) -> Findings:
        """Hotpatching needs `patch_mode = "AutomaticByPlatform"` and the machine's agent."""
        if not self.hotpatching_enabled:
            return
        if self.patch_mode != BY_PLATFORM:
            yield (
                ("hotpatching_enabled",),
                f"{self.label}: hotpatching_enabled is true and patch_mode is {self.patch_mode}",
                f'set patch_mode = "{BY_PLATFORM}"',
            )
        elif self.provision_vm_agent is False:
            yield (
                ("hotpatching_enabled",),
                f"{self.label}: hotpatching_enabled is true, which needs provision_vm_agent = true",
                "set that too",
            )
