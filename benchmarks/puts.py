"""What it costs to put many resources: one by one, and all in one transaction.

`python benchmarks/puts.py` makes clouds of interfaces, machines and tap configurations, one of each for every
machine, in memory and in a file. Times are of the processor. Both ways take turns in one process, so that a
ratio compares what was measured on the same machine at the same moment.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

# As a script, this file's own directory is on the path, and the checkout is not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.rules import SUBSCRIPTION, interface, interface_id, mirror, network, subnet, tap
from vtaplib import Cloud, Policy, ResourceGroup
from vtaplib.control import SubscriptionHandle
from vtaplib.model.resource import Resource
from vtaplib.testing.resources import REGION, machine_of

AIM: Final = 4.0
POLICY: Final = Policy(tap_configurations_per_tap=100_000, tap_configurations_per_subscription=100_000)


def resources(machines: int) -> Sequence[Resource]:
    """A network with a TAP, and machines whose interfaces are its sources."""
    names = [f"m{number}" for number in range(machines)]
    return [
        ResourceGroup(name="lab", location=REGION),
        network("net", "10.0.0.0/8"),
        subnet("net", "10.0.0.0/8"),
        interface("collector", "net"),
        tap("tap", "collector"),
        *(interface(name, "net") for name in names),
        *(machine_of(interface_id(name), name=name) for name in names),
        *(mirror(name, "tap") for name in names),
    ]


def one_by_one(home: SubscriptionHandle, wanted: Sequence[Resource]) -> None:
    for resource in wanted:
        home.put(resource)


def all_at_once(home: SubscriptionHandle, wanted: Sequence[Resource]) -> None:
    home.put_all(wanted)


WAYS: Final[Mapping[str, Callable[[SubscriptionHandle, Sequence[Resource]], None]]] = {
    "put, one by one": one_by_one,
    "put_all": all_at_once,
}


def clouds(directory: Path) -> Iterator[tuple[str, Cloud]]:
    """A new cloud in memory, and one in a file."""
    yield "in memory", Cloud(policy=POLICY)
    yield "in a file", Cloud.open(Path(directory, "cloud.db"), policy=POLICY)


def measure(machines: int) -> Mapping[tuple[str, str], float]:
    """Seconds of the processor by where the cloud is and how it was filled."""
    wanted = resources(machines)
    times = {}
    for way, fill in WAYS.items():
        with tempfile.TemporaryDirectory(prefix="vtap-benchmark-") as directory:
            for where, cloud in clouds(Path(directory)):
                with cloud:
                    home = cloud.subscription(SUBSCRIPTION)
                    started = time.process_time()
                    fill(home, wanted)
                    times[where, way] = time.process_time() - started
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--machines", type=int, default=1_000, help="machines in the cloud (default 1,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is measured (default 3)")
    options = parser.parse_args()
    rounds = [measure(options.machines) for _ in range(options.rounds)]
    count = len(resources(options.machines))
    print(f"seconds of the processor for {count:,} resources (aim in a file: put_all {AIM:g} times as fast)")
    print(f"{'':<12}" + "".join(f"{way:>18}" for way in WAYS) + f"{'times as fast':>18}")
    for where in dict.fromkeys(place for place, _ in rounds[0]):
        times = [statistics.median(one[where, way] for one in rounds) for way in WAYS]
        ratio = statistics.median(one[where, "put, one by one"] / one[where, "put_all"] for one in rounds)
        print(f"{where:<12}" + "".join(f"{seconds:>18.2f}" for seconds in times) + f"{ratio:>18.1f}")


if __name__ == "__main__":
    main()
