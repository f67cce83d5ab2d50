"""`vtap replay`, its options and its help."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, CloudFile, Down, Page, PolicySettings, PrivateLink, show_stages
from vtaplib.errors import VtapError


class CaptureFormat(StrEnum):
    """The formats of captures that replay writes."""

    PCAPNG = "pcapng"
    PCAP = "pcap"


class Decoder(StrEnum):
    """The programs that read copies for replay."""

    VTAP = "vtap"
    SCAPY = "scapy"


def replay(
    capture: Annotated[
        str, typer.Argument(metavar="CAPTURE", help="A pcap or pcapng, gzipped or not; - is standard input.")
    ],
    cloud: CloudFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Write the copies into this directory, one capture for each collector's interface. If the "
            "name ends in .pcapng, write one file with an interface for each of them.",
        ),
    ] = None,
    capture_format: Annotated[
        CaptureFormat, typer.Option("--format", help="The format of the captures.")
    ] = CaptureFormat.PCAPNG,
    comments: Annotated[
        bool,
        typer.Option(
            "--comments",
            help="Add a comment to each copy: which TAP made it, where, and of which packet. This is slower.",
        ),
    ] = False,
    down: Down = None,
    private_link: PrivateLink = None,
    policy: PolicySettings = None,
    decode: Annotated[
        int,
        typer.Option("--decode", metavar="N", min=0, help="Show the first N copies, layer by layer."),
    ] = 0,
    decoder: Annotated[
        Decoder, typer.Option("--decoder", help="What decodes them. scapy comes with the extra `decode`.")
    ] = Decoder.VTAP,
    stage: Annotated[
        list[str] | None,
        typer.Option(
            "--stage",
            metavar="STAGE",
            help="Decapsulate the copies of each collector and pass them through a stage of a packet broker, "
            "such as dedup=50ms or slice=128; repeatable, in this order. --out then gets the inner frames "
            "that are left. `--stage help` lists the stages.",
            callback=show_stages,
            is_eager=True,
        ),
    ] = None,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Replay a capture through the applied network: what each collector gets, and why it misses the rest.

    vtap finds the interfaces by the addresses in the frames.

    Exit code 1: a part of the capture is cut off, damaged or not Ethernet. The rest was replayed.

    \b
    Examples:
      vtap replay traffic.pcap
      vtap replay traffic.pcapng.gz --out copies --format pcap
      vtap replay traffic.pcap --out copies.pcapng --comments
      vtap replay traffic.pcap --down nic-collector-b --policy vni=per_source
      vtap replay traffic.pcap --report traffic.html
      vtap replay traffic.pcap --out frames --stage "filter=tcp port 443" --stage dedup=50ms
      tcpdump -w - | vtap replay - --json
    """
    from vtaplib.analysis import replay as replayed
    from vtaplib.analysis.naming import interfaces_named
    from vtaplib.analysis.traffic_replay.document import replay_document
    from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, open_cloud
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.progress import reading
    from vtaplib.cli.replay.captures import open_copies, open_staged
    from vtaplib.cli.runner import finish, maybe_page
    from vtaplib.fabric.topology import Topology

    file, settings = find_cloud_file(cloud), policy_of(policy)
    inventory = None
    with open_cloud(file) as opened, opened.snapshot() as view:
        topology = Topology.of(view)
        if page is not None:
            from vtaplib.analysis.inventory import take_inventory

            inventory = take_inventory(opened, str(file))
    failed = interfaces_named(topology, down or (), "--down ")
    private = [_address(one) for one in private_link or ()]
    with OutputFiles([capture, *cloud_files(file)]) as files, reading(capture, "replaying") as reader:
        write_page = maybe_page(files, page)
        outputs = out, capture_format.value, topology.collectors, files
        report = replayed(
            reader,
            topology,
            settings,
            down=failed,
            private_link=private,
            out=open_staged(stage, *outputs, comments=comments)
            if stage
            else open_copies(*outputs, comments=comments),
            comments=comments,
            decode=decode,
            decoder=decoder.value,
            cloud=str(file),
        )
        write_page(lambda: replay_document(report, inventory))
    finish(report, replay_document, as_json=as_json, found=report.found_something)


def _address(text: str) -> IPv4Address:
    from vtaplib.model.addresses import maybe_address

    address = maybe_address(text)
    if not isinstance(address, IPv4Address):
        raise VtapError(f"--private-link {text} is not an IPv4 address")
    return address
