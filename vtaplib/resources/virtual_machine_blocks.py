"""The blocks that azurerm's machines have, whatever their system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from vtaplib.model.arguments import CaseInsensitive, HttpUrl, IdOf, Name, NonEmpty
from vtaplib.model.base import Block
from vtaplib.model.marks import (
    SERVICE,
    Arm,
    Assigned,
    Between,
    Canonical,
    CreateOnly,
    Each,
    Inert,
    Items,
    Matches,
    OneOf,
    OptionalAssigned,
    Satisfies,
    Unordered,
)
from vtaplib.model.openssh import public_key_problem, without_whitespace

STORAGE_ACCOUNT_TYPES = ("Premium_LRS", "Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_ZRS")
DiskEncryptionSetId = Annotated[
    str, IdOf("Microsoft.Compute/diskEncryptionSets", lenient=True), CaseInsensitive
]
KeyVaultId = Annotated[str, IdOf("Microsoft.KeyVault/vaults")]
CertificateUrl = Annotated[
    str,
    Matches(
        r"^https://[^./]+\.vault\.azure\.net/secrets/[^/]+/[^/]+\Z",
        "is not of the form https://{vault}.vault.azure.net/secrets/{name}/{version}",
    ),
]


class AdditionalCapabilities(Block):
    """Capabilities that the machine's size may offer."""

    hibernation_enabled: Annotated[Inert[bool], Arm("hibernationEnabled")] = False
    """Whether the machine can hibernate."""
    ultra_ssd_enabled: Annotated[Inert[bool], Arm("ultraSSDEnabled")] = False
    """Whether ultra disks can be attached."""


class AdminSshKey(Block):
    """A public key that the administrator logs in with."""

    public_key: Annotated[
        CreateOnly[Inert[Annotated[str, Satisfies(public_key_problem), Canonical(without_whitespace)]]],
        Arm("keyData"),
    ]
    """The key, in OpenSSH's one-line form: RSA of at least 2048 bits or ED25519."""
    username: Annotated[
        CreateOnly[Inert[NonEmpty]], Arm("path", text="/home/{username}/.ssh/authorized_keys")
    ]
    """The account that the key is for."""


class BootDiagnostics(Block):
    """Where the machine's boot log and screenshot go."""

    arm_says: ClassVar[Mapping[str, Any]] = {"enabled": True}

    storage_account_uri: Annotated[Inert[str], Arm("storageUri")] | None = None
    """The storage account; Azure's own by default."""


class GalleryApplication(Block):
    """An application of a gallery to install."""

    version_id: Annotated[
        Inert[Annotated[str, IdOf("Microsoft.Compute/galleries/applications/versions")]],
        Arm("packageReferenceId"),
    ]
    """The ID of the application's version."""
    automatic_upgrade_enabled: Inert[bool] = False
    """Whether newer versions are installed automatically."""
    configuration_blob_uri: Annotated[Inert[HttpUrl], Arm("configurationReference")] | None = None
    """Where the application's configuration is."""
    order: Inert[Annotated[int, Between(0, 2147483647)]] = 0
    """The order of installation."""
    tag: Annotated[Inert[NonEmpty], Arm("tags")] | None = None
    """A word that is passed to the application."""
    treat_failure_as_deployment_failure_enabled: Annotated[
        Inert[bool], Arm("treatFailureAsDeploymentFailure")
    ] = False
    """Whether a failed installation fails the deployment."""


class Identity(Block):
    """The managed identity of the machine."""

    type: Inert[Annotated[str, OneOf(("UserAssigned", "SystemAssigned", "SystemAssigned, UserAssigned"))]]
    """The kinds of identity."""
    identity_ids: (
        Annotated[
            Inert[Unordered[Sequence[str]]],
            Each((IdOf("Microsoft.ManagedIdentity/userAssignedIdentities"),)),
            Arm("userAssignedIdentities.*"),
        ]
        | None
    ) = None
    """The IDs of user-assigned identities."""
    principal_id: Annotated[Assigned[str], Arm("principalId")] = SERVICE
    """The principal of the system-assigned identity."""
    tenant_id: Annotated[Assigned[str], Arm("tenantId")] = SERVICE
    """The tenant of the system-assigned identity."""


class DiffDiskSettings(Block):
    """An ephemeral disk on the host."""

    option: CreateOnly[Inert[Annotated[str, OneOf(("Local",))]]]
    """Where the disk is."""
    placement: CreateOnly[Inert[Annotated[str, OneOf(("CacheDisk", "ResourceDisk", "NvmeDisk"))]]] = (
        "CacheDisk"
    )
    """On which of the host's disks."""


class OsDisk(Block):
    """The machine's system disk."""

    arm_says: ClassVar[Mapping[str, Any]] = {"deleteOption": "Detach"}

    caching: Inert[Annotated[str, OneOf(("None", "ReadOnly", "ReadWrite"))]]
    """The caching of the disk."""
    storage_account_type: (
        Annotated[
            OptionalAssigned[CreateOnly[Inert[Annotated[str, OneOf(STORAGE_ACCOUNT_TYPES)]]]],
            Arm("managedDisk.storageAccountType"),
        ]
        | None
    ) = None
    """The kind of storage."""
    diff_disk_settings: CreateOnly[DiffDiskSettings] | None = None
    """Makes the disk ephemeral."""
    disk_encryption_set_id: (
        Annotated[Inert[DiskEncryptionSetId], Arm("managedDisk.diskEncryptionSet.id")] | None
    ) = None
    """The ID of the disk encryption set."""
    disk_size_gb: (
        Annotated[OptionalAssigned[Inert[Annotated[int, Between(0, 4095)]]], Arm("diskSizeGB")] | None
    ) = None
    """The size in GB; that of the image by default."""
    name: OptionalAssigned[CreateOnly[Inert[Name]]] | None = None
    """The name of the disk."""
    secure_vm_disk_encryption_set_id: (
        Annotated[
            CreateOnly[Inert[DiskEncryptionSetId]], Arm("managedDisk.securityProfile.diskEncryptionSet.id")
        ]
        | None
    ) = None
    """The ID of the disk encryption set of a confidential machine."""
    security_encryption_type: (
        Annotated[
            CreateOnly[Inert[Annotated[str, OneOf(("VMGuestStateOnly", "DiskWithVMGuestState"))]]],
            Arm("managedDisk.securityProfile.securityEncryptionType"),
        ]
        | None
    ) = None
    """Which part of a confidential machine is encrypted."""
    write_accelerator_enabled: Annotated[Inert[bool], Arm("writeAcceleratorEnabled")] = False
    """Whether writes are accelerated."""
    id: Annotated[Assigned[str], Arm("managedDisk.id")] = SERVICE
    """The ID of the disk."""


class OsImageNotification(Block):
    """A notice before the image is replaced."""

    arm_says: ClassVar[Mapping[str, Any]] = {"enable": True}

    timeout: Annotated[Inert[Annotated[str, OneOf(("PT15M",))]], Arm("notBeforeTimeout")] = "PT15M"
    """How long before."""


class Plan(Block):
    """The marketplace plan of the image."""

    name: CreateOnly[Inert[Name]]
    """The name of the plan."""
    product: CreateOnly[Inert[str]]
    """The product."""
    publisher: CreateOnly[Inert[str]]
    """The publisher."""


class Certificate(Block):
    """A certificate to install."""

    url: Annotated[Inert[CertificateUrl], Arm("certificateUrl")]
    """The versioned secret that holds it."""


class Secret(Block):
    """Certificates of one key vault to install."""

    key_vault_id: Annotated[Inert[KeyVaultId], Arm("sourceVault.id")]
    """The ID of the key vault."""
    certificate: Annotated[Unordered[Annotated[Sequence[Certificate], Items(1)]], Arm("vaultCertificates")]
    """The certificates."""


class SourceImageReference(Block):
    """The image of the marketplace that the machine starts from."""

    arm_says: ClassVar[Mapping[str, Any]] = {"exactVersion": None}

    publisher: CreateOnly[Inert[NonEmpty]]
    """The publisher."""
    offer: CreateOnly[Inert[NonEmpty]]
    """The offer."""
    sku: CreateOnly[Inert[NonEmpty]]
    """The SKU."""
    version: CreateOnly[Inert[NonEmpty]]
    """The version, or `latest`."""


def _timeout_problem(value: str) -> str | None:
    minutes = value.removeprefix("PT").removesuffix("M")
    well_formed = value == f"PT{minutes}M" and minutes.isdigit()
    return (
        None if well_formed and 5 <= int(minutes) <= 15 else "is not an ISO 8601 duration from PT5M to PT15M"
    )


class TerminationNotification(Block):
    """A notice before the machine is deleted."""

    enabled: Annotated[Inert[bool], Arm("enable")]
    """Whether the notice is given."""
    timeout: Annotated[Inert[Annotated[str, Satisfies(_timeout_problem)]], Arm("notBeforeTimeout")] = "PT5M"
    """How long before."""
