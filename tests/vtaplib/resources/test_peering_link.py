"""What keeps a link of two networks shut, and what opens it: all pairs of states, with access and without."""

from __future__ import annotations

import re
from itertools import product
from typing import Final, NamedTuple

import pytest

from tests.vtaplib.control.lab import HOME, Lab, network, network_id, peering
from vtaplib import VirtualNetworkPeering
from vtaplib.control.overlay import Overlay
from vtaplib.model import Severity
from vtaplib.model.ids import label
from vtaplib.resources import PeeringState
from vtaplib.resources.peering_link import PeeringLink, link_between

HERE, THERE = network_id("here"), network_id("there")
STATES: Final = (None, *map(str, PeeringState))


class Given(NamedTuple):
    """A side: its state, None if it is not there, and whether it gives access."""

    state: str | None
    access: bool = True


SIDES: Final = [Given(state, access) for state in STATES for access in (True, False) if state or access]
LINKS: Final = list(product(SIDES, SIDES))


def side(here: str, there: str, **more: object) -> VirtualNetworkPeering:
    return peering(here, there, **more).replace(subscription_id=HOME)


def world(here: Given, there: Given) -> Overlay:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.2.0.0/16"))
    overlay = lab.cloud.overlay()
    for given, names in ((here, ("here", "there")), (there, ("there", "here"))):
        if given.state is not None:
            one = side(*names, allow_virtual_network_access=given.access)
            overlay.stage(one.replace(peering_state=given.state))
    return overlay


def link(overlay: Overlay) -> PeeringLink:
    return link_between(overlay, HERE, THERE)


@pytest.mark.parametrize(("here", "there"), LINKS)
def test_it_is_open_where_both_sides_are_connected_and_give_access(here: Given, there: Given) -> None:
    is_open = here == there == Given("Connected")
    found = link(world(here, there))
    assert found.is_open is is_open
    assert (list(found.problems(label)) == []) is (found.remedy(label) == "") is is_open


@pytest.mark.parametrize(("here", "there"), LINKS)
def test_every_fault_is_said_of_the_side_that_has_it(here: Given, there: Given) -> None:
    said = list(link(world(here, there)).problems(label))
    for given, other, near, far in ((here, there, "here", "there"), (there, here, "there", "here")):
        whose = f"virtualNetworkPeerings/to-{far} of virtualNetworks/{near}"
        missing = f"virtualNetworks/{near} has no peering to virtualNetworks/{far}"
        assert any(one.startswith(missing) for one in said) is (
            given.state is None and other.state is not None
        )
        shut = f"{whose} has allow_virtual_network_access = false"
        assert (shut in said) is (not given.access)
        states = [one for one in said if re.match(rf"{whose} is (Initiated|Connected|Disconnected)", one)]
        # That a side is Initiated while the other is missing follows from that.
        tells = given.state == "Disconnected" or (given.state == "Initiated" and other.state is not None)
        assert len(states) == tells
    assert any("not peered" in one for one in said) is (here.state is None and there.state is None)


@pytest.mark.parametrize(("here", "there"), LINKS)
def test_what_is_advised_opens_it_and_no_step_is_in_vain(here: Given, there: Given) -> None:
    overlay = world(here, there)
    advice = link(overlay).remedy(label)
    for step in advice.split(", then ") if advice else ():
        assert not link(overlay).is_open, step
        _take(overlay, step)
    assert link(overlay).is_open, advice


def _take(overlay: Overlay, step: str) -> None:
    """Does what a step of the advice says, as its words say it."""
    if created := re.fullmatch(r"create a peering of virtualNetworks/(\w+) to virtualNetworks/(\w+)", step):
        assert overlay.find(f"{network_id(created[1])}/virtualNetworkPeerings/to-{created[2]}") is None
        made = side(created[1], created[2])
    else:
        found = re.search(r"virtualNetworkPeerings/to-(\w+) of virtualNetworks/(\w+)", step)
        assert found is not None
        before = overlay.find(f"{network_id(found[2])}/virtualNetworkPeerings/to-{found[1]}")
        assert isinstance(before, VirtualNetworkPeering)
        made = before.replace(triggers={"again": "1"})
        if step.startswith("set allow_virtual_network_access = true"):
            made = before.replace(allow_virtual_network_access=True)
    assert [one for one in overlay.put(made)[1] if one.severity is Severity.ERROR] == [], step
