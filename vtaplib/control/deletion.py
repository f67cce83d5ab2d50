"""Deletion: what goes with a resource, who forbids it, and what those who stay make of it.

Children go with their parent. Everyone else who refers to what goes is asked (`Resource.when_target_goes`):
they refuse, go too, or stay and refer to nothing. A refusal counts only if the one who refuses stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vtaplib.model import ids
from vtaplib.model.general_rule import WHAT_IS_IN_USE_STAYS
from vtaplib.model.policy import Policy
from vtaplib.model.resource import DeletionOutcome, OnDelete, Resource
from vtaplib.model.view import View
from vtaplib.model.violation import Violation


class Deletion(NamedTuple):
    """What the deletion of a resource comes to."""

    leaving: Mapping[str, Resource]
    """What goes, by key."""
    refusals: Sequence[Violation]
    """Why it is refused; nothing goes then."""


def deletion_of(view: View, policy: Policy, resource_id: str) -> Deletion:
    """The deletion of a resource with its children: of nothing where there is no such resource."""
    root = view.find(resource_id)
    if not isinstance(root, Resource):
        return Deletion({}, [])
    leaving = {ids.key(root.id): root}
    refusals: list[tuple[str, Violation]] = []
    pending = [root]
    while pending:
        target = pending.pop()
        for user in view.referrers(target.id, Resource):
            user_key = ids.key(user.id)
            if user_key in leaving:
                continue
            deletion_outcome = _farewell(policy, user, target)
            if deletion_outcome.on_delete is OnDelete.CASCADE:
                leaving[user_key] = user
                pending.append(user)
            elif deletion_outcome.on_delete is OnDelete.REFUSE:
                refusal = Violation.of(
                    deletion_outcome.code,
                    f"{target.label}: cannot be deleted while {user.label} uses it",
                    "first let that use another one, or delete it",
                    rule=WHAT_IS_IN_USE_STAYS,
                )
                refusals.append((user_key, refusal))
    violations = [violation for user_key, violation in refusals if user_key not in leaving]
    return Deletion(leaving, list(dict.fromkeys(violations)))


def _farewell(policy: Policy, user: Resource, target: Resource) -> DeletionOutcome:
    """What becomes of a resource that refers to one that is about to go: the strictest of its references."""
    in_use = type(target).in_use_code
    if ids.key(user.id).startswith(ids.key(target.id) + "/"):
        return DeletionOutcome(OnDelete.CASCADE, in_use)
    farewells = [
        user.when_target_goes(reference, in_use, policy)
        for reference in user.references()
        if ids.key(reference.owner) == ids.key(target.id)
    ]
    for on_delete in (OnDelete.REFUSE, OnDelete.CASCADE):
        for deletion_outcome in farewells:
            if deletion_outcome.on_delete is on_delete:
                return deletion_outcome
    return DeletionOutcome(OnDelete.DANGLE, in_use)
