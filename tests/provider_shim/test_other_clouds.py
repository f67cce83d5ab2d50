"""A cloud that is kept in no file stands where the provider expects one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import pytest

from provider_shim.lifecycle import Provider
from provider_shim.types import RESOURCE_TYPES
from tests.fake_core import RefusedError, Terraform
from tests.provider_shim.configurations import SUBSCRIPTION, base, provider_block
from vtaplib import ArmError, Cloud
from vtaplib.control import ControlPlane, Overlay
from vtaplib.control.read_view import ReadView
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.view import View
from vtaplib.model.violation import Severity, Violation

T = TypeVar("T", bound=Resource)


class ListedCloud:
    """Resources in a list, written as an estate far away would be: it takes what no rule refuses."""

    def __init__(self) -> None:
        self.policy = Policy()
        self.resources: list[Resource] = []

    @property
    def view(self) -> View:
        return ReadView(self.resources, whole=True)

    def find(self, resource_id: str) -> Resource | None:
        return cast("Resource | None", self.view.find(resource_id))

    def list(self, kind: type[T], within: str = "") -> Sequence[T]:
        return list(self.view.list(kind, within))

    def put(self, resource: T, *, replace: bool = True) -> T:
        overlay = self.overlay()
        made, violations = overlay.put(resource)
        self._take(overlay, violations)
        return made

    def delete(self, resource_id: str) -> None:
        overlay = self.overlay()
        self._take(overlay, overlay.delete(resource_id))

    def check(self, resource: Resource) -> Sequence[Violation]:
        return self.overlay().put(resource)[1]

    def overlay(self, *, complete: bool = True) -> Overlay:
        return Overlay(self.view, self.policy, complete=complete)

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        yield self.view

    def close(self) -> None:
        """There is nothing to release."""

    def _take(self, overlay: Overlay, violations: Sequence[Violation]) -> None:
        errors = [one for one in violations if one.severity is Severity.ERROR]
        if errors:
            raise ArmError(errors)
        self.resources = list(overlay.list(Resource))


CLOUDS: Mapping[str, Callable[[], ControlPlane]] = {
    "a list": ListedCloud,
    "in memory": Cloud,
    "a subscription": lambda: Cloud().subscription(SUBSCRIPTION),
}


@pytest.mark.parametrize("make", CLOUDS.values(), ids=CLOUDS)
def test_the_provider_plans_applies_reads_and_destroys_in_any_cloud(make: Callable[[], ControlPlane]) -> None:
    cloud = make()
    terraform = Terraform(lambda: Provider(open_cloud=lambda configuration: cloud), provider_block(Path("x")))
    group = terraform.apply("azurerm_resource_group", None, base("azurerm_resource_group"))
    assert terraform.refresh(group) == group
    kind = RESOURCE_TYPES["azurerm_resource_group"]
    assert [one.id for one in cloud.list(kind)] == [group.value["id"]]
    plan, _ = terraform.plan("azurerm_resource_group", group, base("azurerm_resource_group"))
    assert plan.action == "no-op"
    with pytest.raises(RefusedError):
        terraform.apply("azurerm_resource_group", None, base("azurerm_resource_group"))
    terraform.destroy(group)
    assert cloud.list(kind) == []
