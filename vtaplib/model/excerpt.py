"""Excerpts: models that show some fields of another, where those are declared and described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from vtaplib.model.base import Field, Model
from vtaplib.model.marks import ASSIGNED, UNORDERED


class Excerpt(Model):
    """A model with fields of another, and perhaps some of its own. What it shows nobody can set."""

    of: ClassVar[type[Model]]
    """Whose fields are shown."""
    shows: ClassVar[tuple[str, ...]] = ()
    """Their names. One that is declared anew is shown as declared here, and described as there."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._declared = {**dict.fromkeys(cls.shows), **cls._declared}

    @classmethod
    def _gathered(cls) -> Mapping[str, Field]:
        declared = super()._gathered()
        theirs = cls.of.fields() if cls.shows else {}
        shown = {name: declared.get(name) or _shown(theirs[name]) for name in cls.shows}
        return {**{name: field for name, field in declared.items() if name not in shown}, **shown}


def _shown(field: Field) -> Field:
    """What is left of a field that nobody can set: what its value looks like."""
    return Field(
        name=field.name,
        shape=field.shape,
        scalar=field.scalar,
        block=field.block,
        nullable=True,
        required=False,
        default=None,
        flags=(field.flags & {UNORDERED.name}) | {ASSIGNED.name},
    )
