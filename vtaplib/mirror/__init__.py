"""The data plane: copies of frames, wrapped in VXLAN, and the account of every frame that was not copied."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
