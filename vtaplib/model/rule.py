"""Rules: what must hold, as values that reports and documentation can list.

A rule is a function that yields what breaks it: data, never an exception. What holds for a type alone is a
method of the type; what holds between resources is a function that is attached to types, `on=` them. A
*limit* is a rule about numbers; what it counts is counted where resources are stored, so that nobody counts
the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, cast, overload

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.view import Identified, View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity

Findings = Iterator[tuple[Path, str, str]]
"""What a rule yields: the field at fault, what is wrong with it, and the way out."""


class Subject(Identified, Protocol):
    """What a rule is about: a resource."""

    @classmethod
    def attach(cls, rule: Rule) -> None: ...


R = TypeVar("R", bound=Subject)
P = ParamSpec("P")
Judge = Callable[[R, View, Policy], Findings]
"""What judges a resource."""
JudgeOfChange = Callable[[R, R, View, Policy], Findings]
"""What judges a change: given the resource, and what it was."""
JudgeOfWrite = Callable[[R, R | None, View, Policy], Findings]
"""What judges a change or a new resource: that was nothing."""
Types = type[R] | tuple[type[R], ...]

Buckets = Callable[[R], Iterable[str]]
"""Where a resource counts against a limit, as a function of the resource: once in each bucket that is named,
as often as it is named. A bucket is `{ID of what has the limit}/{what is counted of it, in words}`."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of something there may be. What a resource takes of it is counted where it is stored, so that
    nobody has to count the world.
    """

    limit: str
    """The policy's setting that says how many."""
    buckets: Buckets[Subject]
    path: Path
    """The field that says that a resource counts."""
    shared: bool = True
    """Whether others take of the buckets too. What only the resource takes of itself is counted in it."""

    def judge(self, resource: Subject, before: Subject | None, view: View, policy: Policy) -> Findings:
        """What a write has too much of. See `limit`."""
        most = getattr(policy, self.limit)
        grown = {ids.key(usage.bucket) for usage in self.growth(resource, before)}
        for key, usage in self.usage(resource).items():
            if key not in grown and (view.complete or not self.shared):
                continue
            count = view.usage(key, certain=True) if self.shared else usage.amount
            if count > most and (key in grown or count > view.existing_usage(key)):
                owner, _, counted = usage.bucket.rpartition("/")
                where = f"with it there are {count} {counted} in {label(owner)}"
                found = where if self.shared else f"has {count} {counted}"
                yield (
                    self.path,
                    f"{resource.label}: {found}, and the limit is {most}",
                    f"remove some, or raise the policy's {self.limit} if your subscription allows more",
                )

    def usage(self, resource: Subject) -> Mapping[str, Usage]:
        """What the resource takes, by bucket. Raises Undecided if that is not known yet."""
        usage: dict[str, Usage] = {}
        for bucket in self.buckets(resource):
            key = ids.key(bucket)
            amount = usage[key].amount if key in usage else 0
            usage[key] = Usage(bucket, amount + 1)
        return usage

    def growth(self, resource: Subject, before: Subject | None) -> Iterator[Usage]:
        """That of which a write takes more than was taken: what already is too much may stay."""
        past = self.usage(before) if before is not None else {}
        for key, usage in self.usage(resource).items():
            if key not in past or usage.amount > past[key].amount:
                yield usage


class Usage(NamedTuple):
    """What a resource takes of a limit."""

    bucket: str
    amount: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a function that judges, with what reports and documentation say of it."""

    judge: JudgeOfWrite[Subject]
    """Given the resource, what it was (None where it is new or the rule does not compare), a view and the
    policy, yields what breaks the rule."""
    name: str
    code: ErrorCode
    what: str
    """The rule in a sentence: the first paragraph of its docstring."""
    severity: Severity = Severity.ERROR
    evidence: Evidence = Evidence.DOCUMENTED
    source: str = ""
    """Whose documentation it is in, and on what subject."""
    compares: bool = False
    """Whether it judges a change: it is also given the resource as it was."""
    judges_new: bool = False
    """Whether a rule that compares judges a new resource too: then it is given None for what was."""
    on_create: bool = False
    """Whether it judges a new resource only: an update is not refused for it."""
    switch: str = ""
    """The policy's setting that says whether it is an error (`error`), a warning (`warn`) or what
    `otherwise` says (any other value); `severity` is what the default makes of it."""
    otherwise: Severity | None = None
    """What breaking it is where the switch says neither; None: it is not judged."""
    at_apply: str = ""
    """Why a plan may let pass what an apply then refuses; empty where it never does that with all values
    known."""
    quota: Quota | None = None

    @property
    def is_shared_limit(self) -> bool:
        """Whether it is about a limit that several resources count against."""
        return self.at_apply == NUMBERS

    def severity_under(self, policy: Policy) -> Severity | None:
        """What breaking the rule is under a policy; None where it is not judged."""
        if not self.switch:
            return self.severity
        return SEVERITIES.get(getattr(policy, self.switch), self.otherwise)


SEVERITIES: Mapping[str, Severity] = {"error": Severity.ERROR, "warn": Severity.WARNING}
"""What the values of a switch make of a rule."""


class Facts(TypedDict, total=False):
    """What a rule may say of itself, see `Rule`."""

    severity: Severity
    evidence: Evidence
    source: str
    on_create: bool
    switch: str
    otherwise: Severity | None
    at_apply: str


@overload
def rule(code: ErrorCode, *, on: Types[R] = (), **facts: Unpack[Facts]) -> Callable[[Judge[R]], Rule]: ...
@overload
def rule(
    code: ErrorCode, *, on: Types[R] = (), compares: Literal[True], **facts: Unpack[Facts]
) -> Callable[[JudgeOfChange[R]], Rule]: ...
@overload
def rule(
    code: ErrorCode,
    *,
    on: Types[R] = (),
    compares: Literal[True],
    judges_new: Literal[True],
    **facts: Unpack[Facts],
) -> Callable[[JudgeOfWrite[R]], Rule]: ...
def rule(
    code: ErrorCode,
    *,
    on: Types[R] = (),
    compares: bool = False,
    judges_new: bool = False,
    **facts: Unpack[Facts],
) -> Callable[[Callable[P, Findings]], Rule]:
    """Makes a rule of a function that yields the path of the field at fault, what is wrong and what to do,
    and attaches it to the types that it is `on`: to none where it is a method. The function takes
    `(self, view, policy)`, or with `compares` `(self, before, view, policy)`; `judges_new`: `before` may be
    None. With `on_create` it judges new resources only. With a `switch` the policy says what breaking it is.
    """

    def declare(judge: Callable[P, Findings]) -> Rule:
        declared = Rule(
            _of_write(judge, compares=compares),
            judge.__name__,
            code,
            _sentence(judge),
            compares=compares,
            judges_new=judges_new,
            **facts,
        )
        for kind in on if isinstance(on, tuple) else (on,):
            kind.attach(declared)
        return declared

    return declare


def _of_write(judge: Callable[P, Findings], *, compares: bool) -> JudgeOfWrite[Subject]:
    """A function that judges, in the form that all rules have. What it is given is of a type that has the
    rule, and so of one that the function takes.
    """
    if compares:
        return cast("JudgeOfWrite[Subject]", judge)
    judge_alone = cast("Judge[Subject]", judge)
    return lambda resource, before, view, policy: judge_alone(resource, view, policy)


def _sentence(function: Callable[..., object]) -> str:
    """What a function is, by its docstring: the first paragraph."""
    return " ".join((function.__doc__ or "").partition("\n\n")[0].split())


def limit(
    code: ErrorCode,
    *,
    path: Path,
    shared: bool = True,
    evidence: Evidence = Evidence.DOCUMENTED,
    severity: Severity = Severity.ERROR,
    switch: str = "",
) -> Callable[[Buckets[R]], Rule]:
    """Makes a rule of one of the policy's limits, of the method that has its name and says where a resource
    counts against it. The method's docstring says in a sentence what may not be more; a finding is at `path`.
    Like all about numbers, it counts what is planned in a plan, and all that is at an apply. What exceeds a
    limit in a plan may be planned before what was there; then that reports it.
    """

    def declare(buckets: Buckets[R]) -> Rule:
        quota = Quota(buckets.__name__, cast("Buckets[Subject]", buckets), path, shared)
        return Rule(
            quota.judge,
            quota.limit,
            code,
            _sentence(buckets),
            severity,
            evidence,
            "Azure, limits",
            compares=True,
            judges_new=True,
            switch=switch,
            at_apply=NUMBERS if shared else "",
            quota=quota,
        )

    return declare


NUMBERS = "A plan counts its own resources. Those that others have made count at the apply."
