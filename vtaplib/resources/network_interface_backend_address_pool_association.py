"""An interface's membership in a backend pool. ARM keeps it on the interface; azurerm makes it a resource."""

from __future__ import annotations

from typing import Annotated

from vtaplib.model import ids
from vtaplib.model.arguments import NonEmpty
from vtaplib.model.ids import label
from vtaplib.model.marks import Arm, CreateOnly, Ref
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.backend_sku import one_internal_balancer, one_sku_per_backend
from vtaplib.resources.balancing_conflict import network_of_pool, reached_by_membership, rules_within_limit
from vtaplib.resources.lb import Lb
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.mirror_hop import by_membership
from vtaplib.resources.mirror_loop import chains_by, collectors_not_tapped, no_ring, not_its_own_collector
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.stream_security import passes_security_groups
from vtaplib.resources.tapped_machine import backends_by_membership, no_basic_balancer, no_floating_ip


class NetworkInterfaceBackendAddressPoolAssociation(Resource):
    """One IP configuration of an interface as a backend of a pool."""

    id_format = "{network_interface_id}/ipConfigurations/{ip_configuration_name}|{backend_address_pool_id}"
    arm_owner = "{network_interface_id}/ipConfigurations/{ip_configuration_name}"

    network_interface_id: CreateOnly[Ref[NetworkInterface]]
    """The ID of the interface."""
    ip_configuration_name: CreateOnly[NonEmpty]
    """The name of the interface's IP configuration."""
    backend_address_pool_id: Annotated[
        CreateOnly[Ref[LbBackendAddressPool]], Arm("properties.loadBalancerBackendAddressPools[].id")
    ]
    """The ID of the backend pool."""

    load_balancer_rules_per_network_interface = rules_within_limit(reached_by_membership)

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, source="azurerm provider")
    def configuration_exists(self, view: View, policy: Policy) -> Findings:
        """The interface has the named IP configuration."""
        interface = view.get(NetworkInterface, self.network_interface_id)
        names = [block.name for block in interface.ip_configuration]
        if self.ip_configuration_name.lower() not in [name.lower() for name in names]:
            yield (
                ("ip_configuration_name",),
                (
                    f"{interface.label} has no IP configuration {self.ip_configuration_name!r}; it has "
                    f"{', '.join(names)}"
                ),
            )

    @rule(ErrorCode.INVALID_RESOURCE_REFERENCE, evidence=Evidence.INFERRED, source="Azure, load balancer")
    def interface_and_load_balancer_share_a_region(self, view: View, policy: Policy) -> Findings:
        """The interface and the pool's load balancer are in one region."""
        interface = view.get(NetworkInterface, self.network_interface_id)
        balancer = view.get(Lb, self.backend_address_pool_id.rsplit("/", 2)[0])
        if interface.location != balancer.location:
            yield (
                ("backend_address_pool_id",),
                (
                    f"{interface.label} is in {interface.location}, {balancer.label} in {balancer.location}; "
                    "they must be in one region"
                ),
            )

    @rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, source="Azure, load balancer")
    def pool_is_in_one_network(self, view: View, policy: Policy) -> Findings:
        """All backends of a pool are in one virtual network, as those behind an internal frontend are."""
        interface = view.get(NetworkInterface, self.network_interface_id)
        balancer = view.get(Lb, ids.parent(self.backend_address_pool_id))
        if any(frontend.internal for frontend in balancer.frontend_ip_configuration):
            return
        home, other_id = network_of_pool(self.backend_address_pool_id, view, beside=self.id)
        if home and ids.key(home) != ids.key(interface.virtual_network_id):
            yield (
                ("network_interface_id",),
                (
                    f"{interface.label} is in {label(interface.virtual_network_id)}, {label(other_id)} of "
                    f"the same pool in {label(home)}; the backends of a pool must be in one virtual network"
                ),
            )

    @rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, evidence=Evidence.DOCUMENTED, source="Azure, load balancer")
    def backends_are_in_one_network(self, view: View, policy: Policy) -> Findings:
        """A backend and an internal frontend of its load balancer are in one virtual network."""
        interface = view.get(NetworkInterface, self.network_interface_id)
        balancer = view.get(Lb, self.backend_address_pool_id.rsplit("/", 2)[0])
        home = interface.virtual_network_id
        for frontend in balancer.frontend_ip_configuration:
            network_id = (frontend.subnet_id or "").rpartition("/subnets/")[0]
            if network_id and network_id.lower() != home.lower():
                yield (
                    ("network_interface_id",),
                    (
                        f"{interface.label} is in {label(home)}, the frontend {frontend.name} of "
                        f"{balancer.label} in {label(network_id)}; a backend must be in its load balancer's "
                        "network"
                    ),
                )

    one_sku_per_backend = one_sku_per_backend
    one_internal_balancer = one_internal_balancer
    no_interface_is_its_own_collector = not_its_own_collector(by_membership)
    taps_form_no_ring = no_ring(by_membership)
    security_groups_let_copies_in = passes_security_groups(by_membership)
    collectors_are_not_tapped = collectors_not_tapped(chains_by(by_membership))
    tapped_machine_is_behind_no_floating_ip = no_floating_ip(
        ("backend_address_pool_id",), backends_by_membership
    )
    tapped_machine_is_behind_no_basic_balancer = no_basic_balancer(
        ("backend_address_pool_id",), backends_by_membership
    )
