"""The two designs of a diff: clouds, states and plans, read into topologies.

A plan is laid over what it would be applied to, and so are a world before and one after. A cloud and a state
are one world each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vtaplib.cli.check.document import Document, read_document
from vtaplib.cli.check.reading import Reading, read_resources
from vtaplib.cli.check.world import World, make_world
from vtaplib.cli.cloud_file import find_cloud_file, open_cloud
from vtaplib.cli.diff.applied import Assumed, applied
from vtaplib.control.read_view import ReadView
from vtaplib.control.store_file import is_store
from vtaplib.errors import VtapError
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.view import View


@dataclass(frozen=True, slots=True)
class Side:
    """One design as it was read. `not_read` are the addresses in Terraform's configuration of what could not
    be told from others.
    """

    name: str
    topology: Topology
    assumed: tuple[Assumed, ...] = ()
    notes: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()


def read_sides(before: str | None, after: str | None, plan: str | None, policy: Policy) -> tuple[Side, Side]:
    """The two designs: of a plan alone, or of `before` and `after`. Without `after` it is one design twice.
    `policy` is that of the apply.
    """
    if plan is not None:
        if before is not None or after is not None:
            raise VtapError("--plan has a before and an after of its own; leave out --before and --after")
        return plan_sides(read_document(plan), None, policy, "--plan")
    start = _read_world(before)
    if after is None:
        return start.side, start.side
    if _is_cloud(after):
        return start.side, _read_cloud(Path(after)).side
    document = read_document(after)
    if document.is_plan:
        return plan_sides(document, start, policy, "--after")
    return start.side, _of_state(document).side


@dataclass(frozen=True, slots=True)
class Start:
    """A world that a plan can be laid over."""

    side: Side
    resources: Sequence[Resource]


def _read_world(given: str | None) -> Start:
    if given is None or _is_cloud(given):
        return _read_cloud(find_cloud_file(given))
    document = read_document(given)
    if document.is_plan:
        raise VtapError(
            f"--before {document.name}: is a plan, which has a before and an after; compare the two with "
            "--plan, or give a cloud's file or a state"
        )
    return _of_state(document)


def _is_cloud(name: str) -> bool:
    return name != "-" and is_store(Path(name))


def _read_cloud(path: Path) -> Start:
    with open_cloud(path) as cloud, cloud.snapshot() as view:
        resources = tuple(view.list(Resource))
    topology = Topology.of(ReadView(resources, whole=True))
    return Start(Side(f"cloud {path}", topology), resources)


def _of_state(document: Document) -> Start:
    reading = read_resources(document)
    world = make_world((), reading, whole=True)
    return Start(_side(f"state {_name(document)}", document, reading, world.after), tuple(world.after))


def plan_sides(document: Document, start: Start | None, policy: Policy, option: str) -> tuple[Side, Side]:
    """The designs before and after a plan, over a start if there is one. `option` named the document."""
    if not document.is_plan:
        raise VtapError(f"{option} {document.name}: is a state, which has no after; give a plan")
    reading = read_resources(document)
    world = make_world(start.resources if start else (), reading, whole=True)
    name = f"plan {_name(document)}"
    if start is None:
        return (
            _side(f"{name}, not applied", document, reading, world.before),
            _after(f"{name}, applied", document, reading, world, policy),
        )
    return start.side, _after(f"{name}, applied over {start.side.name}", document, reading, world, policy)


def _after(name: str, document: Document, reading: Reading, world: World, policy: Policy) -> Side:
    done = applied(world, policy)
    return _side(name, document, reading, done.view, done.assumed)


def _side(
    name: str, document: Document, reading: Reading, view: View, assumed: tuple[Assumed, ...] = ()
) -> Side:
    return Side(name, Topology.of(view), assumed, tuple(document.notes), tuple(reading.unread))


def _name(document: Document) -> str:
    return document.name
