"""`vtap estimate`, its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson, CloudFile, Down, Page, PolicySettings


def estimate(
    capture: Annotated[
        str | None,
        typer.Argument(
            metavar="CAPTURE",
            help="A pcap or pcapng, gzipped or not; - is standard input.",
            show_default=False,
        ),
    ] = None,
    flow_logs: Annotated[
        list[Path] | None,
        typer.Option(
            "--flow-logs",
            metavar="PATH",
            help="A virtual network's flow log (version 4, JSON, gzipped or not) instead of a capture, or a "
            "directory of flow logs; repeatable.",
        ),
    ] = None,
    cloud: CloudFile = None,
    scale: Annotated[
        float, typer.Option("--scale", metavar="N", help="Estimate for N times the traffic.")
    ] = 1,
    duration: Annotated[
        str,
        typer.Option(
            "--duration", metavar="TIME", help="Extrapolate the volume to this time, such as 12h or 30d."
        ),
    ] = "1d",
    talkers: Annotated[
        int, typer.Option("--talkers", metavar="N", min=0, help="List the N top talkers of each TAP.")
    ] = 5,
    down: Down = None,
    policy: PolicySettings = None,
    page: Page = None,
    as_json: AsJson = False,
) -> None:
    """Estimate what each TAP and collector would carry: rates, volume, headroom, and a machine size for it.

    A frame that was captured only in part counts in full.

    Exit code 1: a machine would carry too much, or a part of the input could not be read.

    \b
    Examples:
      vtap estimate traffic.pcap
      vtap estimate traffic.pcap --scale 40 --duration 30d
      vtap estimate traffic.pcap --down nic-collector-b --json
      vtap estimate traffic.pcap --report estimate.html
      vtap estimate --flow-logs insights-logs-flowlogflowevent/ --cloud lab/.vtap/cloud.db
    """
    from vtaplib.analysis import estimate as estimated
    from vtaplib.analysis.naming import interfaces_named
    from vtaplib.analysis.traffic_estimate.document import estimate_document
    from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, read_topology
    from vtaplib.cli.duration import read_duration
    from vtaplib.cli.estimate.traffic import open_traffic, traffic_inputs
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.policy_option import policy_of
    from vtaplib.cli.runner import finish, maybe_page
    from vtaplib.errors import VtapError

    if (capture is None) == (not flow_logs):
        raise VtapError("estimate: give a CAPTURE, or --flow-logs PATH, and not both")
    if not 0 < scale <= 1e9:
        raise VtapError(f"--scale {scale:g}: must be above 0, and at most 1000000000")
    seconds = read_duration(duration)
    file, logs = find_cloud_file(cloud), flow_logs or []
    settings = policy_of(policy)
    with OutputFiles([*traffic_inputs(capture, logs), *cloud_files(file)]) as files:
        write_page = maybe_page(files, page)
        topology = read_topology(file)
        failed = interfaces_named(topology, down or (), "--down ")
        with open_traffic(capture, logs) as traffic:
            report = estimated(
                traffic,
                topology,
                settings,
                down=failed,
                scale=scale,
                duration_seconds=seconds,
                talkers=talkers,
                cloud=str(file),
            )
        write_page(lambda: estimate_document(report))
    finish(report, estimate_document, as_json=as_json, found=report.found_something)
