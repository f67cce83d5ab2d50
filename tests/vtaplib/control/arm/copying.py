"""Copies of clouds by way of ARM's JSON: what is encoded from one is decoded and put into another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.vtaplib.control.arm.arm_paths import PATHS
from tests.vtaplib.control.lab import PASSWORD
from vtaplib import Cloud
from vtaplib.control.arm import decode, encode
from vtaplib.control.arm.arm_path import steps_of
from vtaplib.model import ids
from vtaplib.model.marks import INTERNAL, NOT_IN_ARM
from vtaplib.model.resource import Resource
from vtaplib.resources import (
    RESOURCE_TYPES,
    LinuxVirtualMachine,
    NetworkInterfaceTapConfiguration,
    Subscription,
    WindowsVirtualMachine,
)

Document = dict[str, Any]
MACHINES = (LinuxVirtualMachine, WindowsVirtualMachine)
ORDER = (
    *(kind for kind in RESOURCE_TYPES[:-1] if kind not in MACHINES),
    *MACHINES,
    NetworkInterfaceTapConfiguration,
)
"""Machines after the TAPs, which puts them on the fast path, and before what taps them."""
Form = Callable[[type[Resource], Document], Document]


def as_rest(kind: type[Resource], document: Document) -> Document:
    """The document as the REST API shows it."""
    return document


def as_printed(kind: type[Resource], document: Document) -> Document:
    """The document as the Azure CLI prints it: without the level of `properties`, with the group's name."""
    return dict(_flat(document))


def as_sent(kind: type[Resource], document: Document) -> Document:
    """The document as a request has it at least: without what only the service says, but for the ID."""
    if kind.__name__ in PATHS:
        for path in PATHS[kind.__name__].split():
            if "~" in path and path != "~id":
                _drop(document, steps_of(path.lstrip("!=~")))
    return document


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        return [_flat(one) for one in value]
    if not isinstance(value, dict):
        return value
    flat = {name: _flat(inner) for name, inner in value.items() if name != "properties"}
    if "id" in value:
        flat["resourceGroup"] = value["id"].split("/")[4]
    return {**flat, **_flat(value["properties"])} if "properties" in value else flat


def _drop(value: Any, steps: Sequence[str]) -> None:
    if not isinstance(value, dict) or steps[0] not in value:
        return
    if len(steps) == 1:
        del value[steps[0]]
    elif steps[1] == "[]":
        for one in value[steps[0]]:
            if len(steps) > 2:
                _drop(one, steps[2:])
    else:
        _drop(value[steps[0]], steps[1:])


def copied(cloud: Cloud, form: Form) -> Cloud:
    """A cloud in which everything was put that the documents of another tell of."""
    copy = Cloud(policy=cloud.policy)
    found: list[Resource] = [*cloud.list(Subscription)]
    for document in _documents(cloud, form):
        decoded = decode(document)
        assert decoded.unread == ()
        found += decoded.resources
    for resource in sorted(found, key=lambda one: ORDER.index(type(one))):
        copy.put(_with_secret(resource))
    return copy


def _with_secret(resource: Resource) -> Resource:
    """What a document does not tell, and a machine must be given."""
    return (
        resource.replace(admin_password=PASSWORD) if isinstance(resource, WindowsVirtualMachine) else resource
    )


def _documents(cloud: Cloud, form: Form) -> Iterator[Document]:
    for kind in RESOURCE_TYPES:
        if not kind.arm_owner and kind is not Subscription:
            for resource in cloud.list(kind):
                if ids.arm_type(resource.id).count("/") <= 1:
                    yield form(kind, encode(resource, cloud.view))


def contents(cloud: Cloud) -> Sequence[Resource]:
    """Everything in a cloud, as it is read, but for what neither ARM nor azurerm knows."""
    return [_without_own(resource) for kind in RESOURCE_TYPES for resource in cloud.list(kind)]


def _without_own(resource: Resource) -> Resource:
    own = [name for name, field in resource.fields().items() if field.has(INTERNAL) and field.has(NOT_IN_ARM)]
    return resource.replace(**dict.fromkeys(own))
