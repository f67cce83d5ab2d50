"""The types of rules: a rule whose function does not fit is an error of the type checker.

What is wrong here is wrong for mypy alone, which `make check` runs: an ignore that mypy does not need is an
error.
"""

from __future__ import annotations

from collections.abc import Iterable

from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, limit, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode

CODE = ErrorCode.INVALID_REQUEST_CONTENT


class Fitting(Resource):
    """Rules of a type, as they are to be written."""

    @rule(CODE)
    def judges_what_is(self, view: View, policy: Policy) -> Findings:
        """What is, is so."""
        yield ("name",), self.label, "do so"

    @rule(CODE, compares=True)
    def judges_a_change(self, before: Fitting, view: View, policy: Policy) -> Findings:
        """A change is so."""
        yield ("name",), before.label, "do so"

    @rule(CODE, compares=True, judges_new=True)
    def judges_every_write(self, before: Fitting | None, view: View, policy: Policy) -> Findings:
        """A write is so."""
        yield ("name",), self.label if before is None else before.label, "do so"

    @limit(CODE, path=("name",), shared=False)
    def subnets_per_virtual_network(self) -> Iterable[str]:
        """There are no more than the limit."""
        return [f"{self.id}/subnets"]


class Misfitting(Resource):
    """Rules of a type that take or give something else than they should."""

    @rule(CODE)  # type: ignore[arg-type]  # it takes no policy
    def lacks_the_policy(self, view: View) -> Findings:
        yield (), "", ""

    @rule(CODE, compares=True)  # type: ignore[arg-type]  # it does not take what was
    def does_not_compare(self, view: View, policy: Policy) -> Findings:
        yield (), "", ""

    @rule(CODE, compares=True, judges_new=True)  # type: ignore[arg-type]  # a new resource was nothing
    def compares_what_is_new(self, before: Misfitting, view: View, policy: Policy) -> Findings:
        yield (), "", ""

    @rule(CODE)  # type: ignore[arg-type]  # a finding has a path
    def finds_words_alone(self, view: View, policy: Policy) -> Iterable[str]:
        yield ""

    @limit(CODE, path=())  # type: ignore[arg-type]  # buckets are many
    def counts_in_one_bucket(self) -> int:
        return 1


@rule(CODE, on=Fitting)  # type: ignore[arg-type]  # it is for another type than it takes
def is_on_another_type(resource: Misfitting, view: View, policy: Policy) -> Findings:
    yield (), resource.label, ""


def test_every_rule_is_given_what_it_was_declared_for() -> None:
    rules = Fitting.rules()
    assert list(rules) == [
        "judges_what_is",
        "judges_a_change",
        "judges_every_write",
        "subnets_per_virtual_network",
        "is_on_another_type",
    ]
    assert [one.what for one in rules.values()][:2] == ["What is, is so.", "A change is so."]
    assert rules["subnets_per_virtual_network"].what == "There are no more than the limit."
