"""Deletion: what goes with a resource, who forbids it, and what those who stay make of it.

Children go with their parent. Everyone else who refers to what goes is asked (`Resource.when_target_goes`):
they refuse, go too, or stay and refer to nothing. A refusal counts only if the one who refuses stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vtaplib.model import ids
from vtaplib.model.general_rule import WHAT_IS_IN_USE_STAYS
from vtaplib.model.resource import Departure, Farewell, Resource
from vtaplib.model.violation import Violation

if TYPE_CHECKING:
    from vtaplib.control.overlay import Overlay


def delete(overlay: Overlay, resource_id: str) -> Sequence[Violation]:
    """Takes a resource and its children away. Returns why that is refused, and then nothing has changed."""
    root = overlay.find(resource_id)
    if root is None:
        return []
    leaving = {ids.key(root.id): root}
    refusals: list[tuple[str, Violation]] = []
    pending = [root]
    while pending:
        target = pending.pop()
        for user in overlay.referrers(target.id, Resource):
            user_key = ids.key(user.id)
            if user_key in leaving:
                continue
            farewell = _farewell(overlay, user, target)
            if farewell.departure is Departure.CASCADE:
                leaving[user_key] = user
                pending.append(user)
            elif farewell.departure is Departure.REFUSE:
                message = f"{target.label}: cannot be deleted while {user.label} uses it"
                refusals.append((user_key, Violation(farewell.code, message, rule=WHAT_IS_IN_USE_STAYS)))
    violations = [violation for user_key, violation in refusals if user_key not in leaving]
    if not violations:
        _take_away(overlay, leaving)
    return list(dict.fromkeys(violations))


def _farewell(overlay: Overlay, user: Resource, target: Resource) -> Farewell:
    """What becomes of a resource that refers to one that is about to go: the strictest of its references."""
    in_use = type(target).in_use_code
    if ids.key(user.id).startswith(ids.key(target.id) + "/"):
        return Farewell(Departure.CASCADE, in_use)
    farewells = [
        user.when_target_goes(reference, in_use, overlay.policy)
        for reference in user.references()
        if ids.key(reference.owner) == ids.key(target.id)
    ]
    for departure in (Departure.REFUSE, Departure.CASCADE):
        for farewell in farewells:
            if farewell.departure is departure:
                return farewell
    return Farewell(Departure.DANGLE, in_use)


def _take_away(overlay: Overlay, leaving: Mapping[str, Resource]) -> None:
    for key in leaving:
        overlay.remove(key)
    for resource in leaving.values():
        for other in tuple(resource.aftermath(overlay)):
            overlay.lay(other)
