"""Clouds: worlds that are valid and tapped, and what deletions leave of them."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st

from vtaplib.model.policy import Policy
from vtaplib.testing.drawn_cloud import DrawnCloud
from vtaplib.testing.site import Site


@st.composite
def clouds(
    draw: st.DrawFn,
    *,
    min_networks: int = 1,
    max_networks: int = 3,
    min_interfaces: int = 2,
    max_interfaces: int = 5,
    min_taps: int = 1,
    max_taps: int = 2,
    load_balanced: bool | None = None,
    peered: bool | None = None,
    attached: bool | None = None,
    dual_stack: bool = False,
    overlapping: bool = False,
    tenants: int = 1,
    max_deletions: int = 0,
    policy: Policy | None = None,
) -> DrawnCloud:
    """Clouds in memory that hold a tapped world, every resource of it accepted by the cloud's rules.

    The least that is drawn is one network with two interfaces, one of which is tapped towards the other.
    For the options that may be None, None draws either and True or False says which:

    - `load_balanced`: TAPs send to an internal load balancer with collectors behind it, or to an interface.
    - `peered`: networks are peered, all that may be; traffic passes between them.
    - `attached`: interfaces are attached to a machine; without one they have no MAC address.

    With `dual_stack` the networks have IPv6 too, and so may interfaces. `overlapping` lets networks that are
    not peered have one address space. With `tenants` above 1 there are up to that many tenants, a
    subscription each; a TAP has sources of its own tenant only. `max_deletions` widens to what is left of a
    world when this many resources are deleted, those the policy lets go: with
    `Policy(delete_destination_in_use="dangle")` a TAP may have lost its destination.

    Every world keeps to the counts that are given, before deletions, and every TAP in it has a source. Raises
    ValueError for counts that no world can have.

    >>> clouds(max_networks=1).example()  # doctest: +SKIP
    Cloud with 11 resources:
        subscriptions/00000000-0000-4000-8000-000000000001: tenant 00000000-0000-4000-9000-000000000001
        …
    """
    if not 1 <= min_networks <= max_networks <= 100:
        raise ValueError(f"clouds: {min_networks} to {max_networks} networks; from 1 to 100 there can be")
    if not 2 <= min_interfaces <= max_interfaces:
        raise ValueError(
            f"clouds: {min_interfaces} to {max_interfaces} interfaces; a source and a collector make two"
        )
    if not 1 <= min_taps <= max_taps:
        raise ValueError(f"clouds: {min_taps} to {max_taps} TAPs; a tapped world has one at least")
    if policy is not None and policy.multiple_taps_per_nic == "error" and min_taps >= min_interfaces:
        raise ValueError(
            f"clouds: {min_taps} TAPs at least, {min_interfaces} interfaces at least; where no interface may "
            "have two TAPs, each TAP needs a source of its own beside the collector"
        )
    if tenants < 1:
        raise ValueError(f"clouds: {tenants} tenants; a cloud has one at least")
    site = Site(
        draw,
        DrawnCloud(policy=policy),
        tenants,
        dual_stack=dual_stack,
        min_interfaces=min_interfaces,
        min_taps=min_taps,
    )
    site.repeat(min_networks, max_networks, partial(site.add_network, overlapping=overlapping, peered=peered))
    site.repeat(min_interfaces, max_interfaces, partial(site.add_interface, attached=attached))
    site.repeat(min_taps, max_taps, partial(site.add_tap, load_balanced=load_balanced))
    site.add_machines()
    site.repeat(0, max_deletions, site.delete_one)
    return site.cloud
