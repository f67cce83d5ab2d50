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


class _Claim(NamedTuple):
    owner: str
    """The key of the object that has the ID, or lists what has it in an argument."""
    new: bool
    """Whether the plan makes what has the ID. Two objects may keep one: each is written as the other is."""


class ClaimedIds:
    """Who claims which ID in a plan, laid out in an overlay."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._claims: dict[str, _Claim] = {}
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
        claims = {owner: _Claim(owner, new)}
        clashes = (
            [_clash(resource, (naming_arguments(resource)[0],))] if self._is_claimed(owner, new=new) else []
        )
        for field, position, child in inline.children(resource):
            key = ids.key(child.id)
            claims[key] = _Claim(owner, base.find(key) is None)
            other = self._claims.get(key)
            if other is not None and other.owner != owner and (other.new or claims[key].new):
                clashes.append(_clash(child, (field, position, "name")))
        if not clashes:
            self._claims |= claims
            self._claimed_by[owner] = list(claims)
        return clashes

    def _is_claimed(self, key: str, *, new: bool) -> bool:
        """Whether an ID is claimed, or that of something that another object's argument makes."""
        if (claim := self._claims.get(key)) is not None:
            return new or claim.new
        return new and self._overlay.find(key) is not None and self._overlay.base.find(key) is None

    def release(self, resource_id: str) -> None:
        """Gives up all that an object claims."""
        for key in self._claimed_by.pop(ids.key(resource_id), ()):
            self._claims.pop(key, None)


def _clash(resource: Resource, path: Path) -> Violation:
    return used_twice(resource, path, to_terraform_id(type(resource), resource.id))
