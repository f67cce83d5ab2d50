"""`vtap diff`: the same traffic under two designs."""

from __future__ import annotations
