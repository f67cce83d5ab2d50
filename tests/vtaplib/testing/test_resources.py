from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from vtaplib import Cloud, NetworkInterface, ResourceGroup, Subnet, VirtualNetwork
from vtaplib.control import SubscriptionHandle
from vtaplib.testing import (
    addresses,
    interfaces,
    machines,
    names,
    networks,
    prefixes,
    tap_configurations,
    taps,
)

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"


def empty_cloud() -> SubscriptionHandle:
    """A subscription with the resource group that strategies use by default."""
    subscription = Cloud().subscription(SUBSCRIPTION)
    subscription.put(ResourceGroup(name="lab", location="westeurope"))
    return subscription


@given(networks(dual_stack=True, min_subnets=2) | networks(spaces=prefixes(min_length=29)))
def test_a_network_is_accepted_with_its_subnets(network: VirtualNetwork) -> None:
    home = empty_cloud()
    written = home.put(network)
    found = home.cloud.list(Subnet, written.id)
    assert [one.address_prefixes for one in found] == [
        block.address_prefixes for block in network.subnet or ()
    ]
    assert found


@given(st.integers(0, 3).flatmap(lambda low: st.tuples(st.just(low), st.integers(low, 5))), st.data())
def test_a_network_has_as_many_subnets_as_were_asked_for(
    bounds: tuple[int, int], data: st.DataObject
) -> None:
    least, most = bounds
    spaces = st.just(IPv4Network("10.0.0.0/16"))
    network = data.draw(networks(spaces=spaces, min_subnets=least, max_subnets=most))
    assert least <= len(network.subnet or ()) <= most


@given(st.data())
def test_what_is_drawn_on_top_of_each_other_is_accepted(data: st.DataObject) -> None:
    home = empty_cloud()
    network = home.put(data.draw(networks(dual_stack=True)))
    (subnet, *_) = home.cloud.list(Subnet, network.id)
    (four, _) = subnet.address_prefixes or ()
    asked = st.none() | addresses(st.just(IPv4Network(four)))
    subnet_ids = st.just(subnet.id)
    first, second = (
        home.put(data.draw(interfaces(subnet_ids, names=st.just(name), addresses=wanted, dual_stack=dual)))
        for name, wanted, dual in (("first", asked, True), ("second", st.none(), data.draw(st.booleans())))
    )
    tap = home.put(data.draw(taps(st.just(second))))
    home.put(data.draw(machines(st.just(first.id))))
    home.put(data.draw(tap_configurations(st.just(first.id), st.just(tap.id))))
    tapped = home.cloud.get(first.id)
    assert isinstance(tapped, NetworkInterface)
    assert tapped.mac_address


@given(names())
def test_a_name_names_a_resource_of_any_type(name: str) -> None:
    home = empty_cloud()
    group = home.put(ResourceGroup(name=name, location="westeurope"))
    network = home.put(
        VirtualNetwork(
            name=name, resource_group_name=name, location="westeurope", address_space=["10.0.0.0/24"]
        )
    )
    assert network.id.startswith(group.id)
