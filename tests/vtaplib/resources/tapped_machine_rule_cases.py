"""Cases of the rules of tapped machines and of what is around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.vtaplib.control.lab import (
    Lab,
    backend,
    front,
    ip,
    lb,
    lb_rule,
    machine,
    mirror,
    network,
    nic,
    nic_id,
    pool,
    pool_id,
    probe,
    subnet,
    subnet_id,
    windows_machine,
)
from tests.vtaplib.resources.rule_case import DUAL, TWO, Case, Make, Pair, Put, after, pair
from vtaplib.model.resource import Resource
from vtaplib.resources import Encryption, VirtualMachine

OLD, REFUSED, NEWER = "Standard_D2s_v5", "Standard_D2s_v6", "standard_d2s_v7"
SIZE, FLOATING, BASIC = (
    f"VirtualNetworkTapSource{what}NotSupported" for what in ("VmSize", "FloatingIP", "BasicLoadBalancer")
)
ENCRYPTED = Encryption(enforcement="AllowUnencrypted")
TAPPED = machine("vm-db", nic_id("db"))


def edge(sku: str = "Standard") -> list[Resource]:
    """A load balancer in front of the network `app`, without rules."""
    return [lb("edge", front(TWO), sku=sku), pool("edge"), probe("edge")]


def balanced(*nics: str, floating: bool = False) -> list[Resource]:
    """Interfaces behind a rule of that load balancer."""
    rule = lb_rule("edge", floating_ip_enabled=floating)
    return [*edge(), rule, *(backend(one, pool_id("edge")) for one in nics)]


def on_basic(*nics: str) -> list[Resource]:
    return [*edge("Basic"), *(backend(one, pool_id("edge")) for one in nics)]


def standing(*given: Resource) -> Callable[[Resource], Make]:
    """As `after`, with all machines deallocated, so that nothing can be interrupted."""

    def make(resource: Resource) -> Make:
        def put(lab: Lab) -> Put:
            lab.put(*given)
            for one in lab.cloud.list(VirtualMachine):
                lab.cloud.deallocate(one.id)
            return resource

        return put

    return make


SPARE, WEB = mirror(nic_id("spare"), "tap"), mirror(nic_id("web"), "tap")
TWO_ARMED = machine("vm-two", nic_id("spare"), nic_id("second"))


def of_size(size: str) -> Make:
    return standing(machine("vm-spare", nic_id("spare"), size=size))(SPARE)


def in_dark(lab: Lab, **more: Encryption) -> Put:
    lab.put(network("dark", "10.8.0.0/16", **more), subnet("dark", "one", "10.8.1.0/24"))
    lab.put(nic("dark", ip(subnet_id("dark"))))
    lab.link("dark", "tools")
    return mirror(nic_id("dark"), "tap")


def on_dual(interface: str) -> Make:
    def put(lab: Lab) -> Put:
        lab.put(*DUAL, nic("single", ip(subnet_id("dual"))))
        lab.link("dual", "tools")
        return mirror(nic_id(interface), "tap")

    return put


def attaching(kind: str, make: Callable[..., VirtualMachine]) -> Mapping[tuple[str, str], Case]:
    """Cases of a machine that is attached to a tapped interface, or resized."""
    new = make("vm-db", nic_id("db"))
    two_armed = make("vm-db", nic_id("db"), nic_id("second"))
    second = nic("second", ip(subnet_id("app")))
    return {
        (kind, "tapped_machine_has_a_supported_size"): Case(
            SIZE,
            [
                pair(make("vm-db", nic_id("db"), size=REFUSED), make("vm-db", nic_id("db"), size=OLD)),
                pair(make("vm-db", nic_id("db"), size=REFUSED), make("new", nic_id("spare"), size=REFUSED)),
                Pair(
                    after(new)(make("vm-db", nic_id("db"), size="STANDARD_E8S_V6")),
                    after(new)(make("vm-db", nic_id("db"), size="Standard_E8s_v5")),
                ),
            ],
        ),
        (kind, "tapped_machine_has_a_known_size"): Case(
            SIZE,
            [pair(make("vm-db", nic_id("db"), size=NEWER), make("vm-db", nic_id("db"), size=OLD))],
        ),
        (kind, "tapped_machine_is_behind_no_floating_ip"): Case(
            FLOATING,
            [
                Pair(after(*balanced("db", floating=True))(new), after(*balanced("db"))(new)),
                # Any interface of the machine.
                Pair(
                    after(second, *balanced("second", floating=True))(two_armed),
                    after(second, *balanced("spare", floating=True))(two_armed),
                ),
            ],
        ),
        (kind, "tapped_machine_is_behind_no_basic_balancer"): Case(
            BASIC, [Pair(after(*on_basic("db"))(new), after(*balanced("db"))(new))]
        ),
    }


CASES: Mapping[tuple[str, str], Case] = {
    **attaching("LinuxVirtualMachine", machine),
    **attaching("WindowsVirtualMachine", windows_machine),
    ("NetworkInterfaceTapConfiguration", "tapped_machine_has_a_supported_size"): Case(
        SIZE, [Pair(of_size(REFUSED), of_size(OLD))]
    ),
    ("NetworkInterfaceTapConfiguration", "tapped_machine_has_a_known_size"): Case(
        SIZE, [Pair(of_size(NEWER), of_size(OLD))]
    ),
    ("NetworkInterfaceTapConfiguration", "tapped_machine_is_behind_no_floating_ip"): Case(
        FLOATING,
        [
            Pair(standing(*balanced("web", floating=True))(WEB), standing(*balanced("web"))(WEB)),
            # Nobody is behind it yet.
            Pair(
                standing(*balanced("web", floating=True))(WEB),
                standing(*balanced("spare", floating=True))(SPARE),
            ),
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "tapped_machine_is_behind_no_basic_balancer"): Case(
        BASIC,
        [
            Pair(standing(*on_basic("web"))(WEB), standing(*balanced("web"))(WEB)),
            Pair(
                standing(nic("second", ip(subnet_id("app"))), TWO_ARMED, *on_basic("second"))(SPARE),
                standing(nic("second", ip(subnet_id("app"))), TWO_ARMED, *on_basic("web"))(SPARE),
            ),
        ],
    ),
    ("NetworkInterfaceTapConfiguration", "source_network_is_not_encrypted"): Case(
        "VirtualNetworkTapSourceVnetEncryptionNotSupported",
        [Pair(lambda lab: in_dark(lab, encryption=ENCRYPTED), in_dark)],
    ),
    ("NetworkInterfaceTapConfiguration", "source_speaks_ipv4_only"): Case(
        "VirtualNetworkTapStreamLost", [Pair(on_dual("dual"), on_dual("single"))]
    ),
    ("NetworkInterfaceTapConfiguration", "machine_is_not_interrupted"): Case(
        "VirtualNetworkTapSourceInterrupted", [pair(WEB, SPARE), Pair(after()(WEB), standing()(WEB))]
    ),
    ("VirtualNetwork", "encryption_stays_off_while_interfaces_are_tapped"): Case(
        "VirtualNetworkTapSourceVnetEncryptionNotSupported",
        [
            pair(
                network("app", "10.1.0.0/16", encryption=ENCRYPTED),
                network("tools", "10.2.0.0/16", encryption=ENCRYPTED),
            )
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "tapped_machine_is_behind_no_floating_ip"): Case(
        FLOATING,
        [
            Pair(
                after(TAPPED, *balanced(floating=True))(backend("db", pool_id("edge"))),
                after(TAPPED, *balanced(floating=True))(backend("web", pool_id("edge"))),
            ),
            Pair(
                after(TAPPED, *balanced(floating=True))(backend("db", pool_id("edge"))),
                after(TAPPED, *balanced())(backend("db", pool_id("edge"))),
            ),
        ],
    ),
    ("NetworkInterfaceBackendAddressPoolAssociation", "tapped_machine_is_behind_no_basic_balancer"): Case(
        BASIC,
        [
            Pair(
                after(TAPPED, *on_basic())(backend("db", pool_id("edge"))),
                after(TAPPED, *on_basic())(backend("web", pool_id("edge"))),
            )
        ],
    ),
    ("LbRule", "tapped_machine_is_behind_no_floating_ip"): Case(
        FLOATING,
        [
            Pair(
                after(TAPPED, *balanced("db"))(lb_rule("edge", floating_ip_enabled=True)),
                after(TAPPED, *balanced("db"))(lb_rule("edge", load_distribution="SourceIP")),
            ),
            Pair(
                after(TAPPED, *balanced("db"))(lb_rule("edge", floating_ip_enabled=True)),
                after(TAPPED, *balanced("spare"))(lb_rule("edge", floating_ip_enabled=True)),
            ),
        ],
    ),
}
