"""A virtual machine, of whatever system."""

from __future__ import annotations

from collections.abc import Sequence

from provider_shim.data_source import LookupInGroup, Session
from vtaplib.model.base import Block, Values
from vtaplib.model.excerpt import Excerpt
from vtaplib.model.marks import SERVICE, Assigned
from vtaplib.resources.virtual_machine import VirtualMachine
from vtaplib.resources.virtual_machine_blocks import Identity


class ShownIdentity(Block, Excerpt):
    """The managed identity of the machine."""

    of = Identity
    shows = ("type", "identity_ids", "principal_id", "tenant_id")

    identity_ids: Assigned[Sequence[str]] = SERVICE


class VirtualMachineLookup(LookupInGroup):
    """Reads a virtual machine."""

    of = VirtualMachine
    shows = (
        "location",
        "private_ip_address",
        "private_ip_addresses",
        "public_ip_address",
        "public_ip_addresses",
    )

    identity: Assigned[Sequence[ShownIdentity]] = SERVICE
    """The managed identity."""
    power_state: Assigned[str] = SERVICE
    """`running` or `deallocated`."""

    def more(self, found: VirtualMachine, session: Session) -> Values:
        return {"power_state": found.power_state}
