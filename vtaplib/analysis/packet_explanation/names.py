"""What a report calls things: by the shortest names that tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

from vtaplib.analysis.naming import distinct_names
from vtaplib.fabric.topology import Topology
from vtaplib.model import ids


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a topology's interfaces and TAPs."""

    topology: Topology
    _found: dict[str, str]

    @classmethod
    def of(cls, topology: Topology) -> Names:
        """The names in a topology."""
        found = {
            one.lower(): name
            for kind in (topology.interfaces, topology.taps, topology.networks)
            for one, name in distinct_names(thing.id for thing in kind).items()
        }
        return cls(topology, found)

    def of_id(self, resource_id: str) -> str:
        """What the resource with this ID is called."""
        return self._found.get(resource_id.lower()) or ids.name(resource_id)

    def interface(self, interface_id: str) -> str:
        """An interface with the machine that it is attached to."""
        interface = self.topology.interface(interface_id)
        name = self.of_id(interface_id)
        if interface is None or interface.machine_id is None:
            return name
        return f"{name} of {ids.name(interface.machine_id)}"

    def destination(self, destination_id: str) -> str:
        """What a TAP sends to: an interface, or a load balancer's frontend."""
        owner = self.topology.owner_of(destination_id)
        if owner is not None:
            return self.interface(owner[0].id)
        return ids.label(ids.parent(destination_id)) + "/" + ids.label(destination_id)
