"""Resources: models with an identity, references to others, and rules about the world.

A resource does not know its store. It is given a `View`.

What a resource type says about itself, all of it in its own module: `id_format` (identity), the fields and
their marks, `@rule` methods (what must hold for it alone), `assign` (what the service gives at a write),
`derive` (what is computed at a read), `effects` and `aftermath` (what a write or a deletion does to others).
A type knows itself; rules know how types relate: `vtaplib.rules` attaches those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Self

from vtaplib.model import ids
from vtaplib.model.base import Block, Model
from vtaplib.model.combination import Combination
from vtaplib.model.ids import label
from vtaplib.model.marks import Internal, NotInArm
from vtaplib.model.policy import Policy
from vtaplib.model.rule import Findings, Rule, Usage
from vtaplib.model.unknown import Undecided
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Path, Violation

Assignment = tuple[Path, Callable[[Any], Any]]
"""A field's path, and its value as a function of the resource with all earlier assignments made. A value that
needs something not known yet stays unknown."""


class Reference(NamedTuple):
    """One resource's field refers to another resource, or to a part of one."""

    path: Path
    target: str
    """The ID referred to."""
    kind: str = ""
    """The type that the ID must be of, by class name; empty for a claim (see `Resource.references`)."""
    claim: bool = False
    """The target is not an object but something only one can hold, such as an address in a subnet."""

    @property
    def owner(self) -> str:
        """The ID of the resource that the target is, or belongs to."""
        is_part = self.claim or issubclass(kind_named(self.kind), Block)
        return ids.parent(self.target) if is_part else self.target


class OnDelete(Enum):
    """What the deletion of a target does to a resource that refers to it."""

    REFUSE = "refuse"
    """The deletion is refused."""
    CASCADE = "cascade"
    """The resource is deleted too."""
    DANGLE = "dangle"
    """The resource stays, and refers to nothing."""


class DeletionOutcome(NamedTuple):
    """What a deletion does to those that refer to its target, with the code that a refused one answers."""

    on_delete: OnDelete
    code: ErrorCode


class Resource(Model):
    """One ARM resource."""

    id_format: ClassVar[str] = ""
    in_use_code: ClassVar[ErrorCode] = ErrorCode.RESOURCE_IN_USE
    """What a refused deletion answers while others refer to the resource."""
    missing_code: ClassVar[ErrorCode] = ErrorCode.INVALID_RESOURCE_REFERENCE
    """What a reference to a resource that does not exist answers."""
    dependents: ClassVar[tuple[str, ...]] = ()
    """Types, by class name, whose rules read this type's changeable fields: where one of these changes, those
    that refer to it are judged again."""
    changed_by_others: ClassVar[tuple[str, ...]] = ()
    """Fields that nobody sets and that the write or deletion of another resource may change, of one that this
    one does not refer to. No plan of a change knows them, for the apply may write the other first, or last.
    But one that is not derived stays once it is there."""
    awaited: ClassVar[bool] = False
    """Whether it matters what a plan makes after the first of this type; see `View.waits_for`."""
    foreign_id_codes: ClassVar[Mapping[str, ErrorCode]] = {}
    """By field, what an ID of another type answers; InvalidRequestContent for the fields not named here."""
    combinations: ClassVar[tuple[Combination, ...]] = ()
    """Which fields go together."""
    combination_code: ClassVar[ErrorCode] = ErrorCode.INVALID_PARAMETER_COMBINATION
    arm_owner: ClassVar[str] = ""
    """Set where ARM has no such resource, but keeps it in another's JSON: the ID format of that, or of the
    part of it."""

    subscription_id: Internal[NotInArm[str]] = ""
    """The subscription that the resource is in; `SubscriptionHandle.put` fills it."""

    _own_rules: ClassVar[dict[str, Rule]] = {}
    """The rules of the class itself, without those of its bases."""
    _rules: ClassVar[Mapping[str, Rule] | None] = None
    """All its rules, once they have been asked for."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._own_rules = {
            name: replace(member, name=name) for name, member in vars(cls).items() if isinstance(member, Rule)
        }
        cls._rules = None

    @property
    def id(self) -> str:
        """The ARM ID: a function of names."""
        return "".join(
            [text + str(getattr(self, name) if name else "") for text, name in ids.pieces(self.id_format)]
        )

    @property
    def label(self) -> str:
        """The resource in messages: its ARM type and name."""
        return label(self.id)

    @classmethod
    def type_name(cls) -> str:
        """The name of the type in snake case, such as `virtual_network_tap`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def parse_id(cls, resource_id: str, *, strict: bool = False) -> dict[str, str] | None:
        """The fields that make up an ID of this type, or None if it is not of this type."""
        return ids.parse(cls.id_format, resource_id, strict=strict)

    @classmethod
    def rules(cls) -> Mapping[str, Rule]:
        """The type's rules by name, in the order in which they are judged: those of its bases first. What
        holds between resources is among them once `vtaplib.rules` is imported.
        """
        rules = cls._rules
        if rules is None:
            rules = cls._rules = {
                name: rule
                for base in reversed(cls.__mro__)
                if issubclass(base, Resource)
                for name, rule in base._own_rules.items()
            }
        return rules

    @classmethod
    def attach(cls, rule: Rule) -> None:
        """Adds a rule to the type and its subtypes."""
        assert rule.name not in cls._own_rules, f"{cls.__name__} has a rule {rule.name} already"
        cls._own_rules[rule.name] = rule
        cls._rules_change()

    @classmethod
    def order_rules(cls, names: Sequence[str]) -> None:
        """Puts the rules of the class itself in an order; those that are not named come last."""
        cls._own_rules = {name: cls._own_rules[name] for name in names} | cls._own_rules
        cls._rules_change()

    @classmethod
    def _rules_change(cls) -> None:
        cls._rules = None
        for kind in cls.__subclasses__():
            kind._rules_change()

    def references(self) -> Iterator[Reference]:
        """What the resource refers to, by its `Ref` marks; a type may add claims. Skips the unknown."""
        for path, field, value in self.walk(referring=True):
            if field.ref is None or not value:
                continue
            for position, target in enumerate(value if isinstance(value, tuple) else (value,)):
                step = (position,) if isinstance(value, tuple) else ()
                resolved = resolve(field.ref.kind, target, self)
                if resolved is not None:
                    yield Reference(path + step, resolved, field.ref.kind)

    def usage(self) -> Iterator[Usage]:
        """What the resource takes of limits that others share, as far as that is known; buckets by key."""
        for rule in self.rules().values():
            if rule.quota is None or not rule.quota.shared:
                continue
            try:
                taken = rule.quota.usage(self)
            except Undecided:
                continue
            yield from (Usage(key, usage.amount) for key, usage in taken.items())

    def requested(self) -> Self:
        """What was read from ARM's JSON, without what the service says there beside what was asked for."""
        return self

    def assign(self, view: View, before: Self | None) -> Iterator[Assignment]:
        """What the service gives at a write. `before` is the stored resource that the write replaces."""
        yield from ()

    def derive(self, view: View) -> Iterator[Assignment]:
        """What is computed at a read."""
        yield from ()

    def newly_sent(self, name: str, before: Self | None) -> Any:
        """What a write sends of a write-only argument. As in azurerm, it is sent when the argument with
        `_version` after its name changes, and that may go with it: then "" is sent, which takes away what
        was sent before. None where nothing is sent.
        """
        version = f"{name}_version"
        if getattr(self, version) == (None if before is None else getattr(before, version)):
            return None
        return getattr(self, name) or ""

    def untold_secrets(self) -> Iterator[str]:
        """Names of secrets that the resource must have, although no read returns them."""
        yield from ()

    def missing_secrets(self) -> Findings:
        """The secrets that the resource must be given when it is created, and is not; as a rule yields."""
        yield from ()

    def needs_replacing(self, before: Self) -> Iterator[Path]:
        """Fields whose change needs a new resource, where that depends on more than the field's mark."""
        yield from ()

    def effects(self, view: View, before: Self | None) -> Iterator[Resource]:
        """Other resources as the write leaves them."""
        yield from ()

    def displaces(self, before: Self | None) -> Iterator[str]:
        """The IDs of other resources that the write takes away."""
        yield from ()

    def keeps_children(self, policy: Policy) -> bool:
        """Whether children stay that were written inline, where a write leaves the inline argument out."""
        return True

    def aftermath(self, view: View) -> Iterator[Resource]:
        """Other resources as the deletion of this one leaves them."""
        yield from ()

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> DeletionOutcome:
        """What becomes of this resource when something that it refers to is deleted. `in_use`: what a refused
        deletion of the target answers.
        """
        return DeletionOutcome(OnDelete.REFUSE, in_use)

    def check(self, view: View, policy: Policy, before: Self | None = None) -> Iterator[Violation]:
        """Every broken rule. A rule that reads something not known yet is undecided, and silent."""
        for rule in self.rules().values():
            with suppress(Undecided):
                yield from self.judge(rule, view, policy, before)

    def judge(
        self, rule: Rule, view: View, policy: Policy, before: Self | None = None
    ) -> Iterator[Violation]:
        """How one rule is broken. Raises Undecided where it reads something not known yet."""
        severity = rule.severity_under(policy)
        if severity is None or (rule.compares and before is None and not rule.judges_new):
            return
        if rule.on_create and before is not None:
            return
        for path, problem, way_out in rule.judge(self, before, view, policy):
            yield Violation.of(
                rule.code,
                problem,
                way_out,
                path,
                severity=severity,
                rule=rule.name,
                evidence=rule.evidence,
            )


_kinds: dict[str, type[Resource | Block]] = {}


def register(*classes: type[Resource | Block]) -> None:
    """Makes types known by name, so that a `Ref` may name a type that its module does not import."""
    for cls in classes:
        _kinds[cls.__name__] = cls


def kind_named(name: str) -> type[Resource | Block]:
    """The resource type, or part of one, with a class name."""
    return _kinds[name]


def resource_kind(name: str) -> type[Resource]:
    """The resource type with a class name."""
    cls = _kinds[name]
    assert issubclass(cls, Resource)
    return cls


def id_format_of(kind: str) -> str:
    """The ID format of a type, or of a part (`{owner}/{segment}/{part's name}`)."""
    cls = _kinds[kind]
    if issubclass(cls, Resource):
        return cls.id_format
    return f"{resource_kind(cls.owner).id_format}/{cls.id_segment}/{{part}}"


def resolve(kind: str, value: str, source: Model) -> str | None:
    """The ID that a reference by ID or by name means, seen from the model that makes it; None if a name in
    it is not known yet.
    """
    if value.startswith("/"):
        return value
    id_format = id_format_of(kind)
    names = ids.placeholders(id_format)
    if any(name not in source.fields() for name in names[:-1]):
        return None  # a name where only an ID says enough, of which validation tells
    try:
        return id_format.format_map(
            {**{name: getattr(source, name) for name in names[:-1]}, names[-1]: value}
        )
    except Undecided:
        return None
