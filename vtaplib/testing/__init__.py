"""Hypothesis strategies for networks, frames and histories, for the tests of whoever builds on vtaplib.

Only this package imports Hypothesis. Strategies have plural names; their arguments are strategies, or options
that widen or narrow what is valid.
"""

from __future__ import annotations

try:
    import hypothesis as _  # noqa: F401  # asked for before anything needs it
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "vtaplib.testing draws with Hypothesis, which is not installed; install vtap with its extra "
        "`testing` (from a checkout: pip install '.[testing]')",
        name="hypothesis",
    ) from error

from vtaplib.testing.addresses import addresses, prefixes
from vtaplib.testing.captures import captures
from vtaplib.testing.clouds import clouds
from vtaplib.testing.drawn_cloud import DrawnCloud
from vtaplib.testing.frames import frames
from vtaplib.testing.resources import interfaces, machines, names, networks, tap_configurations, taps
from vtaplib.testing.state_machine import CloudStateMachine

__all__ = [
    "CloudStateMachine",
    "DrawnCloud",
    "addresses",
    "captures",
    "clouds",
    "frames",
    "interfaces",
    "machines",
    "names",
    "networks",
    "prefixes",
    "tap_configurations",
    "taps",
]
