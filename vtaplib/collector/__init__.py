"""The collector's side: receiving a stream of mirrored frames, broking it, and sending one to test with."""

from __future__ import annotations
