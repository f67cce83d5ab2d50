"""What a collector received, and where it went: `report` has the account, and `document` shows it."""

from __future__ import annotations
