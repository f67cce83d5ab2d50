"""Phrases of azurerm's own refusals. Search engines know them, and tests look for them, so a refusal of the
same thing contains the phrase; the sentences around it are vtap's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vtaplib.model.base import Model, Shape
from vtaplib.model.general_rule import SECRETS_ARE_GIVEN, VALUES_ARE_ALLOWED
from vtaplib.model.marks import OneOf
from vtaplib.model.violation import ErrorCode, Violation, dotted

ALREADY_EXISTS: Final = "already exists"
GROUP_IN_USE: Final = "group in use"
NOT_LISTED: Final = "not listed"
_TO_IMPORT: Final = "to be managed via Terraform this resource needs to be imported into the State"
_SPOT: Final = "when `priority` is set to `Spot`"
_BY_PLATFORM: Final = "`patch_mode` must be set to `AutomaticByPlatform`"
_ENCRYPTED: Final = "must be set to `true` when `os_disk.0.security_encryption_type` is set"

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    ALREADY_EXISTS: {
        "": f'A resource with the ID "{{id}}" already exists - {_TO_IMPORT}. Please see the resource '
        'documentation for "{type_name}" for more information.',
    },
    GROUP_IN_USE: {
        "": 'deleting Resource Group "{name}": the Resource Group still contains Resources. Terraform is '
        "configured to check for Resources within the Resource Group when deleting the Resource Group - and "
        "raise an error if nested Resources still exist",
    },
    NOT_LISTED: {"": "expected {name} to be one of [{listed}]"},
    "interface_has_one_group": {"network_interface_id": f"already exists - {_TO_IMPORT}"},
    "name_can_be_the_computer_name": {"name": "unable to assume default computer name"},
    "extensions_need_the_agent": {
        "allow_extension_operations": "`allow_extension_operations` cannot be set to `true` when "
        "`provision_vm_agent` is set to `false`",
    },
    "platform_patches_need_the_agent": {
        "patch_mode": '"patch_mode" cannot be set to "AutomaticByPlatform" when "provision_vm_agent" is set '
        'to "false"',
        "patch_assessment_mode": "`provision_vm_agent` must be set to `true` when `patch_assessment_mode` is "
        "set to `AutomaticByPlatform`",
    },
    "patch_options_need_the_platform": {
        "bypass_platform_safety_checks_on_user_schedule_enabled": f"{_BY_PLATFORM} when "
        "`bypass_platform_safety_checks_on_user_schedule_enabled` is set to `true`",
        "reboot_setting": f"{_BY_PLATFORM} when `reboot_setting` is specified",
    },
    "spot_options_go_with_spot": {
        "priority": f"an `eviction_policy` must be specified {_SPOT}",
        "eviction_policy": f"an `eviction_policy` can only be specified {_SPOT}",
        "max_bid_price": f"`max_bid_price` can only be configured {_SPOT}",
    },
    "confidential_disks_need_a_tpm": {
        "vtpm_enabled": f"`vtpm_enabled` {_ENCRYPTED}",
        "secure_boot_enabled": f"`secure_boot_enabled` {_ENCRYPTED} to `DiskWithVMGuestState`",
    },
    "there_is_a_way_to_log_in": {
        "admin_ssh_key": "at least one `admin_ssh_key` must be specified when "
        "`disable_password_authentication` is set to `true`",
    },
    SECRETS_ARE_GIVEN: {
        "admin_password": "an `admin_password` must be specified if `disable_password_authentication` is set "
        "to `false`",
    },
    "standard_is_static": {
        "allocation_method": "static IP allocation must be used when creating Standard SKU public IP "
        "addresses",
    },
    "ipv4_configurations_name_a_subnet": {
        "subnet_id": "A Subnet ID must be specified for an IPv4 Network Interface.",
    },
    "one_configuration_is_primary": {
        "ip_configuration": "If multiple `ip_configurations` are specified - one must be designated as "
        "`primary`.",
    },
}
"""By the rule, or what else is refused, and the argument at fault (azurerm's source, release 5)."""


def phrase_of(kind: type[Model], violation: Violation) -> str:
    """The phrase that azurerm has for a violation of something of a kind; "" if there is none."""
    names = [step for step in violation.path if isinstance(step, str)]
    if not names:
        return ""
    if violation.rule != VALUES_ARE_ALLOWED:
        return PHRASES.get(violation.rule, {}).get(names[-1], "")
    words = _words(kind, names) if violation.code is ErrorCode.INVALID_REQUEST_CONTENT else ()
    listed = " ".join(f'"{word}"' for word in words)
    return PHRASES[NOT_LISTED][""].format(name=dotted(violation.path), listed=listed) if words else ""


def _words(kind: type[Model], names: list[str]) -> tuple[str, ...]:
    """The words that a field takes, if it takes no others."""
    cls: type[Model] | None = kind
    field = None
    for name in names:
        field = cls.fields().get(name) if cls is not None else None
        cls = field.block if field is not None else None
    constraints = () if field is None or field.shape is not Shape.SCALAR else field.constraints
    return next((one.values for one in constraints if isinstance(one, OneOf)), ())
