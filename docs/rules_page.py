"""The page of rules: every rule of every type, with the message that a test's example of it is given.

The examples are those of the tests: what is shown was told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from provider_shim.types import RESOURCE_TYPES
from tests.vtaplib.control.lab import Lab
from tests.vtaplib.resources.rule_cases import CASES, ELSEWHERE
from vtaplib.control.overlay import Overlay
from vtaplib.model.general_rule import GENERAL_RULES, GeneralRule
from vtaplib.model.rule import Rule
from vtaplib.model.view import R
from vtaplib.model.violation import Evidence

EVIDENCE: Final[Mapping[Evidence, str]] = {
    Evidence.DOCUMENTED: "Microsoft's documentation, REST specification or SDK, or azurerm's source",
    Evidence.OBSERVED: "seen in recorded traffic of the service",
    Evidence.INFERRED: "follows from the others or is common knowledge, but is not proven",
    Evidence.OURS: "vtap's own: Azure says nothing, or publishes no code",
}


CONFLICT: Final = (
    "A plan does not compare a planned object with an existing one that it has not come to, "
    "such as one of another configuration, because it may still change that one."
)
"""Why a plan may let pass a conflict."""


class Entry(NamedTuple):
    """A rule, and the types that have it."""

    rule: Rule
    types: Sequence[str]
    """Terraform's names."""
    kinds: Sequence[str]
    """The classes' names."""

    @property
    def anchor(self) -> str:
        """What links to the rule's section end in."""
        return f"{self.types[0]}-{self.rule.name}"


def entries() -> Sequence[Entry]:
    """Every rule once, in the order of types and of their rules."""
    found: dict[tuple[str, str], Entry] = {}
    for type_name, kind in RESOURCE_TYPES.items():
        for rule in kind.rules().values():
            entry = found.setdefault((rule.name, rule.what), Entry(rule, [], []))
            assert isinstance(entry.types, list)
            assert isinstance(entry.kinds, list)
            entry.types.append(type_name)
            entry.kinds.append(kind.__name__)
    return list(found.values())


def rules_page() -> Iterator[str]:
    """The page, line by line."""
    every = entries()
    yield from (
        "# Rules",
        "",
        "These rules say what vtap refuses, and what it warns of. The same rules run in `terraform plan`, in",
        "the apply, in `Cloud.put`, in `vtap check` and in what-ifs. An error refuses. A warning says that",
        "something would not do what it seems to do. If a rule names a *setting*, [the policy](policy.md)",
        "makes it an error or a warning, or turns it off.",
        "",
        "How sure it is that Azure behaves so:",
        "",
    )
    yield from (f"- *{one.value}*: {text}." for one, text in EVIDENCE.items())
    yield from _contents(every)
    yield from ("", "## All", "", "| code | rule | severity | evidence | of |", "|---|---|---|---|---|")
    for entry in every:
        rule = entry.rule
        types = ", ".join(f"[`{_short(one)}`](resources/{one}.md)" for one in entry.types)
        yield (
            f"| `{rule.code}` | [{rule.what}](#{entry.anchor}) | {_severity(rule)} | {rule.evidence.value} "
            f"| {types} |"
        )
    yield from _general()
    yield from _at_apply(every)
    previous: Sequence[str] = ()
    for entry in every:
        if entry.types[0] != previous:
            previous = entry.types[0]
            yield from ("", f"## `{entry.types[0]}`")
        yield from _section(entry)


def _contents(every: Sequence[Entry]) -> Iterator[str]:
    counts = Counter(entry.types[0] for entry in every)
    yield from ("", "## Contents", "")
    yield "- [All](#all), [of every type](#of-every-type), [what a plan lets pass](#what-a-plan-lets-pass)"
    for name, count in counts.items():
        yield f"- [`{name}`](#{name}): {count} rule{'s' if count > 1 else ''}"


def _section(entry: Entry) -> Iterator[str]:
    rule = entry.rule
    yield from ("", f'### <a id="{entry.anchor}"></a>`{rule.code}`: {rule.what}', "")
    yield f"- Severity: {_severity(rule)}."
    yield f"- Evidence: {rule.evidence.value}; {rule.source}."
    yield f"- Speaks: {_when(rule, entry)}."
    if len(entry.types) > 1:
        yield f"- Also of {', '.join(f'`{one}`' for one in entry.types[1:])}."
    yield f"- Rule: `{rule.name}`."
    message = _shown(tuple(entry.kinds), rule).message
    if message:
        yield from ("", "Example:", "", f"> {message}")


def _severity(rule: Rule) -> str:
    if rule.switch:
        return f"{rule.severity.value}, by the setting `{rule.switch}`"
    return rule.severity.value


def _when(rule: Rule, entry: Entry) -> str:
    if (entry.kinds[0], rule.name) in ELSEWHERE:
        return "in plans only"
    where = "in plan and apply"
    if rule.on_create:
        where += " of a new resource"
    elif rule.compares and not rule.judges_new:
        where = "when a change is planned and applied"
    if rule.at_apply:
        return f"{where}; a plan may let it pass (see [above](#what-a-plan-lets-pass))"
    return where


class Watching(Overlay):
    """An overlay that notes whether it is asked what is certain: so ask rules about conflicts."""

    asked_certain = False

    def referrers(self, resource_id: str, kind: type[R], *, certain: bool = False) -> Iterator[R]:
        self.asked_certain = self.asked_certain or certain
        return super().referrers(resource_id, kind, certain=certain)


class Shown(NamedTuple):
    """What the first test case of a rule shows."""

    message: str
    """What is told."""
    is_conflict: bool
    """Whether the rule holds others against the resource."""


@cache
def _shown(kinds: tuple[str, ...], rule: Rule) -> Shown:
    case = next((CASES[key] for kind in kinds if (key := (kind, rule.name)) in CASES), None)
    if case is None:
        return Shown("", is_conflict=False)
    lab = Lab(case.policy)
    put = case.pairs[0].broken(lab)
    resource, into = put if isinstance(put, tuple) else (put, lab.home)
    view = Watching(lab.cloud.view, lab.cloud.policy, complete=True)
    before = view.find(into.place(resource).id)
    laid, violations = view.put(into.place(resource))
    told = [one.message for one in violations if one.rule == rule.name]
    view.asked_certain = False
    _ = list(rule.judge(laid, before, view, lab.cloud.policy))
    return Shown(told[0], view.asked_certain)


def _general() -> Iterator[str]:
    yield from ("", "## Of every type", "", "| codes | what must hold |", "|---|---|")
    for rule in GENERAL_RULES.values():
        yield f"| {', '.join(f'`{one}`' for one in rule.codes)} | {rule.what} |"


def _at_apply(every: Sequence[Entry]) -> Iterator[str]:
    yield from (
        "",
        "## What a plan lets pass",
        "",
        "If a rule reads a value that the plan does not know, such as an address that is taken from a pool,",
        "only the apply checks it. Even with all values known, a plan may let the following rules pass, and",
        "the apply may then refuse, because a plan cannot know:",
        "",
    )
    reasons: dict[str, list[str]] = {}
    listed: list[Rule | GeneralRule] = [*GENERAL_RULES.values(), *(entry.rule for entry in every)]
    for rule in listed:
        if rule.at_apply:
            codes = rule.codes if isinstance(rule, GeneralRule) else (str(rule.code),)
            reasons.setdefault(rule.at_apply, []).append(
                f"{rule.what} ({', '.join(f'`{one}`' for one in codes)})"
            )
    reasons[CONFLICT] = [
        f"{entry.rule.what} (`{entry.rule.code}`)"
        for entry in every
        if not entry.rule.at_apply and _shown(tuple(entry.kinds), entry.rule).is_conflict
    ]
    for reason, rules in reasons.items():
        yield f"- {reason}"
        yield from (f"  - {one}" for one in rules)


def _short(type_name: str) -> str:
    return type_name.removeprefix("azurerm_")
