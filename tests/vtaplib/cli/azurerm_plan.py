"""Plans in the form that the real azurerm provider gives them.

A real plan of vtap's own provider becomes one: azurerm knows no ID before it has made a resource, so the IDs
of new resources, and every value with such an ID in it, are taken out and marked as known after the apply.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

REMOVED = object()
ONLY_OURS = {"azurerm_network_interface": "ip_configuration"}
"""Blocks to which our provider gives an `id` that azurerm does not."""


def as_azurerm(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan without what azurerm does not know."""
    plan = copy.deepcopy(plan)
    new = {
        after["id"].lower()
        for one in plan["resource_changes"]
        if one["change"]["actions"] == ["create"] and "id" in (after := one["change"]["after"])
        # What attaches something to a subnet has the subnet's ID.
        if after["id"] != after.get("subnet_id")
    }
    for one in plan["resource_changes"]:
        change = one["change"]
        if change["after"] is None:
            continue
        change["after"], change["after_unknown"] = _forget(change["after"], change["after_unknown"], new)
        for block in change["after"].get(ONLY_OURS.get(one["type"], ""), ()):
            block.pop("id", None)
        for block in change["after_unknown"].get(ONLY_OURS.get(one["type"], ""), ()):
            block.pop("id", None)
    return plan


def _forget(value: Any, unknown: Any, new: Iterable[str]) -> tuple[Any, Any]:
    """A value without new IDs, and the tree of what is unknown in it."""
    if isinstance(value, str) and any(value.lower().startswith(one) for one in new):
        return REMOVED, True
    if isinstance(value, dict):
        marks = dict(unknown) if isinstance(unknown, dict) else {}
        kept = {}
        for name, one in value.items():
            known, mark = _forget(one, marks.get(name, False), new)
            if known is not REMOVED:
                kept[name] = known
            if mark is not False and mark != {}:
                marks[name] = mark
        return kept, marks
    if isinstance(value, list):
        marks_of_list = unknown if isinstance(unknown, list) else [False] * len(value)
        pairs = [_forget(one, mark, new) for one, mark in zip(value, marks_of_list, strict=True)]
        return [None if known is REMOVED else known for known, _ in pairs], [mark for _, mark in pairs]
    return value, unknown
