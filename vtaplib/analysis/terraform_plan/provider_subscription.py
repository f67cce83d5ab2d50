"""The subscriptions that the providers of a plan make new resources in, and their tenants.

Often only the environment says it. Then a provider's subscription is that of what it has made already, else
the one that most of the IDs are in that stand in its resources, else one that stands for any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from vtaplib.analysis.terraform_plan.configuration import Configuration
from vtaplib.analysis.terraform_plan.document import Instance

NOWHERE: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for a subscription whose ID is nowhere."""
_ID = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)


class ProviderSubscription(NamedTuple):
    """Where a provider makes resources; "" for a tenant that is not known."""

    subscription_id: str
    tenant_id: str


def provider_subscriptions(
    instances: Iterable[Instance], configuration: Configuration
) -> Mapping[str, ProviderSubscription]:
    """The home of each provider, by the key of its configuration."""
    made: dict[str, list[Instance]] = {}
    for one in instances:
        made.setdefault(configuration.provider(one), []).append(one)
    found = {}
    for provider, its in made.items():
        configured = configuration.provider_argument(provider, "subscription_id")
        tenant = configuration.provider_argument(provider, "tenant_id") if configured else None
        found[provider] = ProviderSubscription(configured or _inferred(its, made.values()), tenant or "")
    return found


def _inferred(its: Iterable[Instance], others: Iterable[Iterable[Instance]]) -> str:
    """The subscription of a provider, from what it has made."""
    for values in (
        ((one.after or one.before or {}).get("id") for one in its),
        (one.after for one in its),
        (one.after for made in others for one in made),
    ):
        found = Counter(subscription for value in values for subscription in _subscriptions_in(value))
        if found:
            return found.most_common(1)[0][0]
    return NOWHERE


def _subscriptions_in(value: Any) -> Iterator[str]:
    """The subscriptions of the IDs in a value."""
    if isinstance(value, str):
        if value.startswith("/") and (found := _ID.match(value)):
            yield found[1]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _subscriptions_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from _subscriptions_in(one)
