"""What a peering covers, and the copy that each side keeps of it: out of step once a network has changed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tests.vtaplib.control.lab import Lab, network, network_id, peering, subnet
from vtaplib import ArmError, Topology, VirtualNetworkPeering
from vtaplib.resources.virtual_network_peering import PeeringSyncLevel

HERE, THERE = network_id("here"), network_id("there")
FULL, LOCAL, REMOTE, BOTH = (str(one) for one in PeeringSyncLevel)


@pytest.fixture
def lab() -> Lab:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.2.0.0/16"))
    lab.link("here", "there")
    return lab


def levels(lab: Lab) -> tuple[str, str]:
    """The sync levels of the two sides."""
    here, there = (
        lab.get(VirtualNetworkPeering, f"{one}/virtualNetworkPeerings/to-{other}").peering_sync_level
        for one, other in ((HERE, "there"), (THERE, "here"))
    )
    return here, there


def reaches(lab: Lab, start: str, end: str, address: str) -> bool:
    return Topology.of(lab.cloud).is_reachable(start, end, ip_address(address))


def test_sides_that_have_just_been_linked_are_in_step(lab: Lab) -> None:
    assert levels(lab) == (FULL, FULL)


def test_a_network_that_grows_is_known_to_its_peer_once_that_writes_its_side(lab: Lab) -> None:
    lab.put(network("here", "10.1.0.0/16", "10.11.0.0/16"))
    assert levels(lab) == (LOCAL, REMOTE)
    assert reaches(lab, THERE, HERE, "10.1.0.4")
    assert not reaches(lab, THERE, HERE, "10.11.0.4")
    assert reaches(lab, HERE, THERE, "10.2.0.4")
    lab.put(peering("here", "there", triggers={"spaces": "2"}))
    assert levels(lab) == (LOCAL, REMOTE)
    lab.put(peering("there", "here", triggers={"spaces": "2"}))
    assert levels(lab) == (FULL, FULL)
    assert reaches(lab, THERE, HERE, "10.11.0.4")


def test_a_peer_goes_on_to_route_to_a_prefix_that_is_gone(lab: Lab) -> None:
    lab.put(network("here", "10.1.0.0/16", "10.11.0.0/16"), peering("there", "here"))
    lab.put(network("here", "10.11.0.0/16"))
    assert levels(lab) == (LOCAL, REMOTE)
    assert reaches(lab, THERE, HERE, "10.11.0.4")


def test_both_networks_may_have_changed(lab: Lab) -> None:
    lab.put(network("here", "10.1.0.0/17"), network("there", "10.2.0.0/17"))
    assert levels(lab) == (BOTH, BOTH)
    lab.put(peering("here", "there"))
    assert levels(lab) == (LOCAL, REMOTE)


def test_a_peered_network_does_not_grow_into_its_peer(lab: Lab) -> None:
    with pytest.raises(ArmError) as error:
        lab.put(network("here", "10.1.0.0/16", "10.2.128.0/17"))
    assert error.value.code == "VnetAddressSpacesOverlap"
    assert levels(lab) == (FULL, FULL)


def test_a_side_whose_remote_network_is_gone_is_not_out_of_step(lab: Lab) -> None:
    lab.cloud.delete(THERE)
    assert (
        lab.get(VirtualNetworkPeering, f"{HERE}/virtualNetworkPeerings/to-there").peering_sync_level == FULL
    )


def partly(here: str, there: str, local: str, remote: str) -> VirtualNetworkPeering:
    return peering(
        here,
        there,
        peer_complete_virtual_networks_enabled=False,
        local_subnet_names=[local],
        remote_subnet_names=[remote],
    )


def test_networks_that_overlap_are_peered_by_subnets_that_do_not() -> None:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16"), network("there", "10.1.0.0/16"))
    lab.put(subnet("here", "one", "10.1.1.0/24"), subnet("there", "one", "10.1.1.0/24"))
    lab.put(subnet("here", "two", "10.1.2.0/24"), subnet("there", "three", "10.1.3.0/24"))
    with pytest.raises(ArmError) as error:
        lab.put(partly("here", "there", "one", "one"))
    assert error.value.code == "VnetAddressSpacesOverlap"
    lab.put(partly("here", "there", "two", "three"), partly("there", "here", "three", "two"))
    assert levels(lab) == (FULL, FULL)
    assert reaches(lab, HERE, THERE, "10.1.3.4")
    assert not reaches(lab, HERE, THERE, "10.1.1.4")
    lab.put(subnet("there", "three", "10.1.4.0/24"))
    assert levels(lab) == (REMOTE, LOCAL)


def test_networks_whose_ipv4_spaces_overlap_are_peered_over_ipv6() -> None:
    lab = Lab(stocked=False)
    lab.put(network("here", "10.1.0.0/16", "fd00:1::/48"), network("there", "10.1.0.0/16", "fd00:2::/48"))
    lab.put(
        *(peering(*ends, only_ipv6_peering_enabled=True) for ends in (("here", "there"), ("there", "here")))
    )
    assert reaches(lab, HERE, THERE, "fd00:2::4")
    assert not reaches(lab, HERE, THERE, "10.1.0.4")
