"""The collector's side: receiving a stream of mirrored frames, broking it, and sending one to test with."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
