"""What `vtap send` sends and where, from what `--to` and `--collector` say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vtaplib.analysis.naming import interfaces_named, listed, one_named
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.payload_source import (
    CapturedCopySource,
    FrameSource,
    PayloadSource,
    ReplayedCopySource,
)
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.model import ids
from vtaplib.model.policy import Policy


class SentStream(NamedTuple):
    """What makes payloads, the collectors that they are for if there is a network, and where they go."""

    source: PayloadSource
    collector_ids: Sequence[str]
    targets: Sequence[Endpoint]


def stream_of_capture(
    to: Sequence[str], collector: str | None, vni: int | None, max_frame: int
) -> SentStream:
    """The frames of a capture to go under a VNI, or the copies in it. Raises `VtapError`."""
    if len(to) != 1 or "=" in to[0]:
        raise VtapError(
            f"--to {' --to '.join(to)}: without a network there is one stream; give one ADDRESS or "
            "ADDRESS:PORT"
        )
    if collector is not None:
        raise VtapError(f"--collector {collector}: without a network there is no collector to choose")
    source = CapturedCopySource(max_frame) if vni is None else FrameSource(max_frame)
    return SentStream(source, (), (_endpoint(to[0]),))


def stream_of_network(
    to: Sequence[str],
    collector: str | None,
    topology: Topology,
    policy: Policy,
    down: Sequence[str],
    max_frame: int,
) -> SentStream:
    """The copies that a network makes for collectors. Raises `VtapError`."""
    wanted = _addresses(to, collector, [one.id for one in topology.collectors])
    failed = interfaces_named(topology, down, "--down ")
    source = ReplayedCopySource(topology, policy, list(wanted), failed, max_frame)
    return SentStream(source, list(wanted), tuple(map(_endpoint, wanted.values())))


def _endpoint(text: str) -> Endpoint:
    return Endpoint.of(text, "--to", least_port=1)


def _addresses(to: Sequence[str], collector: str | None, known: Sequence[str]) -> dict[str, str]:
    """The address for each collector that is sent to, by the ID of its interface."""
    if not known:
        raise VtapError(
            "the cloud has no TAP with a collector, so there are no copies to send; to send the frames "
            "of the capture themselves, use --vni N"
        )
    names = listed([ids.name(one) for one in known])
    if len(to) == 1 and "=" not in to[0]:
        if collector is not None:
            return {one_named(known, collector, "collector", "--collector "): to[0]}
        if len(known) > 1:
            raise VtapError(
                f"--to {to[0]}: the cloud has {len(known)} collectors, {names}; choose one with --collector, "
                "or give each its own with --to NAME=ADDRESS"
            )
        return {known[0]: to[0]}
    if collector is not None:
        raise VtapError(
            f"--collector {collector}: it chooses for one --to ADDRESS; here --to names collectors"
        )
    wanted: dict[str, str] = {}
    for one in to:
        name, equals, address = one.partition("=")
        if not equals:
            raise VtapError(f"--to {one}: of several, each says for whom it is: --to NAME=ADDRESS[:PORT]")
        collector_id = one_named(known, name, "collector", "--to ")
        if collector_id in wanted:
            raise VtapError(f"--to {one}: {name} has the address {wanted[collector_id]} already")
        wanted[collector_id] = address
    return wanted
