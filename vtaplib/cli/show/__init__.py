"""`vtap show`: what is in a cloud."""

from __future__ import annotations
