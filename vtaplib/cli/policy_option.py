"""The policy of a command: what `--policy` sets, over what the environment sets, over the defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from vtaplib.control.policy import Policy, environment_settings, read_policy
from vtaplib.errors import VtapError


def policy_of(options: Iterable[str] | None, environment: Mapping[str, str] = os.environ) -> Policy:
    """The policy of `NAME=VALUE` options. Raises `VtapError` for what is not a setting, for a value that it
    cannot have, and for one that two options set otherwise.
    """
    given: dict[str, str] = {}
    for option in options or ():
        name, equals, value = option.partition("=")
        if not equals:
            raise VtapError(f"--policy {option}: write NAME=VALUE, such as vni=per_source")
        if given.setdefault(name, value) != value:
            raise VtapError(f"--policy {option}: {name} is also set to {given[name]}; set it once")
    read_policy(given, "--policy: ")
    return read_policy({**environment_settings(environment), **given})
