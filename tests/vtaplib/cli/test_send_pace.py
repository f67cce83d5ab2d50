"""Gaps as `vtap send` is given them."""

from __future__ import annotations

import pytest

from vtaplib.cli.send.pace import pace_of
from vtaplib.errors import VtapError


@pytest.mark.parametrize("gap", [-1.0, float("nan"), float("inf")])
def test_what_is_no_gap_is_refused(gap: float) -> None:
    with pytest.raises(VtapError, match="--max-gap"):
        pace_of(speed=None, rate=None, top_speed=False, max_gap=gap, overhead=50)
