"""What one provider process has planned so far, and what it answers to the next proposal.

A resource is put into an overlay when it is planned, so that a rule sees what was planned before it. What is
to be replaced leaves its place; what is a part of that is replaced with it.

A plan and its apply are two processes, and Terraform holds the second to what the first answered. So only
what is sure to be replaced is answered as such: what else is there under the ID of a new object stays in its
way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provider_shim import merging
from provider_shim.activity import Activity
from provider_shim.claimed_ids import ClaimedIds
from provider_shim.derivation import public_fields
from provider_shim.diagnostics import Path
from provider_shim.identity import same_id, to_terraform_id
from provider_shim.reports import terraform_path
from vtaplib.control.control_plane import ControlPlane
from vtaplib.control.overlay import Overlay
from vtaplib.control.service_defaults import derive
from vtaplib.model import ids
from vtaplib.model.base import Values
from vtaplib.model.marks import DERIVED
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN, Undecided
from vtaplib.model.validation import is_sound, missing_secrets
from vtaplib.model.violation import Violation

QUIET_SECONDS = 0.02
"""How long no call comes when Terraform has nothing left to ask: it asks within a millisecond or two. As soon
after an apply has loaded an object, it destroys it."""
LONGEST_HOLD_SECONDS = 5.0
"""How long the first answer about an awaited type is held at most."""


class PlanAnswer(NamedTuple):
    """What is planned for a proposal."""

    values: Values
    replace: Sequence[Path]
    """Paths whose change needs a new object."""
    violations: Sequence[Violation]
    departs: bool
    """Whether it has another value than was written; see `merging.departs`."""


class Planning:
    """The overlay of a process's plan, and what has to be remembered beside it. Safe to use from several
    threads.
    """

    def __init__(self, cloud: ControlPlane, client: int | None = None) -> None:
        """`client`: as for `Activity`."""
        self.cloud = cloud
        self.overlay = cloud.overlay(complete=False)
        self._lock = threading.RLock()
        self._claimed = ClaimedIds(self.overlay)
        self._replaced: set[str] = set()
        self._loaded: dict[str, bool] = {}
        """What is in Terraform's state, by key, and whether it was read too, which only a plan does."""
        self._applies = False
        self.activity = Activity(client)
        self._was_quiet = False

    def loaded(self, resource_id: str, *, read: bool) -> None:
        """Notes that Terraform has a resource in its state."""
        with self._lock:
            key = ids.key(resource_id)
            self._loaded[key] = read or self._loaded.get(key, False)

    def applying(self) -> None:
        """Notes that this process applies a plan."""
        self._applies = True

    def destroy(self, resource_id: str) -> None:
        """Plans the end of a resource."""
        with self._lock:
            if not self._claimed.makes(resource_id):
                self.overlay.unstage(resource_id)

    def reset(self, resource_id: str) -> None:
        """Drops what is planned for a resource, which has been applied."""
        with self._lock:
            self._claimed.release(resource_id)
            self.overlay.reset(resource_id)

    def answer(self, resource: Resource, config: Values, prior: Values | None, past_id: str) -> PlanAnswer:
        """Plans a resource as a configuration describes it; `prior` is the state that it has. `past_id`: the
        ID that it has there, or that of what it replaces; "" where it is new.
        """
        if not past_id:
            self._see_what_becomes_of(_id(resource))
        with self._lock:
            answer = self._answer(resource, config, prior, past_id)
        self._note_answer(resource, new=prior is None)
        return answer

    def _answer(self, resource: Resource, config: Values, prior: Values | None, past_id: str) -> PlanAnswer:
        kind = type(resource)
        if prior is None and past_id:
            self._claimed.release(past_id)
        stays = prior is not None and self._stays(resource, config, prior)
        replace = [] if prior is None else list(_replacing(resource, config, prior, stays=stays))
        orphaned = prior is not None and self._loses_its_parent(past_id)
        if orphaned:
            replace.append(("id",))
        clashes = [] if replace else self._claimed.claim(resource, new=prior is None)
        if clashes:
            return _refused(kind, config, prior, clashes)
        if prior is not None and stays and not replace:
            return PlanAnswer(prior, (), self._keep(resource), merging.departs(kind, config, prior, prior))
        assigned, violations, fresh = self._stage(resource, past_id, prior, replaced=bool(replace))
        self._note_question(assigned, prior)
        plan = _plan(assigned, config, prior, fresh=fresh, orphaned=orphaned)
        if prior is not None and _id(assigned) is not None:
            plan |= dict.fromkeys(_open(assigned, self.overlay, plan, prior), UNKNOWN)
        if replace:
            violations = _asked_again(self.overlay, _id(assigned))
        return PlanAnswer(plan, replace, violations, merging.departs(kind, config, prior, plan))

    def _stays(self, resource: Resource, config: Values, prior: Values) -> bool:
        """Whether a plan leaves a resource as it is, so that nothing is written."""
        if _id(resource) is None or not is_sound(resource):
            return False
        assigned = self.overlay.assigned(resource)
        return _plan(assigned, config, prior, fresh=False, orphaned=False) == prior

    def _keep(self, resource: Resource) -> Sequence[Violation]:
        """Keeps a resource as it is stored. Returns only what the rest of the plan breaks about it."""
        violations = self.overlay.keep(resource)
        standing = self.cloud.overlay().keep(resource) if violations else ()
        return [one for one in violations if one not in standing]

    def _see_what_becomes_of(self, resource_id: str | None) -> None:
        """Waits where an apply may be about to destroy what is in the way. Terraform loads an object for
        that; a plan loads it too, and reads it, but where it is told not to refresh.
        """
        if resource_id is not None and self._loaded.get(ids.key(resource_id)) is False and not self._applies:
            time.sleep(QUIET_SECONDS)

    def _note_question(self, resource: Resource, prior: Values | None) -> None:
        if prior is None and (resource_id := _id(resource)) is not None:
            self.overlay.asked(resource_id)

    def _note_answer(self, resource: Resource, *, new: bool) -> None:
        """Terraform asks about an object when it has the answers about those that it waits for. The first
        answers about an awaited type are held until it asks no more, so that it shows who does not wait for
        them. What it asks even later, while other providers keep it waiting, goes unnoticed; `vtap check` is
        told what waits for what, and misses nothing.
        """
        if not resource.awaited or (resource_id := _id(resource)) is None:
            return
        if new and not self._was_quiet and not self._applies:
            self.activity.wait_until_quiet(QUIET_SECONDS, LONGEST_HOLD_SECONDS)
            self._was_quiet = True
        with self._lock:
            self.overlay.answered(resource_id)

    def _stage(
        self, resource: Resource, past_id: str, prior: Values | None, *, replaced: bool
    ) -> tuple[Resource, Sequence[Violation], bool]:
        """Puts a resource into the overlay, in the place of what it replaces, which has the ID `past_id`.
        Also says whether it is a new one of the same ID.
        """
        overlay, resource_id = self.overlay, _id(resource)
        if resource_id is None:
            return resource, [], False
        fresh = prior is None and self._takes_a_place(resource_id, past_id)
        if replaced or fresh:
            self._replaced.add(ids.key(past_id or resource_id))
        if replaced:
            overlay.unstage(past_id)
        if prior is None:
            overlay.unstage(resource_id)
        assigned, violations = overlay.put(resource, validated=True)
        if prior is None:
            violations = [*violations, *missing_secrets(resource)]
        return assigned, violations, fresh

    def _takes_a_place(self, resource_id: str, past_id: str) -> bool:
        """Whether a new resource takes the place of one of the same ID, which Terraform destroys first: one
        that it replaces, or one in its state, which is tainted then.
        """
        key = ids.key(resource_id)
        if self.overlay.base.find(key) is None:
            return False
        return key == ids.key(past_id) if past_id else key in self._loaded and not self._applies

    def _loses_its_parent(self, resource_id: str) -> bool:
        """Whether this plan replaces something that the resource is a part of, which takes it along.

        Where a subnet names its network, and the network is made anew under the same name, Terraform sees no
        change in the subnet; azurerm's apply then fails half-way.
        """
        segments = ids.key(resource_id).split("/")
        return any("/".join(segments[:end]) in self._replaced for end in range(3, len(segments), 2))


def _id(resource: Resource) -> str | None:
    try:
        return resource.id
    except Undecided:
        return None


def _plan(assigned: Resource, config: Values, prior: Values | None, *, fresh: bool, orphaned: bool) -> Values:
    """The planned values of a resource that has what the service gives, as far as that is known."""
    kind, known_id = type(assigned), _id(assigned)
    # Of a resource whose name is not known, nothing is known of what the service gives.
    given = {} if known_id is None else assigned.values()
    plan = merging.planned(kind, config, prior, given, fresh=fresh)
    plan["id"] = UNKNOWN
    if known_id is not None and not (fresh or orphaned):
        plan["id"] = same_id(prior, to_terraform_id(kind, known_id))
    plan["timeouts"] = config.get("timeouts")
    return plan


def _open(assigned: Resource, view: Overlay, plan: Values, prior: Values) -> Iterator[str]:
    """Names of fields of an update that are left to the apply: what a read computes otherwise by then, and
    what the write of another object may change before.
    """
    kind = type(assigned)
    yield from _no_longer_so(kind, assigned, view, plan)
    for name in kind.changed_by_others:
        if kind.fields()[name].has(DERIVED) or not prior[name] or plan[name] != prior[name]:
            yield name


def _refused(
    kind: type[Resource], config: Values, prior: Values | None, violations: Sequence[Violation]
) -> PlanAnswer:
    """The answer about an object that cannot be, of which nothing is staged."""
    plan = merging.planned(kind, config, prior, {}, fresh=False)
    plan |= {"id": UNKNOWN, "timeouts": config.get("timeouts")}
    return PlanAnswer(plan, (), violations, merging.departs(kind, config, prior, plan))


def _replacing(resource: Resource, config: Values, prior: Values, *, stays: bool) -> Iterator[Path]:
    """Paths of what the configuration changes although it cannot change: each needs a new object. `stays`:
    the values are the same.
    """
    kind = type(resource)
    if not stays:
        draft = merging.planned(kind, config, prior, prior, fresh=False)
        for path in merging.changed_for_good(kind, prior, draft):
            yield terraform_path(kind, path)
    try:
        for path in resource.needs_replacing(kind.from_values(prior)):
            yield terraform_path(kind, path)
    except Undecided:
        return


def _asked_again(overlay: Overlay, resource_id: str | None) -> Sequence[Violation]:
    """What is to be told of a resource that must be made anew: nothing yet, for Terraform asks again about
    the new one. Until then it must not be held against others, or a conflict would be told from both sides.
    """
    if resource_id is not None:
        overlay.remove(resource_id)
    return []


def _no_longer_so(kind: type[Resource], assigned: Resource, view: Overlay, plan: Values) -> Iterator[str]:
    """Names of fields that a read computes, and that it computes otherwise once the plan is applied."""
    computed = [field for field in public_fields(kind) if field.has(DERIVED)]
    seen = derive(assigned, view).values() if computed else {}
    for field in computed:
        if not merging.same(field, plan[field.name], seen.get(field.name, UNKNOWN)):
            yield field.name
