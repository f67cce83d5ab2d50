"""Histories of writes and deletions at random: whatever the control plane accepts leaves a sound world.

The model is a dictionary of what was accepted. Soundness is judged by `soundness`, which knows none of vtap's
rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.examples import part_of
from tests.vtaplib.control.lab import (
    NORTH,
    WEST,
    Lab,
    front,
    frontend_id,
    ip,
    ip_id,
    lb,
    machine,
    mirror,
    network,
    nic,
    nic_id,
    peering,
    subnet,
    subnet_id,
    tap,
)
from tests.vtaplib.control.soundness import before, problems, reaches
from vtaplib import (
    ArmError,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    ResourceGroup,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES, Lb, Subscription

NETWORKS = st.sampled_from(["a", "a", "b", "b", "C"])
SUBNETS = st.sampled_from(["one", "one", "Two"])
INTERFACES = st.sampled_from(["n1", "n2", "N3", "n4"])
REGIONS = st.sampled_from([*[WEST] * 7, NORTH])
SPACES = st.lists(
    st.sampled_from(["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.0.0.0/15", "fd00::/48"]),
    min_size=1,
    max_size=2,
)
PREFIXES = st.lists(
    st.sampled_from(
        [
            "10.0.0.0/29",
            "10.0.0.8/29",
            "10.0.0.0/24",
            "10.1.0.0/29",
            "10.1.0.0/16",
            "10.2.1.0/24",
            "fd00::/64",
        ]
    ),
    min_size=1,
    max_size=2,
)
ADDRESSES = st.sampled_from([None, None, None, "10.0.0.4", "10.0.0.6", "10.1.0.5", "10.0.0.1"])


class Histories(RuleBasedStateMachine):
    """One cloud, and the dictionary of what must be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab(stocked=False)
        self.model: dict[str, Resource] = {}

    def put(self, resource: Resource) -> bool:
        """Whether a write was accepted; a refused one has changed nothing."""
        past = self.contents()
        try:
            made = self.lab.home.put(resource)
        except ArmError:
            assert self.contents() == past
            return False
        self.model[made.id.lower()] = made
        return True

    def contents(self) -> Sequence[Resource]:
        """All that is in the cloud, but for the subscriptions and groups that the lab came with."""
        kinds = [kind for kind in RESOURCE_TYPES if kind not in (Subscription, ResourceGroup)]
        return [one for kind in kinds for one in self.lab.cloud.list(kind)]

    @initialize()
    def begin(self) -> None:
        """With something in it, so that short histories reach far."""
        for name, number in (("a", 0), ("b", 1)):
            self.put(network(name, f"10.{number}.0.0/16"))
            self.put(subnet(name, "one", f"10.{number}.0.0/29"))
        self.put(peering("a", "b", name="p"))
        self.put(peering("b", "a", name="p"))
        for name, home in (("n1", "a"), ("n2", "a"), ("n4", "b")):
            self.put(nic(name, ip(subnet_id(home), primary=True)))
        self.put(tap("t", ip_id("n4")))

    @rule(name=NETWORKS, spaces=SPACES, region=REGIONS)
    def write_network(self, name: str, spaces: Sequence[str], region: str) -> None:
        self.put(network(name, *spaces, location=region))

    @rule(home=NETWORKS, name=SUBNETS, prefixes=PREFIXES)
    def write_subnet(self, home: str, name: str, prefixes: Sequence[str]) -> None:
        self.put(subnet(home, name, *prefixes))

    @rule(
        one=NETWORKS,
        other=NETWORKS,
        name=st.sampled_from(["p", "q"]),
        access=st.sampled_from([True, True, False]),
    )
    def write_peering(self, one: str, other: str, name: str, access: bool) -> None:
        self.put(peering(one, other, name=name, allow_virtual_network_access=access))

    @rule(
        name=INTERFACES, home=NETWORKS, part=SUBNETS, address=ADDRESSES, second=st.booleans(), region=REGIONS
    )
    def write_interface(
        self, name: str, home: str, part: str, address: str | None, second: bool, region: str
    ) -> None:
        configurations = [ip(subnet_id(home, part), address, primary=True)]
        if second:
            configurations.append(ip(subnet_id(home, "one"), name="second"))
        self.put(nic(name, *configurations, location=region))

    @rule(
        name=st.sampled_from(["vm1", "vm2"]),
        interfaces=st.lists(INTERFACES, min_size=1, max_size=2),
        region=REGIONS,
    )
    def write_machine(self, name: str, interfaces: Sequence[str], region: str) -> None:
        self.put(machine(name, *map(nic_id, interfaces), location=region))

    @rule(home=NETWORKS, part=SUBNETS, address=ADDRESSES)
    def write_load_balancer(self, home: str, part: str, address: str | None) -> None:
        self.put(lb("lb", front(subnet_id(home, part), address)))

    @rule(
        name=st.sampled_from(["t", "u"]),
        to=INTERFACES,
        part=st.sampled_from(["ip", "second"]),
        balanced=st.booleans(),
        region=REGIONS,
    )
    def write_tap(self, name: str, to: str, part: str, balanced: bool, region: str) -> None:
        if balanced:
            self.put(tap(name, to_frontend=frontend_id("lb"), location=region))
        else:
            self.put(tap(name, ip_id(to, part), location=region))

    @rule(source=INTERFACES, to=st.sampled_from(["t", "u"]), name=st.sampled_from(["x", "y"]))
    def write_tap_configuration(self, source: str, to: str, name: str) -> None:
        if not self.put(mirror(nic_id(source), to, name)):
            return
        made = self.model[f"{nic_id(source)}/tapConfigurations/{name}".lower()]
        assert isinstance(made, NetworkInterfaceTapConfiguration)
        interface = self.lab.cloud.get(made.network_interface_id)
        assert isinstance(interface, NetworkInterface)
        assert reaches(self.contents(), interface, self.network_of(made.virtual_network_tap_id))

    def network_of(self, tap_id: str) -> str:
        """The network, by lower-case ID, that a TAP sends into."""
        found = self.lab.cloud.get(tap_id)
        assert isinstance(found, VirtualNetworkTap)
        owner = self.lab.cloud.get("/".join(found.destination_id.split("/")[:-2]))
        assert isinstance(owner, NetworkInterface | Lb)
        blocks = (
            owner.ip_configuration if isinstance(owner, NetworkInterface) else owner.frontend_ip_configuration
        )
        return before(blocks[0].subnet_id or "", "subnets")

    @rule(data=st.data())
    def delete_something(self, data: st.DataObject) -> None:
        if not self.model:
            return
        target = data.draw(st.sampled_from(sorted(self.model)))
        past = self.contents()
        leaving = {one for one in self.model if one == target or one.startswith(f"{target}/")}
        users = [one.id for one in past if one.id.lower() not in leaving and uses(one, leaving)]
        try:
            self.lab.cloud.delete(target)
        except ArmError:
            assert users != []
            assert self.contents() == past
        else:
            assert users == []
            for one in leaving:
                del self.model[one]

    @invariant()
    def the_cloud_holds_what_was_accepted(self) -> None:
        present = {one.id.lower(): one for one in self.contents()}
        assert present.keys() == self.model.keys()
        for key, accepted in self.model.items():
            assert given(present[key]) == given(accepted)

    @invariant()
    def the_world_is_sound(self) -> None:
        assert list(problems(self.contents())) == []


def uses(resource: Resource, leaving: set[str]) -> bool:
    """Whether a resource names something that is about to go, anywhere in its values. A peering may."""
    if isinstance(resource, VirtualNetworkPeering):
        return False
    text = repr(given(resource)).lower()
    return any(f"'{one}'" in text or f"'{one}/" in text for one in leaving)


def given(resource: Resource) -> Mapping[str, object]:
    """What does not depend on later writes to other resources."""
    later = {"subnet", "peering_state", "mac_address", "virtual_machine_id", "private_ip_address"}
    later |= {"private_ip_addresses", "network_interface_tap_configuration_ids", "peering_sync_level"}
    return {name: value for name, value in resource.values().items() if name not in later}


def test_whatever_is_accepted_leaves_a_sound_world() -> None:
    run_state_machine_as_test(Histories, settings=settings(max_examples=part_of(60), stateful_step_count=40))
