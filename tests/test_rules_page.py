"""docs/rules.md and docs/policy.md leave out nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.rules_page import entries
from provider_shim.types import RESOURCE_TYPES
from tests.vtaplib.resources.rule_cases import CASES, ELSEWHERE
from vtaplib.model.general_rule import GENERAL_RULES
from vtaplib.model.policy import SETTINGS, Policy, setting_text
from vtaplib.model.rule import Rule

DOCS = Path(__file__).resolve().parents[1] / "docs"
EVERY = [(kind.__name__, rule) for kind in RESOURCE_TYPES.values() for rule in kind.rules().values()]
ENTRIES = entries()
RULES = [pytest.param(kind, rule, id=f"{kind}.{rule.name}") for kind, rule in EVERY]


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "rules.md").read_text()


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_every_rule_is_on_the_page_with_code_reason_and_an_example(kind: str, rule: Rule, page: str) -> None:
    (entry,) = [
        one
        for one in ENTRIES
        if kind in one.kinds and (one.rule.name, one.rule.what) == (rule.name, rule.what)
    ]
    _, _, section = page.partition(f'<a id="{entry.anchor}"></a>')
    section = section.partition("\n#")[0]
    for text in (rule.code, rule.what, rule.severity.value, rule.evidence.value, rule.source):
        assert text in section
    if (kind, rule.name) in CASES:
        assert "\n> " in section
    else:
        assert (kind, rule.name) in ELSEWHERE


@pytest.mark.parametrize("rule", [one.rule for one in ENTRIES if one.rule.at_apply], ids=lambda one: one.name)
def test_a_rule_that_a_plan_may_let_pass_is_listed_with_the_reason(rule: Rule, page: str) -> None:
    listed = page.partition("## What a plan lets pass")[2].partition("\n## ")[0]
    _, _, under = listed.partition(f"- {rule.at_apply}\n")
    assert f"  - {rule.what} (" in under.partition("\n- ")[0]


@pytest.mark.parametrize("name", GENERAL_RULES)
def test_every_general_rule_is_on_the_page(name: str, page: str) -> None:
    rule = GENERAL_RULES[name]
    assert rule.what in page
    assert rule.at_apply in page
    assert all(f"`{code}`" in page for code in rule.codes)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_on_the_policy_s_page_with_its_default(name: str) -> None:
    (line,) = [
        one for one in (DOCS / "policy.md").read_text().splitlines() if one.startswith(f"| `{name}` |")
    ]
    assert f"`{setting_text(getattr(Policy(), name))}`" in line
    assert str(SETTINGS[name]) in line
