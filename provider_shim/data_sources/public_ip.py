"""A public address."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import LookupInGroup
from vtaplib.model.marks import SERVICE, Assigned
from vtaplib.resources.public_ip import PublicIp


class PublicIpLookup(LookupInGroup):
    """Reads a public address."""

    of = PublicIp
    shows = (
        "location",
        "allocation_method",
        "ddos_protection_mode",
        "ddos_protection_plan_id",
        "domain_name_label",
        "domain_name_label_scope",
        "edge_zone",
        "fqdn",
        "idle_timeout_in_minutes",
        "ip_address",
        "ip_tags",
        "ip_version",
        "public_ip_prefix_id",
        "reverse_fqdn",
        "sku",
        "sku_tier",
        "tags",
        "zones",
    )

    zones: Assigned[Sequence[str]] = SERVICE
