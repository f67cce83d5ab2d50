"""A network security group, with all of its rules."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import LookupInGroup
from vtaplib.model.marks import SERVICE, Assigned
from vtaplib.resources.network_security_group import InlineSecurityRule, NetworkSecurityGroup


class NetworkSecurityGroupLookup(LookupInGroup):
    """Reads a network security group."""

    of = NetworkSecurityGroup
    shows = ("location", "security_rule", "tags")

    security_rule: Assigned[Sequence[InlineSecurityRule]] = SERVICE
    """The rules of the group, whether they are managed with it or by themselves."""
