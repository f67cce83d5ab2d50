"""Tests of one backend or the other say themselves which it is."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def kept_in() -> None:
    """In place of that for the control plane."""
