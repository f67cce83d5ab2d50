"""The states of a peering's two sides, over the whole product of states and operations.

Azure: the first side is Initiated; when the other is there too, both are Connected; if one side or its
network is deleted, the other is Disconnected, and must be deleted or written again (which makes it Initiated)
before the link can be rebuilt, else RemotePeeringIsDisconnected.
"""

from __future__ import annotations

import pytest

from tests.vtaplib.control.lab import HOME, Lab, network, network_id, peering
from vtaplib import VirtualNetworkPeering
from vtaplib.control.overlay import Overlay
from vtaplib.model import ErrorCode, Severity
from vtaplib.resources import PeeringState

HERE = f"{network_id('here')}/virtualNetworkPeerings/to-there"
THERE = f"{network_id('there')}/virtualNetworkPeerings/to-here"

I, C, D = "Initiated", "Connected", "Disconnected"  # noqa: E741 - the table is read as a picture
REFUSED = "refused"

# this side, remote side | after a write of this side: this, remote | after its deletion: remote
TABLE = [
    (None, None, I, None, None),
    (None, I, C, C, I),
    (None, D, REFUSED, D, D),
    (I, None, I, None, None),
    (I, D, I, D, D),
    (C, C, C, C, D),
    (D, None, I, None, None),
    (D, I, C, C, I),
    (D, D, I, D, D),
    # These cannot come about. Nothing is Connected to a side that is not there, or that is Disconnected.
    (I, I, C, C, I),
    (C, None, I, None, None),
    (C, I, C, C, I),
    (C, D, REFUSED, D, D),
    # Here the remote side is connected to another peering of this network: refused for its own reason.
    (None, C, I, C, D),
    (I, C, I, C, D),
    (D, C, I, C, D),
]


def world(here: str | None, there: str | None) -> Overlay:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.2.0.0/16"))
    overlay = lab.cloud.overlay()
    for before, side in ((here, peering("here", "there")), (there, peering("there", "here"))):
        if before is not None:
            overlay.stage(side.replace(subscription_id=HOME, peering_state=before))
    return overlay


def state(overlay: Overlay, peering_id: str) -> str | None:
    found = overlay.find(peering_id)
    return found.peering_state if isinstance(found, VirtualNetworkPeering) else None


def test_the_table_covers_every_pair_of_states() -> None:
    states = {None, *(str(one) for one in PeeringState)}
    assert {(row[0], row[1]) for row in TABLE} == {(one, other) for one in states for other in states}


@pytest.mark.parametrize(("here", "there", "here_after", "there_after", "_"), TABLE)
def test_a_write_makes_of_two_sides_what_azure_makes(
    here: str | None, there: str | None, here_after: str, there_after: str | None, _: str | None
) -> None:
    overlay = world(here, there)
    violations = overlay.put(peering("here", "there").replace(subscription_id=HOME))[1]
    errors = [one.code for one in violations if one.severity is Severity.ERROR]
    if here_after == REFUSED:
        assert errors == [ErrorCode.REMOTE_PEERING_IS_DISCONNECTED]
    else:
        assert errors == []
        assert state(overlay, HERE) == here_after
    assert state(overlay, THERE) == there_after


@pytest.mark.parametrize(("here", "there", "_", "__", "there_after"), TABLE)
def test_a_deletion_disconnects_a_connected_remote_side(
    here: str | None, there: str | None, _: str, __: str | None, there_after: str | None
) -> None:
    overlay = world(here, there)
    assert overlay.delete(HERE) == []
    assert state(overlay, HERE) is None
    assert state(overlay, THERE) == (there if here is None else there_after)


@pytest.mark.parametrize("here", [None, I, C, D])
@pytest.mark.parametrize("there", [I, C, D])
def test_deleting_a_network_disconnects_what_is_peered_with_it(here: str | None, there: str) -> None:
    overlay = world(here, there)
    assert overlay.delete(network_id("here")) == []
    assert state(overlay, HERE) is None
    assert state(overlay, THERE) == D


def test_a_link_to_a_network_that_was_deleted_can_be_rebuilt() -> None:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.2.0.0/16"))
    lab.link("here", "there")
    lab.cloud.delete(network_id("there"))
    lab.put(network("there", "10.2.0.0/16"))
    lab.link("here", "there")
    states = [one.peering_state for one in lab.cloud.list(VirtualNetworkPeering)]
    assert states == ["Connected", "Connected"]


def test_peerings_in_two_subscriptions_find_each_other() -> None:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"))
    lab.put(network("there", "10.2.0.0/16"), into=lab.sister)
    remote = network_id("there", lab.sister.subscription_id)
    lab.put(peering("here", "there", remote_virtual_network_id=remote))
    lab.put(peering("there", "here"), into=lab.sister)
    assert [one.peering_state for one in lab.cloud.list(VirtualNetworkPeering)] == ["Connected", "Connected"]


def test_a_remote_network_is_found_whatever_the_case_of_its_id() -> None:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.2.0.0/16"))
    shouted = network_id("there").upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")
    lab.put(peering("here", "there", remote_virtual_network_id=shouted), peering("there", "here"))
    assert [one.peering_state for one in lab.cloud.list(VirtualNetworkPeering)] == ["Connected", "Connected"]


def test_a_disconnected_remote_side_is_told_with_the_ways_to_write_it_again() -> None:
    _, (violation,) = world(None, D).put(peering("here", "there").replace(subscription_id=HOME))
    assert violation.code == ErrorCode.REMOTE_PEERING_IS_DISCONNECTED
    assert "change its triggers, or terraform apply -replace=ADDRESS" in violation.message
