"""Cases of the rules of streams that nobody receives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control.lab import (
    backend,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    lb_rule,
    machine,
    nic,
    nic_id,
    pool,
    pool_id,
    probe,
    tap,
)
from tests.vtaplib.resources.rule_case import TWO, Case, Pair, after, pair

LOST = "VirtualNetworkTapStreamLost"
ALL_PORTS: Mapping[str, Any] = {"protocol": "All", "frontend_port": 0, "backend_port": 0}
COLLECTOR = [nic("behind", ip(TWO)), machine("vm-behind", nic_id("behind"))]
BALANCER = [lb("new", front(TWO), front(TWO, name="idle")), pool("new"), probe("new"), *COLLECTOR]
MEMBER = backend("behind", pool_id("new"))
WHOLE = [*BALANCER, lb_rule("new"), MEMBER]
NEW = tap("new", to_frontend=frontend_id("new"))
ON_VXLAN = probe("new", port=4789)
ALL_UP_ON_VXLAN = ON_VXLAN.replace(no_healthy_backends_behavior="AllProbedUp")

CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetworkTap", "frontend_has_a_rule"): Case(
        LOST,
        [
            Pair(after(*BALANCER, MEMBER)(NEW), after(*WHOLE)(NEW)),
            Pair(
                after(*BALANCER, MEMBER, lb_rule("new", protocol="Tcp"))(NEW),
                after(*BALANCER, MEMBER, lb_rule("new", **ALL_PORTS))(NEW),
            ),
            Pair(
                after(*BALANCER, MEMBER, lb_rule("new", frontend_port=4788))(NEW),
                after(*BALANCER, MEMBER, lb_rule("new", load_distribution="SourceIP"))(NEW),
            ),
            Pair(after(*WHOLE)(tap("new", to_frontend=frontend_id("new", "idle"))), after(*WHOLE)(NEW)),
        ],
    ),
    ("VirtualNetworkTap", "pool_has_a_backend"): Case(
        LOST, [Pair(after(*BALANCER, lb_rule("new"))(NEW), after(*WHOLE)(NEW))]
    ),
    ("VirtualNetworkTap", "collector_has_a_machine"): Case(
        LOST,
        [
            pair(tap("new", ip_id("spare")), tap("new", ip_id("reader"))),
            Pair(
                after(*BALANCER, lb_rule("new"), backend("spare", pool_id("new")))(NEW),
                after(*WHOLE, backend("spare", pool_id("new")))(NEW),
            ),
        ],
    ),
    ("VirtualNetworkTap", "carrier_has_a_pool"): Case(
        LOST,
        [Pair(after(*BALANCER, lb_rule("new", backend_address_pool_ids=None))(NEW), after(*WHOLE)(NEW))],
    ),
    ("LbRule", "carrier_has_a_pool"): Case(
        LOST,
        [
            Pair(
                after(*BALANCER, NEW)(lb_rule("new", backend_address_pool_ids=None)),
                after(*BALANCER, NEW)(lb_rule("new", backend_address_pool_ids=None, frontend_port=53)),
            )
        ],
    ),
    ("VirtualNetworkTap", "probe_can_pass"): Case(
        LOST,
        [
            Pair(
                after(*WHOLE, ON_VXLAN)(NEW),
                after(*WHOLE, ON_VXLAN)(tap("new", ip_id("reader"))),
            ),
            Pair(after(*WHOLE, ON_VXLAN)(NEW), after(*WHOLE, ALL_UP_ON_VXLAN)(NEW)),
        ],
    ),
    ("LbRule", "probe_can_pass"): Case(
        LOST,
        [
            Pair(
                after(*BALANCER, NEW, ON_VXLAN)(lb_rule("new")),
                after(*BALANCER, NEW, ON_VXLAN)(lb_rule("new", probe_id=None)),
            )
        ],
    ),
}
