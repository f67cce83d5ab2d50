"""Whatever is deleted behind Terraform's back, the plan makes it anew, and changes nothing else."""

from __future__ import annotations

from shutil import copy

import pytest

from provider_shim.identity import to_resource_id
from provider_shim.types import RESOURCE_TYPES
from tests.terraform.hcl import Expression, resource
from tests.terraform.reattached import ReattachedTerraform, Workspace
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    GROUPS,
    INTERFACES,
    WORLDS,
    balancer,
    balancing_rule,
    guarded_interface,
    guarded_subnet,
    interface,
    machine,
    peering,
    pool,
    probe,
    public_ip,
    security_rule,
    tap,
    tapped,
    windows_body,
)
from vtaplib.control.backends.sqlite.backend import SqliteBackend
from vtaplib.model import ids
from vtaplib.model.resource import Resource
from vtaplib.model.violation import ArmError

pytestmark = pytest.mark.terraform

POOL_ID = Expression("azurerm_lb_backend_address_pool.pool.id")
PROBE_ID = Expression("azurerm_lb_probe.probe.id")
MEMBER = {
    "network_interface_id": Expression("azurerm_network_interface.three.id"),
    "ip_configuration_name": "ip",
    "backend_address_pool_id": POOL_ID,
}
NAMED = (
    INTERFACES
    + GROUPS
    + public_ip("p")
    + interface("three")
    + security_rule("rule", "guard")
    + guarded_interface("guarded", "three", "guard")
    + guarded_subnet("guarded", "b", "other")
    + machine("vm", "one", **AFTER_THE_TAP)
    + resource("azurerm_windows_virtual_machine.win", windows_body("win", "three"))
    + tap("tap", "two")
    + tapped("mirror", "one", "tap")
    + peering("there", "v", "w")
    + peering("back", "w", "v")
    + balancer("lb")
    + pool("pool", "lb")
    + probe("probe", "lb")
    + balancing_rule("rule", "lb", backend_address_pool_ids=[POOL_ID], probe_id=PROBE_ID)
    + resource("azurerm_network_interface_backend_address_pool_association.member", MEMBER)
)
EVERYTHING = NAMED + "".join(
    resource(f"{one}.subject", WORLDS[one].body) for one in RESOURCE_TYPES if f'"{one}"' not in NAMED
)
ADDRESSES = [
    f"{kind}.{name}"
    for _, kind, _, name, _ in (
        line.split('"') for line in EVERYTHING.splitlines() if line.startswith("resource")
    )
]
SIDES = {f"azurerm_virtual_network_peering.{name}" for name in ("there", "back")}


def test_every_type_is_among_what_is_deleted() -> None:
    assert {address.partition(".")[0] for address in ADDRESSES} == RESOURCE_TYPES.keys()


@pytest.fixture(scope="module")
def applied(reattached_terraform: ReattachedTerraform, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(reattached_terraform, tmp_path_factory.mktemp("applied"))
    workspace.holds(EVERYTHING)
    return workspace


@pytest.mark.sampled(4)
@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_gone_is_made_anew_and_nothing_else_changes(
    workspace: Workspace, applied: Workspace, address: str
) -> None:
    with applied.cloud() as cloud:
        cloud.copy(workspace.cloud_path)
    copy(applied.directory / "terraform.tfstate", workspace.directory)
    workspace.write(EVERYTHING)
    take_away(workspace, address)
    outcome = workspace.plan()
    assert outcome.errors == [], outcome.told
    assert outcome.actions == dict.fromkeys({address, *outcome.actions}, "create")
    made = workspace.try_apply()
    if made.code:
        # Azure links a network to no side that is Disconnected: somebody has to say that it is replaced.
        assert made.codes == ["RemotePeeringIsDisconnected"], made.told
        (side,) = SIDES - outcome.actions.keys()
        if workspace.try_apply(f"-replace={side}").code:
            workspace.apply()
    workspace.plans_nothing()


def take_away(workspace: Workspace, address: str) -> None:
    """Deletes a resource as ARM does, or where ARM refuses, with its parts and without asking."""
    kind = RESOURCE_TYPES[address.partition(".")[0]]
    resource_id = to_resource_id(kind, workspace.state()[address]["id"])
    with workspace.cloud() as cloud:
        try:
            cloud.delete(resource_id)
        except ArmError:
            keys = [ids.key(one.id) for one in cloud.list(Resource, f"{resource_id}/")]
        else:
            return
    backend = SqliteBackend(workspace.cloud_path)
    with backend.writing():
        backend.delete([*keys, ids.key(resource_id)])
    backend.close()
