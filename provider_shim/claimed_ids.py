"""The IDs that a plan claims: two of its objects must not have one.

Terraform does not say which object it asks about. It asks once about each, except where it replaces one: then
it asks again, as about a new object, and hands over the private bytes of the first answer. Questions about
other objects come without, so those bytes tell a replacement from a second object of the same ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from provider_shim.identity import to_terraform_id
from vtaplib.control import inline
from vtaplib.control.integrity import naming_arguments, used_twice
from vtaplib.control.overlay import Overlay
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.unknown import Undecided
from vtaplib.model.violation import Path, Violation

_MARK: Final = b"vtap: planned from "


def marked(resource_id: str, private: bytes) -> bytes:
    """The private bytes of an object's plan: those of its state, after the ID that it has there."""
    return _MARK + resource_id.encode() + b"\n" + private


def unmarked(private: bytes) -> tuple[str, bytes]:
    """The ID that private bytes are marked with, "" without a mark, and the bytes after it."""
    if not private.startswith(_MARK):
        return "", private
    resource_id, _, rest = private.removeprefix(_MARK).partition(b"\n")
    return resource_id.decode(), rest


class _PlannedClaim(NamedTuple):
    owner: str
    """The key of the object that has the ID, or lists what has it in an argument."""
    new: bool
    """Whether the plan makes what has the ID. Two objects may keep one: each is written as the other is."""
    terraform_id: str
    """The ID as the configuration spells it."""
    clause: str
    """Who has the ID, in words."""


class ClaimedIds:
    """Who claims which ID in a plan, laid out in an overlay."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._claims: dict[str, _PlannedClaim] = {}
        self._claimed_by: dict[str, Sequence[str]] = {}
        """The keys that each owner claims."""

    def makes(self, resource_id: str) -> bool:
        """Whether the plan makes an object with an ID."""
        claim = self._claims.get(ids.key(resource_id))
        return claim is not None and claim.new

    def claim(self, resource: Resource, *, new: bool) -> Sequence[Violation]:
        """Claims the IDs of an object and of what its inline arguments list, as far as they are known.
        Returns what is claimed already, and claims nothing then.
        """
        try:
            owner, base = ids.key(resource.id), self._overlay.base
        except Undecided:
            return []
        claims = {owner: _PlannedClaim(owner, new, _terraform_id(resource), "another block also has it")}
        clashes: list[Violation] = []
        other = self._claims.get(owner) or (_MADE if new and self._is_made(owner) else None)
        if other is not None and (new or other.new):
            clashes.append(_clash(resource, (naming_arguments(resource)[0],), other))
        for field, position, child in inline.children(resource):
            key, clause = ids.key(child.id), f"{field} of {resource.label} also lists it"
            claims[key] = _PlannedClaim(owner, base.find(key) is None, _terraform_id(child), clause)
            other = self._claims.get(key)
            if other is not None and other.owner != owner and (other.new or claims[key].new):
                clashes.append(_clash(child, (field, position, "name"), other))
        if not clashes:
            self._claims |= claims
            self._claimed_by[owner] = list(claims)
        return clashes

    def _is_made(self, key: str) -> bool:
        """Whether an ID is that of something new that another object's argument makes."""
        return self._overlay.find(key) is not None and self._overlay.base.find(key) is None

    def release(self, resource_id: str) -> None:
        """Gives up all that an object claims."""
        for key in self._claimed_by.pop(ids.key(resource_id), ()):
            self._claims.pop(key, None)


_MADE: Final = _PlannedClaim(
    "", new=True, terraform_id="", clause="an argument of another block also makes it"
)


def _terraform_id(resource: Resource) -> str:
    return to_terraform_id(type(resource), resource.id)


def _clash(resource: Resource, path: Path, other: _PlannedClaim) -> Violation:
    return used_twice(resource, path, _terraform_id(resource), other.clause, other.terraform_id)
