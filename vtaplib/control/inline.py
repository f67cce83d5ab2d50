"""Inline children: resources that their parent's argument may carry, as a network's its subnets.

They are stored as resources of their own, written by either; a read makes the parent's argument
from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from vtaplib.model import ids
from vtaplib.model.base import Block
from vtaplib.model.marks import INLINE
from vtaplib.model.resource import Resource, resource_kind
from vtaplib.model.view import View

R = TypeVar("R", bound=Resource)

Children = list[tuple[str, int, Resource]]
"""The field, the position in it, and the child that the block there describes."""


def children(parent: Resource) -> Children:
    """The child resources that a resource's inline arguments describe, as far as their names are known."""
    return [
        (name, position, child(parent, block))
        for name, field in parent.fields().items()
        if field.has(INLINE) and parent.knows(name)
        for position, block in enumerate(getattr(parent, name) or ())
        if block.knows("name")
    ]


def child(parent: Resource, block: Block) -> Resource:
    """The child resource that a block inside its parent describes."""
    kind = resource_kind(type(block).child)
    values = {name: None if value == "" else value for name, value in block.values().items()}
    for name in type(block).renamed:
        # Leaving it out of the block says that there is none, and of the resource, that it stays.
        values[name] = "" if values[name] is None else values[name]
    for name in ids.placeholders(kind.id_format)[:-1]:
        values[name] = getattr(parent, name if name in parent.fields() else "name")
    return kind.from_values(values)


def block(kind: type[Block], resource: Resource) -> Block:
    """The block that describes a child resource inside its parent: the inverse of `child`."""
    values = resource.values()
    for here, there in kind.renamed.items():
        values[here] = values[there]
    values["id"] = resource.id
    # Where the resource says "" for nothing, the argument of the parent is left out.
    return kind.from_values(
        {name: None if value == "" else value for name, value in values.items() if name in kind.fields()}
    )


def without(parent: R) -> R:
    """The parent without its inline arguments, as it is stored."""
    changes = {name: None for name, field in parent.fields().items() if field.has(INLINE)}
    return parent.replace(**changes) if changes else parent


def gathered(parent: R, view: View, derive: Callable[[Any, View], Any]) -> R:
    """The parent with its inline arguments made from its children, as it is read. `derive`: gives a child
    what is computed at a read.
    """
    changes = {
        name: [
            block(field.block, derive(one, view))
            for one in view.list(resource_kind(field.block.child), parent.id + "/")
        ]
        for name, field in parent.fields().items()
        if field.has(INLINE) and field.block is not None and issubclass(field.block, Block)
    }
    return parent.replace(**changes) if changes else parent
