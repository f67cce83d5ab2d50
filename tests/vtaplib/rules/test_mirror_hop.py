"""A mirror hop: the rules and the fabric mean the same load-balancing rules."""

from __future__ import annotations

from itertools import product

import pytest

from vtaplib.fabric.balancing import find_rule
from vtaplib.fabric.topology import BalancingRule, Frontend, RuleProtocol
from vtaplib.packets.flow import UDP, Flow
from vtaplib.resources import LbRule
from vtaplib.resources.virtual_network_tap import VXLAN_PORT
from vtaplib.rules.mirror_hop import carries_copies

BALANCER = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/collectors"


@pytest.mark.parametrize(
    ("protocol", "port"), list(product(("All", "Tcp", "Udp", "udp"), (0, 53, VXLAN_PORT)))
)
def test_a_rule_carries_copies_just_where_the_fabric_gives_it_vxlan(protocol: str, port: int) -> None:
    written = LbRule(
        loadbalancer_id=BALANCER,
        name="rule",
        backend_port=port,
        frontend_ip_configuration_name="front",
        frontend_port=port,
        protocol=protocol,
    )
    rule = BalancingRule("rule", RuleProtocol(protocol.capitalize()), port, port, ())
    frontend = Frontend(f"{BALANCER}/frontendIPConfigurations/front", "", None, (rule,))
    flow = Flow(4, 0x0800, bytes(4), bytes(4), UDP, 50_000, VXLAN_PORT)
    assert carries_copies(written) == (find_rule(frontend, flow) is not None)
