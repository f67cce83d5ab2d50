"""Policy: named switches for everything that Azure does not document.

A switch is a field with the values it may have, its default first, and the reason for that default below it.
A result holds under the policy it was made with, so reports show every switch in force.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from vtaplib.errors import VtapError

FIXED = re.compile(r"fixed:(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Switch:
    """The values a switch may have; `fixed_range` bounds the number in `fixed:N`, where that is one of
    them.
    """

    choices: tuple[str, ...]
    fixed_range: tuple[int, int] | None = None

    def allows(self, value: str) -> bool:
        """Whether a value is one of the choices, or a `fixed:N` in range."""
        if value in self.choices:
            return True
        match = FIXED.fullmatch(value)
        low, high = self.fixed_range or (1, 0)
        return match is not None and low <= int(match[1]) <= high

    def __str__(self) -> str:
        named = ", ".join(self.choices)
        return (
            named
            if self.fixed_range is None
            else "{}, fixed:N with N from {} to {}".format(named, *self.fixed_range)
        )


DATA_PLANE = {
    "vni": Switch(("per_tap", "per_source"), (1, (1 << 24) - 1)),
    "outer_source_port": Switch(("directional", "symmetric", "inner"), (0, (1 << 16) - 1)),
    "oversize": Switch(("deliver", "fragment", "truncate", "drop")),
    "self_mirror": Switch(("error", "allow")),
    "remirror": Switch(("skip_vxlan", "mirror", "error")),
}

CONTROL_PLANE = {
    "reachability_check": Switch(("error", "warn")),
    "multiple_taps_per_nic": Switch(("warn", "allow", "error")),
    "delete_tap_in_use": Switch(("error", "cascade")),
    "delete_destination_in_use": Switch(("error", "dangle")),
    "destination_update": Switch(("allow", "error_if_sources")),
    "vnet_put_without_subnets": Switch(("keep", "delete")),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Every switch, with its default. Raises `VtapError` for a value that a switch does not have."""

    vni: str = "per_tap"
    """`per_tap`, `per_source` or `fixed:N`: what the VNI of a copy is derived from. The one capture of the
    real service shows one VNI and not its rule; stable per TAP is enough for collectors."""

    outer_source_port: str = "directional"
    """`directional`, `symmetric`, `inner` or `fixed:N`: the UDP source port of a copy. A hash into
    49152-65535 of the inner addresses, protocol and ports as they stand, or of both directions alike; or the
    inner source port itself (the hash where there is none). A design that works with a hash that tells
    directions apart works with one that does not."""

    oversize: str = "deliver"
    """`deliver`, `fragment`, `truncate` or `drop`: what becomes of a copy that is larger than the network
    likes. Deliver up to an outer IP length of 2006 bytes, which is what the network lets through
    unfragmented, and drop above; fragment above 1400, where the network's stack fragments; truncate the inner
    frame to an outer IP length of 1500, the guest's MTU; or drop above 1500. What the service does is
    unknown; delivering is the mildest reading."""

    self_mirror: str = "error"
    """`error` or `allow`: an interface that is its own collector. Under `error` its copies are not made, for
    a copy of a copy would grow without end."""

    remirror: str = "skip_vxlan"
    """`skip_vxlan`, `mirror` or `error`: a copy on its way to a collector, seen on an interface that is
    tapped itself. Under all but `mirror` the data plane makes no copy of it, which avoids loops and keeps
    ordinary traffic visible; under `mirror` it is ordinary traffic."""

    reachability_check: str = "error"
    """`error` or `warn`: a tap configuration whose destination is in a network that is not peered with the
    source's. Documentation demands the peering first; whether the service checks it is unknown."""

    multiple_taps_per_nic: str = "warn"
    """`warn`, `allow` or `error`: a second tap configuration on one interface. The API has a collection and a
    list call; that two work is proven nowhere."""

    delete_tap_in_use: str = "error"
    """`error` or `cascade`: deleting a TAP that interfaces send to. The service usually refuses to delete
    what is referred to; under `cascade` the tap configurations go with it."""

    delete_destination_in_use: str = "error"
    """`error` or `dangle`: deleting the interface or frontend that a TAP sends to. The service usually
    refuses; under `dangle` the TAP stays and sends to nothing."""

    destination_update: str = "allow"
    """`allow` or `error_if_sources`: changing a TAP's destination in place. A write replaces properties by
    contract."""

    vnet_put_without_subnets: str = "keep"
    """`keep` or `delete`: what becomes of the subnets of a network that is written without them. Keeping is
    the service's newer behaviour; older versions deleted them."""

    def __post_init__(self) -> None:
        for name, switch in {**DATA_PLANE, **CONTROL_PLANE}.items():
            value = getattr(self, name)
            if not isinstance(value, str) or not switch.allows(value):
                raise VtapError(f"policy: {name} is {value!r}, must be one of {switch}")

    def in_force(self) -> dict[str, object]:
        """Every switch and its value, as reports show them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def fixed_number(value: str) -> int | None:
    """The N of a `fixed:N`, or None if the value is another."""
    match = FIXED.fullmatch(value)
    return int(match[1]) if match else None
