"""Every switch of the control plane, in every value that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.vtaplib.control.lab import (
    Lab,
    ip,
    ip_id,
    machine,
    mirror,
    network,
    network_id,
    nic,
    nic_id,
    pool_id,
    subnet,
    subnet_id,
    tap,
    tap_id,
    vm_id,
)
from tests.vtaplib.resources.fastpath_rule_cases import old_machine
from vtaplib import ArmError, NetworkInterfaceTapConfiguration, Policy, Subnet, VirtualNetworkTap, VtapError
from vtaplib.model import Severity
from vtaplib.model.policy import (
    CONTROL_PLANE,
    SETTINGS,
    Switch,
    environment_settings,
    read_policy,
    setting_text,
)

Act = Callable[[Lab], object]
ERROR, WARNING, NOTHING = "error", "warning", "nothing"


def unreachable(lab: Lab) -> object:
    return mirror(nic_id("stray"), "tap")


def second_tap(lab: Lab) -> object:
    return mirror(nic_id("db"), "tap-lb", "second")


def self_tap(lab: Lab) -> object:
    return mirror(nic_id("collector"), "tap")


def new_destination(lab: Lab) -> object:
    return tap("tap", ip_id("reader"))


def off_the_fast_path(lab: Lab) -> object:
    old_machine(lab)
    lab.cloud.deallocate(vm_id("vm-old"))
    return mirror(nic_id("web"), "tap")


def unlisted_region(lab: Lab) -> object:
    lab.put(network("new", "10.9.0.0/16", location="westeurope"), subnet("new", "one", "10.9.1.0/24"))
    lab.put(nic("new", ip(subnet_id("new")), location="westeurope"))
    lab.put(machine("vm-new", nic_id("new"), location="westeurope"))
    return tap("new", ip_id("new"), location="westeurope")


def unregistered(lab: Lab) -> object:
    lab.register()
    return tap("new", ip_id("reader"))


def chain(lab: Lab) -> object:
    lab.put(tap("onward", ip_id("reader")))
    return mirror(nic_id("collector"), "onward")


def one_configuration_too_many(lab: Lab) -> object:
    most, there = lab.cloud.policy.tap_configurations_per_subscription, len(configurations(lab))
    names = [f"many{number}" for number in range(there, most + 1)]
    lab.put(*(nic(name, ip(subnet_id("app"))) for name in names))
    *within, last = (mirror(nic_id(name), "tap") for name in names)
    lab.put(*within)
    return last


def lower_case_id(lab: Lab) -> object:
    return mirror(nic_id("db").replace("/resourceGroups/", "/resourcegroups/"), "tap")


OUTCOMES = {
    ("fastpath_check", "error"): (off_the_fast_path, ERROR),
    ("fastpath_check", "warn"): (off_the_fast_path, WARNING),
    ("fastpath_check", "off"): (off_the_fast_path, NOTHING),
    ("reachability_check", "error"): (unreachable, ERROR),
    ("reachability_check", "warn"): (unreachable, WARNING),
    ("multiple_taps_per_nic", "error"): (second_tap, ERROR),
    ("multiple_taps_per_nic", "warn"): (second_tap, WARNING),
    ("multiple_taps_per_nic", "allow"): (second_tap, NOTHING),
    ("limits_mode", "error"): (one_configuration_too_many, ERROR),
    ("limits_mode", "warn"): (one_configuration_too_many, WARNING),
    ("limits_mode", "off"): (one_configuration_too_many, NOTHING),
    ("arm_id_case", "insensitive"): (lower_case_id, NOTHING),
    ("arm_id_case", "strict"): (lower_case_id, ERROR),
    ("self_mirror", "error"): (self_tap, ERROR),
    ("self_mirror", "allow"): (self_tap, NOTHING),
    ("remirror", "skip_vxlan"): (chain, NOTHING),
    ("remirror", "mirror"): (chain, NOTHING),
    ("remirror", "error"): (chain, ERROR),
    ("region_check", "warn"): (unlisted_region, WARNING),
    ("region_check", "error"): (unlisted_region, ERROR),
    ("region_check", "off"): (unlisted_region, NOTHING),
    ("feature_registration", "off"): (unregistered, NOTHING),
    ("feature_registration", "required"): (unregistered, ERROR),
    ("destination_update", "allow"): (new_destination, NOTHING),
    ("destination_update", "error_if_sources"): (new_destination, ERROR),
}
"""What a write is answered under each value."""
ELSEWHERE = {
    "delete_tap_in_use": "below",
    "delete_destination_in_use": "below",
    "vnet_put_without_subnets": "below",
}
"""Where the switches are tested that have no line above."""


def test_every_value_of_every_switch_is_tested() -> None:
    switches = {
        **CONTROL_PLANE,
        **{name: SETTINGS[name] for name in ("self_mirror", "remirror", "limits_mode")},
    }
    values = {
        (name, value)
        for name, switch in switches.items()
        if isinstance(switch, Switch) and name not in ELSEWHERE
        for value in switch.choices
    }
    assert values == OUTCOMES.keys()


@pytest.mark.parametrize(("switch", "value"), OUTCOMES)
def test_a_write_is_refused_warned_of_or_accepted_as_the_policy_says(switch: str, value: str) -> None:
    make, outcome = OUTCOMES[switch, value]
    lab = Lab(read_policy({switch: value}))
    resource = make(lab)
    assert isinstance(resource, VirtualNetworkTap | NetworkInterfaceTapConfiguration)
    severities = {one.severity for one in lab.broken_by(resource)}
    assert severities == {ERROR: {Severity.ERROR}, WARNING: {Severity.WARNING}, NOTHING: set()}[outcome]
    if outcome == ERROR:
        with pytest.raises(ArmError):
            lab.put(resource)
    else:
        lab.put(resource)


@pytest.mark.parametrize(
    ("value", "severity"),
    [("skip_vxlan", Severity.WARNING), ("mirror", Severity.WARNING), ("error", Severity.ERROR)],
)
def test_a_ring_is_told_once_and_refused_where_the_policy_says_so(value: str, severity: Severity) -> None:
    lab = Lab()
    lab.put(tap("back", ip_id("db")))
    lab.cloud.policy = read_policy({"remirror": value})
    told = lab.broken_by(mirror(nic_id("collector"), "back"))
    assert [(one.code, one.severity) for one in told] == [("VirtualNetworkTapRing", severity)]
    assert (
        "networkInterfaces/collector → virtualNetworkTaps/back → networkInterfaces/db → "
        "virtualNetworkTaps/tap → networkInterfaces/collector"
    ) in told[0].message


def configurations(lab: Lab) -> Sequence[str]:
    return [one.name for one in lab.cloud.list(NetworkInterfaceTapConfiguration)]


def test_a_tap_in_use_stays_or_takes_its_configurations_along() -> None:
    lab = Lab()
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(tap_id("tap"))
    assert error.value.code == "InUseVirtualNetworkTapCannotBeDeleted"
    assert configurations(lab) == ["mirror"]
    lab.cloud.policy = Policy(delete_tap_in_use="cascade")
    lab.cloud.delete(tap_id("tap"))
    assert configurations(lab) == []
    assert lab.cloud.find(nic_id("db")) is not None


def test_a_destination_in_use_stays_or_leaves_the_tap_without_one() -> None:
    lab = Lab()
    lab.cloud.delete(f"{ip_id('collector')}|{pool_id('inner')}")
    with pytest.raises(ArmError) as error:
        lab.cloud.delete(nic_id("collector"))
    assert error.value.code == "VirtualNetworkTapDestinationInUse"
    lab.cloud.policy = Policy(delete_destination_in_use="dangle")
    lab.cloud.delete(nic_id("collector"))
    assert lab.cloud.find(nic_id("collector")) is None
    assert lab.get(VirtualNetworkTap, tap_id("tap")).destination_id == ip_id("collector")
    assert configurations(lab) == ["mirror"]


@pytest.mark.parametrize(("value", "left"), [("keep", [subnet_id("net")]), ("delete", [])])
def test_a_network_that_is_written_without_subnets_keeps_or_loses_them(value: str, left: list[str]) -> None:
    lab = Lab(Policy(vnet_put_without_subnets=value), stocked=False)
    lab.put(network("net", "10.1.0.0/16"), subnet("net", "one", "10.1.1.0/24"))
    lab.put(network("net", "10.1.0.0/16", tags={"changed": "yes"}))
    assert [one.id for one in lab.cloud.list(Subnet, network_id("net"))] == left


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", ["", "maybe", None, -7, 1.5, object(), "Error", (3,)])
def test_a_value_that_a_setting_does_not_have_is_refused_with_those_that_it_has(
    name: str, value: object
) -> None:
    with pytest.raises(VtapError) as error:
        Policy(**{name: value})  # type: ignore[arg-type]  # that is the point
    assert name in str(error.value)
    assert str(SETTINGS[name]) in str(error.value)


def test_the_policy_in_force_names_every_setting() -> None:
    assert Policy().in_force().keys() == SETTINGS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_read_back_from_its_text(name: str) -> None:
    default = getattr(Policy(), name)
    assert read_policy({name: setting_text(default)}) == Policy()


def test_settings_are_read_from_text() -> None:
    policy = read_policy(
        {"taps_per_region": "7", "mirror_denied": "true", "unsupported_size_suffixes": "_v6, _v7"}
    )
    assert (policy.taps_per_region, policy.mirror_denied) == (7, True)
    assert policy.unsupported_size_suffixes == ("_v6", "_v7")


def test_environment_variables_give_settings() -> None:
    found = environment_settings(
        {"VTAP_POLICY_FASTPATH_CHECK": "off", "VTAP_POLICY_VNI": "", "VTAP_ENDPOINT": "file:x"}
    )
    assert found == {"fastpath_check": "off"}
    with pytest.raises(VtapError, match="VTAP_POLICY_SPEED: there is no setting 'speed'"):
        environment_settings({"VTAP_POLICY_SPEED": "high"})
