"""The page of the policy: every setting with what it may be, its default and the reason for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vtaplib.model.documentation import class_descriptions
from vtaplib.model.policy import CONTROL_PLANE, DATA_PLANE, LIMITS, Policy, Setting, setting_text


def policy_page() -> Iterator[str]:
    """The page, line by line."""
    yield from (
        "# Policy",
        "",
        "Azure does not document much of the virtual network TAP. Each open question is a setting, with a",
        "default and its reason, instead of a silent guess. Limits are settings too. A result depends on",
        "the policy that it was made with, so reports show the settings in force.",
        "",
        "A later source overrides an earlier one:",
        "",
        "1. the default;",
        "2. the environment, for commands and the provider: `VTAP_POLICY_` and the name in upper case,",
        "   such as `VTAP_POLICY_FASTPATH_CHECK=off`; lists are separated by commas;",
        "3. the provider's block, or a command's option `--policy NAME=VALUE`:",
        "",
        "```hcl",
        'provider "azurerm" {',
        "  features {}",
        '  subscription_id = "11111111-1111-1111-1111-111111111111"',
        "  policy {",
        '    fastpath_check            = "warn"',
        '    unsupported_size_suffixes = ["_v6"]',
        "    taps_per_region           = 200",
        "  }",
        "}",
        "```",
        "",
        'In Python: `Cloud(policy=Policy(fastpath_check="warn"))`.',
    )
    yield from _section("What is accepted", CONTROL_PLANE)
    yield from _section("What happens to packets", DATA_PLANE)
    yield from _section("Limits", LIMITS)


def _section(title: str, settings: Mapping[str, Setting]) -> Iterator[str]:
    texts = class_descriptions(Policy)
    defaults = Policy()
    yield from ("", f"## {title}", "", "| setting | values | default | what it means |", "|---|---|---|---|")
    for name, setting in settings.items():
        default = setting_text(getattr(defaults, name))
        yield f"| `{name}` | {setting} | `{default}` | {texts[name]} |"
