"""`vtap send`, its options and its help."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, CloudFile, Down, PolicySettings
from vtaplib.packets import vxlan
from vtaplib.packets.nanoseconds import NS_PER_SECOND


class Order(StrEnum):
    """What keeps its order."""

    CAPTURE = "capture"
    FLOW = "flow"


def send(
    capture: Annotated[
        str, typer.Argument(metavar="CAPTURE", help="A pcap or pcapng, gzipped or not; - is standard input.")
    ],
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="ADDRESS[:PORT]",
            help="Where the collector listens. The port is 4789 if you give none. With several collectors, "
            "repeat it as NAME=ADDRESS[:PORT], where NAME is the name or ID of a collector's interface.",
        ),
    ],
    cloud: CloudFile = None,
    policy: PolicySettings = None,
    down: Down = None,
    collector: Annotated[
        str | None,
        typer.Option(
            "--collector",
            metavar="NIC",
            help="Send the copies for this collector only, given by the name or ID of its interface.",
            show_default="the only one",
        ),
    ] = None,
    vni: Annotated[
        int | None,
        typer.Option(
            "--vni",
            metavar="N",
            min=0,
            max=vxlan.LARGEST_VNI,
            help="Use no network. Wrap every frame of the capture in VXLAN with this VNI.",
            show_default=False,
        ),
    ] = None,
    copies: Annotated[
        bool,
        typer.Option(
            "--copies",
            help="Use no network. The capture holds VXLAN copies; send their payloads as they are.",
        ),
    ] = False,
    max_frame: Annotated[
        int,
        typer.Option(
            "--max-frame",
            metavar="OCTETS",
            help="Do not send longer frames. `vtap collect` refuses them by default.",
            min=64,
            max=65_499,
        ),
    ] = 9216,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="X", help="Send X times as fast as recorded.", show_default="1"),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            "--rate",
            metavar="RATE",
            help="Send evenly at this rate, such as 200kpps or 800Mbps, counting the bits of outer Ethernet "
            "frames.",
        ),
    ] = None,
    top_speed: Annotated[bool, typer.Option("--top-speed", help="Send as fast as possible.")] = False,
    max_gap: Annotated[
        float | None,
        typer.Option(
            "--max-gap", metavar="SECONDS", help="Shorten longer gaps in the recording to this time."
        ),
    ] = None,
    loop: Annotated[
        int,
        typer.Option(
            "--loop", metavar="N", min=0, help="Send the capture N times; 0 sends it until you stop it."
        ),
    ] = 1,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="Stop after N datagrams.")
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="SECONDS", min=0.001, max=1e9, help="Stop after this time."),
    ] = None,
    spread: Annotated[
        int,
        typer.Option(
            "--source-port-spread",
            metavar="N",
            min=1,
            max=1024,
            help="Spread flows over this many source ports.",
        ),
    ] = 16,
    bind: Annotated[
        str | None,
        typer.Option(
            "--bind", metavar="ADDRESS", help="The address to send from.", show_default="the system's choice"
        ),
    ] = None,
    order: Annotated[
        Order | None,
        typer.Option(
            "--order",
            help="Keep the order of all datagrams (capture) or only the order in each flow (flow), which is "
            "up to twice as fast.",
            show_default="capture; flow with --rate and --top-speed",
        ),
    ] = None,
    offload: Annotated[
        bool,
        typer.Option(
            "--offload",
            help="Let the kernel cut datagrams of one length out of larger messages. This is up to several "
            "times as fast, but gives the datagrams a UDP checksum, which a TAP's copies do not have.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send mirrored frames to a collector as UDP datagrams, live: what a TAP would send it.

    vtap replays the capture through the applied network, and sends the copies for the collector. With --vni
    or --copies it uses no network. It sends at the recorded speed unless you give --speed, --rate or
    --top-speed. Ctrl-C or SIGTERM stops it in good order: it prints its report, and ends with exit code 0 or
    1.

    Exit code 1: something was not sent, or the network answered with errors. The rest was sent.

    \b
    Examples:
      vtap send traffic.pcap --to 127.0.0.1
      vtap send traffic.pcap --to 192.0.2.10:4789 --speed 10 --max-gap 1
      vtap send traffic.pcap --to nic-collector-a=192.0.2.10 --to nic-collector-b=192.0.2.11
      vtap send traffic.pcap --vni 5001 --to 127.0.0.1 --rate 200kpps --loop 0 --duration 60
      vtap send copies.pcapng --copies --to 127.0.0.1:4789 --top-speed --json
    """
    from vtaplib.analysis.sending.document import send_document
    from vtaplib.cli.cloud_file import find_cloud_file, read_topology
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.runner import finish
    from vtaplib.cli.send.pace import pace_of
    from vtaplib.cli.send.run import send as run
    from vtaplib.cli.send.stream import stream_of_capture, stream_of_network
    from vtaplib.collector import Sender
    from vtaplib.collector.sending import overhead_of
    from vtaplib.errors import VtapError

    if vni is not None and copies:
        raise VtapError("--vni and --copies exclude each other: copies have their VNI")
    if vni is None and not copies:
        file, settings = find_cloud_file(cloud), policy_of(policy)
        stream = stream_of_network(to, collector, read_topology(file), settings, down or (), max_frame)
    else:
        without = "--copies" if copies else "--vni"
        for name, given in (("--cloud", cloud), ("--policy", policy), ("--down", down)):
            if given:
                raise VtapError(f"{name}: with {without} no network is asked; leave one of them out")
        stream = stream_of_capture(to, collector, vni, max_frame)
    pace = pace_of(
        speed=speed,
        rate=rate,
        top_speed=top_speed,
        max_gap=max_gap,
        overhead=overhead_of(stream.targets[0]) + (0 if vni is None else vxlan.HEADER_LENGTH),
    )
    sender = Sender(
        stream.targets,
        pace,
        vni=vni,
        spread=spread,
        bind=bind or "",
        by_port=(top_speed or rate is not None) if order is None else order == Order.FLOW,
        offload=offload,
        most=count,
        stop_after_ns=None if duration is None else int(duration * NS_PER_SECOND),
    )
    report = run(capture, stream, sender, how_often=loop, ahead=not top_speed)
    finish(report, send_document, as_json=as_json, found=report.found_something)
