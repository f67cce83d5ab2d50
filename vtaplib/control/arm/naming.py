"""Names in ARM's JSON, as far as they follow from ours: `frontend_ip_configuration` is
`frontendIPConfigurations` there.
"""

from __future__ import annotations

from vtaplib.model.base import Field, Shape

ACRONYMS = {"ip": "IP", "ipv6": "IPv6"}
"""Words that Microsoft.Network spells in capitals, but at the start of a name."""
OUTSIDE = frozenset({"name", "location", "tags", "zones"})
"""What a document has at its root, and not among its properties."""


def camel(name: str) -> str:
    """A name of words with underscores as ARM spells it."""
    first, *rest = name.split("_")
    return first + "".join(ACRONYMS.get(word, word.capitalize()) for word in rest)


def plural(name: str) -> str:
    """Several of what a name is of."""
    return name[:-1] + "ies" if name.endswith("y") else name + "s"


def default_path(field: Field) -> str:
    """Where a field is, by its name, from the object that has it: an ID in an object of its own, a switch as
    what it enables.
    """
    name = field.name
    if field.shape is Shape.BLOCKS:
        return camel(plural(name))
    if name.endswith("_ids"):
        return camel(plural(name.removesuffix("_ids"))) + "[].id"
    if name.endswith("_id"):
        return camel(name.removesuffix("_id")) + ".id"
    if name.endswith("_enabled"):
        return camel("enable_" + name.removesuffix("_enabled"))
    return camel(name)
