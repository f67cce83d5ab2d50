"""For each rule a case, or the reason why there is none."""

from __future__ import annotations

from typing import Final

from tests.terraform.balancer_rule_cases import BALANCER_CASES, TAP_CASES
from tests.terraform.network_rule_cases import INTERFACE_CASES, MACHINE_CASES, NETWORK_CASES
from tests.terraform.peering_and_balancing_rule_cases import PEERING_AND_BALANCING_CASES
from tests.terraform.public_address_rule_cases import ADDRESS_CASES
from tests.terraform.security_rule_cases import SECURITY_CASES

CASES: Final = [
    *NETWORK_CASES,
    *INTERFACE_CASES,
    *MACHINE_CASES,
    *ADDRESS_CASES,
    *BALANCER_CASES,
    *PEERING_AND_BALANCING_CASES,
    *TAP_CASES,
    *SECURITY_CASES,
]

ELSEWHERE: Final = {
    **dict.fromkeys(
        (
            "virtual_networks_per_region",
            "dns_servers_per_virtual_network",
            "subnets_per_virtual_network",
            "peerings_per_virtual_network",
            "private_addresses_in_peered_networks",
            "network_interfaces_per_region",
            "private_addresses_per_virtual_network",
            "private_addresses_per_network_interface",
            "taps_per_region",
            "tap_configurations_per_tap",
            "tap_configurations_per_subscription",
            "load_balancer_rules_per_network_interface",
        ),
        "test_limits: under a policy that allows less",
    ),
    "delegated_subnet_has_no_interfaces": "test_networking: in a plan the interface tells it",
    "subnets_are_in_the_same_subscription": "test_networking, with a second subscription in the cloud",
    "named_subnets_exist": "test_networking: they may be planned after the peering",
    "subnets_are_named_where_not_all_is_peered": "test_networking: a warning",
    "a_gateway_is_not_lent_and_borrowed": "test_networking: a warning",
    "prefixes_stay_while_subnets_use_them": "test_plan_rules: the plan may go on to move the subnet",
    "prefixes_stay_while_in_use": "test_plan_rules: the plan may go on to move the interface",
    "network_stays": "test_plan_rules, on a change of what exists",
    "remote_side_is_not_disconnected": "test_plan_rules: the plan may go on to make the other side anew",
    "subnet_has_an_address_left": "test_plan_rules: a plan counts what it plans, an apply all",
    "interfaces_are_in_the_same_subscription": "test_plan_rules, with a second subscription in the cloud",
    "source_is_in_the_same_tenant": "test_plan_rules, with a second subscription in the cloud",
    "size_is_known": "test_machines: a warning",
    "interface_has_one_tap": "test_plan_rules: a warning",
    "source_is_on_the_fast_path": "test_fastpath: when a machine is made shows at apply",
    "tapped_interfaces_are_on_the_fast_path": "test_fastpath: when a machine is made shows at apply",
    "machine_waits_for_the_tap": "test_fastpath: a warning",
    "destination_stays_while_sources_send": "off unless the policy says otherwise, which the provider cannot",
    "subnet_does_not_send_it_too": "test_security_groups: what was sent before shows at apply",
    "ports_go_with_tcp_and_udp": "test_security_groups: a warning",
    "security_groups_let_copies_in": "test_security_groups: a warning",
    **dict.fromkeys(
        (
            "encryption_stays_off_while_interfaces_are_tapped",
            "source_network_is_not_encrypted",
            "tapped_machine_has_a_supported_size",
            "tapped_machine_is_behind_no_floating_ip",
            "tapped_machine_is_behind_no_basic_balancer",
        ),
        "test_cause_and_victim: a conflict of several objects",
    ),
    **dict.fromkeys(
        (
            "source_speaks_ipv4_only",
            "machine_is_not_interrupted",
            "tapped_machine_has_a_known_size",
            "taps_form_no_ring",
            "carrier_has_a_pool",
            "probe_can_pass",
            "destination_balancer_is_standard",
            "region_is_listed",
        ),
        "test_tap_warnings: a warning",
    ),
    **dict.fromkeys(
        ("frontend_has_a_rule", "pool_has_a_backend", "collector_has_a_machine"),
        "test_tap_warnings: a plan does not warn of what may still be planned",
    ),
    **dict.fromkeys(
        (
            "collectors_are_not_tapped",
            "subscription_has_the_feature",
        ),
        "test_tap_warnings: off unless the policy says otherwise",
    ),
}
"""Rules that no pair of configurations shows by itself."""
