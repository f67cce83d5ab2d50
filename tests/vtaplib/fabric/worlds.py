"""Small worlds for tests, and worlds at random: networks, interfaces, frontends and taps."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import strategies as st

from vtaplib.fabric.topology import (
    Backend,
    BalancingRule,
    Distribution,
    Frontend,
    Interface,
    IpConfiguration,
    Network,
    RuleProtocol,
    Tap,
    TapConfiguration,
    Topology,
)
from vtaplib.packets import ethernet, ipv4, ipv6, udp

PROVIDERS = "/subscriptions/s/resourceGroups/lab/providers/Microsoft.Network"
ADDRESSES = ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "2001:db8::4"]


def network(name: str, *peers: str) -> Network:
    return Network(network_id(name), peer_ids=frozenset(network_id(peer) for peer in peers))


def network_id(name: str) -> str:
    return f"{PROVIDERS}/virtualNetworks/{name}"


def interface_id(name: str) -> str:
    return f"{PROVIDERS}/networkInterfaces/{name}"


def configuration_id(name: str, position: int = 0) -> str:
    return f"{interface_id(name)}/ipConfigurations/{position}"


def frontend_id(name: str) -> str:
    return f"{PROVIDERS}/loadBalancers/{name}/frontendIPConfigurations/front"


def tap_id(name: str) -> str:
    return f"{PROVIDERS}/virtualNetworkTaps/{name}"


def mac_of(name: str) -> bytes:
    return b"\x02" + name.encode().ljust(5, b"\0")[:5]


def interface(
    name: str, home: str, *addresses: str | None, attached: bool = True, primary: int = 0
) -> Interface:
    return Interface(
        id=interface_id(name),
        network_id=network_id(home),
        ip_configurations=tuple(
            IpConfiguration(
                configuration_id(name, position),
                None if address is None else ip_address(address),
                position == primary,
            )
            for position, address in enumerate(addresses)
        ),
        mac=mac_of(name) if attached else None,
        machine_id=f"{PROVIDERS}/virtualMachines/{name}" if attached else None,
    )


def tap_of(name: str, destination_id: str, *sources: str) -> tuple[Tap, tuple[TapConfiguration, ...]]:
    return Tap(tap_id(name), destination_id), tuple(
        TapConfiguration(
            f"{interface_id(source)}/tapConfigurations/{name}", interface_id(source), tap_id(name)
        )
        for source in sources
    )


def frontend(
    name: str,
    home: str,
    address: str | None,
    *backends: str,
    distribution: Distribution = Distribution.DEFAULT,
    has_probe: bool = True,
    is_floating_ip: bool = False,
    protocol: RuleProtocol = RuleProtocol.UDP,
    ports: tuple[int, int] = (4789, 4789),
    all_probed_up: bool = False,
) -> Frontend:
    rule = BalancingRule(
        "vxlan",
        protocol,
        *ports,
        backends=tuple(Backend(configuration_id(backend)) for backend in backends),
        distribution=distribution,
        has_probe=has_probe,
        is_floating_ip=is_floating_ip,
        all_probed_up=all_probed_up,
    )
    return Frontend(
        frontend_id(name), network_id(home), None if address is None else ip_address(address), (rule,)
    )


def quickstart(*sources: str) -> Topology:
    """Two peered networks: web and database machines in one, the collector in the other; a TAP on the
    sources.
    """
    tap, configurations = tap_of("ndr", configuration_id("collector"), *sources)
    return Topology(
        networks=(network("production", "tools"), network("tools", "production"), network("elsewhere")),
        interfaces=(
            interface("web", "production", "10.0.0.4"),
            interface("database", "production", "10.0.0.5"),
            interface("collector", "tools", "10.1.0.4"),
        ),
        taps=(tap,),
        tap_configurations=configurations,
    )


def three_collectors(
    *sources: str, distribution: Distribution = Distribution.DEFAULT, has_probe: bool = True
) -> Topology:
    """Three collectors behind an internal load balancer."""
    tap, configurations = tap_of("ndr", frontend_id("balancer"), *sources)
    names = ("one", "two", "three")
    return Topology(
        networks=(network("production"),),
        interfaces=(
            interface("web", "production", "10.0.0.4"),
            interface("database", "production", "10.0.0.5"),
            *(interface(name, "production", f"10.0.1.{n}") for n, name in enumerate(names, start=4)),
        ),
        frontends=(
            frontend(
                "balancer", "production", "10.0.1.7", *names, distribution=distribution, has_probe=has_probe
            ),
        ),
        taps=(tap,),
        tap_configurations=configurations,
    )


def udp_frame(
    source: str, destination: str, ports: tuple[int, int] = (40000, 53), payload: bytes = b""
) -> bytes:
    """A frame with a UDP datagram, IPv4 or IPv6 by its addresses."""
    here, there = ip_address(source), ip_address(destination)
    datagram = udp.emit(udp.UdpDatagram(*ports, payload))
    if here.version == 4 and there.version == 4:
        packet = ipv4.emit(ipv4.Ipv4Packet(here, there, ipv4.UDP, datagram))
    elif here.version == 6 and there.version == 6:
        packet = ipv6.emit(ipv6.Ipv6Packet(here, there, ipv4.UDP, datagram))
    else:
        raise ValueError(f"{source} and {destination} are of two versions of IP")
    ethertype = ethernet.IPV4 if here.version == 4 else ethernet.IPV6
    return ethernet.emit(ethernet.EthernetFrame(mac_of("there"), mac_of("here"), ethertype, packet))


NETWORKS = ("red", "green", "blue")


@st.composite
def wild_topologies(draw: st.DrawFn) -> Topology:
    """Worlds that are wrong in any way a cloud can be: addresses shared by networks, destinations that are
    gone, interfaces without machine, address or MAC, taps on collectors, load balancers without rules.
    """
    links = draw(st.sets(st.sampled_from([("red", "green"), ("green", "blue"), ("red", "blue")])))
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
    interfaces = tuple(
        interface(
            name,
            draw(st.sampled_from(NETWORKS)),
            *draw(st.lists(st.sampled_from(ADDRESSES) | st.none(), max_size=2)),
            attached=draw(st.sampled_from([True, True, True, False])),
        )
        for name in names
    )
    frontends = tuple(
        draw(frontends_of(name, st.sampled_from(NETWORKS), st.sampled_from(ADDRESSES) | st.none(), "abcdef"))
        for name in draw(st.lists(st.sampled_from("xy"), unique=True))
    )
    destinations = [configuration_id(name) for name in "abcdef"] + [frontend_id(name) for name in "xyz"]
    taps = draw(st.lists(st.sampled_from("tuv"), unique=True))
    made = [
        tap_of(
            name, draw(st.sampled_from(destinations)), *draw(st.lists(st.sampled_from(names), unique=True))
        )
        for name in taps
    ]
    return Topology(
        networks=tuple(
            network(name, *(({*pair} - {name}).pop() for pair in links if name in pair)) for name in NETWORKS
        ),
        interfaces=interfaces,
        frontends=frontends,
        # A tap configuration may outlive its TAP.
        taps=tuple(tap for tap, _ in made if draw(st.sampled_from([True, True, True, False]))),
        tap_configurations=tuple(one for _, configurations in made for one in configurations),
    )


@st.composite
def busy_topologies(draw: st.DrawFn) -> Topology:
    """Worlds where everything works and everything is tapped, the collectors included."""
    names = "abc"
    homes = {name: draw(st.sampled_from(["red", "green"])) for name in names}
    taps = draw(st.lists(st.sampled_from("tu"), min_size=1, unique=True))
    destinations = [configuration_id("a"), frontend_id("x"), frontend_id("x")]
    made = [tap_of(name, draw(st.sampled_from(destinations)), *names) for name in taps]
    return Topology(
        networks=(network("red", "green"), network("green", "red")),
        interfaces=tuple(
            interface(name, homes[name], address) for name, address in zip(names, ADDRESSES, strict=False)
        ),
        frontends=(draw(frontends_of("x", st.just(homes["a"]), st.just("10.0.0.7"), names)),),
        taps=tuple(tap for tap, _ in made),
        tap_configurations=tuple(one for _, configurations in made for one in configurations),
    )


@st.composite
def frontends_of(
    draw: st.DrawFn,
    name: str,
    homes: st.SearchStrategy[str],
    addresses: st.SearchStrategy[str | None],
    backends: str,
) -> Frontend:
    """Frontends with one rule, over some of the backends."""
    protocol, ports = draw(
        st.sampled_from(
            [
                (RuleProtocol.UDP, (4789, 4789)),
                (RuleProtocol.UDP, (4789, 5000)),
                (RuleProtocol.ALL, (0, 0)),
                (RuleProtocol.TCP, (4789, 4789)),
            ]
        )
    )
    return frontend(
        name,
        draw(homes),
        draw(addresses),
        *draw(st.lists(st.sampled_from(backends), unique=True)),
        distribution=draw(st.sampled_from(Distribution)),
        has_probe=draw(st.booleans()),
        is_floating_ip=draw(st.booleans()),
        all_probed_up=draw(st.booleans()),
        protocol=protocol,
        ports=ports,
    )


topologies = wild_topologies() | busy_topologies()

# Among them those of a DHCP client and server, whose frames the platform answers.
ports = st.sampled_from([53, 67, 68, 4789, 5000, 40000])


@st.composite
def udp_frames(draw: st.DrawFn) -> bytes:
    """Frames between the addresses of `topologies`."""
    version = draw(st.sampled_from([4, 4, 4, 6]))
    addresses = st.sampled_from(
        [text for text in (*ADDRESSES, "192.0.2.1", "2001:db8::9") if (":" in text) == (version == 6)]
    )
    payload = draw(
        st.binary(max_size=30) | st.sampled_from([1300, 1440, 1458, 1500, 1928, 1929, 9000]).map(bytes)
    )
    return udp_frame(draw(addresses), draw(addresses), (draw(ports), draw(ports)), payload)


@st.composite
def altered_frames(draw: st.DrawFn) -> bytes:
    """Frames with bytes changed or cut off, or with a VLAN tag put in."""
    frame = bytearray(draw(udp_frames()))
    for _ in range(draw(st.integers(0, 3))):
        frame[draw(st.integers(0, min(len(frame), 50) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        frame[12:12] = b"\x81\x00\x00\x07"
    return bytes(frame[: draw(st.integers(0, 60) | st.just(len(frame)))])


frames = udp_frames() | altered_frames() | st.binary(max_size=100)


# Offsets of what tells plain frames apart (VLAN tag, version, fragmentation, protocol, addresses, ports) and
# of what does not (TOS, length, TTL), with values that mean something there.
TELLING_OFFSETS = [12, 13, 14, 15, 17, 20, 21, 22, 23, 29, 33, 35, 36, 37]
TELLING_VALUES = [
    0x00,
    0x04,
    0x05,
    0x06,
    0x07,
    0x08,
    0x11,
    0x12,
    0x20,
    0x35,
    0x40,
    0x45,
    0x46,
    0x81,
    0x86,
    0xB5,
    0xDD,
]


@st.composite
def related_frames(draw: st.DrawFn) -> list[bytes]:
    """Frames that differ from one frame in little: what takes them for one flow, or for two, is found out."""
    base = draw(udp_frames())
    related = [base]
    for _ in range(draw(st.integers(1, 10))):
        frame = bytearray(base)
        for offset in draw(st.lists(st.sampled_from(TELLING_OFFSETS), max_size=2)):
            frame[offset] = draw(st.sampled_from(TELLING_VALUES))
        if draw(st.sampled_from([False, False, True])):
            frame[12:12] = b"\x81\x00\x00" + draw(st.sampled_from([b"\x07", b"\x08"]))
        related.append(bytes(frame))
    return related
