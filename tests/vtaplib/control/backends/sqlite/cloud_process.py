"""A process of its own on a cloud's file: `python -m …cloud_process FILE WORK ARGUMENT…`.

It opens the cloud, prints `ready`, waits for a line, works, and prints a line for each write *after* it has
returned. Such a line is what a test may hold against the file, whatever happens to the process later.
"""

from __future__ import annotations

import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.vtaplib.control.lab import (
    HOME,
    TENANT,
    WEST,
    ip,
    machine,
    network,
    network_id,
    nic,
    nic_id,
    peering,
    subnet,
    subnet_id,
)
from tests.vtaplib.control.whole_states import halves
from vtaplib import ArmError, Cloud, Policy, ResourceGroup, VtapError
from vtaplib.model.resource import Resource


def say(line: str) -> None:
    print(line, flush=True)


def put_group(cloud: Cloud) -> None:
    """The cloud's first resources, as by a process that found no file."""
    cloud.subscription(HOME, tenant_id=TENANT).put(ResourceGroup(name="lab", location=WEST))
    say("put")


def put_interfaces(cloud: Cloud, network: str, prefix: str, count: str) -> None:
    """Interfaces with dynamic addresses in a network's subnet `one`: a line `NAME ADDRESS` for each."""
    home = cloud.subscription(HOME, tenant_id=TENANT)
    for number in range(int(count)):
        name = f"{prefix}-{number}"
        say(f"{name} {home.put(nic(name, ip(subnet_id(network)))).private_ip_address}")


def attach(cloud: Cloud, name: str, interface: str) -> None:
    """A machine with an interface: a line with what came of it."""
    try:
        cloud.subscription(HOME, tenant_id=TENANT).put(machine(name, nic_id(interface)))
        say("put")
    except ArmError as error:
        say(error.code)


def take_last(cloud: Cloud, network: str, name: str, most: str) -> None:
    """A subnet in a network that takes some number of them: a line with what came of it."""
    cloud.policy = Policy(subnets_per_virtual_network=int(most))
    try:
        cloud.subscription(HOME, tenant_id=TENANT).put(subnet(network, name, "10.1.2.0/24"))
        say("put")
    except ArmError as error:
        say(" ".join(sorted({str(one.code) for one in error.violations})))


def peer(cloud: Cloud, here: str, there: str) -> None:
    """One half of a peering."""
    say(cloud.subscription(HOME, tenant_id=TENANT).put(peering(here, there)).peering_state)


def build(cloud: Cloud, first: str, turns: str) -> None:
    """Turn after turn: two peered networks, a machine in one; then the other network goes with its children.

    `+ID` for each resource that was put, `~ID` before a delete, `-ID` after it.
    """
    home = cloud.subscription(HOME, tenant_id=TENANT)

    def put(one: Resource) -> None:
        say(f"+{home.put(one).id}")

    for turn in range(int(first), int(first) + int(turns)):
        here, there, name = f"here-{turn}", f"there-{turn}", f"web-{turn}"
        for side, octet in ((here, 16), (there, 64)):
            prefix = f"10.{octet + turn // 256}.{turn % 256}.0/24"
            put(network(side, prefix))
            put(subnet(side, "one", prefix))
        put(nic(name, ip(subnet_id(here))))
        put(machine(name, nic_id(name)))
        put(peering(here, there))
        put(peering(there, here))
        say(f"~{network_id(there)}")
        home.delete(network_id(there))
        say(f"-{network_id(there)}")


def watch(cloud: Cloud) -> None:
    """Looks until a second line comes: a line for each half of a write seen, then how often it looked."""
    looks = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        with cloud.snapshot() as view:
            for half in halves(view):
                say(half)
        looks += 1
    say(str(looks))


def run_out(cloud: Cloud, path: str, spare: str) -> None:
    """Puts interfaces where no file may grow past the log and some bytes: a name for each, then the error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    home = cloud.subscription(HOME, tenant_id=TENANT)
    home.put(nic("full", ip(subnet_id("app"))))
    say("full")
    limit = Path(f"{path}-wal").stat().st_size + int(spare)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for number in range(200):
        try:
            home.put(nic(f"full-{number}", ip(subnet_id("app"))))
        except VtapError as error:
            say(str(error))
            return
        say(f"full-{number}")


WORK: Mapping[str, Callable[..., None]] = {
    "group": put_group,
    "interfaces": put_interfaces,
    "attach": attach,
    "take-last": take_last,
    "peer": peer,
    "build": build,
    "watch": watch,
    "run-out": run_out,
}


def main(path: str, work: str, *arguments: str) -> None:
    if work == "group":  # to open the file is part of the work
        say("ready")
        sys.stdin.readline()
    with Cloud.open(f"file:{path}") as cloud:
        if work != "group":
            say("ready")
            sys.stdin.readline()
        WORK[work](cloud, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
