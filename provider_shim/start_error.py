"""What keeps the provider from starting: the place that it is started in, not a bug."""

from __future__ import annotations

from typing import Final

CANNOT_START: Final = "vtap's provider cannot start: "


class StartError(Exception):
    """The provider cannot start where it is; the text says what is wrong there and what to do."""
