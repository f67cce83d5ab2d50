"""The world that a check is about: as it is, as it will be, and where each resource of it comes from.

A plan is laid over what was read beside it, if anything. The two sides of a peering, which azurerm does not
show, are put together here: a side is Connected where the other is there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vtaplib.analysis.terraform_plan.creation_order import block_at
from vtaplib.analysis.terraform_plan.resources import TerraformResources
from vtaplib.control.audit import CloudChange
from vtaplib.control.read_view import ReadView
from vtaplib.model import ids
from vtaplib.model.marks import INTERNAL
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import UNKNOWN, Unknown
from vtaplib.resources.subscription import Subscription
from vtaplib.resources.virtual_network_peering import PeeringState, VirtualNetworkPeering


class PlannedView(ReadView):
    """Resources as a plan leaves them, and what it says of the order in which it makes them."""

    def __init__(
        self, resources: Iterable[Resource], before: ReadView, plan: TerraformResources, *, whole: bool
    ) -> None:
        super().__init__(resources, whole=whole)
        self._before = before
        self._plan = plan

    def existing_usage(self, bucket: str) -> int:
        return self._before.usage(bucket)

    def is_there_already(self, resource_id: str) -> bool:
        return self._before.find(resource_id) is not None

    def waits_for(self, resource_id: str, other_id: str) -> bool | None:
        key, other = ids.key(resource_id), ids.key(other_id)
        made = {one for one in (key, other) if one in self._plan.written and not self._plan.written[one]}
        if made != {key, other} or self.is_there_already(other_id):
            return None
        blocks = (block_at(self._plan.addresses[one]) for one in (key, other))
        return self._plan.order.waits_for(*blocks)


@dataclass(frozen=True, slots=True)
class PlannedCloud:
    """A world and what becomes of it."""

    before: ReadView
    after: ReadView
    change: CloudChange
    addresses: Mapping[str, str]
    """Where resources come from, by key of their IDs: addresses in Terraform's configuration."""

    def address(self, resource: Resource) -> str:
        """Where a resource comes from; its ID if it comes from no configuration."""
        return self.addresses.get(ids.key(resource.id), resource.id)

    @property
    def lacks(self) -> Sequence[str]:
        """The targets of references that lead outside, one by one. No plan shows subscriptions."""
        if self.after.whole:
            return ()
        return tuple(
            reference.target
            for resource in self.after
            for reference in resource.references()
            if not reference.claim
            and reference.kind != Subscription.__name__
            and self.after.find(reference.owner) is None
            and ids.key(reference.owner) not in self.change.gone
        )


def plan_over(base: Iterable[Resource], reading: TerraformResources, *, whole: bool) -> PlannedCloud:
    """What was read of a plan over a base; `whole`: the base is all that there is."""
    standing = {ids.key(one.id): one for one in base}
    before = {**standing, **_known_better(reading.before, standing)}
    gone = {key: one for key, one in before.items() if key in reading.before and key not in reading.after}
    after = {**standing, **_known_better(reading.after, standing)}
    after = {key: one for key, one in after.items() if key not in gone}
    _link(before)
    _link(after)
    past = ReadView(before.values(), whole=whole)
    return PlannedCloud(
        past,
        PlannedView(after.values(), past, reading, whole=whole),
        CloudChange(before={key: was and before[key] for key, was in reading.written.items()}, gone=gone),
        reading.addresses,
    )


def _known_better(read: Mapping[str, Resource], standing: Mapping[str, Resource]) -> dict[str, Resource]:
    """Resources of a plan, with what it does not show of them: what only the service keeps is as it was."""
    return {key: _with_internal(one, standing.get(key)) for key, one in read.items()}


def _with_internal(resource: Resource, past: Resource | None) -> Resource:
    if not isinstance(past, type(resource)):
        return resource
    known = past.__dict__
    return resource.replace(
        **{
            name: known[name]
            for name, field in resource.fields().items()
            if field.has(INTERNAL) and name in known and not resource.knows(name)
        }
    )


def _link(resources: dict[str, Resource]) -> None:
    """Gives states to the peerings whose state nobody has shown."""
    sides = {
        (ids.key(one.virtual_network_id), ids.key(one.remote_virtual_network_id)): one
        for one in resources.values()
        if isinstance(one, VirtualNetworkPeering) and one.knows("remote_virtual_network_id")
    }
    for (here, there), side in sides.items():
        state = _state(side, sides.get((there, here)), is_remote_read=there in resources)
        resources[ids.key(side.id)] = side.replace(peering_state=state)


def _state(
    side: VirtualNetworkPeering, remote: VirtualNetworkPeering | None, *, is_remote_read: bool
) -> str | Unknown:
    if remote is None:
        if side.knows("peering_state"):
            return side.peering_state
        return str(PeeringState.INITIATED) if is_remote_read else UNKNOWN
    for one in (side, remote):
        if one.knows("peering_state") and one.peering_state == PeeringState.DISCONNECTED:
            return side.peering_state if side.knows("peering_state") else UNKNOWN
    if side.knows("peering_state") and remote.knows("peering_state"):
        return side.peering_state
    return str(PeeringState.CONNECTED)
