"""A rule's cases: what breaks it and nothing else, and the nearest thing that does not break it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.vtaplib.control.lab import (
    Lab,
    front,
    ip,
    lb,
    network,
    nic,
    public,
    subnet,
    subnet_id,
)
from vtaplib import Policy
from vtaplib.control import SubscriptionHandle
from vtaplib.model.resource import Resource

Put = Resource | tuple[Resource, SubscriptionHandle]
Make = Callable[[Lab], Put]


class Pair(NamedTuple):
    """One way to break a rule, and its nearest neighbour that does not."""

    broken: Make
    valid: Make


class Case(NamedTuple):
    code: str
    pairs: Sequence[Pair]
    policy: Policy = Policy()
    """A policy under which the rule speaks; it is silent under every other value of the switch."""
    also: Sequence[str] = ()
    """Rules that the same thing breaks by necessity."""


def pair(broken: Resource, valid: Resource) -> Pair:
    return Pair(lambda lab: broken, lambda lab: valid)


def after(*given: Resource) -> Callable[[Resource], Make]:
    """Makes a resource after others have been put."""

    def make(resource: Resource) -> Make:
        def put(lab: Lab) -> Put:
            lab.put(*given)
            return resource

        return put

    return make


TWO = subnet_id("app", "two")
SMALL = subnet_id("app", "small")
SMALL_SUBNET = subnet("app", "small", "10.1.9.0/29")
# A /29 has eight addresses, of which five are reserved.
THREE = [nic(f"small{n}", ip(SMALL)) for n in range(3)]
GATEWAY = lb("gateway", front(subnet_id("tools")), sku="Gateway")
OUTER = lb("outer", public())
DUAL = (
    network("dual", "10.5.0.0/16", "fd00:5::/48"),
    subnet("dual", "one", "10.5.1.0/24", "fd00:5::/64"),
    nic(
        "dual",
        ip(subnet_id("dual"), primary=True),
        ip(subnet_id("dual"), name="six", private_ip_address_version="IPv6"),
    ),
)
