"""`vtap explain`, its options and its help."""

from __future__ import annotations

from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, CloudFile, Down, PolicySettings

_PORTS = {"min": 0, "max": 0xFFFF}


def explain(
    capture: Annotated[
        str | None,
        typer.Argument(
            metavar="CAPTURE",
            help="A pcap or pcapng, gzipped or not; - is standard input. Without it, vtap makes a packet "
            "from the options.",
            show_default=False,
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="NUMBER",
            min=1,
            help="Which Ethernet packet of the capture, counted from 1.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--src", metavar="END", help="The sender: an address, or an interface or machine by name or ID."
        ),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(
            "--dst",
            metavar="END",
            help="The receiver: an address, or an interface, machine or load balancer by name or ID.",
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--proto",
            metavar="NAME",
            help="tcp, udp, icmp, sctp, gre, esp, ah or a number.",
            show_default="tcp",
        ),
    ] = None,
    source_port: Annotated[
        int | None,
        typer.Option("--sport", metavar="PORT", help="The source port.", show_default="49152", **_PORTS),
    ] = None,
    destination_port: Annotated[
        int | None, typer.Option("--dport", metavar="PORT", help="The destination port.", **_PORTS)
    ] = None,
    icmp_type: Annotated[
        int | None,
        typer.Option(
            "--icmp-type",
            metavar="TYPE",
            min=0,
            max=255,
            help="The type of an ICMP message.",
            show_default="that of an echo request",
        ),
    ] = None,
    length: Annotated[
        int | None,
        typer.Option(
            "--length",
            metavar="BYTES",
            min=0,
            help="The length of the Ethernet frame, without FCS.",
            show_default="just its headers",
        ),
    ] = None,
    vlan: Annotated[
        int | None,
        typer.Option("--vlan", metavar="ID", min=0, max=4095, help="Tag the frame with this VLAN."),
    ] = None,
    ipv6: Annotated[bool, typer.Option("--ipv6", help="Use the IPv6 addresses of the two ends.")] = False,
    reply: Annotated[bool, typer.Option("--reply", help="Also explain the answer.")] = False,
    cloud: CloudFile = None,
    policy: PolicySettings = None,
    down: Down = None,
    as_json: AsJson = False,
) -> None:
    """Explain what happens to one packet and to its copies, step by step, and why.

    The packet comes from a capture, or vtap makes one from --src and --dst. You see the source checks, the
    route, every security group with the rule that decides, every tap point with its verdict, how a load
    balancer chooses the collector, the outer headers, and what the collector's security groups say. Where
    something is lost, you see what to change. vtap first reads the packets of the capture that come before,
    because they open connections.

    Exit code 1: the packet, or with --reply the answer, is dropped, or no collector gets a copy of it.

    \b
    Examples:
      vtap explain traffic.pcap 17
      vtap explain --src vm-web --dst vm-database --dport 5432 --reply
      vtap explain --src 10.10.1.4 --dst 10.10.2.4 --proto udp --dport 53 --length 1400
      vtap explain --src nic-web --dst nic-database --proto icmp --down nic-collector-b --json
    """
    from vtaplib.analysis import PacketOrder, Peerings
    from vtaplib.analysis import explain as explained
    from vtaplib.analysis.naming import interfaces_named
    from vtaplib.analysis.packet_explanation.document import explain_document
    from vtaplib.cli.cloud_file import find_cloud_file, open_cloud
    from vtaplib.cli.explain.asking import OPTIONS, question_of
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.runner import finish
    from vtaplib.fabric.topology import Topology

    ordered = PacketOrder(
        source,
        destination,
        protocol,
        source_port,
        destination_port,
        icmp_type,
        length,
        vlan,
        ipv6 or None,
    )
    asked = question_of(capture, number, ordered)
    file, settings = find_cloud_file(cloud), policy_of(policy)
    with open_cloud(file) as opened, opened.snapshot() as view:
        topology, peerings = Topology.of(view), Peerings.of(view)
    failed = interfaces_named(topology, down or (), "--down ")
    report = explained(
        asked, topology, peerings, settings, down=failed, reply=reply, cloud=str(file), words=OPTIONS
    )
    finish(report, explain_document, as_json=as_json, found=report.found_something)
