"""How a load balancer's frontend chose a collector for a copy, from what it looked at."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from vtaplib.analysis.packet_explanation.names import Names
from vtaplib.analysis.packet_explanation.packet import protocol_name
from vtaplib.analysis.packet_explanation.report import BackendEntry, BalancingEntry
from vtaplib.fabric.balancing import choose_backend
from vtaplib.fabric.topology import Backend, Distribution
from vtaplib.mirror.destination import BalancedDestination
from vtaplib.packets import vxlan
from vtaplib.packets.flow import Flow


def balancing_entry(
    spread: BalancedDestination, source_port: int, answers_port: int, names: Names
) -> BalancingEntry:
    """How copies with this outer source port are given out, and those of the answers with the other."""
    rule, flow = spread.rule, spread.flow(source_port)
    chosen = choose_backend(spread.frontend, flow, spread.is_healthy)
    return BalancingEntry(
        frontend_id=spread.frontend.id,
        rule=rule.name if rule else None,
        protocol=rule.protocol.value if rule else None,
        frontend_port=rule.frontend_port if rule else None,
        distribution=rule.distribution.value if rule else None,
        hashed=hashed_values(flow, rule.distribution) if rule else {},
        has_probe=rule is not None and rule.has_probe,
        is_floating_ip=rule is not None and rule.is_floating_ip,
        is_split=spread.split(source_port, answers_port).is_split,
        backends=tuple(
            _backend_entry(spread, one, names, has_probe=rule.has_probe, is_chosen=chosen == (rule, one))
            for one in rule.backends
        )
        if rule
        else (),
    )


def _backend_entry(
    spread: BalancedDestination, backend: Backend, names: Names, *, has_probe: bool, is_chosen: bool
) -> BackendEntry:
    owner = spread.sender.topology.owner_of(backend.ip_configuration_id)
    is_healthy = spread.is_healthy(backend)
    return BackendEntry(
        ip_configuration_id=backend.ip_configuration_id,
        interface=names.destination(backend.ip_configuration_id),
        address=str(owner[1].address) if owner and owner[1].address else None,
        is_healthy=is_healthy or not has_probe,
        condition=_condition(spread, backend, is_healthy=is_healthy, has_probe=has_probe),
        is_chosen=is_chosen,
    )


def _condition(spread: BalancedDestination, backend: Backend, *, is_healthy: bool, has_probe: bool) -> str:
    """Why a backend is healthy, or not."""
    owner = spread.sender.topology.owner_of(backend.ip_configuration_id)
    if owner is None:
        found = "its interface does not exist"
    elif owner[0].machine_id is None:
        found = "it is attached to no machine"
    elif owner[0].id.lower() in spread.sender.down:
        found = "its machine is taken for failed"
    elif not owner[0].is_running:
        found = "its machine does not run"
    elif is_healthy:
        found = "its machine runs"
    elif spread.rule is not None and spread.rule.probe_port == vxlan.PORT:
        found = f"its machine runs, and answers no probe on port {vxlan.PORT}: there are none over UDP"
    else:
        found = "a security group keeps the probe out"
    if not has_probe:
        return f"{found}; the rule has no probe, so it counts as healthy"
    if (
        spread.rule is not None
        and spread.rule.all_probed_up
        and not any(map(spread.is_healthy, spread.rule.backends))
    ):
        return f"{found}; no backend is healthy, and the probe's AllProbedUp sends to all of them"
    return found


def hashed_values(flow: Flow, distribution: Distribution) -> Mapping[str, str | int]:
    """The fields of the outer header that a distribution hashes, with their values."""
    values: dict[str, str | int] = {
        "source": str(ip_address(flow.source)),
        "destination": str(ip_address(flow.destination)),
    }
    if distribution is Distribution.SOURCE_IP:
        return values
    values["protocol"] = protocol_name(flow.protocol)
    if distribution is Distribution.DEFAULT:
        values |= {"source port": flow.source_port, "destination port": flow.destination_port}
    return values
