"""The public view: what a copy shows of traffic between an interface and the internet.

An interface whose IP configuration has a public address talks to the internet by that: on the way out the
fabric puts the public address in the place of the private one, on the way in the private in that of the
public. Whether copies are made on the private or on the public side of it is policy (`snat_view`), and
whether answers from the internet are copied at all (`mirror_snat_return`).

Ports stay as they are, for an address of one interface's own needs no other ports. Without a public address
of its own an interface gets out by one that is not known here; its frames are carried as they are.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from vtaplib.fabric.address_index import is_public
from vtaplib.fabric.topology import Interface, Topology
from vtaplib.mirror.interface_hop import FrameContext
from vtaplib.mirror.verdict import Direction, Reason
from vtaplib.model.policy import Policy
from vtaplib.packets.flow import Flow
from vtaplib.packets.translation import Rewriting


class PublicView:
    """Answers for one interface."""

    def __init__(self, topology: Topology, policy: Policy, interface: Interface) -> None:
        self._policy = policy
        self._public = {
            configuration.address.packed: configuration.public_address.packed
            for configuration in interface.ip_configurations
            if configuration.address is not None and configuration.public_address is not None
        }
        network = topology.network(interface.network_id)
        reached = () if network is None else (network, *map(topology.network, network.peer_ids))
        self._inside = tuple(
            prefix
            for one in reached
            if one is not None
            for prefix in one.address_prefixes
            if isinstance(prefix, IPv4Network)
        )

    @property
    def is_private(self) -> bool:
        """Whether all frames look in copies as they are."""
        return not self._public

    def of(self, direction: Direction, flow: Flow, context: FrameContext) -> Rewriting | Reason | None:
        """What a flow's frames look like in copies: rewritten, not there at all, or (None) as they are."""
        if not self._public or flow.version != 4:
            return None
        is_egress = direction is Direction.EGRESS
        here, there = (flow.source, flow.destination) if is_egress else (flow.destination, flow.source)
        public = self._public.get(here)
        if public is None or not self._is_outside(there):
            return None
        if not is_egress and context.is_answer and not self._policy.mirror_snat_return:
            return Reason.SNAT_RETURN
        return Rewriting(public, is_egress) if self._policy.snat_view == "post" else None

    def _is_outside(self, packed: bytes) -> bool:
        address = IPv4Address(packed)
        return is_public(packed) and not any(address in prefix for prefix in self._inside)
