"""A Linux virtual machine, with azurerm's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from vtaplib.model.combination import ConflictsWith
from vtaplib.model.marks import Arm, CreateOnly, Inert, OneOf, OptionalAssigned, Sensitive, Unordered
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources.provisioned_virtual_machine import (
    ATTACHED_DISK,
    BY_PLATFORM,
    IMAGE_DEFAULT,
    PATCHES,
    ProvisionedVirtualMachine,
)
from vtaplib.resources.virtual_machine_blocks import AdminSshKey, Secret
from vtaplib.resources.virtual_machine_login import (
    LINUX_COMPUTER_NAMES,
    LinuxComputerName,
    LinuxPassword,
    LinuxUsername,
)

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


class LinuxVirtualMachine(ProvisionedVirtualMachine):
    """A Linux virtual machine."""

    combinations = (
        *ProvisionedVirtualMachine.combinations,
        ConflictsWith("admin_ssh_key", ATTACHED_DISK),
    )
    defaults = (
        *ProvisionedVirtualMachine.defaults,
        ("disable_password_authentication", True),
        ("patch_mode", IMAGE_DEFAULT),
    )
    computer_names = LINUX_COMPUTER_NAMES
    arm_words: ClassVar[Mapping[str, str]] = {"os": "linux"}

    admin_password: (
        Annotated[CreateOnly[Sensitive[Inert[LinuxPassword]]], Arm("properties.osProfile.adminPassword")]
        | None
    ) = None
    """The administrator's password; needs `disable_password_authentication = false`."""
    admin_ssh_key: Annotated[
        CreateOnly[Unordered[Sequence[AdminSshKey]]],
        Arm("properties.osProfile.linuxConfiguration.ssh.publicKeys"),
    ] = ()
    """The administrator's public keys."""
    admin_username: (
        Annotated[CreateOnly[Inert[LinuxUsername]], Arm("properties.osProfile.adminUsername")] | None
    ) = None
    """The administrator's account."""
    computer_name: (
        Annotated[
            OptionalAssigned[CreateOnly[Inert[LinuxComputerName]]], Arm("properties.osProfile.computerName")
        ]
        | None
    ) = None
    """The host name; the machine's name by default."""
    disable_password_authentication: (
        Annotated[
            OptionalAssigned[CreateOnly[Inert[bool]]],
            Arm("properties.osProfile.linuxConfiguration.disablePasswordAuthentication"),
        ]
        | None
    ) = None
    """Whether only keys are accepted at login; true by default."""
    license_type: Inert[Annotated[str, OneOf(LICENSE_TYPES)]] | None = None
    """Your own licence."""
    patch_mode: (
        Annotated[
            OptionalAssigned[Inert[Annotated[str, OneOf((BY_PLATFORM, IMAGE_DEFAULT))]]],
            Arm(f"{PATCHES}.patchMode"),
        ]
        | None
    ) = None
    """Who installs patches."""
    secret: Annotated[Sequence[Secret], Arm("properties.osProfile.secrets")] = ()
    """Certificates to install."""

    def untold_secrets(self) -> Iterator[str]:
        if self.admin_username is not None and not self.admin_ssh_key:
            yield "admin_password"

    def missing_secrets(self) -> Findings:
        passwords_log_in = self.admin_username is not None and self.disable_password_authentication is False
        if passwords_log_in and self.admin_password is None:
            yield (
                ("admin_password",),
                "disable_password_authentication is false and there is no admin_password",
                "give one, or set it to true and add an admin_ssh_key",
            )

    @rule(ErrorCode.INVALID_PARAMETER_COMBINATION, source="azurerm provider")
    def there_is_a_way_to_log_in(self, view: View, policy: Policy) -> Findings:
        """A machine that accepts only keys has a key."""
        keys_only = self.disable_password_authentication is not False
        if self.admin_username is None:
            return
        if keys_only and not self.admin_ssh_key:
            yield (
                ("admin_ssh_key",),
                f"{self.label}: disable_password_authentication is true and there is no admin_ssh_key",
                "add one, or set it to false and give an admin_password",
            )
