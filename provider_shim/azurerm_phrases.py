"""Phrases of azurerm's own refusals. Search engines know them, and tests look for them, so a refusal of the
same thing contains the phrase; the sentences around it are vtap's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vtaplib.model.base import Model, Shape
from vtaplib.model.general_rule import SECRETS_ARE_GIVEN, VALUES_ARE_ALLOWED
from vtaplib.model.marks import Between, Constraint, Length, OneOf
from vtaplib.model.violation import ErrorCode, Path, Violation

_TO_IMPORT: Final = "to be managed via Terraform this resource needs to be imported into the State"
ALREADY_EXISTS: Final = (
    f'A resource with the ID "{{id}}" already exists - {_TO_IMPORT}. Please see the resource documentation '
    'for "{type_name}" for more information.'
)
GROUP_IN_USE: Final = (
    'deleting Resource Group "{name}": the Resource Group still contains Resources. Terraform is configured '
    "to check for Resources within the Resource Group when deleting the Resource Group - and raise an error "
    "if nested Resources still exist"
)
_SPOT: Final = "when `priority` is set to `Spot`"
_BY_PLATFORM: Final = "`patch_mode` must be set to `AutomaticByPlatform`"
_ENCRYPTED: Final = "must be set to `true` when `os_disk.0.security_encryption_type` is set"

PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
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
"""By the rule and the argument at fault (azurerm's source, release 5)."""


def phrase_of(violation: Violation, model: Model | None = None) -> str:
    """The phrase that azurerm has for a violation; "" if there is none. `model`: what has the value at fault,
    where a value by itself may be wrong.
    """
    names = [step for step in violation.path if isinstance(step, str)]
    if not names:
        return ""
    if violation.rule != VALUES_ARE_ALLOWED:
        return PHRASES.get(violation.rule, {}).get(names[-1], "")
    if model is None or violation.code is not ErrorCode.INVALID_REQUEST_CONTENT:
        return ""
    return next(_expectations(model, violation.path), "")


def _expectations(model: Model, at: Path) -> Iterator[str]:
    """What Terraform's SDK says of the value at a path that breaks a constraint of its field."""
    for path, field, value in model.walk():
        if path == at and field.shape is Shape.SCALAR:
            yield from _unmet(field.constraints, at, value)
        elif path == at[:-1] and field.shape is Shape.LIST and value and at[-1] in range(len(value)):
            yield from _unmet(field.element_constraints, at, value[at[-1]])


def _unmet(constraints: Sequence[Constraint], at: Path, value: Any) -> Iterator[str]:
    key = ".".join(map(str, at))
    for one in constraints:
        if value is None or not one.problem(value):
            continue
        match one:
            case OneOf(values=words):
                listed = " ".join(f'"{word}"' for word in words)
                yield f"expected {key} to be one of [{listed}], got {value}"
            case Between(minimum=low, maximum=high):
                yield f"expected {key} to be {_bounds(low, high)}, got {_number(value)}"
            case Length() if value == "":
                yield f'expected "{key}" to not be an empty string, got {value}'


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"in the range ({_number(low)} - {_number(high)})"
    return f"at least ({_number(low)})" if low is not None else f"at most ({_number(high)})"


def _number(value: float | None) -> str:
    return f"{value:f}" if isinstance(value, float) else str(value)
