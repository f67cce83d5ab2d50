"""For every rule, what breaks it and nothing else, and the nearest thing that does not break it.

Codes and bounds are those that Azure's documentation, its REST specification and recorded error messages
give; where they are ours, the rule itself says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.vtaplib.resources import (
    balancer_rule_cases,
    balancing_conflict_rule_cases,
    fastpath_rule_cases,
    limit_rule_cases,
    machine_rule_cases,
    mirror_loop_rule_cases,
    mirror_stream_rule_cases,
    network_rule_cases,
    peering_rule_cases,
    public_address_rule_cases,
    security_rule_cases,
    subnet_rule_cases,
    tap_rule_cases,
    tapped_machine_rule_cases,
)
from tests.vtaplib.resources.rule_case import Case

ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("NetworkInterfaceTapConfiguration", "machine_waits_for_the_tap"): (
        "speaks in plans only: tests/vtaplib/control/test_power.py, tests/terraform/test_fastpath.py"
    ),
    ("NetworkInterfaceTapConfiguration", "tap_configuration_waits_for_the_peerings"): (
        "speaks of a plan's configuration only: tests/vtaplib/analysis/terraform_plan/test_creation_order.py"
    ),
}
"""Rules that a put cannot break, and where they are tested."""
CASES: Mapping[tuple[str, str], Case] = {
    **network_rule_cases.CASES,
    **peering_rule_cases.CASES,
    **subnet_rule_cases.CASES,
    **public_address_rule_cases.CASES,
    **machine_rule_cases.CASES,
    **fastpath_rule_cases.CASES,
    **limit_rule_cases.CASES,
    **balancer_rule_cases.CASES,
    **balancing_conflict_rule_cases.CASES,
    **tap_rule_cases.CASES,
    **security_rule_cases.CASES,
    **tapped_machine_rule_cases.CASES,
    **mirror_loop_rule_cases.CASES,
    **mirror_stream_rule_cases.CASES,
}
