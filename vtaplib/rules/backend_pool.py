"""Backend pools: what holds between a pool, its load balancer and the interfaces in it."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.lb import Lb
from vtaplib.resources.network_interface import NetworkInterface
from vtaplib.resources.network_interface_backend_address_pool_association import (
    NetworkInterfaceBackendAddressPoolAssociation,
)
from vtaplib.rules.balancing_conflict import network_of_pool

SOURCE = "Azure, load balancer"


@rule(
    ErrorCode.INVALID_RESOURCE_REFERENCE,
    on=NetworkInterfaceBackendAddressPoolAssociation,
    source="azurerm provider",
)
def configuration_exists(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
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
            "name one of these",
        )


@rule(
    ErrorCode.INVALID_RESOURCE_REFERENCE,
    on=NetworkInterfaceBackendAddressPoolAssociation,
    evidence=Evidence.INFERRED,
    source=SOURCE,
)
def interface_and_load_balancer_share_a_region(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
    """The interface and the pool's load balancer are in the same region."""
    interface = view.get(NetworkInterface, self.network_interface_id)
    balancer = view.get(Lb, self.backend_address_pool_id.rsplit("/", 2)[0])
    if interface.location != balancer.location:
        yield (
            ("backend_address_pool_id",),
            f"{interface.label} is in {interface.location}, {balancer.label} in {balancer.location}",
            "they must be in the same region",
        )


@rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, on=NetworkInterfaceBackendAddressPoolAssociation, source=SOURCE)
def pool_is_in_one_network(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
    """All backends of a pool are in the same virtual network, like the backends of an internal frontend."""
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
                f"the same pool in {label(home)}"
            ),
            "the backends of a pool must be in the same virtual network",
        )


@rule(
    ErrorCode.SUBNETS_NOT_IN_SAME_VNET,
    on=NetworkInterfaceBackendAddressPoolAssociation,
    evidence=Evidence.DOCUMENTED,
    source=SOURCE,
)
def backends_are_in_one_network(
    self: NetworkInterfaceBackendAddressPoolAssociation, view: View, policy: Policy
) -> Findings:
    """A backend and an internal frontend of its load balancer are in the same virtual network."""
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
                    f"{balancer.label} in {label(network_id)}"
                ),
                "a backend must be in its load balancer's network",
            )
