"""What a `vtap collect` is asked to do, read from its options: each is checked before anything is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from vtaplib.cli.collect.hangup import OnHangup
from vtaplib.cli.duration import read_duration
from vtaplib.collector.capture_names import SUFFIX
from vtaplib.collector.endpoint import Endpoint
from vtaplib.errors import CollectorError

if TYPE_CHECKING:
    from vtaplib.collector.broker.pipeline import Pipeline

STANDARD_OUTPUT = "-"

# Smaller files than this hold little more than their headers.
SMALLEST_ROTATION = 4096


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """Where to listen, what to take of what comes, and where it goes; sizes are octets, times seconds."""

    listen: Endpoint
    write: str | None
    rotate_octets: int | None
    rotate_seconds: float | None
    keep: int | None
    fsync: bool
    interface: str | None
    forward: tuple[Endpoint, ...]
    vnis: frozenset[int]
    sources: tuple[IPv4Network | IPv6Network, ...]
    max_frame: int
    pipeline: Pipeline | None
    stages: tuple[str, ...]
    """The pipeline's stages, as they were written."""
    outputs: int
    """How many outputs the pipeline's last balancing stage has; 1 without one."""
    health: Endpoint | None
    backlog: int
    count: int | None
    seconds: float | None
    on_hangup: OnHangup

    @property
    def writes_folder(self) -> bool:
        """Whether what is written goes into files that follow one another in a folder: they are no file's."""
        rotates = self.rotate_octets is not None or self.rotate_seconds is not None
        return rotates and self.write is not None and not self.write.endswith(SUFFIX)


def read_request(
    *,
    listen: str,
    write: str | None,
    rotate_size: str | None,
    rotate_every: str | None,
    keep: int | None,
    fsync: bool,
    interface: str | None,
    forward: Sequence[str],
    vnis: Sequence[int],
    sources: Sequence[str],
    max_frame: int,
    stages: Sequence[str],
    health_port: str | None,
    backlog: int,
    count: int | None,
    duration: str | None,
    on_hangup: OnHangup,
) -> CollectRequest:
    """Read the options. Raises `VtapError` for what cannot be, or not together."""
    if write is not None and write.endswith(".pcap"):
        raise CollectorError(f"--write {write}: what is written is pcapng; name it {write}ng")
    rotates = rotate_size is not None or rotate_every is not None
    for option, is_given in (
        ("--rotate-size", rotate_size),
        ("--rotate-every", rotate_every),
        ("--keep", keep),
    ):
        if is_given is not None and write in (None, STANDARD_OUTPUT):
            raise CollectorError(f"{option}: no files are written; say where with --write DIR")
    if keep is not None and not rotates:
        raise CollectorError("--keep: files do not rotate; add --rotate-size or --rotate-every")
    if fsync and write in (None, STANDARD_OUTPUT):
        raise CollectorError("--fsync: no files are written; say where with --write PATH")
    pipeline = _pipeline(stages) if stages else None
    outputs = pipeline.outputs if pipeline is not None else 1
    heard = Endpoint.of(listen, "--listen")
    targets = tuple(Endpoint.of(one, "--forward", least_port=1) for one in forward)
    for target in targets:
        if heard.hears(target):
            raise CollectorError(
                f"--forward {target}: is where this collector listens; frames would go round for ever. Name "
                "another collector"
            )
    if outputs > 1 and targets and len(targets) != outputs:
        raise CollectorError(
            f"--forward: frames are balanced over {outputs} outputs, and {len(targets)} collectors are "
            "named; name one for each output"
        )
    return CollectRequest(
        listen=heard,
        write=write,
        rotate_octets=None if rotate_size is None else _octets(rotate_size),
        rotate_seconds=None if rotate_every is None else read_duration(rotate_every, "--rotate-every"),
        keep=keep,
        fsync=fsync,
        interface=interface,
        forward=targets,
        vnis=frozenset(vnis),
        sources=tuple(map(_network, sources)),
        max_frame=max_frame,
        pipeline=pipeline,
        stages=tuple(stages),
        outputs=outputs,
        health=None if health_port is None else _health(health_port),
        backlog=backlog,
        count=count,
        seconds=None if duration is None else read_duration(duration, "--for"),
        on_hangup=on_hangup,
    )


def _pipeline(stages: Sequence[str]) -> Pipeline:
    from vtaplib.collector.broker.language import parse_stages

    return parse_stages(stages)


def _octets(text: str) -> int:
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError as error:
        raise CollectorError(
            f"--rotate-size {text}: is no size; write a number and a unit, such as 100MB or 1GiB"
        ) from error
    if size < SMALLEST_ROTATION:
        raise CollectorError(f"--rotate-size {text}: too small for a file; {SMALLEST_ROTATION}B is the least")
    return size


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise CollectorError(
            f"--source {text}: is no network; write an address or a prefix, such as 10.0.0.0/24"
        ) from error


def _health(text: str) -> Endpoint:
    # A bare number is a port on every address, where for other endpoints it would be an address.
    return Endpoint.of(f":{text}" if text.isdecimal() else text, "--health-port", port=0)
