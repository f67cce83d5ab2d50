"""The policy in force: every setting, those that are not the default first and marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from vtaplib.cli.page.document import note
from vtaplib.model.policy import CONTROL_PLANE, DATA_PLANE, LIMITS, Policy, Setting, setting_text
from vtaplib.reports.page.markup import element

_GROUPS: Final[Mapping[str, Mapping[str, Setting]]] = {
    "About packets": DATA_PLANE,
    "About resources": CONTROL_PLANE,
    "Limits": LIMITS,
}


def settings(in_force: Mapping[str, object]) -> Iterator[Element]:
    """All settings, in their groups."""
    defaults = Policy()
    changed = {name for name, value in in_force.items() if value != getattr(defaults, name)}
    yield note(
        "What Azure does not document is a setting. These figures hold under the settings below; "
        + (f"{len(changed)} of them not the default." if changed else "all of them the default.")
    )
    for heading, group in _GROUPS.items():
        yield element("h3", heading)
        names = sorted((name for name in group if name in in_force), key=lambda name: name not in changed)
        yield element(
            "ul",
            *(_setting(name, setting_text(in_force[name]), is_changed=name in changed) for name in names),
            class_="settings",
        )


def _setting(name: str, value: str, *, is_changed: bool) -> Element:
    told = f"{value} (not the default)" if is_changed else value
    return element(
        "li",
        element("code", name),
        element("span", told, class_="value"),
        class_="changed" if is_changed else None,
    )
