"""Virtual network TAPs as software: the resources, the rules of a cloud, the engine that mirrors packets.

What stands here is needed every day; all else is in the packages, each of which says what it gives. A name is
loaded when it is first asked for (`__init__.pyi` lists them): who only wants packets must not pay for the
resources, nor the provider's start for what it does not use.
"""

from __future__ import annotations

import importlib

import lazy_loader

_loaded, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    value: object = _loaded(name)
    if getattr(value, "__module__", "").startswith("vtaplib.resources."):
        importlib.import_module("vtaplib.rules")  # a type's rules are all there for whoever can name it here
    return value
