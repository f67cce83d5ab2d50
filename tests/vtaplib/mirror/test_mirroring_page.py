from __future__ import annotations

import re
from pathlib import Path

from vtaplib.mirror.verdict import Mirrored, Reason
from vtaplib.model.policy import DATA_PLANE, Policy, Switch

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mirroring.md").read_text()
SETTINGS = PAGE.partition("## Settings")[2]


def test_the_page_lists_every_reason_in_order_with_its_sentence() -> None:
    listed = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert listed == [(reason.name, reason.value) for reason in Reason]


def test_the_page_tells_the_effect_of_every_value_of_every_setting() -> None:
    for name, setting in DATA_PLANE.items():
        (section,) = re.findall(rf"^\| `{name}` \|.*\n(?:\| \| .*\n)*", SETTINGS, re.MULTILINE)
        values = setting.choices if isinstance(setting, Switch) else ("false", "true")
        for value in values:
            assert f"| `{value}` |" in section, (name, value)
        assert (isinstance(setting, Switch) and setting.fixed_range is not None) == ("`fixed:N`" in section)
        # The default stands first.
        default = getattr(Policy(), name)
        assert f"`{name}` | `{str(default).lower() if isinstance(default, bool) else default}` |" in section


def test_the_page_tells_every_field_of_a_verdict() -> None:
    public = [name for name in (*Mirrored._fields, *vars(Mirrored)) if not name.startswith("_")]
    told = [name for name in public if name not in ("encapsulation", "index", "count")]
    for name in told:
        assert f"`{name}`" in PAGE, name
