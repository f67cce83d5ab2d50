"""Where `vtap send` sends: the address of each collector, from what `--to` and `--collector` say."""

from __future__ import annotations

from collections.abc import Sequence

from vtaplib.analysis.naming import listed, one_named
from vtaplib.collector.endpoint import Endpoint
from vtaplib.errors import VtapError
from vtaplib.model import ids


def target_of(text: str) -> Endpoint:
    """The endpoint that `--to` gives. Raises `VtapError`."""
    return Endpoint.of(text, "--to", least_port=1)


def targets_of(to: Sequence[str], collector: str | None, known: Sequence[str]) -> dict[str, str]:
    """The address for each collector that is sent to, by the ID of its interface."""
    if not known:
        raise VtapError(
            "the cloud has no TAP with a collector, so that there are no copies to send; --vni N sends the "
            "frames of the capture themselves"
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
