"""What a `vtap collect` is asked to do; what cannot be, or not together, is refused before anything opens."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from vtaplib.cli.collect.hangup import OnHangup
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
    """Where to listen, what to take of what comes, and where it goes; sizes are octets, times seconds.

    Raises `CollectorError` for what cannot be together.
    """

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
    health: Endpoint | None
    backlog: int
    count: int | None
    seconds: float | None
    on_hangup: OnHangup

    def __post_init__(self) -> None:
        if self.write is not None and self.write.endswith(".pcap"):
            raise CollectorError(f"--write {self.write}: the file is pcapng; name it {self.write}ng")
        if self.write in (None, STANDARD_OUTPUT):
            for option, where, is_given in (
                ("--rotate-size", "DIR", self.rotate_octets is not None),
                ("--rotate-every", "DIR", self.rotate_seconds is not None),
                ("--keep", "DIR", self.keep is not None),
                ("--fsync", "PATH", self.fsync),
            ):
                if is_given:
                    raise CollectorError(f"{option}: no files are written; say where with --write {where}")
        if self.keep is not None and not self.rotates:
            raise CollectorError("--keep: files do not rotate; add --rotate-size or --rotate-every")
        for target in self.forward:
            if self.listen.hears(target):
                raise CollectorError(
                    f"--forward {target}: is where this collector listens; frames would loop for ever. Name "
                    "another collector"
                )
        if self.outputs > 1 and self.forward and len(self.forward) != self.outputs:
            raise CollectorError(
                f"--forward: frames are balanced over {self.outputs} outputs, and {len(self.forward)} "
                "collectors are named; name one for each output"
            )

    @property
    def outputs(self) -> int:
        """How many outputs the pipeline's last balancing stage has; 1 without one."""
        return 1 if self.pipeline is None else self.pipeline.outputs

    @property
    def rotates(self) -> bool:
        """Whether files follow one another."""
        return self.rotate_octets is not None or self.rotate_seconds is not None

    @property
    def writes_folder(self) -> bool:
        """Whether what is written goes into files that follow one another in a folder: they are no file's."""
        return self.rotates and self.write is not None and not self.write.endswith(SUFFIX)


def octets_of(text: str) -> int:
    """The size that `--rotate-size` gives, in octets. Raises `CollectorError`."""
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        size = int(TypeAdapter(ByteSize).validate_python(text))
    except ValidationError as error:
        raise CollectorError(
            f"--rotate-size {text}: is not a size; write a number and a unit, such as 100MB or 1GiB"
        ) from error
    if size < SMALLEST_ROTATION:
        raise CollectorError(f"--rotate-size {text}: too small for a file; {SMALLEST_ROTATION}B is the least")
    return size


def network_of(text: str) -> IPv4Network | IPv6Network:
    """The network that `--source` gives. Raises `CollectorError`."""
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise CollectorError(
            f"--source {text}: is not a network; write an address or a prefix, such as 10.0.0.0/24"
        ) from error


def health_endpoint(text: str) -> Endpoint:
    """Where `--health-port` has probes answered. Raises `CollectorError`."""
    # A bare number is a port on every address, where for other endpoints it would be an address.
    return Endpoint.of(f":{text}" if text.isdecimal() else text, "--health-port", port=0)
