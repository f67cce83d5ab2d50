"""What became of a capture that was sent: `report` has the account, and `document` shows it."""

from __future__ import annotations
