"""What plans say of TAPs beside refusals: warnings, and what the policy makes of them."""

from __future__ import annotations

import pytest

from provider_shim.configured import AS_IT_STANDS
from tests.terraform.conflicts import SINK
from tests.terraform.hcl import Expression
from tests.terraform.reattached import Outcome, Workspace
from tests.terraform.worlds import (
    AFTER_THE_TAP,
    balancer,
    machine,
    pool,
    tap,
    tapped,
)

pytestmark = pytest.mark.terraform

TAP, TAPPED = "azurerm_virtual_network_tap", "azurerm_network_interface_tap_configuration"
INTERRUPTED, SIZE = "VirtualNetworkTapSourceInterrupted", "VirtualNetworkTapSourceVmSizeNotSupported"


def listed(body: str) -> str:
    """The configuration in a region that the preview lists."""
    return body.replace('"westeurope"', '"uksouth"')


def warned(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Code, address and line of each warning about the plan; there is no error."""
    assert outcome.errors == [], outcome.told
    return [
        (one.summary, one.address, one.line.partition(" ")[0])
        for one in outcome.diagnostics
        if not one.detail.startswith(AS_IT_STANDS)
    ]


def test_a_running_machine_that_begins_to_be_tapped_may_be_interrupted(workspace: Workspace) -> None:
    existing = listed(SINK + machine("vm", "one", **AFTER_THE_TAP))
    workspace.write(existing)
    workspace.apply()
    # Neither what is made with its machine, nor what is tapped already.
    new = listed(machine("new", "two", **AFTER_THE_TAP) + tapped("new", "two", "tap"))
    workspace.write(existing + new + tapped("mirror", "one", "tap"))
    assert warned(workspace.plan()) == [(INTERRUPTED, f"{TAPPED}.mirror", "network_interface_id")]
    workspace.apply()
    workspace.plans_nothing()
    assert warned(workspace.plan()) == []


@pytest.mark.parametrize("waits", ["machine", "tap configuration"])
def test_of_a_newer_size_nothing_is_known(workspace: Workspace, waits: str) -> None:
    for_machine = {"depends_on": Expression("[azurerm_linux_virtual_machine.vm]")}
    for_tap = {"depends_on": Expression(f"[{TAPPED}.mirror]")}
    after_tap, after_machine = (for_tap, {}) if waits == "machine" else (AFTER_THE_TAP, for_machine)
    workspace.write(
        listed(
            SINK
            + machine("vm", "one", size="Standard_D2s_v7", **after_tap)
            + tapped("mirror", "one", "tap", **after_machine)
        )
    )
    assert [code for code, _, _ in warned(workspace.plan())] == [SIZE]


@pytest.mark.parametrize(
    ("type_name", "body", "code", "line"),
    [
        (
            TAPPED,
            tapped("mirror", "one", "tap", network_interface_id=Expression("azurerm_subnet.a.id")),
            "VirtualNetworkTapSourceNotSupported",
            "network_interface_id",
        ),
        (
            TAP,
            tap(
                "mirror",
                "one",
                destination_network_interface_ip_configuration_id=Expression("azurerm_lb.lb.id"),
            ),
            "VirtualNetworkTapDestinationNotSupported",
            "destination_network_interface_ip_configuration_id",
        ),
    ],
)
def test_an_id_of_another_type_is_told_to_be_one(
    workspace: Workspace, type_name: str, body: str, code: str, line: str
) -> None:
    workspace.write(listed(SINK + balancer("lb") + pool("pool", "lb") + body))
    (error,) = workspace.plan().errors
    assert (error.summary, error.address) == (code, f"{type_name}.mirror")
    assert error.line.startswith(line)
    assert "is an ID of Microsoft.Network/" in error.detail
