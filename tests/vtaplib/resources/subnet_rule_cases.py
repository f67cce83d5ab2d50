"""Cases of what is in a subnet: delegations, service endpoints, and interfaces beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.vtaplib.control.lab import Lab, ip, nic, subnet
from tests.vtaplib.resources.rule_case import TWO, Case, Pair, Put, after, pair
from vtaplib.model.resource import Resource
from vtaplib.resources import Delegation, ServiceDelegation, ServiceEndpoint

OWN, BESIDE = "Microsoft.Web/serverFarms", "Microsoft.Databricks/workspaces"


def to(service: str, name: str = "d") -> Delegation:
    return Delegation(name=name, service_delegation=ServiceDelegation(name=service))


def two(**more: Any) -> Resource:
    """The subnet that nothing is in."""
    return subnet("app", "two", "10.1.2.0/24", **more)


def in_sister(lab: Lab, **more: Any) -> Put:
    """An interface of another subscription, in the home subscription's subnet."""
    lab.put(two(**more))
    return nic("new", ip(TWO)), lab.sister


CASES: Mapping[tuple[str, str], Case] = {
    ("Subnet", "delegated_subnet_has_no_interfaces"): Case(
        "InUseSubnetCannotBeUpdated",
        [
            pair(subnet("app", "one", "10.1.1.0/24", delegation=[to(OWN)]), two(delegation=[to(OWN)])),
            pair(
                subnet("app", "one", "10.1.1.0/24", delegation=[to(OWN)]),
                subnet("app", "one", "10.1.1.0/24", delegation=[to(BESIDE)]),
            ),
        ],
    ),
    ("Subnet", "delegations_are_not_repeated"): Case(
        "NetcfgInvalidSubnet",
        [
            pair(two(delegation=[to(OWN), to(BESIDE, "D")]), two(delegation=[to(OWN), to(BESIDE, "e")])),
            pair(two(delegation=[to(OWN), to(OWN, "e")]), two(delegation=[to(OWN)])),
        ],
    ),
    ("Subnet", "service_endpoints_are_not_repeated"): Case(
        "NetcfgInvalidSubnet",
        [
            pair(
                two(
                    service_endpoint=[
                        ServiceEndpoint(service=one) for one in ("Microsoft.Sql", "Microsoft.Sql")
                    ]
                ),
                two(
                    service_endpoint=[
                        ServiceEndpoint(service=one) for one in ("Microsoft.Sql", "Microsoft.Web")
                    ]
                ),
            )
        ],
    ),
    ("NetworkInterface", "subnets_are_not_a_services_own"): Case(
        "NetcfgInvalidSubnet",
        [
            Pair(
                after(two(delegation=[to(OWN)]))(nic("new", ip(TWO))),
                after(two(delegation=[to(BESIDE)]))(nic("new", ip(TWO))),
            )
        ],
    ),
    ("NetworkInterface", "subnets_are_in_the_same_subscription"): Case(
        "InvalidResourceReference",
        [
            Pair(
                in_sister,
                lambda lab: in_sister(lab, sharing_scope="Tenant", default_outbound_access_enabled=False),
            )
        ],
    ),
}
