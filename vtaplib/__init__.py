"""Virtual network TAPs as software: the resources, the rules of a cloud, the engine that mirrors packets."""

from __future__ import annotations

__version__ = "0.1.0"
