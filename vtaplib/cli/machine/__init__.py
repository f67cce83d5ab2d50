"""`vtap machine`: what an operator does to a machine."""

from __future__ import annotations
