"""Who reaches whom, and who gets the flow: looked up in a frozen picture of the network, per frame."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
