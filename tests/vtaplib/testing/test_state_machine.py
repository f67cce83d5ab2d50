from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from tests.examples import part_of
from vtaplib import (
    ArmError,
    Cloud,
    NetworkInterfaceTapConfiguration,
    Policy,
    Subnet,
    Topology,
    VirtualNetwork,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES
from vtaplib.testing import CloudStateMachine


def world(cloud: Cloud) -> dict[str, Resource]:
    """Every resource, by ID."""
    return {one.id: one for kind in RESOURCE_TYPES for one in cloud.list(kind)}


class Ledger(CloudStateMachine):
    """Knows what a history must have left, from nothing but what it was told."""

    @initialize()
    def begin(self) -> None:
        self.known = world(self.cloud)

    def after_put(self, resource: Resource) -> None:
        now = world(self.cloud)
        assert now[resource.id] == resource
        added = now.keys() - self.known.keys() - {resource.id}
        assert all(isinstance(now[one], Subnet) and one.startswith(resource.id) for one in added)
        removed = self.known.keys() - now.keys()
        # A network that is written with other subnets loses those that it had.
        assert isinstance(resource, VirtualNetwork) or not removed
        self.known = now

    def after_delete(self, resource: Resource) -> None:
        now = world(self.cloud)
        gone = self.known.keys() - now.keys()
        assert resource.id in gone
        assert all(one.startswith(resource.id) for one in gone)
        self.known = now

    def after_refusal(self, error: ArmError) -> None:
        assert error.violations
        assert world(self.cloud) == self.known

    @invariant()
    def a_tap_configuration_has_both_its_ends(self) -> None:
        present = world(self.cloud)
        for one in self.cloud.list(NetworkInterfaceTapConfiguration):
            assert {one.network_interface_id, one.virtual_network_tap_id} <= present.keys()

    @invariant()
    def two_sides_of_a_peering_are_connected_together(self) -> None:
        sides = {
            (one.virtual_network_id, one.remote_virtual_network_id)
            for one in self.cloud.list(VirtualNetworkPeering)
            if one.peering_state == "Connected"
        }
        assert sides == {(there, here) for here, there in sides}

    @invariant()
    def the_world_has_a_topology(self) -> None:
        assert len(Topology.of(self.cloud).networks) == len(self.cloud.list(VirtualNetwork))


TestLedger = Ledger.TestCase
TestLedger.settings = settings(stateful_step_count=25, max_examples=part_of(50))


class Dangling(Ledger):
    """The same where destinations may go."""

    policy: ClassVar[Policy | None] = Policy(delete_destination_in_use="dangle")


TestDangling = Dangling.TestCase
TestDangling.settings = settings(stateful_step_count=25, max_examples=part_of(25))


class NoTaps(CloudStateMachine):
    """Fails at the first TAP."""

    def after_put(self, resource: Resource) -> None:
        assert not isinstance(resource, VirtualNetworkTap)


@pytest.mark.thorough
def test_a_failing_history_shrinks_to_the_puts_that_it_takes() -> None:
    with pytest.raises(AssertionError) as failure:
        run_state_machine_as_test(NoTaps, settings=settings(derandomize=True, database=None))
    told = "\n".join(failure.value.__notes__)
    steps = [line.partition("state.")[2].partition("(")[0] for line in told.splitlines() if "state." in line]
    assert steps[0] == "put_network"
    assert steps[-2].startswith("put_tap_to_")
    assert len(steps) <= 6, told
