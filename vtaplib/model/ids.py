"""ARM resource IDs: paths of fixed segments and names, compared without case.

An ID format is a template such as `/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}`; a
placeholder is a field of the resource, and may itself hold an ID (`{loadbalancer_id}/probes/{name}`).
"""

from __future__ import annotations

import re
from functools import cache

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""How the ID of a subscription, or of a tenant, is written."""
_SEGMENT = r"[^/|\x00-\x1f]+"
_WHOLE = r"/[^|\x00-\x1f]+"
_TYPED = re.compile(
    r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/([^/]+)((?:/[^/]+/[^/]+)+)", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NAMESPACE = "6f1d3c39-3d2b-5a51-9b45-3a1f0d2f7f10"
"""Ours: the namespace under which GUIDs are derived from IDs."""


def key(resource_id: str) -> str:
    """What two IDs of one resource have in common: ARM compares IDs without case."""
    low = resource_id.lower()
    # Bytes of the command line that are no UTF-8 come as lone surrogates, which can be no part of any ID.
    return low if low.isascii() else low.encode(errors="replace").decode()


def in_region(subscription_id: str, location: str, counted: str) -> str:
    """The ID under which something is counted in a region of a subscription."""
    return f"/subscriptions/{subscription_id}/locations/{location}/{counted}"


@cache
def pieces(id_format: str) -> tuple[tuple[str, str], ...]:
    """An ID format as pairs of a text and the placeholder after it; "" where it ends in a text."""
    texts = _PLACEHOLDER.split(id_format)
    return tuple(zip(texts[::2], [*texts[1::2], ""], strict=True))


def placeholders(id_format: str) -> tuple[str, ...]:
    """The names of the fields in an ID format, in order."""
    return tuple(_PLACEHOLDER.findall(id_format))


@cache
def matcher(id_format: str, strict: bool = False) -> re.Pattern[str]:
    """A pattern for IDs of this format, with the placeholders as groups. A placeholder that ends in `_id` and
    opens the format stands for a whole ID, every other for one segment. Strict: fixed segments in exactly
    this case.
    """
    pattern = ""
    position = 0
    for match in _PLACEHOLDER.finditer(id_format):
        pattern += re.escape(id_format[position : match.start()])
        pattern += f"(?P<{match.group(1)}>{_WHOLE if _is_whole(match.group(1)) else _SEGMENT})"
        position = match.end()
    pattern += re.escape(id_format[position:])
    return re.compile(pattern + r"\Z", 0 if strict else re.IGNORECASE)


def parse(id_format: str, resource_id: str, *, strict: bool = False) -> dict[str, str] | None:
    """The placeholders' values in an ID, or None if the ID is not of this format."""
    match = matcher(id_format, strict).match(resource_id)
    return match.groupdict() if match else None


def standard_case(id_format: str, resource_id: str) -> str:
    """An ID with the fixed segments of its format in their own case; one of another format as it is."""
    names = parse(id_format, resource_id)
    return resource_id if names is None else id_format.format_map(names)


def arm_type(resource_id: str) -> str:
    """The ARM type that an ID, or the format of one, is of: `Microsoft.Network/virtualNetworks/subnets`; ""
    if it is not the ID of something that a provider gives.
    """
    match = _TYPED.fullmatch(resource_id)
    return "" if match is None else "/".join([match[1], *match[2].split("/")[1::2]])


def globs(id_format: str) -> tuple[str, str]:
    """GLOB patterns, as SQLite has them, for the keys of such IDs: one that all match, one that none does.

    A wildcard takes slashes too, so the first alone would take the keys of children.
    """
    like = _PLACEHOLDER.sub("?*", id_format).lower()
    return like, "" if _is_whole(placeholders(id_format)[-1]) else f"{like}/*"


def _is_whole(placeholder: str) -> bool:
    """Whether a placeholder stands for a whole ID, and not for one segment."""
    return placeholder.endswith("_id") and placeholder != "subscription_id"


def is_foreign(id_format: str, resource_id: str) -> bool:
    """Whether an ID is well formed, and of another type than the format's."""
    found = arm_type(resource_id)
    return bool(found) and found.lower() != arm_type(id_format).lower()


def format_problem(id_format: str, resource_id: str, *, strict: bool = True) -> str | None:
    """Why an ID is not of a format, as a clause; None if it is."""
    if parse(id_format, resource_id, strict=strict) is not None:
        return None
    shown = _PLACEHOLDER.sub(lambda match: "{" + match.group(1).removesuffix("_name") + "}", id_format)
    if strict and parse(id_format, resource_id) is not None:
        return f"has a fixed segment in another case than {shown}"
    found = f"is an ID of {arm_type(resource_id)}, and " if is_foreign(id_format, resource_id) else ""
    return f"{found}is not an ID of the form {shown}"


def subscription(resource_id: str) -> str:
    """The subscription in an ID; "" if it is in none."""
    _, *segments = resource_id.split("/")
    return segments[1] if len(segments) > 1 and segments[0].lower() == "subscriptions" else ""


def guid(resource_id: str, purpose: str = "") -> str:
    """A GUID for a resource, the same in every run."""
    import uuid  # with `platform` and `hashlib` behind it: 4 ms that most commands do not need

    return str(uuid.uuid5(uuid.UUID(_NAMESPACE), f"{key(resource_id)}#{purpose}"))


def parent(resource_id: str) -> str:
    """The ID without its last type and name: the owner of a part, the parent of a child."""
    return resource_id.rsplit("/", 2)[0]


def name(resource_id: str) -> str:
    """The last name in an ID."""
    return resource_id.rsplit("/", 1)[-1]


def label(resource_id: str) -> str:
    """An ID in messages: the last type and name of it."""
    if "|" in resource_id:
        left, _, right = resource_id.partition("|")
        return f"{label(left)}|{label(right)}"
    return "/".join(resource_id.rsplit("/", 2)[-2:])
