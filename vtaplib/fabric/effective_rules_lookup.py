"""The security groups of a view, compiled once each, so that a topology stays frozen.

A group of which a plan does not know enough to compile it is left out.
"""

from __future__ import annotations

from contextlib import suppress

from vtaplib.model import ids
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.resources.network_interface_security_group_association import (
    NetworkInterfaceSecurityGroupAssociation,
)
from vtaplib.resources.subnet_network_security_group_association import (
    SubnetNetworkSecurityGroupAssociation,
)
from vtaplib.rules.effective_security_rules import VirtualNetworkSpace, compile_group
from vtaplib.rules.security_evaluation import CompiledGroup, EffectiveSecurityRules, FixedSpace


class EffectiveRulesLookup:
    """Answers for one view."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._group_ids: dict[str, str] = {}
        for at_interface in view.list(NetworkInterfaceSecurityGroupAssociation):
            with suppress(Undecided):
                self._group_ids[ids.key(at_interface.network_interface_id)] = (
                    at_interface.network_security_group_id
                )
        for at_subnet in view.list(SubnetNetworkSecurityGroupAssociation):
            with suppress(Undecided):
                self._group_ids[ids.key(at_subnet.subnet_id)] = at_subnet.network_security_group_id
        self._groups: dict[str, CompiledGroup | None] = {}
        self._spaces: dict[str, FixedSpace | None] = {}
        self._guards: dict[tuple[str, str], EffectiveSecurityRules | None] = {}

    def effective_rules(self, interface_id: str, subnet_id: str) -> EffectiveSecurityRules | None:
        """The groups in force for the addresses of an interface in a subnet, or None if there are none."""
        interface, subnet = (self._group_at(one) for one in (interface_id, subnet_id))
        if interface is None and subnet is None:
            return None
        key = interface.id if interface else "", ids.key(subnet_id)
        if key not in self._guards:
            space = self._space(ids.parent(subnet_id))
            self._guards[key] = None if space is None else EffectiveSecurityRules(interface, subnet, space)
        return self._guards[key]

    def _group_at(self, place_id: str) -> CompiledGroup | None:
        """The group at an interface or a subnet."""
        group_id = self._group_ids.get(ids.key(place_id))
        if group_id is None:
            return None
        key = ids.key(group_id)
        if key not in self._groups:
            self._groups[key] = None
            with suppress(Undecided):
                self._groups[key] = compile_group(self._view, group_id)
        return self._groups[key]

    def _space(self, network_id: str) -> FixedSpace | None:
        key = ids.key(network_id)
        if key not in self._spaces:
            self._spaces[key] = None
            with suppress(Undecided):
                self._spaces[key] = VirtualNetworkSpace(self._view, network_id).fixed()
        return self._spaces[key]
