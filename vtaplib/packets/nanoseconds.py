"""Times in the whole package: nanoseconds, whole numbers, since 1970 (UTC) where nothing else is said."""

from __future__ import annotations

from typing import Final

NS_PER_SECOND: Final = 1_000_000_000
