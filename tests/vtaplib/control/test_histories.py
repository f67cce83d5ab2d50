"""Whatever sequence of puts and deletions a cloud accepts, the brute-force checker finds no rule broken."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.examples import part_of
from tests.vtaplib.control.brute_force import more_problems
from tests.vtaplib.control.soundness import problems
from vtaplib import Policy
from vtaplib.resources import RESOURCE_TYPES
from vtaplib.testing import CloudStateMachine


class Sound(CloudStateMachine):
    """A cloud whose limits are a step away."""

    policy: ClassVar[Policy | None] = Policy(
        taps_per_region=2,
        tap_configurations_per_tap=1,
        virtual_networks_per_region=2,
        network_interfaces_per_region=3,
        private_addresses_per_virtual_network=4,
    )

    @invariant()
    def no_rule_is_broken(self) -> None:
        world = [one for kind in RESOURCE_TYPES for one in self.cloud.list(kind)]
        policy = self.policy or Policy()
        assert [*problems(world), *more_problems(world, policy)] == []


class Unlimited(Sound):
    """A cloud with Azure's limits."""

    policy: ClassVar[Policy | None] = None


def test_no_rule_is_broken_where_limits_are_a_step_away() -> None:
    run_state_machine_as_test(Sound, settings=settings(max_examples=part_of(40), stateful_step_count=50))


def test_no_rule_is_broken_under_azures_limits() -> None:
    run_state_machine_as_test(Unlimited, settings=settings(max_examples=part_of(60), stateful_step_count=50))
