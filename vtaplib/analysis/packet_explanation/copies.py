"""What became of a packet at a tap point, step by step.

The verdict is the engine's. The steps are a table in the order in which the engine asks, with the reasons
that each can give: a copy got past all steps before the one that its reason belongs to. So no step decides
anything again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from vtaplib.analysis.packet_explanation.copy_case import CopyCase
from vtaplib.analysis.packet_explanation.remedies import COPY_REMEDIES
from vtaplib.analysis.packet_explanation.report import CopyEntry, OuterEntry, StepEntry
from vtaplib.fabric.path_sentences import rule_id, step_sentence
from vtaplib.mirror.outer_header import IP_OVERHEAD
from vtaplib.mirror.oversize import LARGEST_INNER_WITHIN_MTU
from vtaplib.mirror.verdict import Mirrored, Reason
from vtaplib.model import ids
from vtaplib.packets import ethernet, vxlan

BALANCING: Final = "the load balancer"
"""The stage at which one chooses."""


def copy_entry(case: CopyCase) -> CopyEntry:
    """What became of the copy, as the report has it."""
    verdict, names = case.verdict, case.names
    point = verdict.point
    is_mirrored = isinstance(verdict, Mirrored)
    collector = case.collector
    return CopyEntry(
        interface_id=point.interface_id,
        interface=names.interface(point.interface_id),
        direction=point.direction.value,
        tap_id=point.tap_id,
        tap=names.of_id(point.tap_id),
        tap_configuration_id=point.tap_configuration_id,
        verdict="mirrored" if is_mirrored else "not_mirrored",
        reason=case.reason.name.lower() if case.reason else None,
        explanation=case.reason.value if case.reason else f"{_collector_name(case)} gets the copy",
        remedy=_remedy(case),
        collector_id=collector.id if collector else None,
        collector=names.interface(collector.id) if collector else None,
        steps=tuple(_steps(case)),
        balancing=case.balancing,
        outer=_outer(verdict) if isinstance(verdict, Mirrored) else None,
    )


def _steps(case: CopyCase) -> Iterator[StepEntry]:
    """The steps up to the one at which the copy was lost."""
    for stage in STAGES:
        if not stage.applies(case):
            continue
        if case.reason in stage.reasons:
            yield StepEntry(
                stage.name, passed=False, text=stage.lost(case), decided_by=stage.decided_by(case)
            )
            return
        yield StepEntry(stage.name, passed=True, text=stage.passed(case), decided_by=stage.decided_by(case))


def _outer(verdict: Mirrored) -> OuterEntry:
    return OuterEntry(
        source_mac=ethernet.mac_to_text(verdict.source_mac),
        destination_mac=ethernet.mac_to_text(verdict.destination_mac),
        source=str(verdict.source),
        destination=str(verdict.destination),
        source_port=verdict.source_port,
        destination_port=verdict.destination_port,
        vni=verdict.vni,
        frames=len(verdict.copies),
        bytes=verdict.copy_octets,
        inner_bytes=verdict.carried_octets,
        is_cut=verdict.is_cut,
    )


def _remedy(case: CopyCase) -> str | None:
    """What to change where there is no copy."""
    if case.reason is None:
        return None
    if case.reason is Reason.COLLECTOR_UNREACHABLE and not case.is_reachable:
        return case.obstacle.remedy
    if case.reason is Reason.COLLECTOR_DOWN and case.is_taken_for_failed:
        return "Nothing: you asked what happens to the copy when this one fails (--down)."
    point, names, collector = case.verdict.point, case.names, case.collector
    return COPY_REMEDIES[case.reason].format(
        interface=names.of_id(point.interface_id),
        configuration=ids.label(point.tap_configuration_id),
        tap=names.of_id(point.tap_id),
        destination=names.destination(case.destination_id),
        collector=names.of_id(collector.id) if collector else "the collector",
        machine=ids.name(collector.machine_id) if collector and collector.machine_id else "NAME",
        address=case.address,
        largest=LARGEST_INNER_WITHIN_MTU - ethernet.HEADER_LENGTH,
    )


def _kind(case: CopyCase) -> str:
    what = {4: "IPv4", 0: "not IP"}.get(case.flow.version, "IPv6")
    if case.policy.remirror == "mirror":
        return f"{what}; under the policy remirror=mirror a copy would be copied too"
    return f"{what}, and no copy on its way to a collector"


def _security(case: CopyCase) -> str:
    if case.interface_hop.context.is_denied:
        return "a security group drops it, but under the policy mirror_denied=true it is copied before that"
    return f"the security groups at {case.names.of_id(case.interface.id)} let it pass"


def _internet(case: CopyCase) -> str:
    if case.rewriting is None:
        return "its addresses are copied as they are"
    return (
        f"the copy shows the public address {IPv4Address(case.rewriting.address)} (policy "
        f"snat_view={case.policy.snat_view})"
    )


def _way(case: CopyCase) -> str:
    here, there = case.interface.network_id, case.destination_network_id
    if ids.key(here) == ids.key(there):
        return f"both are in {case.names.of_id(here)}"
    return f"{case.names.of_id(here)} and {case.names.of_id(there)} are peered, both sides Connected"


def _balancer(case: CopyCase) -> str:
    rule = case.balancing.rule if case.balancing else None
    return f"rule {rule} takes UDP {vxlan.PORT} and gives it to {_collector_name(case)}"


def _no_backend(case: CopyCase) -> str:
    if case.reason is Reason.DESTINATION_MISSING:
        return "the chosen backend does not exist or has no IPv4 address"
    if case.reason is Reason.NO_BALANCING_RULE:
        return f"no rule of {case.names.destination(case.destination_id)} takes UDP {vxlan.PORT}"
    return f"rule {case.balancing.rule if case.balancing else ''} has no healthy backend"


def _collector(case: CopyCase) -> str:
    return f"{_collector_name(case)} runs"


def _collector_name(case: CopyCase) -> str:
    return case.names.interface(case.collector.id) if case.collector else "the collector"


def _lost_collector(case: CopyCase) -> str:
    name = _collector_name(case)
    down = "is taken for failed" if case.is_taken_for_failed else "does not run: its machine is deallocated"
    return {
        Reason.SELF_MIRROR: f"{name} is the tapped interface itself",
        Reason.COLLECTOR_DETACHED: f"{name} is attached to no machine",
        Reason.COLLECTOR_DOWN: f"{name} {down}",
        Reason.COLLECTOR_UNREACHABLE: f"{name} is in another network than the load balancer",
    }[case.reason or Reason.COLLECTOR_DOWN]


def _collector_security(case: CopyCase) -> str:
    if case.policy.collector_nsg != "enforce":
        return f"nobody asks (policy collector_nsg={case.policy.collector_nsg})"
    return "; ".join(map(step_sentence, case.collector_security)) or "no security group is in force"


def _deciding_rule(case: CopyCase) -> str | None:
    steps = case.collector_security if case.policy.collector_nsg == "enforce" else ()
    return rule_id(steps[-1]) if steps else None


def _size(case: CopyCase) -> str:
    said = f"its outer IP length is {case.octets + IP_OVERHEAD}, "
    verdict, limit = case.verdict, case.engine.oversize.limit
    if not isinstance(verdict, Mirrored):
        return f"{said}above the {limit} that is carried ({_policy_on_size(case)})"
    if verdict.is_cut:
        return f"{said}of which {verdict.carried_octets} bytes of the packet go ({_policy_on_size(case)})"
    if len(verdict.copies) > 1:
        return f"{said}carried in {len(verdict.copies)} fragments ({_policy_on_size(case)})"
    return f"{said}carried in one piece ({_policy_on_size(case)})"


def _policy_on_size(case: CopyCase) -> str:
    snaplen = "" if case.policy.snaplen == "off" else f", snaplen={case.policy.snaplen}"
    return f"policy oversize={case.policy.oversize}{snaplen}"


def _tap(case: CopyCase) -> str:
    tap = case.names.of_id(case.verdict.point.tap_id)
    return f"{tap} sends to {case.names.destination(case.destination_id)}"


def _sender(case: CopyCase) -> str:
    return f"copies come from {case.address}, the primary address of {case.names.of_id(case.interface.id)}"


def _destination(case: CopyCase) -> str:
    return f"{case.names.destination(case.destination_id)} has the address {case.destination_address}"


@dataclass(frozen=True, slots=True)
class CopyStage:
    """What the engine asks at one step, and the reasons that it can give there.

    `applies` says whether it is asked of a case; of two stages with one reason it also says whose it is.
    """

    name: str
    reasons: frozenset[Reason]
    passed: Callable[[CopyCase], str]
    lost: Callable[[CopyCase], str] = lambda case: case.reason.value if case.reason else ""
    decided_by: Callable[[CopyCase], str | None] = lambda case: None
    applies: Callable[[CopyCase], bool] = lambda case: True


def _collector_id(case: CopyCase) -> str | None:
    return case.collector.id if case.collector else None


STAGES: Final = (
    CopyStage(
        "the packet",
        frozenset({Reason.MALFORMED, Reason.IPV6, Reason.PRIVATE_LINK, Reason.ALREADY_MIRRORED}),
        _kind,
    ),
    CopyStage("security at the tap", frozenset({Reason.DENIED}), _security),
    CopyStage(
        "the internet",
        frozenset({Reason.SNAT_RETURN}),
        _internet,
        applies=lambda case: case.reason is Reason.SNAT_RETURN or case.rewriting is not None,
    ),
    CopyStage(
        "the TAP",
        frozenset({Reason.TAP_MISSING}),
        _tap,
        decided_by=lambda case: case.verdict.point.tap_configuration_id,
    ),
    CopyStage(
        "the sender",
        frozenset({Reason.SOURCE_DETACHED, Reason.SOURCE_WITHOUT_IPV4}),
        _sender,
        decided_by=lambda case: case.interface.id,
    ),
    CopyStage(
        "the destination",
        frozenset({Reason.DESTINATION_MISSING}),
        _destination,
        decided_by=lambda case: case.destination_id or None,
        applies=lambda case: not (case.reason is Reason.DESTINATION_MISSING and case.destination_address),
    ),
    CopyStage(
        "the way there",
        frozenset({Reason.COLLECTOR_UNREACHABLE}),
        _way,
        lost=lambda case: case.obstacle.text,
        applies=lambda case: not (case.reason is Reason.COLLECTOR_UNREACHABLE and case.is_reachable),
    ),
    CopyStage(
        BALANCING,
        frozenset({Reason.NO_BALANCING_RULE, Reason.NO_HEALTHY_BACKEND, Reason.DESTINATION_MISSING}),
        _balancer,
        lost=_no_backend,
        decided_by=lambda case: case.destination_id,
        applies=lambda case: case.frontend is not None,
    ),
    CopyStage(
        "the collector",
        frozenset(
            {
                Reason.SELF_MIRROR,
                Reason.COLLECTOR_DETACHED,
                Reason.COLLECTOR_DOWN,
                Reason.COLLECTOR_UNREACHABLE,
            }
        ),
        _collector,
        lost=_lost_collector,
        decided_by=_collector_id,
    ),
    CopyStage(
        "security at the collector",
        frozenset({Reason.COLLECTOR_SECURITY}),
        _collector_security,
        lost=_collector_security,
        decided_by=_deciding_rule,
    ),
    CopyStage("the size", frozenset({Reason.OVERSIZE}), _size),
)
"""In the order in which the engine asks."""
