"""What a picture of a large network leaves out, so that it stays one that can be looked at.

Interfaces stay, as long as there is room for a tile each; of networks and subnets beyond some the names go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vtaplib.reports.network_graph import NetworkBox, NetworkNode, SubnetBox
from vtaplib.reports.number import counted

NETWORKS_DRAWN: Final = 16
SUBNETS_DRAWN: Final = 12
TILES_DRAWN: Final = 1000
PEERINGS_DRAWN: Final = 40


def folded_networks(networks: Sequence[NetworkBox]) -> tuple[NetworkBox, ...]:
    """The networks, those beyond the first some as one, and in each the subnets likewise."""
    first, rest = networks[:NETWORKS_DRAWN], networks[NETWORKS_DRAWN:]
    drawn = [replace(one, subnets=tuple(_folded_subnets(one.subnets))) for one in first]
    if rest:
        subnets = [subnet for one in rest for subnet in one.subnets]
        drawn.append(
            NetworkBox(
                frozenset().union(*(one.ids for one in rest)),
                f"{counted(len(rest), 'more network')}",
                "",
                (_one(subnets),),
            )
        )
    return tuple(drawn)


def _folded_subnets(subnets: Sequence[SubnetBox]) -> Iterator[SubnetBox]:
    if len(subnets) <= SUBNETS_DRAWN:
        yield from subnets
        return
    yield from subnets[: SUBNETS_DRAWN - 1]
    yield _one(subnets[SUBNETS_DRAWN - 1 :], more="more ")


def _one(subnets: Sequence[SubnetBox], more: str = "") -> SubnetBox:
    return SubnetBox(counted(len(subnets), f"{more}subnet"), "", tuple(_spots(subnets)))


def _spots(subnets: Iterable[SubnetBox]) -> Iterator[NetworkNode]:
    for subnet in subnets:
        yield from subnet.nodes
