"""Terraform's walks over several objects: a plan in one process, its apply in another, in any order allowed.

An apply's steps are those that Terraform makes at the same time as others': an object is loaded, then
destroyed; planned again, then made. What the provider refuses is left out, with all that refers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.fake_core import Object, Plan, RefusedError, Terraform, Values
from tests.provider_shim.drawn_configuration import Planned

Choose = Callable[[Sequence[str]], str]
"""Chooses one of some names."""


@dataclass(frozen=True)
class Wanted:
    """An object of a configuration, and what a command asks for beside it."""

    planned: Planned
    known: Values
    """The configuration as far as the plan knows it."""
    replaced: bool = False
    """Whether the user wants it replaced."""
    new_first: bool = False
    """Whether the new one comes before the old one goes, where it is replaced."""


@dataclass
class State:
    """Terraform's state: objects by address, and what each refers to."""

    objects: dict[str, Object] = field(default_factory=dict)
    refers: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass
class Change:
    """What is planned for an object."""

    wanted: Wanted | None
    plan: Plan | None
    """What makes or changes it."""
    old: Object | None
    """What is destroyed."""


def plan_walk(
    terraform: Terraform, state: State, wanted: Mapping[str, Wanted], choose: Choose, *, refresh: bool
) -> dict[str, Change]:
    """The changes that a plan makes of what is wanted and of what is no longer. Raises RefusedError, with the
    address of what is refused as a note.
    """
    process = terraform.start()
    changes: dict[str, Change] = {}
    pending = {one: _needs(wanted, one) for one in wanted} | {
        one: frozenset[str]() for one in state.objects.keys() - wanted.keys()
    }
    while pending:
        address = choose(sorted(one for one, needs in pending.items() if not needs & pending.keys()))
        del pending[address]
        try:
            prior = state.objects.get(address)
            if prior is not None:
                prior = process.load(prior)
                prior = process.read(prior) if refresh else prior
            change = _change(process.plan, wanted.get(address), prior)
        except RefusedError as refusal:
            refusal.add_note(address)
            raise
        if change is not None:
            changes[address] = change
    return changes


def _needs(wanted: Mapping[str, Wanted], address: str) -> frozenset[str]:
    return (wanted[address].planned.refers | wanted[address].planned.waits) & wanted.keys()


def _change(plan: Callable[..., Plan], wanted: Wanted | None, prior: Object | None) -> Change | None:
    if wanted is None:
        if prior is None:
            return None
        plan(prior.type_name, prior, None)
        return Change(None, None, prior)
    type_name = wanted.planned.type_name
    if prior is None or prior.tainted:
        return Change(wanted, plan(type_name, None, wanted.known), prior)
    first = plan(type_name, prior, wanted.known)
    if wanted.replaced or first.action == "replace":
        return Change(wanted, plan(type_name, None, wanted.known, private=first.private), prior)
    return None if first.action == "no-op" else Change(wanted, first, None)


def apply_walk(terraform: Terraform, state: State, changes: Mapping[str, Change], choose: Choose) -> set[str]:
    """Carries changes out, as far as the provider accepts them. Returns the codes of what it refuses."""
    process = terraform.start()
    steps: dict[str, Iterator[None]] = {}
    after: dict[str, set[str]] = {}

    def destroy(address: str, old: Object) -> Iterator[None]:
        loaded = process.load(replace(old, tainted=False))
        yield
        process.apply(Plan(old.type_name, loaded, None, old.private, old.identity), None)
        if state.objects.get(address) is old:
            del state.objects[address]

    def make(address: str, change: Change) -> Iterator[None]:
        assert change.wanted is not None
        assert change.plan is not None
        config = change.wanted.planned.config
        process.validate(change.plan.type_name, config)
        again = terraform.plan_again(process, change.plan, config)
        yield
        made = process.apply(again, config)
        assert made is not None
        state.objects[address] = made
        state.refers[address] = change.wanted.planned.refers | change.wanted.planned.waits

    for address, change in changes.items():
        if change.old is not None:
            steps[f"- {address}"] = destroy(address, state.objects[address])
            after[f"- {address}"] = {f"- {one}" for one in changes if address in state.refers.get(one, ())}
        if change.wanted is not None:
            steps[f"+ {address}"] = make(address, change)
            needs = change.wanted.planned.refers | change.wanted.planned.waits
            after[f"+ {address}"] = {f"+ {one}" for one in needs}
            if change.old is not None and change.wanted.new_first:
                after[f"- {address}"] |= {f"+ {address}"}
            elif change.old is not None:
                after[f"+ {address}"] |= {f"- {address}"}
    failed: set[str] = set()
    codes: set[str] = set()
    while steps:
        ready = sorted(one for one in steps if not after[one] & steps.keys())
        if not ready:  # Terraform calls that a cycle, and does nothing
            return codes | {"cycle"}
        step = choose(ready)
        try:
            if after[step] & failed:
                raise StopIteration
            next(steps[step])
        except StopIteration:
            if after[step] & failed:
                failed.add(step)
            del steps[step]
        except RefusedError as refusal:
            codes |= {one.summary for one in refusal.diagnostics}
            failed.add(step)
            del steps[step]
    return codes
