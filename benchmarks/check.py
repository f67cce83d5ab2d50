"""What `vtap check` takes for plans of up to ten thousand tapped interfaces: time and memory.

`python benchmarks/check.py` writes plans in the form that azurerm's have, in which no ID of a new resource is
known and every reference stands in the configuration alone, and checks each with the command, in turn with a
peer: Python reading the same JSON and doing nothing with it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.measuring import Cost, run
from tests.vtaplib.cli.plans import IN_LAB, UNKNOWN, Plan, interface, references, subnet_values, tap

SIZES: Final = (100, 1_000, 10_000)
AIM: Final = "5 s and 500 MiB for 10,000 interfaces"
PER_SUBNET: Final = 240
# The plan is one large site; Azure's limits are not what is measured.
NO_LIMITS: Final = [
    f"--policy={name}=1000000"
    for name in ("tap_configurations_per_tap", "tap_configurations_per_subscription")
]
VTAP: Final = str(Path(sys.executable).with_name("vtap"))
READ_JSON: Final = (sys.executable, "-c", "import json, sys; json.load(open(sys.argv[1]))")


def plan_of(interfaces: int) -> Plan:
    """A plan that makes so many interfaces and taps all of them but one, the collector."""
    plan = Plan()
    plan.create("azurerm_resource_group.lab", {"name": "lab", "location": "eastus"})
    plan.create("azurerm_virtual_network.net", {"name": "net", **IN_LAB, "address_space": ["10.0.0.0/8"]})
    for number in range(-(-interfaces // PER_SUBNET)):
        prefix = f"10.0.{number}.0/24"
        plan.create(f"azurerm_subnet.s{number}", subnet_values(f"s{number}", "net", prefix))
    for number in range(interfaces):
        interface(plan, f"n{number}", references(f"azurerm_subnet.s{number // PER_SUBNET}.id"))
    tap(plan, "azurerm_network_interface.n0.ip_configuration[0].name", "azurerm_network_interface.n0.id")
    for number in range(1, interfaces):
        block = f"azurerm_network_interface_tap_configuration.c{number}"
        unknown = {"network_interface_id": UNKNOWN, "virtual_network_tap_id": UNKNOWN}
        plan.create(block, {"name": "mirror", **unknown})
        plan.configure(
            block,
            {
                "network_interface_id": references(f"azurerm_network_interface.n{number}.id"),
                "virtual_network_tap_id": references("azurerm_virtual_network_tap.tap.id"),
            },
        )
    return plan


def row(name: str, costs: Sequence[Cost], peers: Sequence[Cost]) -> str:
    """A line of the table: medians, the slowest and fastest run beside the time."""
    seconds = sorted(one.seconds for one in costs)
    ratio = statistics.median(seconds) / statistics.median(one.seconds for one in peers)
    return (
        f"{name:>12} {statistics.median(seconds):8.2f} ({seconds[0]:.2f}-{seconds[-1]:.2f}) "
        f"{statistics.median(one.processor_seconds for one in costs):8.2f} "
        f"{max(one.peak_mib for one in costs):8.0f} {ratio:8.1f}"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default: %(default)s)")
    rounds = parser.parse_args().rounds
    print(f"Aim: {AIM}.\n")
    print(f"{'interfaces':>12} {'seconds (min-max)':>22} {'CPU s':>8} {'MiB':>8} {'x JSON':>8}")
    with tempfile.TemporaryDirectory() as directory:
        for size in SIZES:
            path = str(plan_of(size).write(Path(directory)))
            costs, peers = [], []
            for _ in range(rounds):
                costs.append(run([VTAP, "check", path, *NO_LIMITS]))
                peers.append(run([*READ_JSON, path]))
            print(row(f"{size:,}", costs, peers))


if __name__ == "__main__":
    main()
