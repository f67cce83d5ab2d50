"""Machines off their hosts and on them, and when that gets them onto the fast path."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import (
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
    vm_id,
)
from vtaplib import ArmError, LinuxVirtualMachine
from vtaplib.control.overlay import Overlay
from vtaplib.model import Severity


def bare_lab() -> Lab:
    """Interfaces, and no TAP yet."""
    lab = Lab()
    for one in (f"{nic_id('db')}/tapConfigurations/mirror", tap_id("tap"), tap_id("tap-lb")):
        lab.cloud.delete(one)
    return lab


def state(lab: Lab, name: str) -> tuple[str, bool]:
    vm = lab.get(LinuxVirtualMachine, vm_id(name))
    return vm.power_state, vm.on_fastpath


def test_a_machine_is_created_running_and_on_the_fast_path_if_there_is_a_tap() -> None:
    lab = bare_lab()
    lab.put(machine("before", nic_id("db")), tap("tap", ip_id("collector")))
    lab.put(nic("late", ip(subnet_id("app"))), machine("after", nic_id("late")))
    assert state(lab, "before") == ("running", False)
    assert state(lab, "after") == ("running", True)


def test_it_stays_on_the_fast_path_when_it_is_stopped_or_written_and_the_tap_is_gone() -> None:
    lab = bare_lab()
    lab.put(tap("tap", ip_id("collector")), machine("vm", nic_id("db")))
    lab.cloud.delete(tap_id("tap"))
    lab.cloud.deallocate(vm_id("vm"))
    assert state(lab, "vm") == ("deallocated", True)
    lab.put(machine("vm", nic_id("db"), tags={"changed": "yes"}))
    assert state(lab, "vm") == ("deallocated", True)
    lab.cloud.start(vm_id("vm"))
    assert state(lab, "vm") == ("running", True)


def test_only_a_start_from_deallocated_gets_a_machine_onto_it() -> None:
    lab = bare_lab()
    lab.put(machine("vm", nic_id("db")), tap("tap", ip_id("collector")))
    lab.cloud.start(vm_id("vm"))
    assert state(lab, "vm") == ("running", False)
    lab.cloud.deallocate(vm_id("vm"))
    assert state(lab, "vm") == ("deallocated", False)
    lab.cloud.start(vm_id("vm"))
    assert state(lab, "vm") == ("running", True)


def test_a_change_of_interfaces_starts_a_running_machine_anew_and_no_deallocated_one() -> None:
    lab = bare_lab()
    lab.put(machine("vm", nic_id("db")), tap("tap", ip_id("collector")))
    lab.cloud.deallocate(vm_id("vm"))
    lab.put(machine("vm", nic_id("db"), nic_id("spare")))
    assert state(lab, "vm") == ("deallocated", False)
    other = bare_lab()
    other.put(machine("vm", nic_id("db")), tap("tap", ip_id("collector")))
    other.put(machine("vm", nic_id("db"), nic_id("spare")))
    assert state(other, "vm") == ("running", True)


def test_what_is_no_machine_cannot_be_started() -> None:
    lab = Lab()
    with pytest.raises(ArmError, match="is a NetworkInterface, not a machine"):
        lab.cloud.start(nic_id("db"))
    with pytest.raises(ArmError) as error:
        lab.cloud.deallocate(vm_id("nobody"))
    assert error.value.code == "ResourceNotFound"


def plan(lab: Lab, *, machine_waits: bool) -> list[tuple[Severity, str]]:
    """What a plan says that makes a machine, a TAP, and a tap configuration between them."""
    overlay: Overlay = lab.cloud.overlay(complete=False)
    vm, sink = lab.home.place(machine("vm", nic_id("db"))), lab.home.place(tap("tap", ip_id("collector")))
    configuration = mirror(nic_id("db"), "tap")
    steps = [("ask", sink), ("answer", sink), ("ask", vm), ("answer", vm)]
    if not machine_waits:
        steps = [steps[0], steps[2], steps[3], steps[1]]
    for step, resource in steps:
        if step == "ask":
            overlay.put(resource)
            overlay.asked(resource.id)
        else:
            overlay.answered(resource.id)
    _, violations = overlay.put(configuration)
    return [(one.severity, one.rule) for one in violations if "fast" in one.rule or "waits" in one.rule]


def test_a_plan_that_does_not_make_a_machine_wait_for_the_tap_is_warned_of() -> None:
    assert plan(bare_lab(), machine_waits=False) == [(Severity.WARNING, "machine_waits_for_the_tap")]
    assert plan(bare_lab(), machine_waits=True) == []


def test_where_there_is_a_tap_already_no_machine_has_to_wait() -> None:
    lab = bare_lab()
    lab.put(tap("older", ip_id("collector")))
    assert plan(lab, machine_waits=False) == []
