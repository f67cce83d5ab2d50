"""A design that is compared: its topology and policy, and what limits what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.mirror.visibility import Design


@dataclass(frozen=True, slots=True)
class AssumedAddress:
    """An address that only the apply of a plan gives: taken for the lowest that is free."""

    resource_id: str
    address: str


@dataclass(frozen=True, slots=True)
class ComparedDesign(Design):
    """A design with a name. `notes` say what limits what can be said of it; `not_read` are the addresses in
    Terraform's configuration of what could not be told from others.
    """

    name: str = ""
    assumed: tuple[AssumedAddress, ...] = ()
    notes: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()
