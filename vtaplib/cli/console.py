"""A console that shows all text: whatever control character comes with a text, it is spelled out."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from vtaplib.visible_text import laid_out


class VisibleConsole(Console):
    """rich's console. Its own colours and movements are not text, and stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What a renderable is made of."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else laid_out(text), style, control)
