"""For each rule a case, or the reason why there is none."""

from __future__ import annotations

from typing import Final

from tests.terraform.balancer_rule_cases import BALANCER_CASES, TAP_CASES
from tests.terraform.network_rule_cases import INTERFACE_CASES, MACHINE_CASES, NETWORK_CASES
from tests.terraform.public_address_rule_cases import ADDRESS_CASES

CASES: Final = [*NETWORK_CASES, *INTERFACE_CASES, *MACHINE_CASES, *ADDRESS_CASES, *BALANCER_CASES, *TAP_CASES]

ELSEWHERE: Final = {
    "prefixes_stay_while_subnets_use_them": "test_plan_rules: the plan may go on to move the subnet",
    "prefixes_stay_while_in_use": "test_plan_rules: the plan may go on to move the interface",
    "network_stays": "test_plan_rules, on a change of what exists",
    "remote_side_is_not_disconnected": "test_plan_rules: the plan may go on to make the other side anew",
    "subnet_has_an_address_left": "test_plan_rules: addresses are taken at apply",
    "interfaces_are_in_the_same_subscription": "test_plan_rules, with a second subscription in the cloud",
    "source_is_in_the_same_tenant": "test_plan_rules, with a second subscription in the cloud",
    "size_is_known": "test_machines: a warning",
    "interface_should_have_one_tap": "test_plan_rules: a warning",
    "destination_stays_while_sources_send": "off unless the policy says otherwise, which the provider cannot",
    "destination_should_be_reachable": "off unless the policy says otherwise, which the provider cannot",
    "interface_has_one_tap": "off unless the policy says otherwise, which the provider cannot",
}
"""Rules that no pair of configurations shows by itself."""
