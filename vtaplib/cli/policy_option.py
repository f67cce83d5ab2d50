"""The policy of a command: what `--policy` sets, over what the environment sets, over the defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from vtaplib.errors import VtapError
from vtaplib.model.policy import Policy, environment_settings, read_policy

_NO_OPTIONS: Final[Mapping[str, Iterable[str] | None]] = {}


def policy_of(
    options: Iterable[str] | None,
    environment: Mapping[str, str] = os.environ,
    *,
    but: Mapping[str, Iterable[str] | None] = _NO_OPTIONS,
) -> Policy:
    """The policy of `NAME=VALUE` options; `but` are options, by the name of each, that go before those.
    Raises `VtapError` for what is not a setting, for a value that it cannot have, and for one that two
    options of one name set otherwise.
    """
    settings = environment_settings(environment)
    for name, given in {"--policy": options, **but}.items():
        settings |= _settings(name, given or ())
    return read_policy(settings)


def _settings(option: str, given: Iterable[str]) -> dict[str, str]:
    """The settings that an option gives, each time that it is there."""
    settings: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise VtapError(f"{option} {one}: write NAME=VALUE, such as vni=per_source")
        if settings.setdefault(name, value) != value:
            raise VtapError(f"{option} {one}: {name} is also set to {settings[name]}; set it once")
    read_policy(settings, f"{option}: ")
    return settings
