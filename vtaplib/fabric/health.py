"""Health: what the probes of a load balancer would find.

A probe comes from the platform's address to a port of the backend. It is answered by a machine that runs, if
the security groups there let it in; what listens on the port is not known, and taken to answer.
"""

from __future__ import annotations

from collections.abc import Callable

from vtaplib.fabric.security import lets_probes_in
from vtaplib.fabric.topology import Backend, BalancingRule, Interface, IpConfiguration, Topology


class Health:
    """Answers for one topology. `down` are the lower-case IDs of interfaces whose machine is taken for
    failed.
    """

    def __init__(self, topology: Topology, down: frozenset[str] = frozenset()) -> None:
        self._topology = topology
        self._down = down
        self._found: dict[tuple[str, int | None], bool] = {}

    def of(self, rule: BalancingRule | None) -> Callable[[Backend], bool]:
        """What answers as the probe of a rule would."""
        port = None if rule is None else rule.probe_port
        return lambda backend: self.is_healthy(backend, port)

    def is_healthy(self, backend: Backend, port: int | None = None) -> bool:
        """Whether a backend answers a probe of a port."""
        key = backend.ip_configuration_id, port
        found = self._found.get(key)
        if found is None:
            owner = self._topology.owner_of(key[0])
            found = self._found[key] = owner is not None and self.runs(owner[0]) and _is_open(owner[1], port)
        return found

    def runs(self, interface: Interface) -> bool:
        """Whether there is a machine at an interface, and it runs."""
        return interface.machine_id is not None and interface.is_running and not self.is_down(interface)

    def is_down(self, interface: Interface) -> bool:
        """Whether an interface's machine is taken for failed."""
        return bool(self._down) and interface.id.lower() in self._down


def _is_open(configuration: IpConfiguration, port: int | None) -> bool:
    effective_rules, address = configuration.effective_rules, configuration.address
    return effective_rules is None or address is None or lets_probes_in(effective_rules, address, port)
