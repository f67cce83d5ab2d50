"""`vtap send`: mirrored frames as UDP datagrams, live."""

from __future__ import annotations
