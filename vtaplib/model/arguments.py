"""Argument types that azurerm repeats over its resource types, each declared once."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from vtaplib.model import ids
from vtaplib.model.marks import (
    Arm,
    Canonical,
    Constraint,
    Length,
    Matches,
    NoControlCharacters,
    OneOf,
    Satisfies,
)


def normalise_location(location: str) -> str:
    """A region's name as ARM compares it: `West Europe` and `westeurope` are one."""
    return location.replace(" ", "").lower()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


NO_CONTROLS: Final = NoControlCharacters()
"""In names, regions and names of tags ARM takes none. The value of a tag may have them."""


def _tags_problem(tags: Mapping[str, str]) -> str | None:
    if len(tags) > 50:
        return f"has {len(tags)} tags, more than 50"
    for name, value in tags.items():
        if NO_CONTROLS.problem(name):
            return f"has a name with a control character: {name[:40]!r}"
        if len(name) > 512:
            return f"has a name of {len(name)} characters, more than 512: {name[:40]}…"
        if len(value) > 256:
            return f"has a value of {len(value)} characters, more than 256, under {name!r}"
    return None


def _address_problem(value: str) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "is not an IPv4 or IPv6 address"
    return None


def _address_or_empty_problem(value: str) -> str | None:
    return _address_problem(value) if value else None


def _base64_problem(value: str) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except ValueError:  # binascii's, or that of a character that is not ASCII
        return "is not valid base64"
    return None if value else "is empty"


def _id_path_problem(value: str) -> str | None:
    if re.fullmatch(r"/subscriptions(/[^/]+)+", value) and value.count("/") % 2 == 0:
        return None
    return "is not a well-formed ARM ID (/subscriptions/…, a name after every type)"


def _singular(kind: str) -> str:
    """An ARM type's name for one of its kind: `publicIPAddress` of `publicIPAddresses`."""
    if kind.endswith("ies"):
        return kind[:-3] + "y"
    return kind[:-2] if kind.endswith(("sses", "xes")) else kind.removesuffix("s")


class IdOf(Constraint):
    """An ID of a type that vtap does not model: only its form is checked."""

    __slots__ = ("id_format", "lenient")

    def __init__(self, arm_type: str, *, lenient: bool = False) -> None:
        self.lenient = lenient
        provider, *types = arm_type.split("/")
        self.id_format = (
            f"/subscriptions/{{subscription_id}}/resourceGroups/{{resource_group_name}}/providers/{provider}"
        )
        for kind in types:
            self.id_format += f"/{kind}/{{{_singular(kind)}_name}}"

    def problem(self, value: Any) -> str | None:
        return ids.format_problem(self.id_format, value, strict=not self.lenient)


Name = Annotated[str, NO_CONTROLS]
NonEmpty = Annotated[str, Length(1), NO_CONTROLS]
Location = Annotated[str, Length(1), NO_CONTROLS, Canonical(normalise_location)]
EdgeZone = Annotated[
    str,
    Length(1),
    NO_CONTROLS,
    Canonical(normalise_location),
    Arm("extendedLocation.name", beside=("extendedLocation.type", "EdgeZone")),
]
Tags = Annotated[Mapping[str, str], Satisfies(_tags_problem)]
IpAddressOrEmpty = Annotated[str, Satisfies(_address_or_empty_problem)]
Base64 = Annotated[str, Satisfies(_base64_problem)]
HttpUrl = Annotated[str, Matches(r"^https?://[^/\s]+", "is not an absolute URL with scheme http or https")]
AnyResourceId = Annotated[str, Satisfies(_id_path_problem)]
CaseInsensitive = Canonical(_lower, keeps_spelling=True)

ResourceGroupName = Annotated[
    str,
    Length(1, 90),
    Matches(r"^[-a-zA-Z0-9_.()]+\Z", "has a character other than letters, digits and - _ . ( )"),
    Matches(r"[^.]\Z", "ends with a period"),
]
NetworkName = Annotated[
    str,
    Length(1, 80),
    Matches(
        r"^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9_])?\Z",
        "must start with a letter or digit, end with a letter, digit or underscore, and contain only "
        "letters, digits and _ . -",
    ),
]
"""The general naming rule of Microsoft.Network."""
VirtualMachineName = Annotated[
    str,
    Length(1, 80),
    Matches(
        r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?\Z",
        "must start with a letter or digit, end with a letter, digit or underscore, and contain only "
        "letters, digits and . _ -",
    ),
    Matches(r"\D", "must not be digits only"),
]

AllocationMethod = Annotated[str, OneOf(("Dynamic", "Static"))]
AddressVersion = Annotated[str, OneOf(("IPv4", "IPv6"))]
EndpointPolicies = Annotated[
    str, OneOf(("Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"))
]
