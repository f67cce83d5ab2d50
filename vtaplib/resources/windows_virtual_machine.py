"""A Windows virtual machine, with azurerm's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from vtaplib.model.base import Block
from vtaplib.model.combination import ConflictsWith, RequiredWith
from vtaplib.model.marks import (
    CreateOnly,
    Inert,
    Items,
    OneOf,
    OptionalAssigned,
    Sensitive,
    Unordered,
)
from vtaplib.model.resource import Findings, rule
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.provisioned_virtual_machine import (
    ATTACHED_DISK,
    BY_PLATFORM,
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

if TYPE_CHECKING:
    from vtaplib.control.policy import Policy
    from vtaplib.model.view import View

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

    content: CreateOnly[Sensitive[Inert[str]]]
    """The piece, in XML."""
    setting: CreateOnly[Inert[Annotated[str, OneOf(("AutoLogon", "FirstLogonCommands"))]]]
    """The setting that it answers."""


class StoredCertificate(Certificate):
    """A certificate to install, and where."""

    store: Inert[str]
    """The certificate store of the machine that it goes to."""


class StoredSecret(Block):
    """Certificates of one key vault to install."""

    key_vault_id: Inert[KeyVaultId]
    """The ID of the key vault."""
    certificate: Unordered[Annotated[Sequence[StoredCertificate], Items(1)]]
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

    additional_unattend_content: CreateOnly[Sequence[AdditionalUnattendContent]] = ()
    """More answers that Windows is installed with."""
    admin_password: CreateOnly[Sensitive[Inert[WindowsPassword]]] | None = None
    """The administrator's password; goes with `admin_username`."""
    admin_username: CreateOnly[Inert[WindowsUsername]] | None = None
    """The administrator's account."""
    automatic_updates_enabled: OptionalAssigned[CreateOnly[Inert[bool]]] | None = None
    """Whether Windows updates itself; true where left out."""
    computer_name: OptionalAssigned[CreateOnly[Inert[WindowsComputerName]]] | None = None
    """The host name, of at most 15 characters; the machine's name where left out."""
    hotpatching_enabled: OptionalAssigned[Inert[bool]] | None = None
    """Whether patches are installed without a reboot; needs patches by the platform."""
    license_type: Inert[Annotated[str, OneOf(LICENSE_TYPES)]] | None = None
    """A licence of one's own."""
    patch_mode: OptionalAssigned[Inert[Annotated[str, OneOf(PATCH_MODES)]]] | None = None
    """Who installs patches."""
    secret: Sequence[StoredSecret] = ()
    """Certificates to install."""
    timezone: CreateOnly[Inert[Annotated[str, OneOf(TIME_ZONES)]]] | None = None
    """The time zone, by Windows' name."""
    winrm_listener: CreateOnly[Unordered[Sequence[WinrmListener]]] = ()
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
                (
                    f"{self.label}: hotpatching_enabled is true and patch_mode is {self.patch_mode}; set "
                    f'patch_mode = "{BY_PLATFORM}"'
                ),
            )
        elif self.provision_vm_agent is False:
            yield (
                ("hotpatching_enabled",),
                f"{self.label}: hotpatching_enabled is true, which needs provision_vm_agent = true",
            )
