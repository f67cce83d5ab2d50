"""Questions about clouds and traffic, each answered as a value: a *report*.

An analysis takes documents and streams; who opens files is the caller.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
