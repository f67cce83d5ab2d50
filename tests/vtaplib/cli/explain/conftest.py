"""What the tests of the command have, here too."""

from __future__ import annotations

from tests.vtaplib.cli.conftest import clouds, load_balanced, quickstart, vtap

__all__ = ["clouds", "load_balanced", "quickstart", "vtap"]
