"""Whether an interface can be tapped is what a put would say, told rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.examples import part_of
from tests.vtaplib.control.lab import (
    NORTH,
    WEST,
    Lab,
    ip,
    ip_id,
    machine,
    mirror,
    nic,
    nic_id,
    subnet_id,
    tap,
    tap_id,
)
from vtaplib import (
    ArmError,
    Cloud,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    Policy,
    VirtualNetwork,
    VirtualNetworkTap,
)
from vtaplib.analysis import Eligibility, Outcome, judge_eligibility
from vtaplib.model import ErrorCode, Severity
from vtaplib.resources import Encryption
from vtaplib.testing import clouds


def judged(cloud: Cloud, interface_id: str, to: str = "") -> Eligibility:
    with cloud.snapshot() as view:
        return judge_eligibility(view, cloud.policy, interface_id, to)


def outcomes(found: Eligibility) -> dict[str, Outcome]:
    return {one.rule.name: one.outcome for one in found.judgements}


def test_an_interface_that_nothing_speaks_against_is_eligible() -> None:
    lab = Lab(Policy(region_check="off"))
    lab.put(machine("vm-collector", nic_id("collector")))
    found = judged(lab.cloud, nic_id("spare"), tap_id("tap"))
    assert (found.eligible, found.errors, found.warnings) == (True, (), ())
    assert set(outcomes(found).values()) <= {Outcome.HOLDS, Outcome.NOT_JUDGED}


def test_without_a_tap_the_rules_speak_that_look_at_the_source() -> None:
    lab = Lab()
    network = lab.get(VirtualNetwork, subnet_id("app").rpartition("/subnets")[0])
    lab.cloud.delete(mirror(nic_id("db"), "tap").id)
    lab.put(network.replace(encryption=Encryption(enforcement="AllowUnencrypted")))
    found = judged(lab.cloud, nic_id("web"))
    told = outcomes(found)
    assert told["source_network_is_not_encrypted"] is Outcome.VIOLATED
    assert told["source_is_in_the_same_region"] is Outcome.NEEDS_TAP
    assert told["tapped_machine_has_a_supported_size"] is Outcome.HOLDS
    assert not found.eligible
    (error,) = found.errors
    assert error.code is ErrorCode.VIRTUAL_NETWORK_TAP_SOURCE_VNET_ENCRYPTION_NOT_SUPPORTED
    assert "turn encryption off there" in error.message


def test_what_speaks_against_a_source_is_told_with_the_rule_and_its_reason() -> None:
    found = judged(Lab().cloud, nic_id("far"), tap_id("tap"))
    broken = {one.rule.name: one for one in found.judgements if one.outcome is Outcome.VIOLATED}
    region = broken["source_is_in_the_same_region"]
    assert region.rule.what == "The tapped interface and the TAP are in the same region."
    assert NORTH in region.violations[0].message
    assert WEST in region.violations[0].message


def test_a_tapped_interface_is_not_held_against_itself() -> None:
    cloud = Lab(Policy(multiple_taps_per_nic="error")).cloud
    assert judged(cloud, nic_id("db")).eligible
    assert judged(cloud, nic_id("db"), tap_id("tap")).eligible
    other = judged(cloud, nic_id("db"), tap_id("tap-lb"))
    assert [one.code for one in other.errors] == [ErrorCode.VIRTUAL_NETWORK_TAP_ALREADY_CONFIGURED]


def test_a_full_tap_takes_no_more_and_keeps_what_it_has() -> None:
    cloud = Lab(Policy(tap_configurations_per_tap=1)).cloud
    assert judged(cloud, nic_id("db"), tap_id("tap")).eligible
    found = judged(cloud, nic_id("web"), tap_id("tap"))
    assert [one.code for one in found.errors] == [ErrorCode.TAP_CONFIGURATION_COUNT_LIMIT_REACHED]


def test_what_the_policy_switches_off_is_not_judged() -> None:
    found = judged(
        Lab(Policy(reachability_check="warn", fastpath_check="off")).cloud, nic_id("stray"), tap_id("tap")
    )
    assert outcomes(found)["source_is_on_the_fast_path"] is Outcome.NOT_JUDGED
    assert found.eligible
    assert outcomes(found)["destination_is_reachable"] is Outcome.VIOLATED
    assert {one.severity for one in found.warnings} == {Severity.WARNING}


def test_what_the_view_does_not_know_is_undecided() -> None:
    lab = Lab(Policy(delete_destination_in_use="dangle"))
    lab.put(nic("gone", ip(subnet_id("tools"))), tap("dangling", ip_id("gone")))
    lab.cloud.delete(nic_id("gone"))
    found = judged(lab.cloud, nic_id("web"), tap_id("dangling"))
    assert outcomes(found)["destination_is_reachable"] is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("interface_id", "to", "field"),
    [
        (nic_id("nobody"), tap_id("tap"), "network_interface_id"),
        (tap_id("tap"), tap_id("tap"), "network_interface_id"),
        (nic_id("web"), tap_id("nothing"), "virtual_network_tap_id"),
    ],
)
def test_what_is_not_there_is_an_error_at_its_name(interface_id: str, to: str, field: str) -> None:
    with pytest.raises(ArmError) as caught:
        judged(Lab().cloud, interface_id, to)
    assert (caught.value.code, caught.value.path) == (ErrorCode.RESOURCE_NOT_FOUND, (field,))


def test_asking_changes_nothing() -> None:
    lab = Lab()
    before = lab.cloud.list(NetworkInterfaceTapConfiguration)
    judged(lab.cloud, nic_id("web"), tap_id("tap"))
    assert lab.cloud.list(NetworkInterfaceTapConfiguration) == before


def test_it_says_what_a_put_says_of_every_interface_and_tap_of_the_lab() -> None:
    lab = Lab()
    lab.put(tap("to-web", ip_id("web")), tap("north", ip_id("far"), location=NORTH))
    lab.put(machine("vm-spare", nic_id("spare"), size="Standard_D2s_v6"))
    assert_as_a_put(lab.cloud)


@given(cloud=clouds(max_interfaces=4))
@settings(max_examples=part_of(25))
def test_it_says_what_a_put_says_in_any_cloud(cloud: Cloud) -> None:
    assert_as_a_put(cloud)


def assert_as_a_put(cloud: Cloud) -> None:
    tapped = {
        (one.network_interface_id.lower(), one.virtual_network_tap_id.lower())
        for one in cloud.list(NetworkInterfaceTapConfiguration)
    }
    for interface in cloud.list(NetworkInterface):
        for one in cloud.list(VirtualNetworkTap):
            if (interface.id.lower(), one.id.lower()) in tapped:
                continue
            wanted = NetworkInterfaceTapConfiguration(
                name="new", network_interface_id=interface.id, virtual_network_tap_id=one.id
            )
            refused = [each.code for each in cloud.check(wanted) if each.severity is Severity.ERROR]
            assert [each.code for each in judged(cloud, interface.id, one.id).errors] == refused
