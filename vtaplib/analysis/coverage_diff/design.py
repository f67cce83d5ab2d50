"""A design that is compared: its topology and policy, and what limits what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from vtaplib.control.read_view import ReadView
from vtaplib.errors import require_type
from vtaplib.fabric.topology import Topology
from vtaplib.mirror.visibility import Design
from vtaplib.model.resource import Resource

RESOURCES_WAY_OUT: Final = "give all that a cloud has: cloud.list(Resource)"


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


class StandingDesign(NamedTuple):
    """A design as it stands, and its resources: a plan can be laid over it."""

    design: ComparedDesign
    resources: Sequence[Resource]


def design_of_resources(name: str, resources: Sequence[Resource]) -> StandingDesign:
    """The design that resources are; there is nothing else."""
    require_type("the resources", resources, Sequence, RESOURCES_WAY_OUT)
    for resource in resources:
        require_type("one of the resources", resource, Resource, RESOURCES_WAY_OUT)
    topology = Topology.of(ReadView(resources, whole=True))
    return StandingDesign(ComparedDesign(topology, name=name), resources)
