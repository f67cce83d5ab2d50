"""A policy for people: every setting, those that are not the default marked."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from vtaplib.model.policy import Policy, setting_text


def policy_text(in_force: Mapping[str, object]) -> Text:
    """One line with all settings."""
    defaults = Policy()
    text = Text("Policy in force: ")
    for number, (name, value) in enumerate(in_force.items()):
        changed = value != getattr(defaults, name)
        text.append(", " if number else "")
        text.append(f"{name}={setting_text(value)}", "bold" if changed else "")
        text.append(" (not the default)" if changed else "")
    return text
