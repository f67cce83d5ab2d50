"""The two designs that the options of `vtap diff` name: clouds, states and plans.

What reads plans and states takes 0.2 s to import: only where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vtaplib.analysis.coverage_diff.design import ComparedDesign, StandingDesign, design_of_resources
from vtaplib.cli.cloud_file import cloud_files, find_cloud_file, read_resources
from vtaplib.control.backends.sqlite.open_file import is_database
from vtaplib.errors import VtapError
from vtaplib.model.policy import Policy


def design_inputs(before: str | None, after: str | None, plan: str | None) -> Iterator[str | Path]:
    """The files that are read. Raises `VtapError` where none is named and the default is not there."""
    named = [one for one in (before, after, plan) if one is not None]
    if before is None and plan is None:
        named.append(str(find_cloud_file(None)))
    for one in named:
        # A file that is no cloud's has none beside it, and it does no harm to ask.
        yield from cloud_files(Path(one))


def read_designs(
    before: str | None, after: str | None, plan: str | None, policy_before: Policy, policy_after: Policy
) -> tuple[ComparedDesign, ComparedDesign]:
    """The designs of a plan alone, or of `before` and `after`. Without `after` it is one design twice."""
    first, second = _read_designs(before, after, plan, policy_after)
    return replace(first, policy=policy_before), replace(second, policy=policy_after)


def _read_designs(
    before: str | None, after: str | None, plan: str | None, policy: Policy
) -> tuple[ComparedDesign, ComparedDesign]:
    if plan is None:
        base = _read_standing(before)
        if after is None:
            return base.design, base.design
        if _is_cloud(after):
            return base.design, _read_cloud(Path(after)).design
    elif before is None and after is None:
        base = None
    else:
        raise VtapError("--plan has a before and an after of its own; leave out --before and --after")
    from vtaplib.analysis import design_of_state, designs_of_plan
    from vtaplib.loading import load_terraform

    document = load_terraform(plan or after or "")
    if base is None or document.is_plan:
        return designs_of_plan(document, policy, base, prefix="--plan " if plan is not None else "")
    return base.design, design_of_state(document).design


def _read_standing(given: str | None) -> StandingDesign:
    if given is None or _is_cloud(given):
        return _read_cloud(find_cloud_file(given))
    from vtaplib.analysis import design_of_state
    from vtaplib.loading import load_terraform

    document = load_terraform(given)
    if document.is_plan:
        raise VtapError(
            f"--before {document.name}: is a plan, which has a before and an after; compare the two with "
            "--plan, or give a cloud's file or a state"
        )
    return design_of_state(document)


def _is_cloud(name: str) -> bool:
    return name != "-" and is_database(Path(name))


def _read_cloud(path: Path) -> StandingDesign:
    return design_of_resources(f"cloud {path}", read_resources(path))
