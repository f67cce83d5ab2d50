"""Resources one by one: valid in themselves, and in a cloud that has what they refer to.

What a strategy is not told has a value that shrinks to something short; what does not matter to a packet has
one that no rule minds. Everything is in one region and, unless told otherwise, in the resource group `lab`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from hypothesis import strategies as st

from vtaplib.model.addresses import RESERVED_AT_END, RESERVED_AT_START
from vtaplib.resources import (
    AdminSshKey,
    InlineSubnet,
    Lb,
    LinuxVirtualMachine,
    NetworkInterface,
    NetworkInterfaceIpConfiguration,
    NetworkInterfaceTapConfiguration,
    OsDisk,
    SourceImageReference,
    VirtualNetwork,
    VirtualNetworkTap,
)
from vtaplib.resources.virtual_network import SMALLEST_PREFIX
from vtaplib.testing.addresses import prefixes

RESERVED = RESERVED_AT_START + RESERVED_AT_END
REGION = "uksouth"
GROUP = "lab"
SSH_KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
"""A public key in form (RFC 8709, section 4) that nobody has the other half of."""

_NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_LOWEST_FREE: st.SearchStrategy[IPv4Address | None] = st.none()


def names() -> st.SearchStrategy[str]:
    """Names that every resource type takes.

    >>> names().example()  # doctest: +SKIP
    'q0-x'
    """
    return _NAMES


@st.composite
def networks(
    draw: st.DrawFn,
    *,
    names: st.SearchStrategy[str] = _NAMES,
    spaces: st.SearchStrategy[IPv4Network] | None = None,
    min_subnets: int = 1,
    max_subnets: int = 3,
    min_addresses: int = 1,
    dual_stack: bool = False,
    resource_group_name: str = GROUP,
) -> VirtualNetwork:
    """Virtual networks with one address space and their subnets inside it, written in the network itself.

    `spaces`: the address spaces, by default /16 to /24 in RFC 1918's blocks. Subnets are called `subnet-1`
    and so on and are a /24 to a /29; the first is wider where `min_addresses` interfaces need that. With
    `dual_stack` the network has an IPv6 space too, and each subnet a /64 of it. Shrinks to `min_subnets`.
    Raises ValueError if a space has no room for what there must be.

    >>> networks(min_subnets=2).example()  # doctest: +SKIP
    VirtualNetwork(name='a', …, address_space=('10.0.0.0/16',), subnet=(InlineSubnet(name='subnet-1', …
    """
    space = draw(prefixes(max_length=24) if spaces is None else spaces)
    widest = min(max(24, space.prefixlen), SMALLEST_PREFIX)
    lengths = draw(st.lists(st.integers(widest, SMALLEST_PREFIX), min_size=min_subnets, max_size=max_subnets))
    subnets = _side_by_side(space, lengths, min_subnets, min_addresses)
    six = _unique_local(space)
    return VirtualNetwork(
        name=draw(names),
        resource_group_name=resource_group_name,
        location=REGION,
        address_space=[str(space), str(six)] if dual_stack else [str(space)],
        subnet=[
            InlineSubnet(
                name=f"subnet-{number}",
                address_prefixes=[str(prefix), _of_64_bits(six, number)] if dual_stack else [str(prefix)],
            )
            for number, prefix in enumerate(subnets, start=1)
        ],
    )


def _unique_local(space: IPv4Network) -> IPv6Network:
    """An IPv6 space that goes with an IPv4 one: fd00::/8 (RFC 4193), the IPv4 address, a /48."""
    return IPv6Network((0xFD << 120 | int(space.network_address) << 80, 48))


def _of_64_bits(space: IPv6Network, number: int) -> str:
    """A /64 of a /48, the only size that a subnet may have, by its number."""
    return str(IPv6Network((int(space.network_address) + (number << 64), 64)))


def _side_by_side(
    space: IPv4Network, lengths: Sequence[int], least: int, min_addresses: int
) -> Sequence[IPv4Network]:
    """Prefixes from the start of a space on: of these lengths, where that leaves room for the rest of the
    least that there must be, otherwise narrower.
    """
    for_first = min(SMALLEST_PREFIX, 32 - (min_addresses + RESERVED - 1).bit_length())
    smallest = 1 << (32 - SMALLEST_PREFIX)
    if least and (1 << (32 - for_first)) + (least - 1) * smallest > space.num_addresses:
        raise ValueError(
            f"networks: {space} has no room for {least} subnets, the first with {min_addresses} addresses"
        )
    found: list[IPv4Network] = []
    position, end = int(space.network_address), int(space.broadcast_address) + 1
    for length in [min(one, for_first) for one in lengths[:1]] + list(lengths[1:]):
        rest = max(0, least - len(found) - 1) * smallest
        for fitting in range(length, SMALLEST_PREFIX + 1):
            size = 1 << (32 - fitting)
            start = -(-position // size) * size
            if start + size + rest <= end:
                found.append(IPv4Network((start, fitting)))
                position = start + size
                break
    return found


@st.composite
def interfaces(
    draw: st.DrawFn,
    subnet_ids: st.SearchStrategy[str],
    *,
    names: st.SearchStrategy[str] = _NAMES,
    addresses: st.SearchStrategy[IPv4Address | None] = _LOWEST_FREE,
    dual_stack: bool = False,
    resource_group_name: str = GROUP,
) -> NetworkInterface:
    """Network interfaces with the IP configuration `ip`, and with `dual_stack` an IPv6 one, `ip6`.

    `addresses`: what is asked for, an address of the subnet; None takes the lowest free one.

    >>> interfaces(st.just(subnet.id)).example()  # doctest: +SKIP
    NetworkInterface(name='a', …)
    """
    address = draw(addresses)
    subnet_id = draw(subnet_ids)
    configurations = [
        NetworkInterfaceIpConfiguration(
            name="ip",
            primary=True,
            subnet_id=subnet_id,
            private_ip_address=None if address is None else str(address),
            private_ip_address_allocation="Dynamic" if address is None else "Static",
        )
    ]
    if dual_stack:
        six = NetworkInterfaceIpConfiguration(
            name="ip6",
            subnet_id=subnet_id,
            private_ip_address_version="IPv6",
            private_ip_address_allocation="Dynamic",
        )
        configurations.append(six)
    return NetworkInterface(
        name=draw(names),
        resource_group_name=resource_group_name,
        location=REGION,
        ip_configuration=configurations,
    )


def machines(
    interface_ids: st.SearchStrategy[str],
    *,
    names: st.SearchStrategy[str] = _NAMES,
    resource_group_name: str = GROUP,
) -> st.SearchStrategy[LinuxVirtualMachine]:
    """Machines with one interface, which gets its MAC address by that.

    >>> machines(st.just(interface.id)).example()  # doctest: +SKIP
    LinuxVirtualMachine(name='a', …)
    """
    return st.builds(machine_of, interface_ids, name=names, resource_group_name=st.just(resource_group_name))


def machine_of(interface_id: str, *, name: str, resource_group_name: str = GROUP) -> LinuxVirtualMachine:
    """A machine with one interface; nothing else of it matters to a packet."""
    return LinuxVirtualMachine(
        name=name,
        resource_group_name=resource_group_name,
        location=REGION,
        network_interface_ids=[interface_id],
        size="Standard_D2s_v5",
        admin_username="operator",
        admin_ssh_key=[AdminSshKey(username="operator", public_key=SSH_KEY)],
        os_disk=OsDisk(caching="ReadWrite", storage_account_type="Standard_LRS"),
        source_image_reference=SourceImageReference(
            publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
        ),
    )


@st.composite
def taps(
    draw: st.DrawFn,
    destinations: st.SearchStrategy[NetworkInterface | Lb],
    *,
    names: st.SearchStrategy[str] = _NAMES,
    resource_group_name: str = GROUP,
) -> VirtualNetworkTap:
    """TAPs to an interface's first IP configuration, or to a load balancer's first frontend.

    `destinations`: as a cloud gives them back, for it gives their parts the IDs.

    >>> taps(st.sampled_from(cloud.list(NetworkInterface))).example()  # doctest: +SKIP
    VirtualNetworkTap(name='a', …)
    """
    destination = draw(destinations)
    to_interface = to_frontend = None
    if isinstance(destination, NetworkInterface):
        to_interface = destination.ip_configuration[0].id
    else:
        to_frontend = destination.frontend_ip_configuration[0].id
    return VirtualNetworkTap(
        name=draw(names),
        resource_group_name=resource_group_name,
        location=REGION,
        destination_network_interface_ip_configuration_id=to_interface,
        destination_load_balancer_frontend_ip_configuration_id=to_frontend,
    )


def tap_configurations(
    interface_ids: st.SearchStrategy[str],
    tap_ids: st.SearchStrategy[str],
    *,
    names: st.SearchStrategy[str] = _NAMES,
) -> st.SearchStrategy[NetworkInterfaceTapConfiguration]:
    """Tap configurations: interfaces as sources of TAPs.

    >>> tap_configurations(st.just(interface.id), st.just(tap.id)).example()  # doctest: +SKIP
    NetworkInterfaceTapConfiguration(name='a', …)
    """
    return st.builds(
        NetworkInterfaceTapConfiguration,
        name=names,
        network_interface_id=interface_ids,
        virtual_network_tap_id=tap_ids,
    )
