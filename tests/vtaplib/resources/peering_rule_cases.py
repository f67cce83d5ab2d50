"""Cases of what a peering may say: gateways, and how much of the networks is peered."""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.control.lab import peering
from tests.vtaplib.resources.rule_case import Case, Pair, after, pair

LENT = peering("tools", "app", allow_gateway_transit=True)
USED = peering("app", "tools", use_remote_gateways=True)


def partly(local: str, remote: str = "one") -> dict[str, object]:
    return {
        "peer_complete_virtual_networks_enabled": False,
        "local_subnet_names": [local],
        "remote_subnet_names": [remote],
    }


CASES: Mapping[tuple[str, str], Case] = {
    ("VirtualNetworkPeering", "named_subnets_exist"): Case(
        "InvalidResourceReference",
        [
            pair(peering("app", "island", **partly("nine")), peering("app", "island", **partly("one"))),
            pair(peering("app", "island", **partly("one", "two")), peering("app", "island", **partly("two"))),
        ],
    ),
    ("VirtualNetworkPeering", "subnets_are_named_where_not_all_is_peered"): Case(
        "InvalidParameterCombination",
        [
            pair(
                peering("app", "island", **{name: ["one"]}),
                peering("app", "island", **{name: ["one"]}, peer_complete_virtual_networks_enabled=False),
            )
            for name in ("local_subnet_names", "remote_subnet_names")
        ],
    ),
    ("VirtualNetworkPeering", "a_gateway_is_lent_where_it_is_used"): Case(
        "InvalidParameterCombination",
        [
            Pair(lambda lab: USED, after(LENT)(USED)),
            Pair(after(LENT, USED)(peering("tools", "app")), after(LENT, USED)(LENT)),
        ],
    ),
    ("VirtualNetworkPeering", "one_remote_gateway_is_used"): Case(
        "InvalidParameterCombination",
        [
            Pair(
                after(LENT, USED)(peering("app", "island", use_remote_gateways=True)),
                after(LENT, USED)(peering("app", "island", allow_gateway_transit=True)),
            )
        ],
    ),
    ("VirtualNetworkPeering", "a_gateway_is_not_lent_and_borrowed"): Case(
        "InvalidParameterCombination",
        [
            pair(
                peering("app", "island", use_remote_gateways=True, allow_gateway_transit=True),
                peering("app", "island", use_remote_gateways=True),
            )
        ],
    ),
}
