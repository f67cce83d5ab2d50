"""A replay from a capture file through a cloud's file into a report and, if wanted, captures out.

A capture that ends early is replayed up to there, and the report says where that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from vtaplib.analysis.amount import Amount
from vtaplib.analysis.load_entries import load_entries, machine_entry, machine_warnings
from vtaplib.analysis.naming import interfaces_named
from vtaplib.capture import Batch
from vtaplib.capture.feed import CaptureFeed
from vtaplib.cli.cloud_file import cloud_files, open_cloud
from vtaplib.cli.copies_out import CopiesOut, open_out, way_through
from vtaplib.cli.dissection import FirstCopies
from vtaplib.cli.mirror_entries import mirror_warnings, parting_entries
from vtaplib.cli.output_files import OutputFiles
from vtaplib.cli.progress import reading
from vtaplib.cli.replay_report import ReplayReport, collector_entries, loss_entries, tap_point_entries
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.loops import COMPILED
from vtaplib.mirror.block_replay import BlockReplay
from vtaplib.mirror.capacity import machine_accounts
from vtaplib.model.addresses import maybe_address
from vtaplib.model.policy import Policy

if TYPE_CHECKING:
    from vtaplib.analysis.inventory import Inventory
    from vtaplib.cli.staged_captures import StagedCaptures
    from vtaplib.control.cloud import Cloud
    from vtaplib.fabric.topology import Interface


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to replay: `out` None writes nothing, `comments` are on what it writes; `down` are names or IDs of
    interfaces, `private_link` addresses of Private Link services; `decode` copies are dissected by
    `decoder`; `page` is a file for the report as a page, or None. With `stages`, what is written went
    through them.
    """

    capture: str
    cloud: Path
    policy: Policy
    out: Path | None = None
    format: str = "pcapng"
    comments: bool = False
    down: tuple[str, ...] = ()
    private_link: tuple[str, ...] = ()
    decode: int = 0
    decoder: str = "vtap"
    page: Path | None = None
    stages: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str | Path, ...]:
        """The files that are read."""
        return self.capture, *cloud_files(self.cloud)


def replay(request: ReplayRequest) -> ReplayReport:
    """Replay a capture. Raises `VtapError` for what cannot be opened, read at all, or written."""
    with open_cloud(request.cloud) as cloud, cloud.snapshot() as view:
        topology = Topology.of(view)
        world = _world_of(cloud, request) if request.page else None
    down = interfaces_named(topology, request.down, "--down ")
    private_link = [_private_link(text) for text in request.private_link]
    run = BlockReplay(topology, request.policy, down=down, private_link=private_link)
    collectors = topology.collectors
    first = FirstCopies(request.decode, request.decoder)
    with (
        OutputFiles(request.inputs) as files,
        reading(request.capture, "replaying") as reader,
    ):
        page = files.maybe_open(request.page, "--report")
        staged = _staged(request, collectors, files)
        out = None if staged else _open_out(request, collectors, files)
        feed = CaptureFeed(reader)
        _replay_all(feed, run, out, first, comments=request.comments, staged=staged)
        accounts = run.accounts
        machines = tuple(machine_accounts(topology, accounts, request.policy))
        report = ReplayReport(
            capture=feed.name,
            format=feed.format,
            cloud=str(request.cloud),
            policy=request.policy.in_force(),
            down=down,
            read=Amount.of(accounts.read),
            untapped=Amount.of(accounts.untapped),
            truncated=accounts.truncated,
            nowhere=loss_entries(accounts.unrouted),
            dropped=loss_entries(accounts.dropped),
            skipped=feed.skipped,
            ended_early=feed.ended_early,
            tap_points=tap_point_entries(accounts),
            collectors=collector_entries(
                accounts, collectors, out.paths if out else staged.only_paths if staged else {}
            ),
            partings=parting_entries(accounts),
            machines=tuple(map(machine_entry, machines)),
            loads=tuple(load_entries(accounts, machines)),
            warnings=(
                *mirror_warnings(accounts, topology, request.policy),
                *(one for machine in machines for one in machine_warnings(machine, request.policy)),
            ),
            decoded=first.dissect(),
            staged=tuple(staged.entries()) if staged else (),
        )
        if page is not None and world is not None:
            # What pages need takes 50 ms to import, and most replays have none.
            from vtaplib.cli.page.replay_page import replay_page

            page.write(replay_page(report, world, accounts.collectors).encode())
        return report


def _world_of(cloud: Cloud, request: ReplayRequest) -> Inventory:
    # Most replays have no page.
    from vtaplib.analysis.inventory import take_inventory

    return take_inventory(cloud, str(request.cloud))


def _open_out(
    request: ReplayRequest, collectors: Sequence[Interface], files: OutputFiles
) -> CopiesOut | None:
    return open_out(request.out, request.format, collectors, files, comments=request.comments)


def _staged(
    request: ReplayRequest, collectors: Sequence[Interface], files: OutputFiles
) -> StagedCaptures | None:
    if not request.stages:
        return None
    from vtaplib.cli.staged_captures import open_staged

    return open_staged(
        request.stages, request.out, request.format, collectors, files, comments=request.comments
    )


def _private_link(text: str) -> IPv4Address:
    address = maybe_address(text)
    if not isinstance(address, IPv4Address):
        raise VtapError(f"--private-link {text} is no IPv4 address")
    return address


def _replay_all(
    feed: CaptureFeed,
    run: BlockReplay,
    out: CopiesOut | None,
    first: FirstCopies,
    *,
    comments: bool,
    staged: StagedCaptures | None = None,
) -> None:
    """Replay every packet that can be read."""
    way = way_through(run, out, comments=comments)
    if staged is not None or not COMPILED or comments:
        for batch in feed:
            copies = way(batch)
            first.note(copies if staged is None else staged.take(copies))
        return
    if out is not None:
        run.depart_to(out)
    for block in feed.blocks():
        if first.are_there:
            run.block(block)
        else:
            first.note(way(Batch(*map(list, zip(*block, strict=True)))))
