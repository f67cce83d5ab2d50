"""Load balancers: what holds between one and the networks, pools and rules that belong to it."""

from __future__ import annotations

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence
from vtaplib.resources.lb import Lb
from vtaplib.resources.lb_backend_address_pool import LbBackendAddressPool
from vtaplib.resources.lb_rule import LbRule
from vtaplib.resources.virtual_network import VirtualNetwork
from vtaplib.rules.balancing_conflict import network_of_pool

SOURCE = "Azure, load balancer"


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=Lb, evidence=Evidence.INFERRED, source=SOURCE)
def networks_are_in_the_same_region(self: Lb, view: View, policy: Policy) -> Findings:
    """The load balancer and the networks of its frontends are in the same region."""
    for position, block in enumerate(self.frontend_ip_configuration):
        if not block.subnet_id:
            continue
        network = view.get(VirtualNetwork, block.subnet_id.rsplit("/", 2)[0])
        if network.location != self.location:
            yield (
                ("frontend_ip_configuration", position, "subnet_id"),
                (
                    f"{self.label}: the load balancer is in {self.location}, {network.label} of "
                    f"{block.name} in {network.location}"
                ),
                "they must be in the same region",
            )


@rule(ErrorCode.SUBNETS_NOT_IN_SAME_VNET, on=Lb, source=SOURCE)
def backends_are_in_one_network(self: Lb, view: View, policy: Policy) -> Findings:
    """An internal frontend is in the virtual network of the backends."""
    pools = view.referrers(self.id, LbBackendAddressPool, certain=True)
    homes = [network_of_pool(pool.id, view) for pool in pools]
    for position, block in enumerate(self.frontend_ip_configuration):
        here = ids.parent(block.subnet_id) if block.subnet_id else ""
        for home, interface_id in homes if here else ():
            if home and ids.key(home) != ids.key(here):
                yield (
                    ("frontend_ip_configuration", position, "subnet_id"),
                    (
                        f"{self.label}: {block.name} is in {label(here)}, its backend "
                        f"{label(interface_id)} in {label(home)}"
                    ),
                    "a load balancer must be in its backends' network",
                )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbBackendAddressPool, source="azurerm provider")
def tunnels_are_for_gateways(self: LbBackendAddressPool, view: View, policy: Policy) -> Findings:
    """The pool of a Gateway load balancer has tunnel interfaces, and no other pool has."""
    balancer = view.get(Lb, self.loadbalancer_id)
    if bool(self.tunnel_interface) != (balancer.sku == "Gateway"):
        yield (
            ("tunnel_interface",),
            f"{self.label}: {balancer.label} has sku {balancer.sku}",
            "tunnel_interface belongs to sku Gateway, and sku Gateway needs it",
        )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbBackendAddressPool, source="azurerm provider")
def synchronous_mode_is_for_standard(self: LbBackendAddressPool, view: View, policy: Policy) -> Findings:
    """`synchronous_mode` is for the Standard SKU."""
    balancer = view.get(Lb, self.loadbalancer_id)
    if self.synchronous_mode and balancer.sku != "Standard":
        yield (
            ("synchronous_mode",),
            f"{self.label}: synchronous_mode needs sku Standard, {balancer.label} has {balancer.sku}",
            "use sku Standard, or leave synchronous_mode out",
        )


@rule(ErrorCode.LOAD_BALANCER_WITHOUT_FRONTEND_IP_CANT_HAVE_CHILD_RESOURCES, on=LbRule, source=SOURCE)
def load_balancer_has_a_frontend(self: LbRule, view: View, policy: Policy) -> Findings:
    """A load balancer without a frontend has no rules."""
    balancer = view.get(Lb, self.loadbalancer_id)
    if not balancer.frontend_ip_configuration:
        yield (
            ("loadbalancer_id",),
            f"{self.label}: {balancer.label} has no frontend_ip_configuration",
            "give it one first",
        )


@rule(ErrorCode.INVALID_RESOURCE_REFERENCE, on=LbRule, source="azurerm provider")
def frontend_exists(self: LbRule, view: View, policy: Policy) -> Findings:
    """The frontend is one of the load balancer's."""
    balancer = view.get(Lb, self.loadbalancer_id)
    if balancer.frontend_ip_configuration and not balancer.frontend(self.frontend_ip_configuration_name):
        names = ", ".join(block.name for block in balancer.frontend_ip_configuration)
        yield (
            ("frontend_ip_configuration_name",),
            (
                f"{self.label}: {balancer.label} has no frontend "
                f"{self.frontend_ip_configuration_name!r}; it has {names}"
            ),
            "name one of these",
        )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbRule, source="azurerm provider")
def two_pools_are_for_gateways(self: LbRule, view: View, policy: Policy) -> Findings:
    """Only a Gateway load balancer spreads over two pools."""
    balancer = view.get(Lb, self.loadbalancer_id)
    if len(self.backend_address_pool_ids or ()) > 1 and balancer.sku != "Gateway":
        yield (
            ("backend_address_pool_ids",),
            f"{self.label}: {balancer.label} has sku {balancer.sku}",
            "more than one pool needs sku Gateway",
        )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbRule, source=SOURCE)
def ha_ports_are_internal(self: LbRule, view: View, policy: Policy) -> Findings:
    """HA ports need an internal frontend of a Standard or Gateway load balancer."""
    balancer = view.get(Lb, self.loadbalancer_id)
    frontend = balancer.frontend(self.frontend_ip_configuration_name)
    if not self.covers_all_ports or frontend is None:
        return
    if balancer.sku == "Basic" or not frontend.internal:
        kind = "internal" if frontend.internal else "public"
        yield (
            ("protocol",),
            (
                f"{self.label}: HA ports need an internal frontend of a Standard load balancer; "
                f"{frontend.name} is {kind}, {balancer.label} has sku {balancer.sku}"
            ),
            "use such a frontend, or give the rule a port",
        )


@rule(ErrorCode.INVALID_PARAMETER_COMBINATION, on=LbRule, source=SOURCE)
def ha_ports_are_ipv4(self: LbRule, view: View, policy: Policy) -> Findings:
    """HA ports need an IPv4 frontend."""
    frontend = view.get(Lb, self.loadbalancer_id).frontend(self.frontend_ip_configuration_name)
    if self.covers_all_ports and frontend and frontend.private_ip_address_version == "IPv6":
        yield (
            ("frontend_ip_configuration_name",),
            f"{self.label}: HA ports need an IPv4 frontend; {frontend.name} is IPv6",
            "use such a frontend, or give the rule a port",
        )
