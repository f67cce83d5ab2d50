"""Identities and references that a plan leaves open, from its configuration.

azurerm knows the ID of a new resource only when it is made. Here an ID is a function of names, so it is
computed, and with it every reference to the resource that the plan leaves open. A name that only the apply
can know is stood in for by the address of the block, in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from vtaplib.analysis.terraform_plan import azapi
from vtaplib.analysis.terraform_plan.configuration import (
    Configuration,
    Expression,
    Index,
    OpaqueError,
    Scope,
    Target,
    expression_in,
)
from vtaplib.analysis.terraform_plan.document import Instance, TerraformDocument
from vtaplib.analysis.terraform_plan.provider_subscription import provider_subscriptions
from vtaplib.analysis.terraform_plan.resource_types import kind_of
from vtaplib.model import ids
from vtaplib.model.base import Block, Field, Model, Shape, Values
from vtaplib.model.marks import INLINE, UNORDERED
from vtaplib.model.resource import Resource, id_format_of, kind_named, resource_kind
from vtaplib.model.unknown import UNKNOWN

_NO_SEPARATORS: Final = str.maketrans("/|", "__")


class References:
    """Looks up what the objects of a document are and refer to. Each ID is made once, when somebody first
    needs it.
    """

    def __init__(self, document: TerraformDocument, configuration: Configuration) -> None:
        self._configuration = configuration
        self._ids: dict[str, str | None] = {}
        self.subscriptions = provider_subscriptions(document.instances, configuration)
        """The subscription of each provider, by the key of its configuration."""

    # Identity

    def id_of(self, instance: Instance) -> str | None:
        """The ID of an instance as it will be; None if it is not known."""
        if instance.address not in self._ids:
            self._ids[instance.address] = None  # should it depend on itself
            self._ids[instance.address] = self._id(instance)
        return self._ids[instance.address]

    def _id(self, instance: Instance) -> str | None:
        kind, values = kind_of(instance), instance.after or {}
        given = values.get("id")
        if kind is None or (isinstance(given, str) and kind.parse_id(given) is not None):
            return given if isinstance(given, str) else None
        if instance.type == azapi.TYPE:
            return self._id_under_parent(instance, kind, values)
        names: dict[str, str] = {}
        for name in ids.placeholders(kind.id_format):
            value = self._name(instance, kind, name, values.get(name))
            if value is None:
                return None
            names[name] = value
        return kind.id_format.format_map(names)

    def _id_under_parent(
        self, instance: Instance, kind: type[Resource], values: Mapping[str, Any]
    ) -> str | None:
        """The ID of a resource that names its parent by ID."""
        parent_id, name = values.get("parent_id"), values.get("name")
        if parent_id is UNKNOWN:
            expression = expression_in(self._configuration.expressions(instance), "parent_id")
            scope = self._configuration.scope(instance)
            found = self._candidates(azapi.parent_kind(kind), expression, scope, new=True)
            parent_id = found[0] if len(found) == 1 else None
        if not isinstance(parent_id, str) or not isinstance(name, str):
            return None
        return azapi.id_under(parent_id, values, name)

    def _name(self, instance: Instance, kind: type[Resource], name: str, value: object) -> str | None:
        if name == "subscription_id":
            return self._subscription(instance)
        if value is UNKNOWN and kind.fields()[name].ref is not None:
            expressions = self._configuration.expressions(instance)
            scope = self._configuration.scope(instance)
            value = self._referred(kind.fields()[name], expression_in(expressions, name), scope)
        if value is UNKNOWN and name == "name":
            return f"({instance.address.translate(_NO_SEPARATORS)})"
        return value if isinstance(value, str) and value else None

    def _subscription(self, instance: Instance) -> str:
        return self.subscriptions[self._configuration.provider(instance)].subscription_id

    # References

    def filled(
        self, model: type[Model], values: Mapping[str, Any], expressions: Expression, scope: Scope
    ) -> Values:
        """Values with the references filled in that the configuration says."""
        found = dict(values)
        for name, one in model.referring_fields().items():
            value, expression = values.get(name), expressions.get(name)
            if expression is None:
                continue
            if one.ref is not None and isinstance(expression, Mapping):
                found[name] = self._reference(one, value, expression, scope)
            elif one.block is not None and isinstance(value, list) and not one.has(UNORDERED):
                found[name] = self._blocks(one.block, value, expression, scope)
        return found

    def _blocks(self, block: type[Block], values: list[Any], expression: Any, scope: Scope) -> list[Any]:
        """Nested blocks; where there are as many as in the configuration, each with its expressions."""
        written = expression if isinstance(expression, list) else [expression]
        if len(written) != len(values):
            return values
        return [
            self.filled(block, value, one, scope)
            if isinstance(value, Mapping) and isinstance(one, Mapping)
            else value
            for value, one in zip(values, written, strict=True)
        ]

    def _reference(self, one: Field, value: Any, expression: Expression, scope: Scope) -> Any:
        if one.shape is Shape.LIST:
            if value is not UNKNOWN and not (isinstance(value, list) and any(v is UNKNOWN for v in value)):
                return value
            known = value if isinstance(value, list) else None
            return self._referred_list(one, known, expression, scope)
        return self._referred(one, expression, scope) if value is UNKNOWN else value

    def _referred(self, one: Field, expression: Expression, scope: Scope) -> Any:
        """The one thing that a reference of unknown value can mean, else UNKNOWN."""
        found = self._referred_to(one, expression, scope, new=True)
        return found[0] if len(found) == 1 else UNKNOWN

    def _referred_list(
        self, one: Field, known: list[Any] | None, expression: Expression, scope: Scope
    ) -> Any:
        """A list of references: as many as there are, in the order of the configuration, or UNKNOWN."""
        found = self._referred_to(one, expression, scope, new=False)
        if not found or (known is not None and len(known) != len(found)):
            return UNKNOWN
        agrees = known is None or all(
            mine is UNKNOWN or ids.key(str(mine)) == ids.key(theirs)
            for mine, theirs in zip(known, found, strict=True)
        )
        return found if agrees else UNKNOWN

    def _referred_to(self, one: Field, expression: Expression, scope: Scope, *, new: bool) -> Sequence[str]:
        """What of a reference's type an expression refers to, by ID or by name, as the reference does."""
        assert one.ref is not None
        found = self._candidates(one.ref.kind, expression, scope, new=new)
        is_by_id = one.name.endswith(("_id", "_ids"))
        return found if is_by_id else tuple(dict.fromkeys(map(ids.name, found)))

    def _candidates(
        self, kind_name: str, expression: Expression, scope: Scope, *, new: bool
    ) -> Sequence[str]:
        """The IDs of a type that an expression refers to; `new`: that the plan makes, for what is there
        already is known.
        """
        try:
            targets = self._configuration.targets(expression, scope)
        except OpaqueError:
            return ()
        return tuple(
            dict.fromkeys(
                meant
                for target in targets
                if not new or _is_new(target.instance)
                for meant in self._meant(kind_name, target)
            )
        )

    def _meant(self, kind_name: str, target: Target) -> Iterator[str]:
        """The IDs of a type that a target stands for: its own, or those of its parts."""
        kind, wanted = kind_of(target.instance), kind_named(kind_name)
        if kind is None:
            return
        is_wanted, parts = issubclass(kind, wanted), _parts(kind.__name__, kind_name)
        target_id = self.id_of(target.instance) if is_wanted or parts else None
        if target_id is None:
            return
        if is_wanted:
            yield target_id
            return
        for name, segment in parts:
            blocks = (target.instance.after or {}).get(name)
            for position, block in enumerate(blocks if isinstance(blocks, list) else ()):
                if _names_another(target, name, position) or not isinstance(block, Mapping):
                    continue
                if isinstance(block.get("name"), str):
                    yield f"{target_id}/{segment}/{block['name']}"


@cache
def _parts(owner: str, part: str) -> Sequence[tuple[str, str]]:
    """The fields of a type whose blocks are what is wanted, with the segments before the names in their IDs.
    Types by class name.
    """
    kind, wanted, found = resource_kind(owner), kind_named(part), []
    for name, one in kind.fields().items():
        if one.block is not None and one.block is wanted:
            found.append((name, one.block.id_segment))
        elif one.block is not None and one.has(INLINE) and resource_kind(one.block.child) is wanted:
            found.append((name, id_format_of(one.block.child).split("/")[-2]))
    return found


def _names_another(target: Target, name: str, position: int) -> bool:
    """Whether a reference steps into another block than this one."""
    steps = target.steps
    is_indexed = steps[:1] == (name,) and len(steps) > 1 and isinstance(steps[1], Index)
    return is_indexed and steps[1] != Index(position)


def _is_new(instance: Instance) -> bool:
    return instance.after is not None and instance.after.get("id", UNKNOWN) is UNKNOWN
