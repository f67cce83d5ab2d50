"""A process of its own on a cloud's file: `python -m tests.vtaplib.control.cloud_process FILE WORK ARGUMENT…`.

It opens the cloud, prints `ready`, waits for a line, works, and prints a line for each write *after* it has
returned. A line is what the test may hold against the file, whatever happens to the process later.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.vtaplib.control.lab import HOME, TENANT, ip, nic, subnet_id
from vtaplib import Cloud, SubscriptionHandle


def say(line: str) -> None:
    print(line, flush=True)


def put_interfaces(home: SubscriptionHandle, network: str, prefix: str, count: str) -> None:
    """Interfaces with dynamic addresses in a network's subnet `one`: a line `NAME ADDRESS` for each."""
    for number in range(int(count)):
        name = f"{prefix}-{number}"
        say(f"{name} {home.put(nic(name, ip(subnet_id(network)))).private_ip_address}")


WORK: Mapping[str, Callable[..., None]] = {"interfaces": put_interfaces}


def main(path: str, work: str, *arguments: str) -> None:
    with Cloud.open(path) as cloud:
        home = cloud.subscription(HOME, tenant_id=TENANT)
        say("ready")
        sys.stdin.readline()
        WORK[work](home, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
