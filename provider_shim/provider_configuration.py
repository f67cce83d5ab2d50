"""The provider block: azurerm's arguments, all accepted, and the few that vtap uses.

A simulation signs in to nothing, so every argument about credentials is inert. `features` must be there,
as in azurerm.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.policy_block import NAME as POLICY
from provider_shim.policy_block import policy_block, read_policy_block
from provider_shim.schema import Attribute, NestedBlock, Nesting, Schema, SchemaBlock
from vtaplib.control.backends.endpoint import DEFAULT_ENDPOINT, CloudEndpoint
from vtaplib.errors import VtapError
from vtaplib.model.ids import GUID
from vtaplib.model.policy import Policy
from vtaplib.model.unknown import UNKNOWN

USED = {
    "subscription_id": "The subscription that resources are made in. Or ARM_SUBSCRIPTION_ID.",
    "tenant_id": "The Microsoft Entra tenant of the subscription. Or ARM_TENANT_ID.",
    "client_id": "What `azurerm_client_config` returns for the client. Or ARM_CLIENT_ID.",
    "endpoint": (
        f"Where the cloud is kept: `file:PATH`, by default {DEFAULT_ENDPOINT}, relative to the directory "
        "that Terraform runs in. Or VTAP_ENDPOINT."
    ),
}
INERT_STRINGS = [
    "ado_pipeline_service_connection_id",
    "client_certificate",
    "client_certificate_password",
    "client_certificate_path",
    "client_id_file_path",
    "client_secret",
    "client_secret_file_path",
    "environment",
    "metadata_host",
    "msi_api_version",
    "msi_endpoint",
    "oidc_request_token",
    "oidc_request_url",
    "oidc_token",
    "oidc_token_file_path",
    "partner_id",
    "resource_provider_registrations",
]
INERT_BOOLS = [
    "disable_correlation_request_id",
    "disable_terraform_partner_id",
    "storage_use_azuread",
    "use_aks_workload_identity",
    "use_cli",
    "use_msi",
    "use_oidc",
]
INERT_LISTS = ("auxiliary_tenant_ids", "resource_providers_to_register")
SECRETS = frozenset(
    ("client_certificate", "client_certificate_password", "client_secret", "oidc_request_token", "oidc_token")
)

SKIP_EXISTING = "skip_import_check_on_create_and_allow_overwriting_existing_resources"
KEEP_FULL_GROUPS = "prevent_deletion_if_contains_resources"
FEATURES: Mapping[str, str] = {
    "api_management": "purge_soft_delete_on_destroy recover_soft_deleted",
    "app_configuration": "purge_soft_delete_on_destroy recover_soft_deleted",
    "application_insights": "disable_generated_rule",
    "cognitive_account": "purge_soft_delete_on_destroy",
    "databricks_workspace": "force_delete",
    "enhanced_validation": (
        "locations preflight_enabled preflight_location_fallback:string resource_providers"
    ),
    "key_vault": (
        "purge_soft_delete_on_destroy purge_soft_deleted_certificates_on_destroy "
        "purge_soft_deleted_hardware_security_module_keys_on_destroy "
        "purge_soft_deleted_hardware_security_modules_on_destroy purge_soft_deleted_keys_on_destroy "
        "purge_soft_deleted_secrets_on_destroy recover_soft_deleted_certificates "
        "recover_soft_deleted_hardware_security_module_keys recover_soft_deleted_key_vaults "
        "recover_soft_deleted_keys recover_soft_deleted_secrets"
    ),
    "log_analytics_workspace": "permanently_delete_on_destroy",
    "machine_learning": "purge_soft_deleted_workspace_on_destroy",
    "managed_disk": "expand_without_downtime",
    "netapp": "delete_backups_on_backup_vault_destroy prevent_volume_destruction",
    "postgresql_flexible_server": "restart_server_on_configuration_value_change",
    "recovery_service": (
        "purge_protected_items_from_vault_on_destroy vm_backup_stop_protection_and_retain_data_on_destroy "
        "vm_backup_suspend_protection_and_retain_data_on_destroy"
    ),
    "recovery_services_vaults": "recover_soft_deleted_backup_protected_vm",
    "resource_group": KEEP_FULL_GROUPS,
    "servicebus": "auto_delete_subscription_default_rule",
    "storage": "data_plane_available",
    "subscription": "prevent_cancellation_on_destroy",
    "template_deployment": "delete_nested_items_during_deletion!",
    "virtual_machine": (
        "delete_os_disk_on_deletion detach_implicit_data_disk_on_deletion skip_shutdown_and_force_delete"
    ),
    "virtual_machine_scale_set": (
        "force_delete reimage_on_manual_upgrade roll_instances_when_required scale_to_zero_before_deletion"
    ),
}
"""azurerm's feature blocks and their arguments: booleans, all optional but those marked `!`."""


def provider_schema() -> Schema:
    """The schema of the provider block."""
    attributes = [
        *(Attribute(name, "string", optional=True, description=text) for name, text in USED.items()),
        *(Attribute(name, "string", optional=True, sensitive=name in SECRETS) for name in INERT_STRINGS),
        *(Attribute(name, "bool", optional=True) for name in INERT_BOOLS),
        *(Attribute(name, ["list", "string"], optional=True) for name in INERT_LISTS),
    ]
    top = (
        Attribute("persist_id_on_create_before_polling_for_completion", "bool", optional=True),
        Attribute(SKIP_EXISTING, "bool", optional=True),
    )
    blocks = tuple(
        NestedBlock(name, Nesting.LIST, SchemaBlock(tuple(map(_feature, names.split()))), max_items=1)
        for name, names in FEATURES.items()
    )
    features = NestedBlock("features", Nesting.LIST, SchemaBlock(top, blocks), min_items=1, max_items=1)
    return Schema(
        SchemaBlock(tuple(sorted(attributes, key=lambda one: one.name)), (features, policy_block()))
    )


def _feature(spec: str) -> Attribute:
    name, _, type_ = spec.removesuffix("!").partition(":")
    required = spec.endswith("!")
    return Attribute(name, type_ or "bool", required=required, optional=not required)


@dataclass(frozen=True, slots=True)
class ProviderConfiguration:
    """What the provider block says, with the environment's values where it says nothing."""

    endpoint: CloudEndpoint
    """Where the cloud is kept."""
    subscription_id: str
    """"" where it is not known yet."""
    tenant_id: str | None
    """None where nothing says."""
    client_id: str = ""
    """"" where nothing says."""
    allow_overwriting: bool = False
    """Creating over an existing resource replaces it, instead of being refused."""
    keep_full_groups: bool = True
    """A resource group that still holds resources is not deleted."""
    policy: Policy = field(default_factory=Policy)
    """What the cloud does where Azure's documentation does not say."""


def read_configuration(
    config: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> tuple[ProviderConfiguration | None, list[Diagnostic]]:
    """What a provider block means; None with what is wrong with it."""
    diagnostics: list[Diagnostic] = []
    endpoint, wrong = _endpoint(config, environment)
    diagnostics += wrong
    subscription_id = _given(config, "subscription_id", environment, "ARM_SUBSCRIPTION_ID")
    tenant_id = _given(config, "tenant_id", environment, "ARM_TENANT_ID")
    if subscription_id is None:
        diagnostics.append(
            _error(
                "subscription_id",
                "No subscription",
                "Set subscription_id in the provider block, or the environment variable ARM_SUBSCRIPTION_ID. "
                "Any GUID will do: the cloud makes the subscription.",
            )
        )
    for name, value in (("subscription_id", subscription_id), ("tenant_id", tenant_id)):
        if isinstance(value, str) and not GUID.fullmatch(value):
            detail = "Write it as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, in hexadecimal digits."
            detail += _whence(config, name, f"ARM_{name.upper()}")
            diagnostics.append(_error(name, f"{name} = {value!r} is not a GUID", detail))
    client_id = _given(config, "client_id", environment, "ARM_CLIENT_ID")
    if isinstance(client_id, str) and client_id.encode(errors="replace").decode() != client_id:
        detail = f"Give it in UTF-8.{_whence(config, 'client_id', 'ARM_CLIENT_ID')}"
        diagnostics.append(_error("client_id", f"client_id = {client_id!r} is not Unicode text", detail))
    policy, wrong = read_policy_block(_first(config.get(POLICY)), environment)
    diagnostics += wrong
    if diagnostics:
        return None, diagnostics
    features = _first(config.get("features"))
    groups = _first(features.get("resource_group"))
    return (
        ProviderConfiguration(
            endpoint=endpoint,
            subscription_id="" if subscription_id is UNKNOWN else str(subscription_id),
            tenant_id=None if tenant_id is None or tenant_id is UNKNOWN else str(tenant_id),
            client_id=client_id if isinstance(client_id, str) else "",
            allow_overwriting=features.get(SKIP_EXISTING) is True,
            keep_full_groups=groups.get(KEEP_FULL_GROUPS) is not False,
            policy=policy,
        ),
        [],
    )


def _endpoint(
    config: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[CloudEndpoint, list[Diagnostic]]:
    """Where the cloud is kept, and what is wrong with that."""
    url = _given(config, "endpoint", environment, "VTAP_ENDPOINT")
    if url is None:
        return DEFAULT_ENDPOINT, []
    if url is UNKNOWN:
        way_out = "Give it a value that does not depend on a resource."
        return DEFAULT_ENDPOINT, [_error("endpoint", "The endpoint is not known yet", way_out)]
    try:
        return CloudEndpoint.parse(url, lasting=True), []
    except VtapError as error:
        detail = f"{error}.{_whence(config, 'endpoint', 'VTAP_ENDPOINT')}"
        return DEFAULT_ENDPOINT, [_error("endpoint", f"Unknown endpoint {url!r}", detail)]


def _given(config: Mapping[str, Any], name: str, environment: Mapping[str, str], variable: str) -> Any:
    value = config.get(name)
    return environment.get(variable) or None if value is None or value == "" else value


def _whence(config: Mapping[str, Any], name: str, variable: str) -> str:
    """Where a wrong value comes from, if the provider block does not say it."""
    return "" if config.get(name) else f" It comes from the environment variable {variable}."


def _first(blocks: Any) -> Mapping[str, Any]:
    return blocks[0] if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict) else {}


def _error(name: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(DiagnosticSeverity.ERROR, summary, detail, (name,))
