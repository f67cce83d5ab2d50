"""What resources and rules are made of: fields, marks, identity, views, policy. No resource, no I/O."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
