"""Rules: what must hold, as values that reports and documentation can list.

A rule is a function that yields what breaks it: data, never an exception. What holds for a type alone is a
method of the type; what holds between resources is a function that is attached to types, `on=` them. A
*limit* is a rule about numbers; what it counts is counted where resources are stored, so that nobody counts
the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack, overload

from vtaplib.model import ids
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode, Evidence, Path, Severity

if TYPE_CHECKING:
    from vtaplib.model.resource import Resource

Findings = Iterator[tuple[Path, str]]
"""What a rule yields: the field at fault and the message."""
R = TypeVar("R", bound="Resource")
Judge = Callable[[R, View, Policy], Findings]
"""What judges a resource."""
JudgeOfChange = Callable[[R, R, View, Policy], Findings]
"""What judges a resource, given it as it was too."""

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

    def usage(self, resource: Resource) -> Mapping[str, Usage]:
        """What the resource takes, by bucket. Raises Undecided if that is not known yet."""
        usage: dict[str, Usage] = {}
        for bucket in self.buckets(resource):
            key = ids.key(bucket)
            amount = usage[key].amount if key in usage else 0
            usage[key] = Usage(bucket, amount + 1)
        return usage

    def growth(self, resource: Resource, before: Resource | None) -> Iterator[Usage]:
        """That of which a write takes more than was taken: what already is too much may stay."""
        past = self.usage(before) if before is not None else {}
        for key, usage in self.usage(resource).items():
            if key not in past or usage.amount > past[key].amount:
                yield usage


@dataclass(frozen=True, slots=True)
class Usage:
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
    judges_new: bool
    on_create: bool
    switch: str
    otherwise: Severity | None
    at_apply: str


@overload
def rule(code: ErrorCode, **facts: Unpack[Facts]) -> Callable[[Callable[..., Findings]], Rule]: ...
@overload
def rule(
    code: ErrorCode, *, compares: Literal[True], **facts: Unpack[Facts]
) -> Callable[[Callable[..., Findings]], Rule]: ...
@overload
def rule(
    code: ErrorCode, *, on: type[R] | tuple[type[R], ...], **facts: Unpack[Facts]
) -> Callable[[Judge[R]], Rule]: ...
@overload
def rule(
    code: ErrorCode,
    *,
    on: type[R] | tuple[type[R], ...],
    compares: Literal[True],
    **facts: Unpack[Facts],
) -> Callable[[JudgeOfChange[R]], Rule]: ...
def rule(
    code: ErrorCode,
    *,
    on: type[Resource] | tuple[type[Resource], ...] = (),
    compares: bool = False,
    **facts: Unpack[Facts],
) -> Callable[[Callable[..., Findings]], Rule]:
    """Makes a rule of a function that yields the path of the field at fault and a message, and attaches it to
    the types that it is `on`: to none where it is a method. The function takes `(self, view, policy)`, or
    with `compares` `(self, before, view, policy)`; `judges_new`: `before` may be None. With `on_create` it
    judges new resources only. With a `switch` the policy says what breaking it is.
    """

    def declare(judge: Callable[..., Findings]) -> Rule:
        what = " ".join((judge.__doc__ or "").partition("\n\n")[0].split())
        declared = Rule(judge, judge.__name__, code, what, compares=compares, **facts)
        for kind in on if isinstance(on, tuple) else (on,):
            kind.attach(declared)
        return declared

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
        grown = {ids.key(usage.bucket) for usage in quota.growth(self, before)}
        for key, usage in quota.usage(self).items():
            if key not in grown and (view.complete or not shared):
                continue
            count = view.usage(key, certain=True) if shared else usage.amount
            if count > most and (key in grown or count > view.existing_usage(key)):
                owner, _, counted = usage.bucket.rpartition("/")
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
        what,
        severity,
        evidence,
        "Azure, limits",
        compares=True,
        judges_new=True,
        switch=switch,
        at_apply=NUMBERS if shared else "",
        quota=quota,
    )


NUMBERS = "A plan counts what it plans; what others have made counts at apply."
