"""Cases of the rules of loops: of one interface, of several TAPs, through a load balancer or not."""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.control.lab import (
    backend,
    ip,
    ip_id,
    lb_rule,
    machine,
    mirror,
    nic,
    nic_id,
    pool,
    pool_id,
    subnet_id,
    tap,
)
from tests.vtaplib.resources.rule_case import Case, Pair, after, pair
from vtaplib import Policy
from vtaplib.model.resource import Resource

SELF, RING = "VirtualNetworkTapSourceIsDestination", "VirtualNetworkTapRing"
NO_CHAINS = Policy(remirror="error")
VM_DB = machine("vm-db", nic_id("db"))
# In the stock, `tap` sends to the collector, and `tap-lb` to a pool that has just that in it.
INSIDE, SECOND = nic("inside", ip(subnet_id("tools"))), nic("second", ip(subnet_id("tools")))
OTHER_POOL = pool("inner", "other")
TO_INSIDE, TO_SECOND = tap("to-inside", ip_id("inside")), tap("to-second", ip_id("second"))
BACK = (INSIDE, TO_INSIDE, mirror(nic_id("inside"), "tap"))
"""The collector's way back to itself, once it is tapped to `to-inside`."""
LONG_WAY_BACK = (
    INSIDE,
    SECOND,
    TO_INSIDE,
    TO_SECOND,
    mirror(nic_id("inside"), "to-second"),
    mirror(nic_id("second"), "tap-lb"),
)
"""The same, over one interface more and the load balancer."""
FROM_POOL = (
    INSIDE,
    TO_INSIDE,
    mirror(nic_id("inside"), "tap-lb"),
    SECOND,
    mirror(nic_id("second"), "to-inside"),
)
"""From `inside` to the pool; from `second` to `inside`."""


def other_pool(*nics: str) -> list[Resource]:
    """A second pool of the load balancer, with these in it."""
    return [OTHER_POOL, *(backend(one, pool_id("inner", "other")) for one in nics)]


TO_OTHER_POOL = lb_rule("inner", backend_address_pool_ids=[pool_id("inner", "other")])
JOINS = backend("second", pool_id("inner"))

CASES: Mapping[tuple[str, str], Case] = {
    ("NetworkInterfaceTapConfiguration", "no_interface_is_its_own_collector"): Case(
        SELF,
        [
            pair(mirror(nic_id("collector"), "tap"), mirror(nic_id("spare"), "tap")),
            pair(mirror(nic_id("collector"), "tap-lb"), mirror(nic_id("spare"), "tap-lb")),
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "no_interface_is_its_own_collector"): Case(
        SELF,
        [
            Pair(
                after(INSIDE, mirror(nic_id("inside"), "tap-lb"))(backend("inside", pool_id("inner"))),
                after(INSIDE, mirror(nic_id("inside"), "tap"))(backend("inside", pool_id("inner"))),
            )
        ],
    ),
    ("LbRule", "no_interface_is_its_own_collector"): Case(
        SELF,
        [
            Pair(
                after(INSIDE, mirror(nic_id("inside"), "tap-lb"), *other_pool("inside"))(TO_OTHER_POOL),
                after(INSIDE, mirror(nic_id("inside"), "tap-lb"), *other_pool("reader"))(TO_OTHER_POOL),
            )
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "taps_form_no_ring"): Case(
        RING,
        [
            Pair(
                after(*BACK)(mirror(nic_id("collector"), "to-inside")),
                after(*BACK)(mirror(nic_id("spare"), "to-inside")),
            ),
            Pair(
                after(*LONG_WAY_BACK)(mirror(nic_id("collector"), "to-inside")),
                after(*LONG_WAY_BACK[:-1])(mirror(nic_id("collector"), "to-inside")),
            ),
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "taps_form_no_ring"): Case(
        RING, [Pair(after(*FROM_POOL)(JOINS), after(*FROM_POOL[:-1])(JOINS))]
    ),
    ("LbRule", "taps_form_no_ring"): Case(
        RING,
        [
            Pair(
                after(*FROM_POOL, *other_pool("second"))(TO_OTHER_POOL),
                after(*FROM_POOL[:-1], *other_pool("second"))(TO_OTHER_POOL),
            )
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "collectors_are_not_tapped"): Case(
        SELF,
        [
            Pair(
                after(INSIDE, TO_INSIDE)(mirror(nic_id("collector"), "to-inside")),
                after(INSIDE, TO_INSIDE)(mirror(nic_id("spare"), "to-inside")),
            )
        ],
        NO_CHAINS,
    ),
    ("VirtualNetworkTap", "collectors_are_not_tapped"): Case(
        SELF,
        [Pair(after(VM_DB)(tap("new", ip_id("db"))), after(VM_DB)(tap("new", ip_id("reader"))))],
        NO_CHAINS,
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "collectors_are_not_tapped"): Case(
        SELF,
        [
            Pair(
                after(INSIDE, mirror(nic_id("inside"), "tap"))(backend("inside", pool_id("inner"))),
                after(INSIDE)(backend("inside", pool_id("inner"))),
            )
        ],
        NO_CHAINS,
    ),
    ("LbRule", "collectors_are_not_tapped"): Case(
        SELF,
        [
            Pair(
                after(INSIDE, mirror(nic_id("inside"), "tap"), *other_pool("inside"))(TO_OTHER_POOL),
                after(INSIDE, *other_pool("inside"))(TO_OTHER_POOL),
            )
        ],
        NO_CHAINS,
    ),
}
