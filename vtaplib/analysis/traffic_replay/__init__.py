"""A replay: a capture through the mirror engine of a topology, with an account of every frame."""

from __future__ import annotations
