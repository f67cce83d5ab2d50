"""The collector's side: receiving the stream of a TAP, broking it, and sending one to a collector under test."""

from __future__ import annotations
