"""Parts of resources that refer to another, as ARM lists them there."""

from __future__ import annotations

from collections.abc import Iterator

from vtaplib.model import ids
from vtaplib.model.base import Block
from vtaplib.model.resource import Resource
from vtaplib.model.view import View


def parts_that_refer(resource_id: str, view: View) -> Iterator[str]:
    """The IDs of the parts, of whatever resource, in which an ID stands."""
    key = ids.key(resource_id)
    for resource in view.referrers(resource_id, Resource):
        for reference in resource.references():
            name, *rest = reference.path
            if ids.key(reference.target) == key and len(rest) == 2:
                part = getattr(resource, str(name))[rest[0]]
                if isinstance(part, Block) and part.id_segment:
                    yield f"{resource.id}/{part.id_segment}/{part.name}"
