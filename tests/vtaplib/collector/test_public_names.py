from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from vtaplib import collector


@pytest.mark.parametrize("name", collector.__all__)
def test_every_public_name_is_loaded_when_it_is_asked_for(name: str) -> None:
    home = importlib.import_module(f"vtaplib.collector.{collector._HOMES[name]}")
    assert getattr(collector, name) is getattr(home, name)


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Colector'"):
        collector.Colector  # noqa: B018  # asked for, to see what happens


def test_nothing_is_loaded_before() -> None:
    asked = "import sys, vtaplib.collector; print([one for one in sys.modules if 'collector.' in one])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
