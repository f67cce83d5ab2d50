"""The inner loops as plain Python, whatever is compiled: what the compiled ones are held equal to."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import vtaplib.loops

SOURCES = Path(vtaplib.loops.__file__).parent


def interpreted(name: str) -> ModuleType:
    """Return a module of `vtaplib.loops` that is run from its source."""
    spec = importlib.util.spec_from_file_location(f"interpreted_{name}", SOURCES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
