"""Resources: models with an identity, references to others, and rules about the world.

A resource does not know its store. It is given a `View`.

What a resource type says about itself, all of it in its own module: `id_format` (identity), the fields and
their marks, `@rule` methods (what must hold), `assign` (what the service gives at a write), `derive` (what is
computed at a read), `effects` and `aftermath` (what a write or a deletion does to others).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from vtaplib.model import ids
from vtaplib.model.base import Block, Model
from vtaplib.model.combination import Combination
from vtaplib.model.marks import Internal, NotInArm
from vtaplib.model.unknown import Undecided
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity, Violation

if TYPE_CHECKING:
    from vtaplib.control.policy import Policy
    from vtaplib.model.view import View

Assignment = tuple[Path, Callable[[Any], Any]]
"""A field's path, and its value as a function of the resource with all earlier assignments made. A value that
needs something not known yet stays unknown."""

Findings = Iterator[tuple[Path, str]]
"""What a rule yields: the field at fault and the message."""


Buckets = Callable[[Any], Iterable[str]]
"""Where a resource counts against a limit, as a function of the resource: once in each bucket that is named,
as often as it is named. A bucket is `{ID of what has the limit}/{what is counted of it, in words}`."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of something there may be. What a resource takes of it is counted where it is stored, so that
    nobody has to count the world.
    """

    limit: str
    """The policy's setting that says how many."""
    buckets: Buckets
    shared: bool = True
    """Whether others take of the buckets too. What only the resource takes of itself is counted in it."""

    def takes(self, resource: Resource) -> Mapping[str, Taking]:
        """What the resource takes, by bucket. Raises Undecided if that is not known yet."""
        taken: dict[str, Taking] = {}
        for bucket in self.buckets(resource):
            key = ids.key(bucket)
            amount = taken[key].amount if key in taken else 0
            taken[key] = Taking(bucket, amount + 1)
        return taken

    def growth(self, resource: Resource, before: Resource | None) -> Iterator[Taking]:
        """That of which a write takes more than was taken: what already is too much may stay."""
        past = self.takes(before) if before is not None else {}
        for key, taking in self.takes(resource).items():
            if key not in past or taking.amount > past[key].amount:
                yield taking


@dataclass(frozen=True, slots=True)
class Taking:
    """What a resource takes of a limit."""

    bucket: str
    amount: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a function that judges, with what reports and documentation say of it."""

    judge: Callable[..., Findings]
    """Given the resource, a view and the policy, yields what breaks the rule."""
    name: str
    code: ErrorCode
    severity: Severity
    evidence: Evidence
    source: str
    """Whose documentation it is in, and on what subject."""
    what: str
    """The rule in a sentence: the first paragraph of its docstring."""
    compares: bool = False
    """Whether it judges a change: it is also given the resource as it was."""
    judges_new: bool = False
    """Whether a rule that compares judges a new resource too: then it is given None for what was."""
    switch: str = ""
    """The policy's setting that says whether it is an error (`error`), a warning (`warn`) or what
    `otherwise` says (any other value); `severity` is what the default makes of it."""
    otherwise: Severity | None = None
    """What breaking it is where the switch says neither; None: it is not judged."""
    at_apply: str = ""
    """Why a plan may let pass what an apply then refuses; empty where it never does that with all values
    known."""
    quota: Quota | None = None

    def severity_under(self, policy: Policy) -> Severity | None:
        """What breaking the rule is under a policy; None where it is not judged."""
        if not self.switch:
            return self.severity
        return SEVERITIES.get(getattr(policy, self.switch), self.otherwise)


SEVERITIES: Mapping[str, Severity] = {"error": Severity.ERROR, "warn": Severity.WARNING}
"""What the values of a switch make of a rule."""


def rule(
    code: ErrorCode,
    *,
    evidence: Evidence = Evidence.DOCUMENTED,
    severity: Severity = Severity.ERROR,
    source: str = "",
    compares: bool = False,
    switch: str = "",
    otherwise: Severity | None = None,
    at_apply: str = "",
    judges_new: bool = False,
) -> Callable[[Callable[..., Findings]], Rule]:
    """Makes a rule of a method that yields the path of the field at fault and a message. The method takes
    `(self, view, policy)`, or with `compares` `(self, before, view, policy)`; `judges_new`: `before` may be
    None. With a `switch` the policy says what breaking it is.
    """

    def declare(judge: Callable[..., Findings]) -> Rule:
        return Rule(
            judge,
            judge.__name__,
            code,
            severity,
            evidence,
            source,
            what=" ".join((judge.__doc__ or "").partition("\n\n")[0].split()),
            compares=compares,
            judges_new=judges_new,
            switch=switch,
            otherwise=otherwise,
            at_apply=at_apply,
        )

    return declare


def limit(
    setting: str,
    code: ErrorCode,
    *,
    what: str,
    buckets: Buckets,
    path: Path,
    shared: bool = True,
    evidence: Evidence = Evidence.DOCUMENTED,
    severity: Severity = Severity.ERROR,
    switch: str = "",
) -> Rule:
    """Makes a rule of one of the policy's limits. `what` says in a sentence what may not be more; a finding
    is at `path`. Like all about numbers, it counts what is planned in a plan, and all that is at an apply.
    What exceeds a limit in a plan may be planned before what was there; then that tells.
    """
    quota = Quota(setting, buckets, shared)

    def judge(self: Resource, before: Resource | None, view: View, policy: Policy) -> Findings:
        most = getattr(policy, setting)
        grown = {ids.key(taking.bucket) for taking in quota.growth(self, before)}
        for key, taking in quota.takes(self).items():
            if key not in grown and (view.settled or not shared):
                continue
            count = view.taken(key, certain=True) if shared else taking.amount
            if count > most and (key in grown or count > view.taken_already(key)):
                owner, _, counted = taking.bucket.rpartition("/")
                where = f"with it there are {count} {counted} in {label(owner)}"
                found = where if shared else f"has {count} {counted}"
                yield (
                    path,
                    (
                        f"{self.label}: {found}, {most} at most; remove some, or set the policy's {setting} "
                        "if your subscription has more"
                    ),
                )

    return Rule(
        judge,
        setting,
        code,
        severity,
        evidence,
        "Azure, limits",
        what,
        compares=True,
        judges_new=True,
        switch=switch,
        at_apply=NUMBERS if shared else "",
        quota=quota,
    )


NUMBERS = "A plan counts what it plans; what others have made counts at apply."


@dataclass(frozen=True, slots=True)
class Reference:
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


class Departure(Enum):
    """What the deletion of a target does to a resource that refers to it."""

    REFUSE = "refuse"
    """The deletion is refused."""
    CASCADE = "cascade"
    """The resource is deleted too."""
    DANGLE = "dangle"
    """The resource stays, and refers to nothing."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """A departure, with the code that a refused deletion answers."""

    departure: Departure
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

    _rules: ClassVar[Mapping[str, Rule]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {
            name: replace(member, name=name) for name, member in vars(cls).items() if isinstance(member, Rule)
        }
        cls._rules = {**cls._rules, **own}

    @property
    def id(self) -> str:
        """The ARM ID: a function of names."""
        return self.id_format.format_map(_Names(self))

    @property
    def label(self) -> str:
        """The resource in messages: its ARM type and name."""
        return label(self.id)

    @classmethod
    def parse_id(cls, resource_id: str, *, strict: bool = False) -> dict[str, str] | None:
        """The fields that make up an ID of this type, or None if it is not of this type."""
        return ids.parse(cls.id_format, resource_id, strict=strict)

    @classmethod
    def rules(cls) -> Mapping[str, Rule]:
        """The type's rules by name."""
        return cls._rules

    def references(self) -> Iterator[Reference]:
        """What the resource refers to, by its `Ref` marks; a type may add claims. Skips the unknown."""
        for path, field, value in self.walk():
            if field.ref is None or not value:
                continue
            for position, target in enumerate(value if isinstance(value, tuple) else (value,)):
                step = (position,) if isinstance(value, tuple) else ()
                resolved = resolve(field.ref.kind, target, self)
                if resolved is not None:
                    yield Reference(path + step, resolved, field.ref.kind)

    def takes(self) -> Iterator[Taking]:
        """What the resource takes of limits that others share, as far as that is known; buckets by key."""
        for rule in self._rules.values():
            if rule.quota is None or not rule.quota.shared:
                continue
            try:
                taken = rule.quota.takes(self)
            except Undecided:
                continue
            yield from (Taking(key, taking.amount) for key, taking in taken.items())

    def requested(self) -> Self:
        """What was read from ARM's JSON, without what the service says there beside what was asked for."""
        return self

    def assign(self, view: View, before: Self | None) -> Iterator[Assignment]:
        """What the service gives at a write. `before` is the stored resource that the write replaces."""
        yield from ()

    def derive(self, view: View) -> Iterator[Assignment]:
        """What is computed at a read."""
        yield from ()

    def untold_secrets(self) -> Iterator[str]:
        """Names of secrets that the resource must have, although no read tells them."""
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

    def when_target_goes(self, reference: Reference, in_use: ErrorCode, policy: Policy) -> Farewell:
        """What becomes of this resource when something that it refers to is deleted. `in_use`: what a refused
        deletion of the target answers.
        """
        return Farewell(Departure.REFUSE, in_use)

    def check(self, view: View, policy: Policy, before: Self | None = None) -> Iterator[Violation]:
        """Every broken rule. A rule that reads something not known yet is undecided, and silent."""
        for rule in self._rules.values():
            with suppress(Undecided):
                yield from self.judge(rule, view, policy, before)

    def judge(
        self, rule: Rule, view: View, policy: Policy, before: Self | None = None
    ) -> Iterator[Violation]:
        """How one rule is broken. Raises Undecided where it reads something not known yet."""
        severity = rule.severity_under(policy)
        if severity is None or (rule.compares and before is None and not rule.judges_new):
            return
        subjects = (self, before) if rule.compares else (self,)
        for path, message in rule.judge(*subjects, view, policy):
            yield Violation(rule.code, message, path, severity, rule.name, rule.evidence)


class _Names(dict[str, str]):
    """The fields of a resource as an ID format wants them."""

    def __init__(self, resource: Resource) -> None:
        super().__init__()
        self.resource = resource

    def __missing__(self, name: str) -> str:
        return str(getattr(self.resource, name))


def label(resource_id: str) -> str:
    """An ID in messages: the last type and name of it."""
    if "|" in resource_id:
        left, _, right = resource_id.partition("|")
        return f"{label(left)}|{label(right)}"
    return "/".join(resource_id.rsplit("/", 2)[-2:])


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
