"""Values that are not known yet, and what reading one means.

A plan is made before the apply: some values (an address that is taken from a pool) exist only later.
Everything that works on plans carries such a value as `UNKNOWN`; a *rule* that needs it cannot be decided
yet. Rules never test for it: reading an unknown field of a resource raises `Undecided`, and whoever runs the
rule catches that.
"""

from __future__ import annotations

from typing import Final, final


@final
class Unknown:
    """The type of `UNKNOWN`; there is one value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: test for it with 'is UNKNOWN'")


UNKNOWN: Final = Unknown()


class Undecided(Exception):  # noqa: N818 - no error: one of the three outcomes of a rule
    """A rule read a value that is not known yet. Silent at plan; cannot happen at apply."""
