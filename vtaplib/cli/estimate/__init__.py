"""`vtap estimate`: what TAPs and collectors would carry, from a capture or from flow logs."""

from __future__ import annotations
