"""Cases of the rules of load balancers and their children."""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.control.lab import (
    NORTH,
    backend,
    front,
    lb,
    lb_rule,
    network_id,
    pool,
    pool_id,
    probe,
    public,
    subnet_id,
)
from tests.vtaplib.resources.rule_case import (
    GATEWAY,
    OUTER,
    SMALL,
    SMALL_SUBNET,
    THREE,
    TWO,
    Case,
    Pair,
    after,
    pair,
)
from vtaplib.resources import TunnelInterface

TUNNEL = TunnelInterface(identifier=900, type="Internal", protocol="VXLAN", port=10800)

ALONE = (lb("new", front(TWO)), pool("new"), probe("new"))

CASES: Mapping[tuple[str, str], Case] = {
    ("Lb", "frontends_have_one_kind_of_address"): Case(
        "InvalidRequestContent",
        [
            pair(lb("new", front()), lb("new", front(TWO))),
            pair(lb("new", public(TWO)), lb("new", public())),
        ],
    ),
    ("Lb", "frontend_names_are_unique"): Case(
        "InvalidRequestContent",
        [
            pair(
                lb("new", front(TWO), front(TWO, name="FRONT")),
                lb("new", front(TWO), front(TWO, name="back")),
            )
        ],
    ),
    ("Lb", "global_tier_needs_standard"): Case(
        "InvalidParameterCombination",
        [pair(lb("new", sku="Basic", sku_tier="Global"), lb("new", sku="Standard", sku_tier="Global"))],
    ),
    ("Lb", "networks_are_in_the_same_region"): Case(
        "InvalidResourceReference",
        [pair(lb("new", front(TWO), location=NORTH), lb("new", front(subnet_id("north")), location=NORTH))],
    ),
    ("Lb", "addresses_are_in_the_subnet"): Case(
        "PrivateIPAddressNotInSubnet",
        [pair(lb("new", front(TWO, "10.1.3.4")), lb("new", front(TWO, "10.1.2.4")))],
    ),
    ("Lb", "addresses_are_not_reserved"): Case(
        "PrivateIPAddressInReservedRange",
        [pair(lb("new", front(TWO, "10.1.2.1")), lb("new", front(TWO, "10.1.2.5")))],
    ),
    ("Lb", "addresses_are_free"): Case(
        "PrivateIPAddressIsAllocated",
        [
            pair(
                lb("new", front(subnet_id("app"), "10.1.1.4")),
                lb("new", front(subnet_id("app"), "10.1.1.44")),
            )
        ],
    ),
    ("Lb", "subnet_has_an_address_left"): Case(
        "SubnetIsFull",
        [
            Pair(
                after(SMALL_SUBNET, *THREE)(lb("new", front(SMALL))),
                after(SMALL_SUBNET, *THREE[:2])(lb("new", front(SMALL))),
            )
        ],
    ),
    ("LbBackendAddressPool", "tunnels_are_for_gateways"): Case(
        "InvalidParameterCombination",
        [
            pair(pool("inner", "new", tunnel_interface=[TUNNEL]), pool("inner", "new")),
            Pair(
                after(GATEWAY)(pool("gateway", "new")),
                after(GATEWAY)(pool("gateway", "new", tunnel_interface=[TUNNEL])),
            ),
        ],
    ),
    ("LbBackendAddressPool", "synchronous_mode_is_for_standard"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(lb("basic", sku=sku))(
                    pool("basic", "new", synchronous_mode="Manual", virtual_network_id=network_id("tools"))
                ),
                after(lb("basic", sku="Standard"))(
                    pool("basic", "new", synchronous_mode="Manual", virtual_network_id=network_id("tools"))
                ),
            )
            for sku in ("Basic",)
        ],
    ),
    ("LbProbe", "http_probes_have_a_path"): Case(
        "InvalidRequestContent",
        [
            pair(
                probe("inner", "new", protocol="Http"),
                probe("inner", "new", protocol="Http", request_path="/health"),
            ),
            pair(probe("inner", "new", request_path="/health"), probe("inner", "new", protocol="Tcp")),
        ],
    ),
    ("LbRule", "load_balancer_has_a_frontend"): Case(
        "LoadBalancerWithoutFrontendIPCantHaveChildResources",
        [
            Pair(
                after(lb("bare"), pool("bare"), probe("bare"))(lb_rule("bare")),
                after(lb("bare", public()), pool("bare"), probe("bare"))(lb_rule("bare")),
            )
        ],
    ),
    ("LbRule", "frontend_exists"): Case(
        "InvalidResourceReference",
        [
            pair(
                lb_rule(
                    "inner", "new", frontend_ip_configuration_name="other", frontend_port=1, backend_port=1
                ),
                lb_rule(
                    "inner", "new", frontend_ip_configuration_name="FRONT", frontend_port=1, backend_port=1
                ),
            )
        ],
    ),
    ("LbRule", "pools_and_probe_are_the_load_balancers_own"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(OUTER, pool("outer"), probe("outer"))(
                    lb_rule(
                        "outer", backend_address_pool_ids=[pool_id("inner")], frontend_port=1, backend_port=1
                    )
                ),
                after(OUTER, pool("outer"), probe("outer"))(
                    lb_rule("outer", frontend_port=1, backend_port=1)
                ),
            ),
            Pair(
                after(OUTER, probe("outer"))(
                    lb_rule(
                        "inner", "new", probe_id=lb_rule("outer").probe_id, frontend_port=1, backend_port=1
                    )
                ),
                after(OUTER, probe("outer"))(lb_rule("inner", "new", frontend_port=1, backend_port=1)),
            ),
        ],
    ),
    ("LbRule", "two_pools_are_for_gateways"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(pool("inner", "other"))(
                    lb_rule(
                        "inner",
                        "new",
                        frontend_port=1,
                        backend_port=1,
                        backend_address_pool_ids=[pool_id("inner"), pool_id("inner", "other")],
                    )
                ),
                after(pool("inner", "other"))(
                    lb_rule(
                        "inner",
                        "new",
                        frontend_port=1,
                        backend_port=1,
                        backend_address_pool_ids=[pool_id("inner", "other")],
                    )
                ),
            )
        ],
    ),
    ("LbRule", "all_protocols_mean_ha_ports"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(*ALONE)(lb_rule("new", protocol="All", frontend_port=80, backend_port=80)),
                after(*ALONE)(lb_rule("new", protocol="All", frontend_port=0, backend_port=0)),
            ),
            pair(
                lb_rule("inner", "new", protocol="Tcp", frontend_port=0, backend_port=0),
                lb_rule("inner", "new", protocol="Tcp", frontend_port=1, backend_port=1),
            ),
        ],
    ),
    ("LbRule", "ha_ports_are_internal"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(lb("new", public()), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
                after(lb("new", front(TWO)), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
            ),
            Pair(
                after(lb("new", front(TWO), sku="Basic"), pool("new"), probe("new"))(
                    lb_rule("new", protocol="All", frontend_port=0, backend_port=0)
                ),
                after(lb("new", front(TWO), sku="Basic"), pool("new"), probe("new"))(lb_rule("new")),
            ),
        ],
    ),
    ("LbRule", "backend_ports_are_not_shared"): Case(
        "RulesUseSameBackendPortProtocolAndPool",
        [
            pair(
                lb_rule("inner", "new", frontend_port=1),
                lb_rule("inner", "new", frontend_port=1, backend_port=1),
            ),
            pair(lb_rule("inner", "new", frontend_port=1), lb_rule("inner", "new", protocol="Tcp")),
            pair(
                lb_rule("inner", "new", frontend_port=1, protocol="Udp"),
                lb_rule("inner", "new", frontend_port=1, floating_ip_enabled=True),
            ),
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "configuration_exists"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"), "other")),
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"), "IP")),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "interface_and_load_balancer_share_a_region"): Case(
        "InvalidResourceReference",
        [
            Pair(
                after(OUTER, pool("outer"))(backend("far", pool_id("outer"))),
                after(OUTER, pool("outer"))(backend("stray", pool_id("outer"))),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "backends_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            Pair(
                after(pool("inner", "new"))(backend("spare", pool_id("inner", "new"))),
                after(pool("inner", "new"))(backend("collector", pool_id("inner", "new"))),
            )
        ],
    ),
}
