"""`vtaplib.analysis.explain` without the command: a packet and a network in, a report out."""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import Lab, machine, nic_id
from tests.vtaplib.fabric.worlds import udp_frame
from vtaplib import Policy, Topology, VtapError
from vtaplib.analysis import ExplainReport, Packet, PacketOrder, Peerings, explain
from vtaplib.analysis.packet_explanation.document import explain_document
from vtaplib.model import ids
from vtaplib.reports.page.frame import html_page


def network() -> tuple[Topology, Peerings]:
    """The lab, with a machine at each of the interfaces that are asked about."""
    lab = Lab(Policy(region_check="off"))
    lab.put(machine("vm-db", nic_id("db")), machine("vm-collector", nic_id("collector")))
    with lab.cloud.snapshot() as view:
        return Topology.of(view), Peerings.of(view)


TOPOLOGY, PEERINGS = network()
ADDRESSES = {ids.name(one.id): str(one.primary_ipv4) for one in TOPOLOGY.interfaces if one.primary_ipv4}


def explained(order: PacketOrder, *, reply: bool = False) -> ExplainReport:
    return explain(order, TOPOLOGY, PEERINGS, reply=reply)


def test_a_packet_is_made_of_names_and_followed_with_its_copies() -> None:
    report = explained(PacketOrder("db", "web", destination_port=443), reply=True)
    assert report.packet.delivered
    assert [one.verdict for one in report.packet.copies] == ["mirrored"]
    assert report.answer is not None
    assert report.no_answer is None
    assert not report.found_something


def test_what_an_order_lacks_is_told_by_the_name_of_its_field() -> None:
    with pytest.raises(VtapError, match="destination_port is missing: TCP goes to a port"):
        explained(PacketOrder("db", "web"))
    with pytest.raises(VtapError, match="source nobody: is not an address"):
        explained(PacketOrder("nobody", "web", destination_port=1))


def test_of_packets_the_last_is_explained() -> None:
    frames = [udp_frame(ADDRESSES["db"], ADDRESSES["web"], payload=bytes(n)) for n in range(3)]
    packets = [Packet(frame, len(frame), number=n, capture="c") for n, frame in enumerate(frames, start=1)]
    report = explain(iter(packets), TOPOLOGY, PEERINGS)
    assert (report.packet.packet.number, report.packet.packet.bytes) == (3, len(frames[-1]))
    with pytest.raises(VtapError, match="there is no packet to explain"):
        explain((), TOPOLOGY, PEERINGS)


def test_what_is_down_gets_no_copy() -> None:
    order = PacketOrder("db", "web", destination_port=443)
    down = (nic_id("collector"),)
    (copy,) = explain(order, TOPOLOGY, PEERINGS, down=down).packet.copies
    assert (copy.verdict, copy.reason) == ("not_mirrored", "collector_down")
    assert copy.remedy


def test_a_report_is_a_page_too() -> None:
    report = explained(PacketOrder("db", "web", protocol="icmp"), reply=True)
    shown = html_page(explain_document(report))
    assert ">The packet</h2>" in shown
    assert report.packet.packet.sentence in shown
