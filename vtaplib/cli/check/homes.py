"""The subscriptions that the providers of a plan make new resources in, and their tenants.

Often only the environment says it. Then a provider's subscription is that of what it has made already, else
the one that most of the IDs are in that stand in its resources, else one that stands for any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from vtaplib.cli.check.configuration import Configuration
from vtaplib.cli.check.document import Instance

NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for a subscription of which nothing tells the ID."""
_ID = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)


class Home(NamedTuple):
    """Where a provider makes resources; "" for a tenant that is not known."""

    subscription_id: str
    tenant_id: str


def find_homes(instances: Iterable[Instance], configuration: Configuration) -> Mapping[str, Home]:
    """The home of each provider, by the key of its configuration."""
    own: dict[str, Counter[str]] = {}
    named: dict[str, Counter[str]] = {}
    for one in instances:
        provider = configuration.provider(one)
        own.setdefault(provider, Counter()).update(
            _subscriptions_in((one.after or one.before or {}).get("id"))
        )
        named.setdefault(provider, Counter()).update(_subscriptions_in(one.after))
    anywhere = sum(named.values(), Counter())
    homes = {}
    for provider, ids_made in own.items():
        told = configuration.provider_argument(provider, "subscription_id")
        inferred = next((one for one in (ids_made, named[provider], anywhere) if one), None)
        homes[provider] = Home(
            told or (inferred.most_common(1)[0][0] if inferred else NOWHERE),
            (configuration.provider_argument(provider, "tenant_id") or "") if told else "",
        )
    return homes


def _subscriptions_in(value: Any) -> Iterator[str]:
    """The subscriptions of the IDs in a value."""
    if isinstance(value, str):
        if found := _ID.match(value):
            yield found[1]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _subscriptions_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _subscriptions_in(one)
