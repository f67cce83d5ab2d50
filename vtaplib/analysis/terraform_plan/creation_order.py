"""The order in which an apply makes things, as far as a plan's configuration says it.

Terraform makes the objects of a block after those of every block that it waits for: those that its arguments
refer to and those that `depends_on` names, directly or through outputs, variables, data sources and the calls
of modules. Instances make no difference here: where a block waits for another, this counts as all of its
objects waiting for all of the other's. So what is found to wait for nothing certainly does.

A plan does not say what a local value refers to. What refers to one may wait for anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from vtaplib.analysis.terraform_plan.configuration import longest, steps_of
from vtaplib.analysis.terraform_plan.terraform_json import (
    MANAGED,
    ConfigModule,
    ConfigOutput,
    ConfigResource,
    ModuleCall,
    ShownConfiguration,
)


class Node(NamedTuple):
    """Something that waits or is waited for: a block, or what leads from one to another."""

    modules: tuple[str, ...]
    """The names of the modules that it is in, the outermost first."""
    name: str
    """A block's type and name (`azurerm_subnet.web`, `data.azurerm_subnet.web`), `var.…`, `output.…`, or one
    of the names below."""


CALL: Final = "call"
"""The call of the module: all in it waits for what that waits for."""
CONTENT: Final = "content"
"""All that is in the module: what names the module in `depends_on` waits for it."""
OUTPUTS: Final = "outputs"
"""All outputs of the module."""
OPAQUE: Final = Node((), "local")
"""What a plan does not say."""
_NOTHING: Final = frozenset({"each", "count", "self", "path", "terraform"})
"""What references begin with that lead nowhere, or where the block's own `for_each` and `count` do."""


class CreationOrder:
    """The order of a configuration's blocks."""

    def __init__(self, configuration: ShownConfiguration) -> None:
        self._root = configuration.root_module or ConfigModule()
        self._providers = configuration.provider_config or {}
        self._blocks: dict[tuple[str, ...], Mapping[str, ConfigResource]] = {}
        """The blocks of modules by name, of those that were asked about."""
        self._directly: dict[Node, Sequence[Node]] = {}
        self._asked: tuple[Node, Collection[Node]] = (OPAQUE, frozenset())
        """The block that was last asked about, and all before it: several questions are about one block."""

    def waits_for(self, block: Node, other: Node) -> bool | None:
        """Whether the objects of a block are made after those of another; None where nobody can say."""
        if block != self._asked[0]:
            self._asked = (block, self._all_before(block))
        before = self._asked[1]
        return True if other in before else None if OPAQUE in before else False

    def _all_before(self, start: Node) -> Collection[Node]:
        found: set[Node] = set()
        pending = [start]
        while pending:
            node = pending.pop()
            if node not in self._directly:
                self._directly[node] = tuple(dict.fromkeys(self._directly_before(node)))
            new = [one for one in self._directly[node] if one not in found]
            found.update(new)
            pending += new
        return found

    def _directly_before(self, node: Node) -> Iterator[Node]:
        modules, name = node
        kind, _, rest = name.partition(".")
        outside, module = modules[:-1], self._module(modules)
        if kind == "var":
            yield from _referred(outside, (self._call(modules).expressions or {}).get(rest))
        elif kind == "output":
            output = (module.outputs or {}).get(rest) or ConfigOutput()
            yield from (*_referred(modules, output.expression), *_named(modules, output.depends_on))
        elif kind == OUTPUTS:
            yield from (Node(modules, f"output.{one}") for one in module.outputs or ())
        elif kind == CONTENT:
            yield from (Node(modules, block_name(one)) for one in module.resources or ())
            yield from (Node((*modules, one), CONTENT) for one in module.module_calls or ())
            yield Node(modules, OUTPUTS)
        elif kind == CALL:
            call = self._call(modules)
            yield from _referred(outside, [call.for_each_expression, call.count_expression])
            yield from _named(outside, call.depends_on)
        else:
            if modules not in self._blocks:
                self._blocks[modules] = {block_name(one): one for one in module.resources or ()}
            block = self._blocks[modules].get(name)
            yield from (OPAQUE,) if block is None else self._before_block(modules, block)
        if modules and kind != CALL:
            yield Node(modules, CALL)
        elif outside:
            yield Node(outside, CALL)

    def _before_block(self, modules: tuple[str, ...], block: ConfigResource) -> Iterator[Node]:
        yield from _referred(
            modules,
            [block.expressions, block.for_each_expression, block.count_expression, block.provisioners],
        )
        yield from _named(modules, block.depends_on)
        provider = self._providers.get(block.provider_config_key)
        if provider is not None:
            yield from _referred(module_names(provider.module_address), provider.expressions)

    def _module(self, modules: tuple[str, ...]) -> ConfigModule:
        return (self._call(modules).module or ConfigModule()) if modules else self._root

    def _call(self, modules: tuple[str, ...]) -> ModuleCall:
        call = ModuleCall(self._root)
        for name in modules:
            inner = call.module or ConfigModule()
            call = (inner.module_calls or {}).get(name) or ModuleCall()
        return call


def block_at(address: str) -> Node:
    """The block of the object at an address."""
    names = [one for one in steps_of(address) if isinstance(one, str)]
    depth = next(at for at in range(0, len(names), 2) if names[at] != "module")
    return Node(tuple(names[1:depth:2]), ".".join(names[depth:]))


def block_name(block: ConfigResource) -> str:
    """What references call a block: `azurerm_subnet.web`, `data.azurerm_subnet.web`."""
    mode = "" if block.mode == MANAGED else f"{block.mode}."
    return f"{mode}{block.type}.{block.name}"


def module_names(address: str) -> tuple[str, ...]:
    """The names in a module's address, without the keys of instances."""
    return tuple(one for one in steps_of(address) if isinstance(one, str))[1::2]


def _referred(modules: tuple[str, ...], expression: Any) -> Iterator[Node]:
    """What an expression in a module refers to, or the expressions in nested blocks."""
    if isinstance(expression, Mapping):
        listed = expression.get("references")
        if isinstance(listed, list):
            yield from _nodes(modules, listed, OUTPUTS)
        for name, one in expression.items():
            if name != "constant_value":
                yield from _referred(modules, one)
    elif isinstance(expression, list):
        for one in expression:
            yield from _referred(modules, one)


def _named(modules: tuple[str, ...], depends_on: Iterable[str] | None) -> Iterator[Node]:
    """What `depends_on` in a module names."""
    return _nodes(modules, depends_on or (), CONTENT)


def _nodes(modules: tuple[str, ...], references: Iterable[Any], of_module: str) -> Iterator[Node]:
    """What references in a module lead to. `of_module`: what one leads to that names a module alone."""
    for steps in longest(steps_of(one) for one in references if isinstance(one, str)):
        head, *rest = (one for one in steps if isinstance(one, str))
        if head == "local":
            yield OPAQUE
        elif head == "module" and rest:
            name = f"output.{rest[1]}" if len(rest) > 1 else of_module
            yield Node((*modules, rest[0]), name)
        elif head == "var" and rest:
            yield Node(modules, f"var.{rest[0]}")
        elif head not in _NOTHING:
            yield Node(modules, ".".join((head, *rest)[: 3 if head in ("data", "ephemeral") else 2]))
