"""An explanation, from a question and a cloud's file to a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vtaplib.analysis.naming import interfaces_named
from vtaplib.cli.cloud_file import open_cloud
from vtaplib.cli.explain.asking import Captured, Ordered, make, read_up_to
from vtaplib.cli.explain.explainer import Explainer
from vtaplib.cli.explain.packet import Packet
from vtaplib.cli.explain.peerings import Peerings
from vtaplib.cli.explain.report import ExplainReport
from vtaplib.fabric.path_trace import PathTrace
from vtaplib.fabric.routing import Unrouted
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import Policy


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """What to explain; `down` are names or IDs of interfaces, `reply` asks for the answer too."""

    question: Captured | Ordered
    cloud: Path
    policy: Policy
    down: tuple[str, ...] = ()
    reply: bool = False


def explain(request: ExplainRequest) -> ExplainReport:
    """Explain a packet. Raises `VtapError` for what there is not, and for what cannot be opened or read."""
    with open_cloud(request.cloud) as cloud, cloud.snapshot() as view:
        topology, peerings = Topology.of(view), Peerings.of(view)
    down = interfaces_named(topology, request.down, "--down ")
    explainer = Explainer(topology, peerings, request.policy, down=down)
    packet, journey = _send(explainer, request.question)
    told = explainer.tell(packet, journey)
    is_made = isinstance(request.question, Ordered)
    answer = explainer.answer(packet, journey, is_made=is_made) if request.reply else None
    return ExplainReport(
        cloud=str(request.cloud),
        policy=request.policy.in_force(),
        down=down,
        packet=told,
        answer=None if isinstance(answer, str) else answer,
        no_answer=answer if isinstance(answer, str) else None,
    )


def _send(explainer: Explainer, question: Captured | Ordered) -> tuple[Packet, PathTrace | Unrouted]:
    """Send the packet that is asked about, after those that come before it."""
    if isinstance(question, Ordered):
        made = make(explainer.topology, question)
        source = made.source.interface
        return made.packet, explainer.send(made.packet, source.id if source else None)
    for packet in read_up_to(question):
        if packet.number == question.number:
            return packet, explainer.send(packet)
        explainer.pass_by(packet)
    raise AssertionError("the last packet is the one that is asked about")
