"""Policy: named settings for everything that Azure does not document, and for its limits.

A setting is a field with its default, what it may be, and the reason for the default below it. A result holds
under the policy it was made with, so reports show the settings in force.

What a setting may be stands in one of three tables: `CONTROL_PLANE` (what is accepted), `DATA_PLANE` (what
becomes of a packet) and `LIMITS` (how many of something there may be).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from vtaplib.errors import VtapError

FIXED = re.compile(r"fixed:(0|[1-9][0-9]{0,8})")
PLAIN_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})")
ENVIRONMENT_PREFIX: Final = "VTAP_POLICY_"
"""`VTAP_POLICY_` and a setting's name in upper case is the environment variable that sets it."""


class Setting(ABC):
    """What a field of the policy may be. `str()` of it says so in words."""

    @abstractmethod
    def allows(self, value: object) -> bool:
        """Whether the field may have a value."""

    @abstractmethod
    def parse(self, text: str) -> Any:
        """The value that a text means. What it does not mean is not allowed either."""


@dataclass(frozen=True, slots=True)
class Switch(Setting):
    """One of some words; `fixed_range` bounds the number in `fixed:N`, and `number_range` that in `N`, where
    that is one of them.
    """

    choices: tuple[str, ...]
    fixed_range: tuple[int, int] | None = None
    number_range: tuple[int, int] | None = None

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and (
            value in self.choices
            or _in_range(FIXED, value, self.fixed_range)
            or _in_range(PLAIN_NUMBER, value, self.number_range)
        )

    def parse(self, text: str) -> str:
        return text

    def __str__(self) -> str:
        named = ", ".join(self.choices)
        if self.fixed_range is not None:
            return "{}, fixed:N with N from {} to {}".format(named, *self.fixed_range)
        if self.number_range is not None:
            return "{}, a number from {} to {}".format(named, *self.number_range)
        return named


def _in_range(pattern: re.Pattern[str], value: str, bounds: tuple[int, int] | None) -> bool:
    match = pattern.fullmatch(value)
    low, high = bounds or (1, 0)
    return match is not None and low <= int(match[1]) <= high


@dataclass(frozen=True, slots=True)
class Toggle(Setting):
    """True or false."""

    def allows(self, value: object) -> bool:
        return isinstance(value, bool)

    def parse(self, text: str) -> object:
        return {"true": True, "false": False}.get(text.lower(), text)

    def __str__(self) -> str:
        return "false, true"


@dataclass(frozen=True, slots=True)
class Number(Setting):
    """A whole number within bounds, both included."""

    minimum: int
    maximum: int

    def allows(self, value: object) -> bool:
        return type(value) is int and self.minimum <= value <= self.maximum

    def parse(self, text: str) -> object:
        return int(text) if PLAIN_NUMBER.fullmatch(text) else text

    def __str__(self) -> str:
        return f"a whole number from {self.minimum} to {self.maximum}"


@dataclass(frozen=True, slots=True)
class Words(Setting):
    """Any number of words; as text, with commas between them."""

    def allows(self, value: object) -> bool:
        return isinstance(value, tuple) and all(isinstance(word, str) and word for word in value)

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in text.split(",") if word.strip())

    def __str__(self) -> str:
        return "a list of words"


CONTROL_PLANE: Final[Mapping[str, Setting]] = {
    "fastpath_check": Switch(("error", "warn", "off")),
    "reachability_check": Switch(("error", "warn")),
    "region_check": Switch(("warn", "error", "off")),
    "feature_registration": Switch(("off", "required")),
    "unsupported_size_suffixes": Words(),
    "multiple_taps_per_nic": Switch(("warn", "allow", "error")),
    "delete_tap_in_use": Switch(("error", "cascade")),
    "delete_destination_in_use": Switch(("error", "dangle")),
    "destination_update": Switch(("allow", "error_if_sources")),
    "source_change_downtime_s": Number(0, 60),
    "vnet_put_without_subnets": Switch(("keep", "delete")),
    "arm_id_case": Switch(("insensitive", "strict")),
}

DATA_PLANE: Final[Mapping[str, Setting]] = {
    "vni": Switch(("per_tap", "per_source"), fixed_range=(1, (1 << 24) - 1)),
    "outer_source_port": Switch(("directional", "symmetric", "inner"), fixed_range=(0, (1 << 16) - 1)),
    "oversize": Switch(("deliver", "fragment", "truncate", "drop")),
    "self_mirror": Switch(("error", "allow")),
    "remirror": Switch(("skip_vxlan", "mirror", "error")),
    "mss_clamp": Switch(("off", "50")),
    "collector_nsg": Switch(("enforce", "bypass")),
    "mirror_denied": Toggle(),
    "snat_view": Switch(("post", "pre")),
    "mirror_snat_return": Toggle(),
    "count_mirror_in_egress": Toggle(),
    "snaplen": Switch(("off",), number_range=(64, 9000)),
}

MANY: Final = 10_000_000
"""Above every limit that Azure has."""
LIMITS: Final[Mapping[str, Setting]] = {
    "limits_mode": Switch(("warn", "error", "off")),
    "taps_per_region": Number(0, MANY),
    "tap_configurations_per_tap": Number(0, MANY),
    "tap_configurations_per_subscription": Number(0, MANY),
    "virtual_networks_per_region": Number(0, MANY),
    "subnets_per_virtual_network": Number(0, MANY),
    "peerings_per_virtual_network": Number(0, MANY),
    "private_addresses_per_virtual_network": Number(0, MANY),
    "private_addresses_per_network_interface": Number(0, MANY),
    "network_interfaces_per_region": Number(0, MANY),
    "network_watchers_per_region": Number(0, MANY),
    "dns_servers_per_virtual_network": Number(0, MANY),
    "private_addresses_in_peered_networks": Number(0, MANY),
    "load_balancer_rules_per_network_interface": Number(0, MANY),
    "flows_per_machine": Number(0, MANY),
    "packets_per_second_per_vcpu": Number(0, MANY),
}

SETTINGS: Final[Mapping[str, Setting]] = {**CONTROL_PLANE, **DATA_PLANE, **LIMITS}
"""Every setting by name."""


POLICY_WAY_OUT: Final = 'give a Policy, such as Policy(oversize="drop"), or read_policy of texts'


@dataclass(frozen=True, slots=True)
class Policy:
    """Every setting, with its default. Raises `VtapError` for a value that a setting cannot have."""

    fastpath_check: str = "error"
    """`error`, `warn` or `off`: tapping an interface of a machine that was neither created, nor started from
    deallocated, after a TAP existed in its subscription and region. Azure documents this as an error, and as
    temporary."""

    reachability_check: str = "error"
    """`error` or `warn`: a tap configuration whose destination is in a network that is not peered with the
    source's. Azure's documentation requires the peering first. Whether the service checks it is unknown."""

    region_check: str = "warn"
    """`warn`, `error` or `off`: a TAP in a region that the preview does not list. The list is that of a
    preview, and a region outside it has worked."""

    feature_registration: str = "off"
    """`off` or `required`: whether a subscription needs `Microsoft.Network/AllowVirtualNetworkTap` before it
    can have a TAP. This was seen in 2020 only."""

    unsupported_size_suffixes: tuple[str, ...] = ("_v6",)
    """The endings of the names of machine sizes that cannot be tapped. Azure documents this, as temporary."""

    multiple_taps_per_nic: str = "warn"
    """`warn`, `allow` or `error`: a second tap configuration on one interface. The API has a collection and a
    list call, but it is not proven that two work."""

    delete_tap_in_use: str = "error"
    """`error` or `cascade`: deleting a TAP that interfaces send to. The service usually refuses to delete a
    resource that others refer to. Under `cascade` the tap configurations are deleted with the TAP."""

    delete_destination_in_use: str = "error"
    """`error` or `dangle`: deleting the interface or frontend that a TAP sends to. The service usually
    refuses this. Under `dangle` the TAP stays, without a destination that exists."""

    destination_update: str = "allow"
    """`allow` or `error_if_sources`: changing a TAP's destination in place. By contract, a write replaces
    properties."""

    source_change_downtime_s: int = 0
    """For how many seconds, 0 to 60, a machine's network is interrupted when the tapping of one of its
    interfaces begins or ends. Azure documents up to 60 as possible. 0 keeps tests quick. Plans warn of it in
    any case."""

    vnet_put_without_subnets: str = "keep"
    """`keep` or `delete`: what happens to the subnets of a network that is written without them. The service
    now keeps them; older versions deleted them."""

    arm_id_case: str = "insensitive"
    """`insensitive` or `strict`: whether IDs given to `put` may spell their fixed segments in any case. ARM
    is insensitive. In Terraform they are strict under either setting, like those of azurerm."""

    vni: str = "per_tap"
    """`per_tap`, `per_source` or `fixed:N`: what the VNI of a copy is derived from. The one capture of the
    real service shows one VNI, but not where it comes from. A stable VNI per TAP is enough for collectors."""

    outer_source_port: str = "directional"
    """`directional`, `symmetric`, `inner` or `fixed:N`: the UDP source port of a copy. A hash into
    49152-65535 of the inner addresses, protocol and ports as they stand, or of both directions alike; or the
    inner source port itself (the hash where there is none). A design that works with a hash that tells
    directions apart also works with one that does not."""

    oversize: str = "deliver"
    """`deliver`, `fragment`, `truncate` or `drop`: what happens to a copy that is larger than the network
    carries. Deliver up to an outer IP length of 2006 bytes, which is what the network lets through
    unfragmented, and drop above; fragment above 1400, where the network's stack fragments; truncate the inner
    frame to an outer IP length of 1500, the guest's MTU; or drop above 1500. What the service does is
    unknown. Delivering assumes the least loss."""

    self_mirror: str = "error"
    """`error` or `allow`: an interface that is its own collector. Under `error` its copies are not made,
    because a copy of a copy would grow without end."""

    remirror: str = "skip_vxlan"
    """`skip_vxlan`, `mirror` or `error`: a copy on its way to a collector, seen on an interface that is
    tapped itself. Under all but `mirror` the data plane makes no copy of it, which avoids loops and keeps
    ordinary traffic visible; under `mirror` it is ordinary traffic. Under `error` a collector that is tapped
    is refused; under the others a ring of them is a warning."""

    mss_clamp: str = "off"
    """`off` or `50`: bytes by which a tapped machine's TCP segments shrink to leave room for the outer
    headers. This is inferred from one capture."""

    collector_nsg: str = "enforce"
    """`enforce` or `bypass`: whether security groups of the collector apply to copies. A copy arrives as
    ordinary UDP. The default rules allow it anyway."""

    mirror_denied: bool = False
    """Whether a packet that the source's own security group drops is copied. Nothing is known about it. A
    dropped packet was never on the wire."""

    snat_view: str = "post"
    """`post` or `pre`: whether a copy of outbound traffic shows the public address that it leaves with, or
    the private one. One capture shows the public address."""

    mirror_snat_return: bool = False
    """Whether the answers to translated outbound traffic are copied. One capture does not show them."""

    count_mirror_in_egress: bool = False
    """Whether copies count against the source machine's bandwidth. Vendors say that they do not count."""

    snaplen: str = "off"
    """`off` or a number of bytes from 64 to 9000: how much of a frame is copied. One draft of the API had
    this, but it never shipped."""

    limits_mode: str = "warn"
    """`warn`, `error` or `off`: how a write that exceeds `tap_configurations_per_subscription` is treated.
    The published figures conflict, and refusing what the service accepts is worse than a warning."""

    taps_per_region: int = 100
    """TAPs in one region of a subscription. Azure's page on limits, 2018 to 2022."""

    tap_configurations_per_tap: int = 100
    """Interfaces that send to one TAP. Azure's page on limits, 2018 to 2022."""

    tap_configurations_per_subscription: int = 10
    """Tap configurations in one subscription. A change of the documentation in 2025 says so, but may mean
    TAPs. See `limits_mode`."""

    virtual_networks_per_region: int = 1_000
    """Virtual networks in one region of a subscription. Azure's page on limits."""

    subnets_per_virtual_network: int = 3_000
    """Subnets of one network. Azure's page on limits."""

    peerings_per_virtual_network: int = 500
    """Peerings of one network. Azure's page on limits."""

    private_addresses_per_virtual_network: int = 65_536
    """Private addresses that interfaces and frontends hold in one network. Azure's page on limits."""

    private_addresses_per_network_interface: int = 256
    """Private addresses of one interface. Azure's page on limits."""

    network_interfaces_per_region: int = 65_536
    """Interfaces in one region of a subscription. Azure's page on limits."""

    network_watchers_per_region: int = 1
    """Network watchers in one region of a subscription. Azure's page on limits; the error that the service
    answers to a second one says the same."""

    dns_servers_per_virtual_network: int = 20
    """Custom DNS servers of one network. Azure's page on limits."""

    private_addresses_in_peered_networks: int = 128_000
    """Private addresses in a network and the networks peered with it. More is a warning. Azure's page on
    limits."""

    load_balancer_rules_per_network_interface: int = 300
    """Load-balancing rules that reach one interface, over all its configurations. Azure's page on limits."""

    flows_per_machine: int = 500_000
    """Flows of one machine in each direction. More is a warning. Azure's page on limits."""

    packets_per_second_per_vcpu: int = 0
    """Packets a second that a collector's machine takes for each vCPU. More is a warning, and sizes are
    recommended by it too. 0 means that it is not known. Azure publishes a rate in bits for most sizes and a
    packet rate for none, and what a machine takes depends on the collector's software: measure yours."""

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            value = getattr(self, name)
            if not setting.allows(value):
                raise VtapError(f"policy: {name} is {value!r}, but must be one of {setting}")

    def in_force(self) -> dict[str, object]:
        """Every setting and its value, as reports have them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def read_policy(texts: Mapping[str, str], source: str = "policy: ") -> Policy:
    """The policy of settings given as text, defaults for the rest. `source` opens what a `VtapError` says
    about a setting that there is not, or a value that it cannot have.
    """
    values: dict[str, Any] = {}
    for name, text in texts.items():
        setting = SETTINGS.get(name)
        if setting is None:
            raise VtapError(f"{source}there is no setting {name!r}; there are {', '.join(SETTINGS)}")
        values[name] = setting.parse(text)
        if not setting.allows(values[name]):
            raise VtapError(f"{source}{name} is {text!r}, but must be one of {setting}")
    return Policy(**values)


def setting_text(value: object) -> str:
    """A setting's value as `read_policy` reads it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def environment_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that environment variables give, as text. Raises `VtapError` for a variable that begins
    like one and names no setting.
    """
    settings = {
        variable.removeprefix(ENVIRONMENT_PREFIX).lower(): text
        for variable, text in environment.items()
        if variable.startswith(ENVIRONMENT_PREFIX) and text
    }
    for name in settings:
        if name not in SETTINGS:
            raise VtapError(
                f"{ENVIRONMENT_PREFIX}{name.upper()}: there is no setting {name!r}; unset it, or use one of "
                f"{', '.join(SETTINGS)}"
            )
    return settings


def fixed_number(value: str) -> int | None:
    """The N of a `fixed:N`, or None if the value is another."""
    match = FIXED.fullmatch(value)
    return int(match[1]) if match else None
