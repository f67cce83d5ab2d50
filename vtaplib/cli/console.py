"""A console that shows all text, and on which nothing from outside can begin a line.

Whatever control character comes with a text, it is spelled out. A line that is too long for the terminal, or
for the cell of a table, goes on in a line that says so: else a long name could be made so that a part of it
stands where a line of ours does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from vtaplib.visible_text import laid_out

CONTINUED: Final = "… "
"""What a line begins with that goes on with the one before, behind the same indentation."""

# Narrower cells have no room for it.
_LEAST_WIDTH: Final = 8


class VisibleConsole(Console):
    """rich's console. Its own colours and movements are not text, and stay."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What a renderable is made of."""
        options = options or self.options
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        if isinstance(renderable, Text):
            renderable = self._broken(renderable, options)
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else laid_out(text), style, control)

    def _broken(self, text: Text, options: ConsoleOptions) -> Text:
        """A text whose lines fit, unless it is to be cut off or let go on."""
        no_wrap = options.no_wrap if text.no_wrap is None else text.no_wrap
        overflow = text.overflow or options.overflow or "fold"
        if no_wrap or overflow != "fold" or options.max_width < _LEAST_WIDTH:
            return text
        lines = text.split("\n", allow_blank=True)
        if all(one.cell_len <= options.max_width for one in lines):
            return text
        made = Text("\n", justify=text.justify, end=text.end).join(
            piece for one in lines for piece in self._pieces(one, options.max_width)
        )
        made.end = text.end
        return made

    def _pieces(self, line: Text, width: int) -> Iterable[Text]:
        if line.cell_len <= width:
            return [line]
        indentation = min(len(line.plain) - len(line.plain.lstrip(" ")), width // 2)
        start = " " * indentation + CONTINUED
        first, *rest = line.wrap(self, width - len(start), overflow="fold")
        return [first, *(Text.assemble(start, one) for one in rest)]
