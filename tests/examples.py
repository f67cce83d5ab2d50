"""How many examples of a property are drawn where it names a number of its own."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

EVERY: Final = 100
"""Examples of a property that names no number, where nothing is left out."""


def part_of(examples: int) -> int:
    """The part that `make test` draws, a fifth; all of them where nothing is left out."""
    return max(1, examples * settings().max_examples // EVERY)
