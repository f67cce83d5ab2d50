"""`vtap replay`: a capture through the applied network."""

from __future__ import annotations
