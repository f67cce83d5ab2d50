"""Cases of what rules, frontends and the members of pools may not be together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control.lab import backend, front, lb, lb_rule, pool, pool_id, probe, subnet_id
from tests.vtaplib.resources.rule_case import DUAL, OUTER, TWO, Case, Pair, after, pair
from vtaplib.model.resource import Resource

NEW = (lb("new", front(TWO), front(TWO, name="second")), pool("new"), pool("new", "other"), probe("new"))


def ports(name: str, number: int, **more: Any) -> Resource:
    """A rule for one port, or with 0 for all."""
    protocol = "All" if number == 0 else "Tcp"
    return lb_rule("new", name, protocol=protocol, frontend_port=number, backend_port=number, **more)


SECOND: dict[str, Any] = {"frontend_ip_configuration_name": "second"}
OTHER: dict[str, Any] = {"backend_address_pool_ids": [pool_id("new", "other")]}
FLOATING: dict[str, Any] = {"floating_ip_enabled": True}
SIX = (
    *DUAL,
    lb(
        "new",
        front(subnet_id("dual"), private_ip_address_version="IPv6"),
        front(subnet_id("dual"), name="second"),
    ),
    pool("new"),
    probe("new"),
)
SPREAD = (OUTER, pool("outer"), backend("spare", pool_id("outer")))

CASES: Mapping[tuple[str, str], Case] = {
    ("LbRule", "ha_ports_are_alone"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(*NEW, ports("one", 80))(ports("all", 0)),
                after(*NEW, ports("one", 80))(ports("all", 0, **OTHER)),
            ),
            Pair(
                after(*NEW, ports("all", 0))(ports("one", 80)),
                after(*NEW, ports("all", 0))(ports("one", 80, **OTHER)),
            ),
            Pair(
                after(*NEW, ports("all", 0, **FLOATING))(ports("one", 80)),
                after(*NEW, ports("all", 0, **FLOATING))(ports("one", 80, **FLOATING)),
            ),
        ],
    ),
    ("LbRule", "ha_ports_are_ipv4"): Case(
        "InvalidParameterCombination",
        [Pair(after(*SIX)(ports("all", 0)), after(*SIX)(ports("all", 0, **SECOND)))],
    ),
    ("LbRule", "frontend_ports_are_not_shared"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(*NEW, ports("one", 80))(ports("again", 80, **OTHER)),
                after(*NEW, ports("one", 80))(ports("again", 80, **OTHER, **SECOND)),
            )
        ],
    ),
    ("LbProbe", "probes_take_long_enough"): Case(
        "InvalidRequestContent",
        [
            pair(
                probe("inner", "new", interval_in_seconds=5, number_of_probes=1),
                probe("inner", "new", interval_in_seconds=5, number_of_probes=2),
            ),
            pair(
                probe("inner", "new", interval_in_seconds=9, number_of_probes=1),
                probe("inner", "new", interval_in_seconds=10, number_of_probes=1),
            ),
        ],
    ),
    ("Lb", "backends_are_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            Pair(
                after(*NEW, backend("spare", pool_id("new")))(lb("new", front(subnet_id("tools")))),
                after(*NEW, backend("spare", pool_id("new")))(lb("new", front(subnet_id("app")))),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "pool_is_in_one_network"): Case(
        "SubnetsNotInSameVnet",
        [
            Pair(
                after(*SPREAD)(backend("stray", pool_id("outer"))),
                after(*SPREAD)(backend("web", pool_id("outer"))),
            )
        ],
    ),
}
