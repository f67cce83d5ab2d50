"""An audit of a whole cloud, what a put would break, and views of a part of a world."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vtaplib.control.lab import (
    Lab,
    frontend_id,
    ip,
    ip_id,
    machine,
    mirror,
    network,
    nic,
    nic_id,
    pool_id,
    subnet,
    subnet_id,
    tap,
    tap_id,
)
from vtaplib import ArmError, NetworkInterfaceTapConfiguration, Policy, VirtualMachine
from vtaplib.analysis.coverage import StreamLoss, coverage_of, is_silent
from vtaplib.control.audit import CloudChange, audit
from vtaplib.control.read_view import ReadView
from vtaplib.model.resource import Resource
from vtaplib.model.view import Missing

QUIET = Policy(region_check="off")


def world(lab: Lab, *more: Resource, without: str = "", whole: bool = True) -> ReadView:
    """The lab's resources and some more, put there by nobody."""
    kept = [one for one in lab.cloud.view.list(Resource) if one.id != without]
    return ReadView([*kept, *map(lab.home.place, more)], whole=whole)


def told(view: ReadView, change: CloudChange | None = None) -> list[tuple[str, str]]:
    found = audit(view, QUIET, change) if change else audit(view, QUIET)
    return [(one.resource.label, str(one.violation.code)) for one in found]


def test_what_puts_have_made_is_sound() -> None:
    lab = Lab(QUIET)
    assert [one for one in lab.cloud.audit() if one.violation.severity.value == "error"] == []


def test_a_check_says_what_a_put_would_be_refused_for_and_writes_nothing() -> None:
    lab = Lab(QUIET)
    bad = lab.home.place(subnet("app", "bad", "10.1.1.0/25"))
    (violation,) = lab.cloud.check(bad)
    assert lab.cloud.find(bad.id) is None
    with pytest.raises(ArmError) as refused:
        lab.cloud.put(bad)
    assert refused.value.violations == (violation,)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (
            nic("x", ip(subnet_id("app"), "10.1.1.9")),
            nic("y", ip(subnet_id("app"), "10.1.1.9")),
            "IsAllocated",
        ),
        (subnet("app", "x", "10.1.9.0/24"), subnet("app", "y", "10.1.9.0/25"), "RangesOverlap"),
        (machine("x", nic_id("spare")), machine("y", nic_id("spare")), "NicInUse"),
    ],
)
def test_a_conflict_is_told_once_and_of_the_later(one: Any, other: Any, code: str) -> None:
    lab = Lab(QUIET)
    for pair in ((one, other), (other, one)):
        (found,) = (found for found in told(world(lab, *pair)) if found[1].endswith(code))
        assert found[0] == lab.home.place(other).label


def test_a_conflict_is_told_of_what_is_written() -> None:
    lab = Lab(QUIET)
    first = lab.home.place(subnet("app", "x", "10.1.9.0/24"))
    change = CloudChange({first.id.lower(): None}, {})
    view = world(lab, first, subnet("app", "y", "10.1.9.0/25"))
    assert [name for name, code in told(view, change) if code.endswith("RangesOverlap")] == ["subnets/x"]


def test_a_limit_that_is_exceeded_is_told_once() -> None:
    lab = Lab()
    many = [network(f"n{number}", f"10.{number}.0.0/16") for number in range(20, 24)]
    found = list(audit(world(lab, *many), Policy(region_check="off", virtual_networks_per_region=3)))
    assert [str(one.violation.code) for one in found].count("VnetCountLimitReached") == 1


def test_a_reference_to_nothing_is_told_of_a_whole_world_only() -> None:
    lab = Lab(QUIET)
    stray = mirror(nic_id("web"), "no-such-tap")
    assert ("tapConfigurations/mirror", "InvalidResourceReference") in told(world(lab, stray))
    assert told(world(lab, stray, whole=False)) == told(world(lab, whole=False))


def test_what_goes_is_held_by_who_does_not_let_it_go() -> None:
    lab = Lab(QUIET)
    gone = lab.cloud.get(nic_id("db"))
    change = CloudChange({}, {gone.id.lower(): gone})
    found = told(world(lab, without=gone.id, whole=False), change)
    assert ("tapConfigurations/mirror", "NicInUse") in found


def test_a_part_of_a_world_tells_who_refers_and_not_that_nobody_does() -> None:
    lab = Lab(QUIET)
    part = ReadView([lab.cloud.get(nic_id("web"))], whole=False)
    with pytest.raises(Missing):
        list(part.referrers(tap_id("tap"), NetworkInterfaceTapConfiguration))
    # The interface was read with what the service says of its machine, which was not read.
    with pytest.raises(Missing):
        list(part.referrers(nic_id("web"), VirtualMachine))
    assert list(part.referrers(nic_id("web"), NetworkInterfaceTapConfiguration)) == []


def test_an_interface_is_covered_where_its_stream_arrives() -> None:
    lab = Lab(QUIET)
    streams = coverage_of(world(lab, mirror(nic_id("web"), "tap-lb", "other")))
    assert [one.collector_ids for one in streams[nic_id("db")]] == [(nic_id("collector"),)]
    assert [one.collector_ids for one in streams[nic_id("web")]] == [(nic_id("collector"),)]
    assert streams[nic_id("spare")] == ()
    assert not any(map(is_silent, streams.values()))


@pytest.mark.parametrize(
    ("lacking", "silence"),
    [
        (tap_id("tap"), StreamLoss.NO_TAP),
        (nic_id("collector"), StreamLoss.NO_DESTINATION),
    ],
)
def test_a_stream_without_an_end_is_silent_where_that_is_certain(lacking: str, silence: StreamLoss) -> None:
    lab = Lab(QUIET)
    whole, part = world(lab, without=lacking), world(lab, without=lacking, whole=False)
    assert [one.loss for one in coverage_of(whole)[nic_id("db")]] == [silence]
    assert [one.loss for one in coverage_of(part, whole=False)[nic_id("db")]] == [None]
    gone = {lacking.lower()}
    assert [one.loss for one in coverage_of(part, whole=False, gone=gone)[nic_id("db")]] == [silence]


def test_a_stream_to_a_network_that_is_not_peered_is_silent() -> None:
    lab = Lab(QUIET)
    lab.put(tap("far", ip_id("stray")))
    stream = coverage_of(world(lab, mirror(nic_id("web"), "far")))[nic_id("web")]
    assert [one.loss for one in stream] == [StreamLoss.UNREACHABLE]


def test_a_stream_into_an_empty_pool_is_silent() -> None:
    lab = Lab(QUIET)
    (member,) = (one for one in lab.cloud.view.list(Resource) if pool_id("inner") in one.id and "|" in one.id)
    view = world(lab, mirror(nic_id("web"), "tap-lb"), without=member.id)
    assert [one.loss for one in coverage_of(view)[nic_id("web")]] == [StreamLoss.NO_COLLECTOR]
    assert frontend_id("inner").endswith("/front")
