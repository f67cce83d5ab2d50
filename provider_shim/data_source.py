"""Data sources: what a configuration can look up in the cloud as it is.

A data source is a model. Its settable fields are what is asked, the others what is answered; docstrings are
documentation, and the Terraform schema follows as it does for a resource. It knows nothing of Terraform's
values beyond plain ones, and reads through a `Session` only.

A new data source is a class in a module of `provider_shim/data_sources/`, and a line in `types.py`;
`docs/architecture.md` says what else.

- One that shows a resource is a `Lookup`. `of` is the resource type, its settable fields are the names in the
  ID, `shows` lists the resource's fields that it shows as they are, and `more` computes the others.
- Any other is a `DataSource` with a `read` of its own. What is wrong it raises as an `ArmError`, whose
  violations point at fields; `combinations` says which fields go together.

Terraform reads a data source in the plan, unless what it is asked is unknown, or it refers to a resource with
planned changes, or says so with `depends_on`: then it is read in the apply. What is asked by a plain name and
only made by the plan is not there yet, and the error says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from vtaplib.errors import VtapError
from vtaplib.model import ids
from vtaplib.model.arguments import NonEmpty, ResourceGroupName
from vtaplib.model.base import Model, Values
from vtaplib.model.combination import Combination
from vtaplib.model.excerpt import Excerpt
from vtaplib.model.ids import label
from vtaplib.model.marks import SERVICE, Assigned
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.model.violation import ArmError, ErrorCode, Path, Violation
from vtaplib.resources.resource_group import ResourceGroup

if TYPE_CHECKING:
    from vtaplib.control.control_plane import ControlPlane

R = TypeVar("R", bound=Resource)

WAY_OUT = (
    "Check the names, and the subscription_id and endpoint of the provider. If this configuration "
    "makes it, refer to the resource, or wait for it with depends_on, because a plan reads only what already "
    "exists."
)
PLANNED = (
    "This plan makes it, but a plan reads only what already exists: refer to the resource in the data "
    "source, or wait for it with depends_on."
)


@dataclass(frozen=True, slots=True)
class Session:
    """A configured provider, as a data source sees it."""

    cloud: ControlPlane
    subscription_id: str
    """"" where it is not known yet."""
    tenant_id: str
    client_id: str
    planned: View
    """The cloud with what this process has planned: says of what is missing whether it is to come."""

    @property
    def subscription(self) -> str:
        """The provider's subscription. Raises VtapError where it is not known yet."""
        if not self.subscription_id:
            raise VtapError(
                "The provider's subscription_id is not known yet, so nothing can be looked up in it. Give it "
                "a value that does not depend on a resource."
            )
        return self.subscription_id

    def get(self, kind: type[R], resource_id: str, path: Path = ()) -> R:
        """A resource as a read of the cloud gives it. `path`: the field that names it. Raises ArmError if
        there is none.
        """
        found = self.cloud.find(resource_id)
        if isinstance(found, kind):
            return found
        code = ErrorCode.RESOURCE_GROUP_NOT_FOUND if kind is ResourceGroup else ErrorCode.RESOURCE_NOT_FOUND
        way_out = WAY_OUT if self.planned.find(resource_id) is None else PLANNED
        message = f"{label(resource_id)}: not found ({resource_id}). {way_out}"
        raise ArmError([Violation(code, message, path)])


class DataSource(Model):
    """Something that a configuration can look up."""

    combinations: ClassVar[tuple[Combination, ...]] = ()
    """Which fields go together."""

    id: Assigned[str] = SERVICE
    """The ID of what is read."""

    def read(self, session: Session) -> Values:
        """Plain values of the fields that were not asked with; one that is left out is empty."""
        raise NotImplementedError


class Lookup(DataSource, Excerpt):
    """A data source that shows a resource, found by the names in its ID."""

    of: ClassVar[type[Resource]]

    def read(self, session: Session) -> Values:
        found = session.get(self.of, self._wanted_id(session), ("name",))
        return {**found.values(), "id": found.id, **self.more(found, session)}

    def more(self, found: Any, session: Session) -> Values:
        """Plain values of the fields that are not the resource's own."""
        return {}

    def _wanted_id(self, session: Session) -> str:
        names: Mapping[str, str] = {
            name: session.subscription if name == "subscription_id" else getattr(self, name)
            for name in ids.placeholders(self.of.id_format)
        }
        return self.of.id_format.format_map(names)


class LookupInGroup(Lookup):
    """A lookup of something that has a name in a resource group."""

    resource_group_name: ResourceGroupName
    """The name of the resource group to look in."""
    name: NonEmpty
    """The name to look for."""
