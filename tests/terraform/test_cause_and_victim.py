"""Two objects that exclude each other: refused in the plan whichever is there first, and told once."""

from __future__ import annotations

import pytest

from tests.terraform.conflicts import CONFLICTS, Conflict
from tests.terraform.reattached import Workspace

pytestmark = pytest.mark.terraform
every_conflict = pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda one: one.name.replace(" ", "-"))


def refused_once(workspace: Workspace, conflict: Conflict) -> None:
    workspace.write(conflict.around + conflict.one + conflict.other)
    outcome = workspace.plan()
    assert outcome.codes == [conflict.code], outcome.told


@pytest.mark.sampled(8)
@every_conflict
def test_both_new(workspace: Workspace, conflict: Conflict) -> None:
    refused_once(workspace, conflict)


@pytest.mark.sampled(8)
@every_conflict
def test_the_one_is_there(workspace: Workspace, conflict: Conflict) -> None:
    workspace.write(conflict.around + conflict.one)
    workspace.apply()
    refused_once(workspace, conflict)


@pytest.mark.sampled(8)
@every_conflict
def test_the_other_is_there(workspace: Workspace, conflict: Conflict) -> None:
    workspace.write(conflict.around + conflict.harmless_one + conflict.other)
    workspace.apply()
    refused_once(workspace, conflict)


@pytest.mark.sampled(8)
@every_conflict
def test_both_are_there_and_one_changes(workspace: Workspace, conflict: Conflict) -> None:
    workspace.write(conflict.around + conflict.one + conflict.harmless_other)
    workspace.apply()
    refused_once(workspace, conflict)


@pytest.mark.sampled(8)
@every_conflict
def test_both_are_there_and_both_change(workspace: Workspace, conflict: Conflict) -> None:
    workspace.write(conflict.around + conflict.harmless_one + conflict.harmless_other)
    workspace.apply()
    refused_once(workspace, conflict)
