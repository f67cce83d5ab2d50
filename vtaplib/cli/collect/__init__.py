"""`vtap collect`: a collector for mirrored frames, on the command line."""

from __future__ import annotations
