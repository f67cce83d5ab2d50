"""Cases of the rules of the fast path: a machine that was there before the first TAP of its region."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.vtaplib.control.lab import Lab, ip_id, machine, mirror, nic_id, tap, tap_id, vm_id, windows_machine
from tests.vtaplib.resources.rule_case import Case, Pair, Put
from vtaplib import Policy
from vtaplib.model.resource import Resource

Machine = Callable[..., Resource]


def old_machine(lab: Lab, make: Machine = machine) -> None:
    """A machine that is older than the region's only TAP, on the interface `web`."""
    for one in (f"{nic_id('db')}/tapConfigurations/mirror", tap_id("tap"), tap_id("tap-lb"), vm_id("vm-web")):
        lab.cloud.delete(one)
    lab.put(make("vm-old", nic_id("web")), tap("tap", ip_id("collector")))
    lab.keep()


def start_anew(lab: Lab) -> None:
    lab.cloud.deallocate(vm_id("vm-old"))
    lab.cloud.start(vm_id("vm-old"))


def nothing(lab: Lab) -> None:
    pass


def tapped(before: Callable[[Lab], None]) -> Callable[[Lab], Put]:
    """Taps the old machine's interface after something."""

    def make(lab: Lab) -> Put:
        old_machine(lab)
        before(lab)
        return mirror(nic_id("web"), "tap")

    return make


def written(machine: Machine, before: Callable[[Lab], None]) -> Callable[[Lab], Put]:
    """Writes the old machine again after something, when its interface is tapped: that was let pass."""

    def make(lab: Lab) -> Put:
        old_machine(lab, machine)
        before(lab)
        lab.cloud.policy = Policy(fastpath_check="off")
        lab.put(mirror(nic_id("web"), "tap"))
        lab.cloud.policy = Policy()
        return machine("vm-old", nic_id("web"), tags={"changed": "yes"})

    return make


CODE = "NetworkInterfaceNotOnFastpath"
CASES: Mapping[tuple[str, str], Case] = {
    ("NetworkInterfaceTapConfiguration", "source_is_on_the_fast_path"): Case(
        CODE, [Pair(tapped(nothing), tapped(start_anew))], also=["machine_is_not_interrupted"]
    ),
    **{
        (kind, "tapped_interfaces_are_on_the_fast_path"): Case(
            CODE, [Pair(written(make, nothing), written(make, start_anew))]
        )
        for kind, make in (("LinuxVirtualMachine", machine), ("WindowsVirtualMachine", windows_machine))
    },
}
