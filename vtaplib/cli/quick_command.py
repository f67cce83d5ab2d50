"""Commands that take arguments as they are where they have their type already.

Typer has pydantic convert every argument, given or not, and to import pydantic takes longer than most
commands do. A text for an argument that is a text, and a default, need no conversion. All else is left to
Typer.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any, Final, Protocol

from typer.core import TyperCommand, TyperGroup

_PLAIN: Final = (str, int, float, bool)


class Conversion(Protocol):
    """How Typer converts what is given for a parameter."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any: ...


class QuickCommand(TyperCommand):
    """A command of Typer's that converts what must be."""

    def get_params(self, ctx: Any) -> list[Any]:
        return [_quick(parameter) for parameter in super().get_params(ctx)]


class QuickGroup(TyperGroup):
    """The same for a group of commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        return [_quick(parameter) for parameter in super().get_params(ctx)]


def _quick(parameter: Any) -> Any:
    conversion = getattr(parameter, "get_runtime_param", None)  # not in every release of Typer
    if conversion is not None and not isinstance(conversion, partial):
        parameter.get_runtime_param = partial(_AsItIs, parameter.type_descriptor, conversion)
    return parameter


class _AsItIs:
    """Takes a value as it is where it has the parameter's type, and else converts it."""

    def __init__(self, descriptor: Any, conversion: Callable[[], Conversion]) -> None:
        self._annotation = descriptor.annotation
        self._is_more_than_a_type = descriptor.parameter_info.parser is not None or descriptor.is_path
        self._conversion = conversion

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        is_list = param.multiple or param.nargs == -1
        if value is None:
            return () if is_list else None
        if not self._is_more_than_a_type:
            if self._annotation == list[str] and all(type(one) is str for one in value):
                return list(value)
            if type(value) is self._annotation and _is_plain(self._annotation):
                return value
        return self._conversion().coerce(value, param=param, ctx=ctx)


def _is_plain(kind: type) -> bool:
    return kind in _PLAIN or issubclass(kind, Enum)
