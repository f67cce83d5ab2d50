"""What the kernel says of packets that never came to a socket, as far as it can be known.

VXLAN numbers no datagrams. What a collector's own socket dropped is known exactly, by the socket; these here
count for the whole network namespace (the queue of a processor, for the whole machine), so they are the most
that this collector can have lost there. What was lost before this machine, nobody here can know.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final, Self

_NET: Final = Path("/proc/self/net")


@dataclass(frozen=True, slots=True)
class KernelCounters:
    """Packets that the kernel dropped on their way to sockets, by where (proc(5), `/proc/net`)."""

    receive_buffer_errors: int
    """UDP datagrams for which a socket had no room; those of the collector's own are among them."""
    checksum_errors: int
    """UDP datagrams whose checksum was wrong; likewise."""
    reassembly_failures: int
    """IP packets whose fragments never became whole."""
    queue_drops: int
    """Packets for which the queue of a processor had no room (net.core.netdev_max_backlog)."""
    interface_drops: int
    """Packets that network interfaces dropped, or had no room for."""

    @classmethod
    def read(cls, without: Collection[str] = ()) -> Self:
        """The counters as they are now; where the system does not tell one, it stays 0.

        `without` are names of interfaces that are not counted: those that frames are shown on, where the
        kernel drops whatever nobody reads.
        """
        protocols = _protocols(_read("snmp")) | _flat(_read("snmp6"))
        lines = [line.partition(":") for line in _read("dev").splitlines()[2:]]
        interfaces = [columns.split() for name, _, columns in lines if name.strip() not in without]
        queues = [line.split() for line in _read("softnet_stat").splitlines()]
        return cls(
            receive_buffer_errors=_sum(protocols, "UdpRcvbufErrors", "Udp6RcvbufErrors"),
            checksum_errors=_sum(protocols, "UdpInCsumErrors", "Udp6InCsumErrors"),
            reassembly_failures=_sum(protocols, "IpReasmFails", "Ip6ReasmFails"),
            queue_drops=sum(int(columns[1], 16) for columns in queues),
            interface_drops=sum(int(columns[3]) + int(columns[4]) for columns in interfaces),
        )

    def since(self, earlier: KernelCounters) -> KernelCounters:
        """What was added since an earlier reading; nothing where an interface took its counter with it."""
        return KernelCounters(
            **{one.name: max(getattr(self, one.name) - getattr(earlier, one.name), 0) for one in fields(self)}
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing was dropped anywhere."""
        return not any(asdict(self).values())


def _read(name: str) -> str:
    try:
        return (_NET / name).read_text()
    except OSError:
        return ""


def _protocols(text: str) -> dict[str, int]:
    """Counters of `snmp`: lines of names and lines of numbers by turns, each begun by a protocol."""
    lines = text.splitlines()
    counters = {}
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        protocol, *columns = names.split()
        for name, number in zip(columns, numbers.split()[1:], strict=False):
            counters[protocol.rstrip(":") + name] = int(number)
    return counters


def _flat(text: str) -> dict[str, int]:
    """Counters of `snmp6`: a name and a number in each line."""
    return {name: int(number) for name, number in map(str.split, text.splitlines())}


def _sum(counters: dict[str, int], *names: str) -> int:
    return sum(counters.get(name, 0) for name in names)
