"""The brute-force checker and the rules say the same of every case of every rule that both know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from tests.vtaplib.control.brute_force import more_problems
from tests.vtaplib.control.lab import Lab
from tests.vtaplib.control.soundness import problems
from tests.vtaplib.resources.rule_case import Case, Make, Pair
from tests.vtaplib.resources.rule_cases import CASES
from vtaplib import Policy
from vtaplib.control.service_defaults import derive
from vtaplib.model.resource import Resource
from vtaplib.resources import RESOURCE_TYPES

KNOWN: Final = frozenset({
    "address_space_does_not_overlap_itself", "addresses_are_free", "addresses_are_in_the_subnet",
    "addresses_are_not_reserved", "all_protocols_mean_ha_ports", "backend_ports_are_not_shared",
    "backends_are_in_one_network", "basic_is_retired", "destination_can_collect",
    "destination_is_in_the_same_region", "destination_port_is_vxlan",
    "encryption_stays_off_while_interfaces_are_tapped", "frontend_exists", "frontend_ports_are_not_shared",
    "group_is_in_the_same_region", "ha_ports_are_alone",
    "ha_ports_are_internal", "interface_has_one_group",
    "interfaces_are_in_one_network", "interfaces_are_in_the_same_region",
    "interfaces_are_not_attached_elsewhere", "network_interfaces_per_region", "network_is_in_the_same_region",
    "network_watchers_per_region",
    "no_interface_is_its_own_collector", "one_configuration_is_primary", "one_peering_per_remote_network",
    "one_remote_gateway_is_used", "peerings_per_virtual_network",
    "pool_is_in_one_network", "pools_and_probe_are_the_load_balancers_own",
    "prefixes_do_not_overlap_other_subnets", "prefixes_lie_in_the_network", "priority_is_unique",
    "private_addresses_per_network_interface", "private_addresses_per_virtual_network",
    "public_addresses_are_held_once", "public_addresses_are_in_the_same_region",
    "size_has_room_for_the_interfaces", "source_is_in_the_same_region", "source_is_on_the_fast_path",
    "source_network_is_not_encrypted", "standard_is_static", "subnets_are_in_one_network",
    "subnets_per_virtual_network", "tap_configurations_per_tap", "tapped_interfaces_are_on_the_fast_path",
    "tapped_machine_has_a_supported_size", "tapped_machine_is_behind_no_basic_balancer",
    "tapped_machine_is_behind_no_floating_ip", "taps_per_region", "there_is_a_destination",
    "there_is_one_destination", "virtual_networks_per_region",
})  # fmt: skip
"""The rules that the checker knows in its own words. It does not know of rules about changes, about single
values, or about what only warns."""


def found(lab: Lab, make: Make, policy: Policy) -> Sequence[str]:
    """What the checker finds when a resource is there, whatever the rules say of it."""
    put = make(lab)
    resource, into = put if isinstance(put, tuple) else (put, lab.home)
    overlay = lab.cloud.overlay()
    overlay.put(into.place(resource))
    world: list[Resource] = [derive(one, overlay) for kind in RESOURCE_TYPES for one in overlay.list(kind)]
    return [*problems(world), *more_problems(world, policy)]


EACH = [
    pytest.param(case, pair, id=f"{'.'.join(key)}-{number}")
    for key, case in CASES.items()
    for number, pair in enumerate(case.pairs)
]
JUDGED = [
    pytest.param(case, pair, id=f"{'.'.join(key)}-{number}")
    for key, case in CASES.items()
    if key[1] in KNOWN
    for number, pair in enumerate(case.pairs)
]


def test_every_rule_that_it_knows_has_cases() -> None:
    assert {name for _, name in CASES} >= KNOWN


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("case", "pair"), JUDGED)
def test_what_breaks_a_rule_is_found(case: Case, pair: Pair) -> None:
    assert found(Lab(case.policy), pair.broken, case.policy) != []


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("case", "pair"), EACH)
def test_what_breaks_none_is_sound(case: Case, pair: Pair) -> None:
    assert found(Lab(case.policy), pair.valid, case.policy) == []
