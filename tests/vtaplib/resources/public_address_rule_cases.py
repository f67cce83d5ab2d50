"""Cases of the rules of public addresses, and of what holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.vtaplib.control.lab import (
    NORTH,
    backend,
    front,
    ip,
    lb,
    machine,
    nic,
    nic_id,
    pool,
    pool_id,
    public,
    public_ip,
    public_ip_id,
    resource_id,
    subnet_id,
    windows_machine,
)
from tests.vtaplib.resources.rule_case import TWO, Case, Pair, after, pair
from vtaplib.model.resource import Resource
from vtaplib.resources import LbFrontendIpConfiguration

SKU_MIX = "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"
PLAN = resource_id("Network/ddosProtectionPlans", "plan")
SIX, WORLD = public_ip("six", ip_version="IPv6"), public_ip("world", sku_tier="Global")


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
    far = public_ip("far", location=NORTH)
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
    }


TOOLS = subnet_id("tools")
MEMBERSHIP = "NetworkInterfaceBackendAddressPoolAssociation"
THIRD = nic("third", ip(TWO))


def balanced(name: str, frontend: LbFrontendIpConfiguration, **more: object) -> Sequence[Resource]:
    """A load balancer with a pool."""
    return lb(name, frontend, **more), pool(name)


BASIC = balanced("basic", front(TWO), sku="Basic")
INNER, OTHER_INNER = balanced("near", front(TWO)), balanced("nearer", front(TWO))
OUTER = balanced("outer", public())
BOTH = (THIRD, *BASIC, *OUTER)


def in_pool(nic: str, balancer: str) -> Resource:
    return backend(nic, pool_id(balancer))


def machine_cases(kind: str, make: Callable[..., Resource]) -> Mapping[tuple[str, str], Case]:
    """Cases of the rule on the load balancers of one machine."""
    two_armed = make("new", nic_id("spare"), nic_id("third"))
    return {
        (kind, "one_sku_per_machine"): Case(
            SKU_MIX,
            [
                Pair(
                    after(*BOTH, in_pool("spare", "basic"), in_pool("third", "outer"))(two_armed),
                    after(*BOTH, in_pool("spare", one), in_pool("third", one))(two_armed),
                )
                for one in ("basic", "outer")
            ],
        )
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
    ("NetworkInterface", "public_addresses_are_of_the_same_tier"): Case(
        "InvalidParameterCombination",
        [Pair(after(WORLD)(interface("world")), after(WORLD)(interface("pip")))],
    ),
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
    ("Lb", "public_addresses_are_of_the_same_tier"): Case(
        "InvalidParameterCombination",
        [
            Pair(after(WORLD)(balancer("world")), after(WORLD)(balancer("pip"))),
            Pair(after(WORLD)(balancer("world")), after(WORLD)(balancer("world", sku_tier="Global"))),
        ],
    ),
    ("Lb", "public_addresses_are_of_the_same_sku"): Case(
        SKU_MIX, [pair(balancer("pip", sku="Basic"), balancer("pip", sku="Standard"))]
    ),
    **machine_cases("LinuxVirtualMachine", machine),
    **machine_cases("WindowsVirtualMachine", windows_machine),
    (MEMBERSHIP, "one_sku_per_backend"): Case(
        SKU_MIX,
        [
            # Of one interface, of its public address, of another interface of its machine.
            Pair(
                after(*BOTH, in_pool("spare", "outer"))(in_pool("spare", "basic")),
                after(*BOTH, in_pool("third", "outer"))(in_pool("spare", "basic")),
            ),
            Pair(
                after(*balanced("new", front(TOOLS), sku="Basic"))(in_pool("reached", "new")),
                after(*balanced("new", front(TOOLS)))(in_pool("reached", "new")),
            ),
            Pair(
                after(*BOTH, in_pool("third", "outer"), machine("new", nic_id("spare"), nic_id("third")))(
                    in_pool("spare", "basic")
                ),
                after(*BOTH, in_pool("third", "outer"), machine("new", nic_id("spare")))(
                    in_pool("spare", "basic")
                ),
            ),
        ],
    ),
    (MEMBERSHIP, "one_internal_balancer"): Case(
        "AnotherInternalLoadBalancerExists",
        [
            Pair(
                after(*INNER, *OTHER_INNER, in_pool("spare", "near"))(in_pool("spare", "nearer")),
                after(*INNER, *OUTER, in_pool("spare", "near"))(in_pool("spare", "outer")),
            ),
            Pair(
                after(*INNER, *OTHER_INNER, in_pool("spare", "near"))(in_pool("spare", "nearer")),
                after(*INNER, pool("near", "second"), in_pool("spare", "near"))(
                    backend("spare", pool_id("near", "second"))
                ),
            ),
        ],
    ),
}
