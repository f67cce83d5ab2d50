"""An explanation of a packet: one that is made to order, or the last of several that were sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vtaplib.analysis.packet_explanation.explainer import Explainer
from vtaplib.analysis.packet_explanation.made_packet import FIELDS, PacketOrder, make
from vtaplib.analysis.packet_explanation.packet import Packet
from vtaplib.analysis.packet_explanation.peerings import Peerings
from vtaplib.analysis.packet_explanation.report import ExplainReport
from vtaplib.analysis.traffic_warnings import traffic_warnings
from vtaplib.errors import VtapError, require_type, texts_of
from vtaplib.fabric.topology import DOWN_WAY_OUT, TOPOLOGY_WAY_OUT, Topology
from vtaplib.mirror.flow_decision import FlowDecision
from vtaplib.model.policy import Policy


def explain(
    asked: PacketOrder | Iterable[Packet],
    topology: Topology,
    peerings: Peerings,
    policy: Policy | None = None,
    *,
    down: Iterable[str] = (),
    reply: bool = False,
    cloud: str = "",
    words: Mapping[str, str] = FIELDS,
) -> ExplainReport:
    """Explain a packet. Of packets it is the last; those before it open the connections that it may answer.

    `down` are the IDs of interfaces whose machine is taken for failed. `reply` asks for the answer too.
    `cloud` is what the report calls the cloud, `words` what messages call the fields of an order. Raises
    `VtapError` for an order that makes no packet.
    """
    require_type("the topology", topology, Topology, TOPOLOGY_WAY_OUT)
    require_type("the peerings", peerings, Peerings, "give Peerings.of(view), with a cloud's snapshot()")
    policy, down = policy or Policy(), texts_of("down", down, DOWN_WAY_OUT)
    explainer = Explainer(topology, peerings, policy, down=down)
    is_made = isinstance(asked, PacketOrder)
    if isinstance(asked, PacketOrder):
        made = make(topology, asked, words)
        source = made.source.interface
        packet, decision = made.packet, explainer.send(made.packet, source.id if source else None)
    else:
        packet, decision = _send(explainer, asked)
    entry = explainer.path_entry(packet, decision)
    answer = explainer.answer(packet, decision, is_made=is_made) if reply else None
    return ExplainReport(
        cloud=cloud,
        policy=policy.in_force(),
        down=down,
        packet=entry,
        answer=None if isinstance(answer, str) else answer,
        no_answer=answer if isinstance(answer, str) else None,
        warnings=traffic_warnings(explainer.accounts, topology, policy),
    )


def _send(explainer: Explainer, packets: Iterable[Packet]) -> tuple[Packet, FlowDecision]:
    """Send packets; what became of the last."""
    last: Packet | None = None
    require_type("what is explained", packets, Iterable, "give a PacketOrder, or packets")
    for packet in packets:
        require_type("a packet", packet, Packet, "give Packet(frame, len(frame)), or a PacketOrder")
        if last is not None:
            explainer.skip(last)
        last = packet
    if last is None:
        raise VtapError("there is no packet to explain")
    return last, explainer.send(last)
