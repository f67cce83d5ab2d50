"""Cases of the rules of public addresses, and of what holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.vtaplib.control.lab import (
    NORTH,
    front,
    ip,
    lb,
    nic,
    public_ip,
    public_ip_id,
    resource_id,
)
from tests.vtaplib.resources.rule_case import TWO, Case, Pair, after, pair
from vtaplib.model.resource import Resource

PLAN = resource_id("Network/ddosProtectionPlans", "plan")
SIX = public_ip("six", ip_version="IPv6")


def interface(*names: str) -> Resource:
    """An interface with a configuration for each of these public addresses."""
    return nic(
        "new",
        *(
            ip(TWO, name=f"ip{n}", primary=n == 0, public_ip_address_id=public_ip_id(name))
            for n, name in enumerate(names)
        ),
    )


def balancer(*names: str, **more: object) -> Resource:
    """A load balancer with a frontend for each of these public addresses."""
    frontends = (
        front(name=f"front{n}", public_ip_address_id=public_ip_id(name)) for n, name in enumerate(names)
    )
    return lb("new", *frontends, **more)


def holder_cases(kind: str, holder: Callable[..., Resource]) -> Mapping[tuple[str, str], Case]:
    """Cases of the rules that every holder has."""
    far, world = public_ip("far", location=NORTH), public_ip("world", sku_tier="Global")
    return {
        (kind, "public_addresses_are_held_once"): Case(
            "PublicIPAddressInUse",
            [
                pair(holder("pip-held"), holder("pip")),
                Pair(
                    after(public_ip("pip2"))(holder("pip", "PIP")),
                    after(public_ip("pip2"))(holder("pip", "pip2")),
                ),
            ],
        ),
        (kind, "public_addresses_are_in_the_same_region"): Case(
            "InvalidResourceReference", [Pair(after(far)(holder("far")), after(far)(holder("pip")))]
        ),
        (kind, "public_addresses_are_of_the_same_tier"): Case(
            "InvalidParameterCombination", [Pair(after(world)(holder("world")), after(world)(holder("pip")))]
        ),
    }


CASES: Mapping[tuple[str, str], Case] = {
    ("PublicIp", "basic_is_retired"): Case(
        "InvalidRequestContent",
        [
            pair(public_ip("new", sku="Basic"), public_ip("new", sku="Standard")),
            pair(
                public_ip("new", sku="Basic", allocation_method="Dynamic"), public_ip("new", sku="StandardV2")
            ),
        ],
    ),
    ("PublicIp", "global_tier_needs_standard"): Case(
        "InvalidParameterCombination",
        [
            pair(
                public_ip("new", sku="StandardV2", sku_tier="Global"),
                public_ip("new", sku="Standard", sku_tier="Global"),
            )
        ],
    ),
    ("PublicIp", "standard_is_static"): Case(
        "InvalidParameterCombination",
        [pair(public_ip("new", allocation_method="Dynamic"), public_ip("new", allocation_method="Static"))],
    ),
    ("PublicIp", "protection_plan_needs_its_mode"): Case(
        "InvalidParameterCombination",
        [
            pair(
                public_ip("new", ddos_protection_plan_id=PLAN),
                public_ip("new", ddos_protection_plan_id=PLAN, ddos_protection_mode="Enabled"),
            )
        ],
    ),
    ("PublicIp", "names_are_free"): Case(
        "DnsRecordInUse",
        [
            Pair(
                after(public_ip("old", domain_name_label="web"))(public_ip("new", domain_name_label="web")),
                after(public_ip("old", domain_name_label="web"))(public_ip("new", **second)),
            )
            for second in (
                {"domain_name_label": "web2"},
                {"domain_name_label": "web", "location": NORTH},
                {"domain_name_label": "web", "domain_name_label_scope": "NoReuse"},
            )
        ],
    ),
    **holder_cases("NetworkInterface", interface),
    **holder_cases("Lb", balancer),
    ("NetworkInterface", "public_addresses_are_of_the_same_family"): Case(
        "InvalidRequestContent", [Pair(after(SIX)(interface("six")), after(SIX)(interface("pip")))]
    ),
    ("Lb", "public_addresses_are_of_the_same_family"): Case(
        "InvalidRequestContent",
        [
            Pair(
                after(SIX)(
                    lb(
                        "new",
                        front(private_ip_address_version="IPv4", public_ip_address_id=public_ip_id("six")),
                    )
                ),
                # What the frontend says of no family, the address decides.
                after(SIX)(balancer("six")),
            )
        ],
    ),
    ("Lb", "public_addresses_are_of_the_same_sku"): Case(
        "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
        [pair(balancer("pip", sku="Basic"), balancer("pip", sku="Standard"))],
    ),
}
