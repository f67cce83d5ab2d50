"""`vtap machine`: what an operator does to a machine that Terraform has no argument for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vtaplib.analysis.naming import one_named
from vtaplib.cli.cloud_file import open_cloud
from vtaplib.resources import VirtualMachine


class Operation(StrEnum):
    """What can be done to a machine."""

    DEALLOCATE = "deallocate"
    START = "start"


@dataclass(frozen=True, slots=True)
class MachineReport:
    """A machine as an operation leaves it."""

    machine: str
    """The machine's ID."""
    operation: Operation
    before: str
    """The power state that it had."""
    power_state: str
    on_fastpath: bool
    """Whether its interfaces can be tapped, as far as that depends on when it was started."""

    @property
    def sentence(self) -> str:
        """The report for people."""
        name = self.machine.rpartition("/")[2]
        state = (
            f"is {self.power_state} already" if self.before == self.power_state else f"is {self.power_state}"
        )
        if self.power_state != "running":
            return f"{name} {state}. Start it again with: vtap machine start {name}"
        if self.on_fastpath:
            return f"{name} {state}, on the fast path: its interfaces can be tapped."
        return (
            f"{name} {state}, but not on the fast path: there is no TAP yet in its subscription and "
            f"region. When there is one: vtap machine deallocate {name} && vtap machine start {name}"
        )


def operate(path: Path, wanted: str, operation: Operation) -> MachineReport:
    """Does something to the machine of a name or ID. Raises `VtapError` if there is none, or several."""
    with open_cloud(path, to_write=True) as cloud:
        machine_id = one_named([one.id for one in cloud.list(VirtualMachine)], wanted, "machine")
        before = cloud.get(machine_id)
        after = cloud.deallocate(machine_id) if operation is Operation.DEALLOCATE else cloud.start(machine_id)
    assert isinstance(before, VirtualMachine)
    return MachineReport(after.id, operation, before.power_state, after.power_state, after.on_fastpath)
