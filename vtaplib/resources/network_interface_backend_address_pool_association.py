"""An interface's membership in a backend pool. ARM keeps it on the interface; azurerm makes it a resource."""

from __future__ import annotations

from typing import Annotated

from vtaplib.model.arguments import NonEmpty
from vtaplib.model.marks import Arm, CreateOnly, Ref
from vtaplib.model.resource import Resource
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.network_interface import NetworkInterface


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
