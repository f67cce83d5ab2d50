"""Names for people and for files: as short as they can be and still tell things apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from urllib.parse import quote

from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.model import ids

NAMES_LISTED: Final = 10
"""How many names a message lists."""

# What of an ID tells two resources of one type apart, the last first: name, resource group, subscription.
_STEPS = (-1, 4, 2)


def distinct_names(resource_ids: Iterable[str]) -> dict[str, str]:
    """For each ID its name, where two share one with the resource group and a slash before it, then the
    subscription too.

    Compared without case, as ARM compares names and some file systems files. Keys are the IDs as given.
    """
    unnamed = list(dict.fromkeys(resource_ids))
    named: dict[str, str] = {}
    for length in range(1, len(_STEPS) + 1):
        shortest = {one: _last_steps(one, length) for one in unnamed}
        taken = Counter(map(str.lower, shortest.values()))
        named |= {
            one: name for one, name in shortest.items() if taken[name.lower()] == 1 or length == len(_STEPS)
        }
        unnamed = [one for one in unnamed if one not in named]
    return named


def one_named(resource_ids: Iterable[str], wanted: str, kind: str, prefix: str = "") -> str:
    """The one ID that a name or an ID means. `prefix` opens what a `VtapError` says where there is none of
    this kind, or several.
    """
    known = list(resource_ids)
    found = [one for one in known if wanted.lower() in (one.lower(), ids.name(one).lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise VtapError(f"{prefix}{wanted}: several {kind}s have this name; give an ID: {listed(found)}")
    there = listed([ids.name(one) for one in known]) or "none"
    raise VtapError(f"{prefix}{wanted}: the cloud has no {kind} of this name or ID; it has {there}")


def interfaces_named(topology: Topology, wanted: Iterable[str], prefix: str) -> tuple[str, ...]:
    """The IDs of the interfaces that names or IDs mean; as `one_named`."""
    known = [one.id for one in topology.interfaces]
    return tuple(one_named(known, one, "interface", prefix) for one in wanted)


def listed(names: Sequence[str]) -> str:
    """Names in a message, the first few of them if there are many."""
    more = len(names) - NAMES_LISTED
    return ", ".join(names[:NAMES_LISTED]) + (f" and {more} more" if more > 0 else "")


def file_stem(name: str) -> str:
    """A distinct name as the stem of a file's name; no two have one."""
    return "+".join(quote(step, safe="") for step in name.split("/"))


def _last_steps(resource_id: str, length: int) -> str:
    steps = resource_id.split("/")
    return "/".join(steps[step] for step in reversed(_STEPS[:length]))


def marked_if_down(name: str, interface_id: str, down: Collection[str]) -> str:
    """The name of a collector's interface. `down`: the IDs of those that are taken for failed."""
    return f"{name} (down)" if interface_id in down else name
