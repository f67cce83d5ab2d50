"""What a plan's configuration says about values that only the apply can know: which instances they are from.

Terraform lists the references of an expression, not the expression. So this is about what those leave open:
a reference into a module is followed to what the module's output refers to, a variable of a module to what
its call gives, `each.value` to what `for_each` runs over. What Terraform does not list (a local value) or
what could be several things stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple

from vtaplib.analysis.terraform_plan.document import Instance, Key, TerraformDocument
from vtaplib.analysis.terraform_plan.terraform_json import (
    ConfigModule,
    ConfigOutput,
    ConfigResource,
    ModuleCall,
    ProviderConfig,
)

Expression = Mapping[str, Any]
"""What Terraform says of an argument: its constant value, or the references in it. Of a nested block it says
the arguments, so that a key here may be the name of one.
"""


class Index(NamedTuple):
    """A step into a list, a map, or the instances of a block."""

    key: int | str


class OwnIndex(NamedTuple):
    """A step that an index of `each` or `count` takes. Terraform says that there is one, not where."""

    key: int | str
    siblings: Mapping[Key, Any] | None
    """The instances that it may be the key of: where those of another block have the same keys, `[each.key]`
    is the own one. None: it is a value that Terraform does say."""


Steps = tuple[str | Index | OwnIndex, ...]
"""A reference: `module.net["a"].ids[0]` is `("module", "net", Index("a"), "ids", Index(0))`."""

_STEP = re.compile(r'\.?([^\W\d][\w-]*)|\[(\d{1,18})\]|\["((?:[^"\\]|\\.)*)"\]')
_OPAQUE = frozenset({"local", "data", "self", "ephemeral"})
_NO_VALUE = frozenset({"count", "path", "terraform"})
_DEEPEST: Final = 60
"""Expressions that are followed one from another: two for each module that is in another."""
_MOST_FOLLOWED: Final = 200_000
"""Expressions that are followed to find what one refers to."""
_ALONE: Final[Mapping[Any, Any]] = {}


class Target(NamedTuple):
    """Where a reference leads: an instance, and steps into its values."""

    instance: Instance
    steps: Steps


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: its module's address, and the instance that it is evaluated for."""

    module: str
    key: Key = None
    siblings: Mapping[Key, Any] = field(default_factory=lambda: _ALONE)
    """All instances of the block, by key."""
    for_each: Expression = field(default_factory=lambda: _ALONE)


class OpaqueError(Exception):
    """A reference to something of which a plan does not say where it comes from."""


@lru_cache(maxsize=4096)
def steps_of(reference: str) -> Steps:
    """The steps of a reference."""
    found: list[str | Index | OwnIndex] = []
    for name, number, key in _STEP.findall(reference):
        found.append(name or Index(int(number) if number else _unescaped(key)))
    return tuple(found)


class Configuration:
    """The blocks of a plan, and the instances that they make."""

    def __init__(self, document: TerraformDocument) -> None:
        self._root = document.configuration.root_module or ConfigModule()
        self._providers = document.configuration.provider_config or {}
        self._variables = document.variables
        self._instances: dict[tuple[str, str, str], dict[Key, Instance]] = {}
        self._modules: dict[tuple[str, str], dict[Key, str]] = {}
        self._blocks: dict[tuple[str, str, str], ConfigResource] = {}
        self._same_keys: dict[tuple[int, int], bool] = {}
        """Whether two blocks have instances of the same keys: asked for each of many instances."""
        self._depth = 0
        """How many expressions are being followed, each from the one before."""
        self._followed = 0
        for one in document.instances:
            self._instances.setdefault((one.module, one.type, one.name), {})[one.key] = one
            self._learn_modules(one.module)

    def _learn_modules(self, address: str) -> None:
        while address:
            parent, name, key = _split(address)
            known = self._modules.setdefault((parent, name), {})
            if key in known:
                return
            known[key] = address
            address = parent

    # Blocks

    def expressions(self, instance: Instance) -> Expression:
        """The arguments of an instance's block; nothing where the plan does not have it."""
        return self._block(instance).expressions or {}

    def scope(self, instance: Instance) -> Scope:
        """Where the expressions of an instance stand."""
        block = self._block(instance)
        siblings = self._instances[instance.module, instance.type, instance.name]
        return Scope(instance.module, instance.key, siblings, block.for_each_expression or {})

    def provider(self, instance: Instance) -> str:
        """The key of the provider's configuration that an instance is made with."""
        return self._block(instance).provider_config_key

    def provider_argument(self, provider: str, name: str) -> str | None:
        """A string that a provider is configured with, if the plan says it."""
        configured = self._providers.get(provider) or ProviderConfig()
        value = self._value(expression_in(configured.expressions, name), Scope(""))
        return value if isinstance(value, str) and value else None

    def _block(self, instance: Instance) -> ConfigResource:
        where = (instance.module, instance.type, instance.name)
        if where not in self._blocks:
            for one in self._module(instance.module).resources or ():
                self._blocks.setdefault((instance.module, one.type, one.name), one)
            self._blocks.setdefault(where, ConfigResource(instance.type, instance.name))
        return self._blocks[where]

    def _module(self, address: str) -> ConfigModule:
        if not address:
            return self._root
        return self._call(address).module or ConfigModule()

    def _call(self, address: str) -> ModuleCall:
        parent, name, _ = _split(address)
        return (self._module(parent).module_calls or {}).get(name) or ModuleCall()

    # References

    def targets(self, expression: Expression, scope: Scope, more: Steps = ()) -> Sequence[Target]:
        """The instances that an expression refers to, in its order; `more` are steps into its value. Raises
        OpaqueError where there may be others, and where modules refer to each other without end.
        """
        if self._depth == 0:
            self._followed = 0
        self._followed += 1
        if self._depth == _DEEPEST or self._followed > _MOST_FOLLOWED:
            raise OpaqueError("the references lead too far")
        self._depth += 1
        try:
            references = references_of(expression)
            own = self._own_index(references, scope)
            found: dict[tuple[str, Steps], Target] = {}
            for steps in references:
                for target in self._follow(steps + own + more, scope):
                    found.setdefault((target.instance.address, target.steps), target)
            return tuple(found.values())
        finally:
            self._depth -= 1

    def _own_index(self, references: Iterable[Steps], scope: Scope) -> Steps:
        for steps in references:
            if steps in (("each", "key"), ("each", "value"), ("count", "index")) and scope.key is not None:
                return (OwnIndex(scope.key, scope.siblings),)
            if steps[:2] == ("each", "value"):
                value = _within(self._each_value(scope), steps[2:])
                return (OwnIndex(value, None),) if isinstance(value, str | int) else ()
        return ()

    def _follow(self, steps: Steps, scope: Scope) -> Iterator[Target]:
        head = steps[0]
        if head in _OPAQUE:
            raise OpaqueError(str(head))
        if len(steps) == 1:
            return
        if head == "each":
            yield from self._each(steps, scope)
        elif head == "var":
            yield from self._variable(steps, scope)
        elif head == "module":
            yield from self._output(steps, scope)
        elif head not in _NO_VALUE:
            yield from self._resource(steps, scope)

    def _each(self, steps: Steps, scope: Scope) -> Iterator[Target]:
        if steps[1:2] == ("value",) and scope.key is not None:
            try:
                yield from self.targets(
                    scope.for_each, replace(scope, for_each={}), (Index(scope.key), *steps[2:])
                )
            except OpaqueError:
                return  # most are just keys; where it is the value itself, nothing is found: it stays unknown

    def _variable(self, steps: Steps, scope: Scope) -> Iterator[Target]:
        if scope.module:
            yield from self.targets(*self._argument(scope.module, str(steps[1])), steps[2:])

    def _argument(self, module: str, name: str) -> tuple[Expression, Scope]:
        """What a module's call gives for a variable, and where that stands."""
        parent, call_name, key = _split(module)
        call = self._call(module)
        siblings = self._modules[parent, call_name]
        scope = Scope(parent, key, siblings, call.for_each_expression or {})
        return expression_in(call.expressions, name), scope

    def _output(self, steps: Steps, scope: Scope) -> Iterator[Target]:
        instances = self._modules.get((scope.module, str(steps[1])), {})
        chosen, rest = self._choose(instances, steps[2:])
        for address in chosen:
            outputs = self._module(address).outputs or {}
            # `module.net[each.key].id` is listed as `module.net`: then it may be any of the outputs.
            names, inner = ([rest[0]], rest[1:]) if rest and isinstance(rest[0], str) else (outputs, rest)
            for name in names:
                output = outputs.get(name) or ConfigOutput()
                yield from self.targets(output.expression or {}, Scope(address), inner)

    def _resource(self, steps: Steps, scope: Scope) -> Iterator[Target]:
        instances = self._instances.get((scope.module, str(steps[0]), str(steps[1])), {})
        chosen, rest = self._choose(instances, steps[2:])
        for instance in chosen:
            yield Target(instance, tuple(step for step in rest if not isinstance(step, OwnIndex)))

    def _choose(self, instances: Mapping[Key, Any], rest: Steps) -> tuple[list[Any], Steps]:
        """Which instances of a block are meant, and the steps that are left: the only one, the one that a
        step names, or all of them.
        """
        if None in instances:
            return [instances[None]], rest
        for position, step in enumerate(rest):
            if self._names(step, instances):
                key = step if isinstance(step, str) else step.key
                return [instances[key]], rest[:position] + rest[position + 1 :]
        return list(instances.values()), rest

    def _names(self, step: str | Index | OwnIndex, instances: Mapping[Key, Any]) -> bool:
        if isinstance(step, OwnIndex) and step.siblings is not None:
            return self._have_the_same_keys(step.siblings, instances)
        return (step if isinstance(step, str) else step.key) in instances

    def _have_the_same_keys(self, one: Mapping[Key, Any], other: Mapping[Key, Any]) -> bool:
        pair = (id(one), id(other))
        if pair not in self._same_keys:
            self._same_keys[pair] = one.keys() == other.keys()
        return self._same_keys[pair]

    # Values that the plan does say

    def _each_value(self, scope: Scope) -> Any:
        return _within(
            self._value(scope.for_each, scope), (Index(scope.key),) if scope.key is not None else ()
        )

    def _value(self, expression: Expression, scope: Scope) -> Any:
        """The value of an expression that is a constant or just a variable, else None."""
        if "constant_value" in expression:
            return expression["constant_value"]
        references = references_of(expression)
        if len(references) != 1 or references[0][0] != "var" or len(references[0]) == 1:
            return None
        _, name, *rest = references[0]
        if scope.module:
            value = self._value(*self._argument(scope.module, str(name)))
        else:
            value = self._variables.get(str(name))
        return _within(value, tuple(rest))


def references_of(expression: Expression) -> Sequence[Steps]:
    """The references in an expression that no other one goes on from; a nested block has none itself, but may
    have an argument of that name.
    """
    listed = expression.get("references")
    return (
        longest(steps_of(one) for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
    )


def expression_in(arguments: Expression | None, name: str) -> Expression:
    """What is said of an argument; nothing if it is not given, or is a block that can be repeated."""
    found = (arguments or {}).get(name)
    return found if isinstance(found, Mapping) else {}


def longest(references: Iterable[Steps]) -> Sequence[Steps]:
    """The references that no other one goes on from: Terraform lists `a.b.c`, then `a.b` too."""
    listed = tuple(dict.fromkeys(references))
    beginnings = {steps[:end] for steps in listed for end in range(1, len(steps))}
    return tuple(steps for steps in listed if steps and steps not in beginnings)


def _within(value: Any, steps: Steps) -> Any:
    for step in steps:
        key = step.key if isinstance(step, Index) else step
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


_MODULE = re.compile(r'\.?module\.([^.\[]+)(?:\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\])?', re.DOTALL)


@lru_cache(maxsize=1024)
def _split(address: str) -> tuple[str, str, Key]:
    """The address of a module's parent, its name and its key."""
    *_, last = _MODULE.finditer(address)
    name, number, key = last.groups()
    return address[: last.start()], name, int(number) if number else key and _unescaped(key)


def _unescaped(key: str) -> str:
    return re.sub(r"\\(.)", r"\1", key, flags=re.DOTALL)
