"""Configurations of several resources that refer to each other, each with what it waits for.

What is drawn reaches both sides of most rules: address spaces overlap or not, sizes can be tapped or not,
groups share priorities, collectors are tapped. Everything is known, and nothing exists yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.provider_shim.configurations import KEY, NETWORK, SECURITY_RULE, Values, configuration
from vtaplib.testing.resources import REGION

PLACE: Mapping[str, Any] = {"resource_group_name": "lab", "location": REGION}
SPACES = {"a": ["10.1.0.0/24", "10.1.0.0/23"], "b": ["10.2.0.0/24", "10.1.0.0/24"]}
SUBNETS = {"a": "10.1.0.0/25", "b": "10.2.0.0/25"}
SIZES = ["Standard_D2s_v5", "Standard_D2s_v5", "Standard_D8s_v5", "Standard_D2s_v6"]
LISTENERS = [("Udp", 4789), ("All", 0), ("Tcp", 443)]


class Planned(NamedTuple):
    """One resource of a configuration."""

    address: str
    """`TYPE.NAME`."""
    config: Values
    refers: frozenset[str]
    """The addresses of what it refers to."""
    waits: frozenset[str]
    """Those of what it waits for beside that."""

    def __repr__(self) -> str:
        return self.address

    @property
    def type_name(self) -> str:
        return self.address.partition(".")[0]


class Drawing:
    """A configuration being drawn: what there is by now, by address."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.made: dict[str, Planned] = {}
        self.add("resource_group.lab", {"name": "lab", "location": REGION})

    def add(self, address: str, values: Values, *refers: str, waits: Sequence[str] = ()) -> None:
        kind = f"azurerm_{address.partition('.')[0]}"
        known = {f"azurerm_{one}" for one in (*refers, "resource_group.lab")} & self.made.keys()
        self.made[f"azurerm_{address}"] = Planned(
            f"azurerm_{address}", configuration(kind, values), frozenset(known), frozenset(waits)
        )

    def one_of(self, choices: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(choices))

    def some(self, choices: Sequence[Any]) -> list[Any]:
        return self.draw(st.lists(st.sampled_from(choices), unique=True))

    def seldom(self) -> bool:
        return bool(self.draw(st.sampled_from([False, False, False, False, True])))

    def networks(self) -> None:
        for name in ("a", "b"):
            encryption = [{"enforcement": "AllowUnencrypted"}] if self.seldom() else None
            # The second space of b lacks its subnet, and overlaps those of a.
            space = SPACES[name][self.seldom()]
            values = {"name": name, "address_space": [space], "encryption": encryption, **PLACE}
            self.add(f"virtual_network.{name}", values)
            prefix = SUBNETS[name] if space != SPACES["b"][1] else "10.1.0.0/25"
            values = {"name": "one", "virtual_network_name": name, "address_prefixes": [prefix]}
            self.add(f"subnet.{name}", {**values, "resource_group_name": "lab"}, f"virtual_network.{name}")

    def peerings(self) -> None:
        for here, there in self.some([("a", "b"), ("b", "a")]):
            values = {
                "name": f"to-{there}",
                "resource_group_name": "lab",
                "virtual_network_name": here,
                "remote_virtual_network_id": f"{NETWORK}/virtualNetworks/{there}",
                "allow_virtual_network_access": not self.seldom(),
                "allow_gateway_transit": self.seldom(),
                "use_remote_gateways": self.seldom(),
            }
            after = ("virtual_network.a", "virtual_network.b")
            self.add(f"virtual_network_peering.{here}", values, *after)

    def interfaces(self) -> None:
        self.add("public_ip.one", {"name": "one", "allocation_method": "Static", **PLACE})
        for number in range(4):
            home = self.one_of(["a", "a", "b"])
            address = self.one_of([None, None, f"{SUBNETS[home][:6]}.4", "10.1.0.9"])
            public = f"{NETWORK}/publicIPAddresses/one" if self.seldom() else None
            block = {
                "name": "ip",
                "subnet_id": f"{NETWORK}/virtualNetworks/{home}/subnets/one",
                "private_ip_address_allocation": "Static" if address else "Dynamic",
                "private_ip_address": address,
                "private_ip_address_version": "IPv4",
                "public_ip_address_id": public,
            }
            values = {"name": f"n{number}", "ip_configuration": [block], **PLACE}
            self.add(f"network_interface.n{number}", values, f"subnet.{home}", "public_ip.one")

    def machines(self) -> None:
        for name, first in (("vm0", 0), ("vm1", 2)):
            numbers = [first, *([first + 1] if self.seldom() else [])]
            values = {
                "name": name,
                "size": self.one_of(SIZES),
                "admin_username": "operator",
                "admin_ssh_key": [{"username": "operator", "public_key": KEY}],
                "network_interface_ids": [interface_id(number) for number in numbers],
                "os_disk": [{"caching": "ReadWrite", "storage_account_type": "Standard_LRS"}],
                "source_image_reference": [
                    {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest"}
                ],
                **PLACE,
            }
            refers = [f"network_interface.n{number}" for number in numbers]
            waits = [one for one in self.made if "_tap" in one] if self.draw(st.booleans()) else []
            self.add(f"linux_virtual_machine.{name}", values, *refers, waits=waits)

    def balancer(self) -> None:
        home = self.one_of(["a", "b"])
        front = {"name": "front", "subnet_id": f"{NETWORK}/virtualNetworks/{home}/subnets/one"}
        sku = "Basic" if self.seldom() else "Standard"
        values = {"name": "lb", "sku": sku, "frontend_ip_configuration": [front], **PLACE}
        self.add("lb.lb", values, f"subnet.{home}")
        lb_id = f"{NETWORK}/loadBalancers/lb"
        pool_id = f"{lb_id}/backendAddressPools/pool"
        self.add("lb_backend_address_pool.pool", {"name": "pool", "loadbalancer_id": lb_id}, "lb.lb")
        for number, (protocol, port) in enumerate(self.some(LISTENERS)):
            values = {
                "name": f"rule{number}",
                "loadbalancer_id": lb_id,
                "frontend_ip_configuration_name": "front",
                "protocol": protocol,
                "frontend_port": port,
                "backend_port": port,
                "backend_address_pool_ids": [pool_id],
                "floating_ip_enabled": self.seldom(),
            }
            self.add(f"lb_rule.rule{number}", values, "lb.lb", "lb_backend_address_pool.pool")
        for number in self.some(range(4)):
            values = {
                "network_interface_id": interface_id(number),
                "ip_configuration_name": "ip",
                "backend_address_pool_id": pool_id,
            }
            kind = "network_interface_backend_address_pool_association"
            self.add(
                f"{kind}.n{number}", values, f"network_interface.n{number}", "lb_backend_address_pool.pool"
            )

    def taps(self) -> None:
        peerings = [one for one in self.made if "_peering" in one]
        for name in ("t0", "t1")[: self.one_of([1, 1, 2])]:
            to_lb = self.seldom()
            number = self.one_of(range(4))
            part = f"{NETWORK}/loadBalancers/lb/frontendIPConfigurations/front" if to_lb else None
            values = {
                "name": name,
                "destination_load_balancer_frontend_ip_configuration_id": part,
                "destination_network_interface_ip_configuration_id": (
                    None if to_lb else f"{interface_id(number)}/ipConfigurations/ip"
                ),
                **PLACE,
            }
            target = "lb.lb" if to_lb else f"network_interface.n{number}"
            self.add(f"virtual_network_tap.{name}", values, target)
            for source in self.some(range(4)):
                values = {
                    "name": name,
                    "network_interface_id": interface_id(source),
                    "virtual_network_tap_id": f"{NETWORK}/virtualNetworkTaps/{name}",
                }
                refers = (f"network_interface.n{source}", f"virtual_network_tap.{name}")
                address = f"network_interface_tap_configuration.{name}n{source}"
                self.add(address, values, *refers, waits=peerings)

    def guards(self) -> None:
        self.add("network_security_group.g", {"name": "g", **PLACE})
        group_id = f"{NETWORK}/networkSecurityGroups/g"
        for number in range(self.one_of([0, 1, 2])):
            values = {
                **SECURITY_RULE,
                "name": f"rule{number}",
                "resource_group_name": "lab",
                "network_security_group_name": "g",
                "priority": self.one_of([100, 200, 300]),
                "access": self.one_of(["Allow", "Deny"]),
            }
            self.add(f"network_security_rule.rule{number}", values, "network_security_group.g")
        for number in self.some(range(4)):
            values = {
                "network_interface_id": interface_id(number),
                "network_security_group_id": group_id,
            }
            kind = "network_interface_security_group_association"
            self.add(f"{kind}.n{number}", values, f"network_interface.n{number}", "network_security_group.g")

    def ordered(self) -> list[Planned]:
        """All that was drawn, in an order in which each comes after what it waits for."""
        return list(_sorted(self.draw(st.permutations(sorted(self.made))), self.made))


def interface_id(number: int) -> str:
    return f"{NETWORK}/networkInterfaces/n{number}"


def _sorted(wanted: Sequence[str], made: Mapping[str, Planned]) -> Iterator[Planned]:
    done: set[str] = set()
    pending = list(wanted)
    while pending:
        ready = next(one for one in pending if made[one].refers | made[one].waits <= done)
        pending.remove(ready)
        done.add(ready)
        yield made[ready]


@st.composite
def drawn_configurations(draw: st.DrawFn) -> tuple[Sequence[Planned], Sequence[Planned]]:
    """A configuration, in the order in which a plan reaches it and in that of an apply."""
    drawing = Drawing(draw)
    drawing.networks()
    drawing.peerings()
    drawing.interfaces()
    drawing.balancer()
    drawing.taps()
    drawing.machines()
    drawing.guards()
    return drawing.ordered(), drawing.ordered()
