"""A network watcher."""

from __future__ import annotations

from provider_shim.data_source import LookupInGroup
from vtaplib.resources.network_watcher import NetworkWatcher


class NetworkWatcherLookup(LookupInGroup):
    """Reads a network watcher."""

    of = NetworkWatcher
    shows = ("location", "tags")
