"""`vtap collect`, its options and its help."""

from __future__ import annotations

from typing import Annotated

import typer

from vtaplib.cli.collect.hangup import OnHangup, usual_on_hangup
from vtaplib.cli.options import AsJson, show_stages
from vtaplib.packets.vxlan import LARGEST_VNI


def collect(
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="ADDR[:PORT]",
            help="The address to receive VXLAN on; 0.0.0.0 is every address.",
        ),
    ],
    write: Annotated[
        str | None,
        typer.Option(
            "--write",
            metavar="PATH",
            help="Write the inner frames into this pcapng file, or with a --rotate option into files in "
            "this directory; - is standard output.",
        ),
    ] = None,
    rotate_size: Annotated[
        str | None,
        typer.Option(
            "--rotate-size", metavar="SIZE", help="Begin a new file at this size, such as 100MB or 1GiB."
        ),
    ] = None,
    rotate_every: Annotated[
        str | None,
        typer.Option(
            "--rotate-every", metavar="TIME", help="Begin a new file after this time, such as 60s or 1h."
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", metavar="N", min=1, help="Keep the newest N files and remove older ones."),
    ] = None,
    fsync: Annotated[
        bool,
        typer.Option(
            "--fsync",
            help="Flush the file to the disk every second and when it is finished, in case of a power cut. A "
            "kill loses nothing even without it.",
        ),
    ] = False,
    interface: Annotated[
        str | None,
        typer.Option(
            "--interface",
            metavar="NAME",
            help="Show the inner frames on this TAP interface. It is created if it does not exist. Needs "
            "CAP_NET_ADMIN.",
        ),
    ] = None,
    forward: Annotated[
        list[str] | None,
        typer.Option(
            "--forward",
            metavar="ADDR[:PORT]",
            help="Forward the frames to another collector, in VXLAN again; repeatable. With --stage "
            "balance=N, give one for each of the N outputs.",
        ),
    ] = None,
    vni: Annotated[
        list[int] | None,
        typer.Option("--vni", metavar="N", help="Accept only this VNI; repeatable.", min=0, max=LARGEST_VNI),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NET", help="Accept only senders in this network; repeatable."),
    ] = None,
    max_frame: Annotated[
        int,
        typer.Option(
            "--max-frame",
            metavar="OCTETS",
            help="Refuse longer inner frames. `vtap send` has the same limit.",
            min=64,
            max=65_499,
        ),
    ] = 9216,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="A stage of a packet broker that frames pass through, such as filter='tcp port 443', "
            "dedup=50ms, slice=128, sample=1/10 or balance=2; repeatable, in this order. `--stage help` "
            "lists the stages.",
            callback=show_stages,
            is_eager=True,
        ),
    ] = None,
    health_port: Annotated[
        str | None,
        typer.Option(
            "--health-port",
            metavar="[ADDR:]PORT",
            help="Answer a load balancer's probes, TCP or HTTP, on this port while frames are collected.",
        ),
    ] = None,
    backlog: Annotated[
        int,
        typer.Option(
            "--backlog",
            metavar="PACKETS",
            help="Hold this many packets in memory while outputs are slow. Further packets are lost and "
            "counted.",
            min=1024,
            max=4_194_304,
        ),
    ] = 65_536,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="Stop after N frames.")
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="Stop after this time, such as 30s, 10m or 1h."),
    ] = None,
    on_hangup: Annotated[
        OnHangup | None,
        typer.Option(
            "--on-hangup",
            help="What SIGHUP does: end stops with the report, reopen finishes the files and begins new "
            "ones, ignore does nothing.",
            show_default="ignore under nohup, end on a terminal, else reopen",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Collect mirrored frames: receive VXLAN over UDP, and write, show or forward what is inside.

    Datagrams that are malformed, too long, of another VNI or from another sender are counted and dropped.
    Ctrl-C or SIGTERM stops the collector in good order: it finishes what it received, prints its report, and
    ends with exit code 0, or as below. SIGHUP does what --on-hangup says.

    Exit code 1: something was lost. 2: the collector could not begin, or an output failed for good. 141: the
    program that read its pipe has ended.

    \b
    Examples:
      vtap collect --listen 0.0.0.0 --write traffic.pcapng
      vtap collect --listen 10.0.0.4:4789 --write captures --rotate-size 100MB --rotate-every 10m --keep 24
      vtap collect --listen 0.0.0.0 --interface vtap0 --health-port 8080
      vtap collect --listen 0.0.0.0 --stage "filter=tcp port 443" --stage slice=128 --write - | tshark -i -
      vtap collect --listen 0.0.0.0 --stage balance=2 --forward 10.0.1.4 --forward 10.0.1.5
    """
    from vtaplib.analysis.collecting.document import collect_document
    from vtaplib.cli.collect.request import CollectRequest, health_endpoint, network_of, octets_of
    from vtaplib.cli.collect.run import run
    from vtaplib.cli.duration import read_duration
    from vtaplib.cli.output_files import is_standard_output
    from vtaplib.cli.runner import finish
    from vtaplib.collector import Endpoint
    from vtaplib.collector.broker import parse_stages
    from vtaplib.errors import VtapError

    if write is not None and is_standard_output(write):
        if as_json:
            raise VtapError(
                f"--write {write}: frames go to standard output, and so would --json; write to a file"
            )
        write = "-"
    request = CollectRequest(
        listen=Endpoint.of(listen, "--listen"),
        write=write,
        rotate_octets=None if rotate_size is None else octets_of(rotate_size),
        rotate_seconds=None if rotate_every is None else read_duration(rotate_every, "--rotate-every"),
        keep=keep,
        fsync=fsync,
        interface=interface,
        forward=tuple(Endpoint.of(one, "--forward", least_port=1) for one in forward or ()),
        vnis=frozenset(vni or ()),
        sources=tuple(map(network_of, source or ())),
        max_frame=max_frame,
        pipeline=parse_stages(stage) if stage else None,
        stages=tuple(stage or ()),
        health=None if health_port is None else health_endpoint(health_port),
        backlog=backlog,
        count=count,
        seconds=None if duration is None else read_duration(duration, "--for"),
        on_hangup=on_hangup or usual_on_hangup(),
    )
    report, failure = run(request)
    finish(
        report,
        collect_document,
        as_json=as_json,
        found=report.lost_something,
        failure=failure,
        # Where frames go to standard output, the report does not.
        stderr=write == "-",
    )
