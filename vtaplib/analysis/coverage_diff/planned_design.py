"""The designs that are in documents of Terraform: a state is one, a plan has a before and an after.

A plan is laid over what it would be applied to, where that is given, and so are a world before and one after.
"""

from __future__ import annotations

from vtaplib.analysis.coverage_diff.applied_plan import apply_plan
from vtaplib.analysis.coverage_diff.design import AssumedAddress, ComparedDesign, StandingDesign
from vtaplib.analysis.terraform_plan.document import DOCUMENT_WAY_OUT, TerraformDocument
from vtaplib.analysis.terraform_plan.planned_cloud import plan_over
from vtaplib.analysis.terraform_plan.resources import TerraformResources, read_resources
from vtaplib.errors import VtapError, require_type
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import POLICY_WAY_OUT, Policy
from vtaplib.model.view import View


def design_of_state(document: TerraformDocument) -> StandingDesign:
    """The design of a state."""
    require_type("the document", document, TerraformDocument, DOCUMENT_WAY_OUT)
    reading = read_resources(document)
    world = plan_over((), reading, whole=True)
    design = _design(f"state {document.name}", document, reading, world.after)
    return StandingDesign(design, tuple(world.after))


def designs_of_plan(
    document: TerraformDocument,
    policy: Policy | None = None,
    base: StandingDesign | None = None,
    *,
    prefix: str = "",
) -> tuple[ComparedDesign, ComparedDesign]:
    """The designs before and after a plan, over a base if there is one. `policy` is that of the apply.
    `prefix` opens what a `VtapError` says of a document that is no plan.
    """
    require_type("the document", document, TerraformDocument, DOCUMENT_WAY_OUT)
    if policy is not None:
        require_type("the policy", policy, Policy, POLICY_WAY_OUT)
    if base is not None:
        require_type(
            "the base", base, StandingDesign, "give what design_of_resources or design_of_state says"
        )
    if not document.is_plan:
        raise VtapError(
            f"{prefix}{document.name}: is a state, which has nothing to compare with; give a plan"
        )
    reading = read_resources(document)
    world = plan_over(base.resources if base else (), reading, whole=True)
    name = f"plan {document.name}"
    before = base.design if base else _design(f"{name}, not applied", document, reading, world.before)
    applied = apply_plan(world, policy or Policy())
    over = f" over {base.design.name}" if base else ""
    return before, _design(f"{name}, applied{over}", document, reading, applied.view, applied.assumed)


def _design(
    name: str,
    document: TerraformDocument,
    reading: TerraformResources,
    view: View,
    assumed: tuple[AssumedAddress, ...] = (),
) -> ComparedDesign:
    return ComparedDesign(
        Topology.of(view),
        name=name,
        assumed=assumed,
        notes=tuple(document.notes),
        not_read=tuple(reading.unread),
    )
