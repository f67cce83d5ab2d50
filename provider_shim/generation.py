"""Configuration from state: what a user writes for an object that exists (`plan -generate-config-out`).

It has the required arguments, and of the optional ones those without which the service would make another
object. So nothing contradicts what the service has filled in, and an object made anew from the configuration
is like the old one. Left out are

- what only the service gives, or a read computes;
- defaults;
- secrets and write-only arguments, which nobody can read: where one is required, Terraform says so;
- children that are objects of their own, such as a network's inline subnets: to import these, name them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from provider_shim import merging
from provider_shim.derivation import is_settable, public_fields
from vtaplib.model import ids
from vtaplib.model.base import Field, Model, Values
from vtaplib.model.combination import Combination
from vtaplib.model.marks import INLINE, OPTIONAL_ASSIGNED, SENSITIVE, WRITE_ONLY
from vtaplib.model.resource import Resource, id_format_of
from vtaplib.model.unknown import UNKNOWN
from vtaplib.model.validation import check_combinations


def generated(kind: type[Resource], state: Values, made_of: Callable[[Values], Values]) -> Values:
    """The configuration of an object in a state. `made_of`: the values of the object that the service makes
    of a configuration where there is none yet, UNKNOWN for what it chooses freely.
    """
    config: Values = {}
    made: Values = {}
    while (more := _combined(kind, state, _written(kind, state, config, made))) != config:
        # What has been left out can depend on what has been put in: an address is chosen if it is Dynamic.
        config, made = more, made_of(more)
    return config


def _written(
    cls: type[Model], state: Values, config: Values, made: Values, wanted: str = "", within: str = ""
) -> Values:
    """`config`, with what it lacks for the service to make `state` of it: `made` is what it makes by now.
    `wanted` is the dotted name of an argument to be written in any case.
    """
    written: Values = {}
    for field in public_fields(cls):
        name, was, makes = field.name, state.get(field.name), made.get(field.name, UNKNOWN)
        if not is_settable(field) or any(map(field.has, (WRITE_ONLY, SENSITIVE, INLINE))):
            written[name] = None
        elif field.block is not None:
            past = config.get(name) or [{}] * len(was or ())
            others = merging.partners(field, was or [], makes if isinstance(makes, list) else [])
            written[name] = was and [
                _written(field.block, block, before, after or {}, wanted, f"{within}{name}.")
                for block, before, after in zip(was, past, others, strict=True)
            ]
        elif config.get(name) is not None or f"{within}{name}" == wanted or _differs(field, was, makes):
            written[name] = _spelled(field, was)
        else:
            written[name] = None
    return written


def _differs(field: Field, was: Any, made: Any) -> bool:
    """Whether a value is another than that of an argument that is left out."""
    if field.has(OPTIONAL_ASSIGNED):
        return not merging.holds_unknown(made) and not merging.same(field, was, made)
    return field.required or field.default is None or not merging.same(field, was, field.default)


def _combined(kind: type[Resource], state: Values, config: Values) -> Values:
    """A configuration, with what it needs beside for its arguments to go together."""
    while broken := _broken(kind, config):
        names = dict.fromkeys(name for one in broken for name in one.names)
        more = [_written(kind, state, config, {}, name) for name in names]
        best = min(more, key=lambda one: len(_broken(kind, one)))
        if len(_broken(kind, best)) >= len(broken):
            break
        config = best
    return config


def _broken(kind: type[Resource], config: Values) -> Sequence[Combination]:
    resource = kind.from_values(config)
    return [one for one in kind.combinations if any(check_combinations(resource, (one,), secrets_told=False))]


def _spelled(field: Field, value: Any) -> Any:
    """A value as azurerm wants it written: the fixed segments of an ID in their own case."""
    if field.ref is None:
        return value
    if isinstance(value, list):
        return [_spelled(field, one) for one in value]
    return ids.standard_case(id_format_of(field.ref.kind), value) if isinstance(value, str) else value
