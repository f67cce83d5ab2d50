"""Histories: any order of writes and deletions, for what must hold after each of them.

The rules propose; the cloud accepts or refuses. What is proposed refers to what is there, and is not
otherwise chosen to be valid: address spaces overlap, destinations are out of reach, resources are in use. A
refusal is a part of the history, an exception of any other kind is a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from vtaplib.control.policy import Policy
from vtaplib.errors import ArmError
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    RESOURCE_TYPES,
    Lb,
    LbBackendAddressPool,
    LbFrontendIpConfiguration,
    LbRule,
    NetworkInterface,
    NetworkInterfaceBackendAddressPoolAssociation,
    ResourceGroup,
    Subnet,
    Subscription,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.testing.drawn_cloud import DrawnCloud
from vtaplib.testing.resources import (
    GROUP,
    REGION,
    interfaces,
    machines,
    networks,
    tap_configurations,
    taps,
)

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
SPACES = tuple(map(IPv4Network, ("10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.1.0.0/25")))
"""Address spaces, the last of which overlaps the first."""
NAMES = st.sampled_from(["one", "two", "three"])
"""Few, so that resources are written again."""
DELETABLE = tuple(kind for kind in RESOURCE_TYPES if kind not in (Subscription, ResourceGroup))


class CloudStateMachine(RuleBasedStateMachine):
    """A cloud that lives through puts and deletions; subclass it to test what follows a cloud.

    `self.cloud` is the cloud, in memory, `self.home` its one subscription. Override `after_put`,
    `after_delete` and `after_refusal` to keep what you test up to date, and say with Hypothesis's
    `@invariant()` what must hold whenever a change is over. `policy` is the cloud's.

        class IndexMachine(CloudStateMachine):
            def after_put(self, resource: Resource) -> None:
                index.note(resource)

            @invariant()
            def the_index_knows_every_tap(self) -> None:
                assert index.taps == {tap.id for tap in self.cloud.list(VirtualNetworkTap)}

        TestIndex = IndexMachine.TestCase
    """

    policy: ClassVar[Policy | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.cloud = DrawnCloud(policy=self.policy)
        self.home = self.cloud.subscription(SUBSCRIPTION)
        self.home.put(ResourceGroup(name=GROUP, location=REGION))

    def teardown(self) -> None:
        """Closes the cloud."""
        self.cloud.close()

    # What a subclass may do at a change.

    def after_put(self, resource: Resource) -> None:
        """A resource was created or replaced; it is as a read gives it."""

    def after_delete(self, resource: Resource) -> None:
        """A resource was deleted, and its children with it; it is as it was read before."""

    def after_refusal(self, error: ArmError) -> None:
        """The cloud refused a put or a deletion, and is as it was."""

    # The changes.

    def put(self, resource: Resource) -> None:
        """Puts a resource, if the cloud lets it."""
        try:
            written = self.home.put(resource)
        except ArmError as error:
            self.after_refusal(error)
        else:
            self.after_put(written)

    def present(self, *kinds: type[Resource]) -> Sequence[Resource]:
        """The resources of some types."""
        return [one for kind in kinds for one in self.cloud.list(kind)]

    @rule(network=networks(names=NAMES, spaces=st.sampled_from(SPACES), max_subnets=2))
    def put_network(self, network: VirtualNetwork) -> None:
        self.put(network)

    @precondition(lambda self: self.present(VirtualNetwork))
    @rule(data=st.data())
    def put_peering(self, data: st.DataObject) -> None:
        choices = st.sampled_from(self.cloud.list(VirtualNetwork))
        here, there = data.draw(choices, "this side"), data.draw(choices, "the other side")
        self.put(
            VirtualNetworkPeering(
                name=f"to-{there.name}",
                resource_group_name=GROUP,
                virtual_network_name=here.name,
                remote_virtual_network_id=there.id,
            )
        )

    @precondition(lambda self: self.present(Subnet))
    @rule(data=st.data())
    def put_interface(self, data: st.DataObject) -> None:
        subnet_ids = st.sampled_from([one.id for one in self.cloud.list(Subnet)])
        self.put(data.draw(interfaces(subnet_ids, names=NAMES), "interface"))

    @precondition(lambda self: self.present(NetworkInterface))
    @rule(data=st.data())
    def put_machine(self, data: st.DataObject) -> None:
        interface_ids = st.sampled_from([one.id for one in self.cloud.list(NetworkInterface)])
        self.put(data.draw(machines(interface_ids, names=NAMES), "machine"))

    @precondition(lambda self: self.present(Subnet))
    @rule(data=st.data(), name=NAMES)
    def put_load_balancer(self, data: st.DataObject, name: str) -> None:
        subnet = data.draw(st.sampled_from(self.cloud.list(Subnet)), "subnet")
        frontend = LbFrontendIpConfiguration(name="front", subnet_id=subnet.id)
        self.put(
            Lb(
                name=name,
                resource_group_name=GROUP,
                location=REGION,
                frontend_ip_configuration=[frontend],
            )
        )

    @precondition(lambda self: self.present(Lb))
    @rule(data=st.data())
    def put_pool_and_rule(self, data: st.DataObject) -> None:
        balancer = data.draw(st.sampled_from(self.cloud.list(Lb)), "load balancer")
        pool = LbBackendAddressPool(name="pool", loadbalancer_id=balancer.id)
        self.put(pool)
        self.put(
            LbRule(
                name="copies",
                loadbalancer_id=balancer.id,
                frontend_ip_configuration_name="front",
                protocol="Udp",
                frontend_port=4789,
                backend_port=4789,
                backend_address_pool_ids=[pool.id],
            )
        )

    @precondition(lambda self: self.present(LbBackendAddressPool) and self.present(NetworkInterface))
    @rule(data=st.data())
    def put_backend(self, data: st.DataObject) -> None:
        pool = data.draw(st.sampled_from(self.cloud.list(LbBackendAddressPool)), "pool")
        backend = data.draw(st.sampled_from(self.cloud.list(NetworkInterface)), "backend")
        self.put(
            NetworkInterfaceBackendAddressPoolAssociation(
                network_interface_id=backend.id,
                ip_configuration_name="ip",
                backend_address_pool_id=pool.id,
            )
        )

    @precondition(lambda self: self.present(NetworkInterface, Lb))
    @rule(data=st.data())
    def put_tap(self, data: st.DataObject) -> None:
        destinations: list[NetworkInterface | Lb] = [*self.cloud.list(NetworkInterface), *self.cloud.list(Lb)]
        self.put(data.draw(taps(st.sampled_from(destinations), names=NAMES), "TAP"))

    @precondition(lambda self: self.present(NetworkInterface) and self.present(VirtualNetworkTap))
    @rule(data=st.data())
    def put_tap_configuration(self, data: st.DataObject) -> None:
        interface_ids = st.sampled_from([one.id for one in self.cloud.list(NetworkInterface)])
        tap_ids = st.sampled_from([one.id for one in self.cloud.list(VirtualNetworkTap)])
        self.put(data.draw(tap_configurations(interface_ids, tap_ids, names=NAMES), "tap configuration"))

    @precondition(lambda self: self.present(*DELETABLE))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        resource = data.draw(st.sampled_from(self.present(*DELETABLE)), "resource")
        try:
            self.cloud.delete(resource.id)
        except ArmError as error:
            self.after_refusal(error)
        else:
            self.after_delete(resource)
