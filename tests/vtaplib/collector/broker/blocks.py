"""Blocks of packets that nobody can foresee, and what a block holds."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.vtaplib.collector.broker.header_chains import header_chains
from vtaplib.packets.block import COLUMNS, PacketBlock
from vtaplib.testing import captures, frames

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


@cache
def tunnelled_frames() -> dict[str, tuple[bytes, bytes]]:
    """A frame in each kind of tunnel as scapy writes it, and the frame that is to be left of it."""
    from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
    from scapy.contrib.mpls import MPLS
    from scapy.layers.inet import GRE, IP, TCP, UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
    from scapy.layers.ipsec import AH
    from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
    from scapy.layers.ppp import PPP, PPPoE
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Packet, Raw

    outer = Ether(src=A, dst=B)
    ip4 = IP(src="192.0.2.1", dst="192.0.2.2", ttl=9)
    ip6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
    inner4 = IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1025, dport=80) / Raw(b"GET / HTTP/1.1")
    inner6 = IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=53, dport=1026) / Raw(b"answer")
    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inner4
    # What has no Ethernet header of its own gets the outer one's addresses.
    framed4, framed6 = Ether(src=A, dst=B) / inner4, Ether(src=A, dst=B) / inner6
    # By their label, tshark can be told which these are.
    pseudowire = MPLS(label=18, s=1) / Raw(bytes(4))
    in_udp = UDP(sport=50000, dport=4754)

    def tagged(ethertype: int, tag: str, content: Packet) -> Raw:
        """With a tag that scapy does not have."""
        whole = bytes(outer / content)
        return Raw(whole[:12] + ethertype.to_bytes(2, "big") + bytes.fromhex(tag) + whole[12:])

    made = {
        "vlan": (outer / Dot1Q(vlan=7) / inner4, framed4),
        "vlan, twice": (outer / Dot1AD(vlan=8) / Dot1Q(vlan=7) / inner6, framed6),
        "mpls": (outer / MPLS(label=16, s=0) / MPLS(label=17, s=1) / inner4, framed4),
        "mpls, IPv6": (outer / MPLS(label=17, s=1) / inner6, framed6),
        "mpls, a pseudowire": (outer / pseudowire / frame, frame),
        "vxlan": (outer / ip4 / UDP(sport=50000, dport=4789) / VXLAN(vni=5) / frame, frame),
        "vxlan over IPv6": (
            outer / ip6 / IPv6ExtHdrDestOpt() / UDP(sport=50000, dport=4789) / VXLAN(vni=5) / frame,
            frame,
        ),
        "vxlan with a tag outside": (
            outer / Dot1Q(vlan=3) / ip4 / UDP(sport=50000, dport=4789) / VXLAN(vni=5) / frame,
            frame,
        ),
        "gre": (outer / ip4 / GRE() / inner4, framed4),
        "gre with a key, a sequence number and a checksum": (
            outer / ip4 / GRE(key_present=1, seqnum_present=1, chksum_present=1) / inner6,
            framed6,
        ),
        "gre, an Ethernet frame": (outer / ip4 / GRE(proto=0x6558, key_present=1, key=256) / frame, frame),
        "gre over IPv6": (outer / ip6 / GRE() / inner4, framed4),
        "erspan, type I": (outer / ip4 / GRE(proto=0x88BE) / Raw(bytes(frame)), frame),
        "erspan, type II": (
            outer / ip4 / GRE(proto=0x88BE, seqnum_present=1, sequence_number=1) / ERSPAN_II() / frame,
            frame,
        ),
        "erspan, type III": (
            outer / ip4 / GRE(proto=0x22EB, seqnum_present=1, sequence_number=1) / ERSPAN_III() / frame,
            frame,
        ),
        "geneve": (outer / ip4 / UDP(sport=50000, dport=6081) / GENEVE(vni=9, proto=0x6558) / frame, frame),
        "geneve with options": (
            outer
            / ip4
            / UDP(sport=50000, dport=6081)
            / GENEVE(vni=9, proto=0x0800, options=bytes(8))
            / inner4,
            framed4,
        ),
        "gtp": (
            outer / ip4 / UDP(sport=2152, dport=2152) / GTP_U_Header(teid=3, gtp_type=255) / inner4,
            framed4,
        ),
        "gtp with an extension header": (
            outer
            / ip4
            / UDP(sport=2152, dport=2152)
            / GTP_U_Header(teid=3, gtp_type=255, E=1, next_ex=0x85)
            / GTPPDUSessionContainer(type=1, QFI=5)
            / inner6,
            framed6,
        ),
        "gre in UDP": (outer / ip4 / in_udp / GRE(key_present=1, key=5) / inner4, framed4),
        "gre in UDP, an Ethernet frame": (outer / ip6 / in_udp / GRE(proto=0x6558) / frame, frame),
        "gre, WCCP": (outer / ip4 / GRE(proto=0x883E) / inner4, framed4),
        "gre, WCCP of version 2": (outer / ip4 / GRE(proto=0x883E) / Raw(b"\x80\0\0\5") / inner4, framed4),
        "gre behind AH": (
            outer / IP(proto=51) / AH(nh=47, payloadlen=4, icv=bytes(12)) / GRE() / inner4,
            framed4,
        ),
        "erspan in UDP": (outer / ip4 / in_udp / GRE(proto=0x88BE) / Raw(bytes(frame)), frame),
        "mpls in UDP": (outer / ip4 / UDP(sport=50000, dport=6635) / MPLS(label=17, s=1) / inner6, framed6),
        "mpls in IP": (outer / IP(proto=137) / MPLS(label=17, s=1) / inner4, framed4),
        "pppoe": (outer / PPPoE(sessionid=5) / PPP() / inner4, framed4),
        "pppoe, IPv6": (outer / PPPoE(sessionid=5) / PPP() / inner6, framed6),
        # PPP's protocol in one octet (RFC 1661, section 6.5).
        "pppoe, compressed": (outer / PPPoE(sessionid=5) / Raw(b"\x21" + bytes(inner4)), framed4),
        "vntag": (tagged(0x8926, "80010002", inner4), framed4),
        "etag": (tagged(0x893F, "000110020000", inner6), framed6),
        "ipip": (outer / ip4 / inner4, framed4),
        "ipip, IPv6 in IPv4": (outer / ip4 / inner6, framed6),
        "ipip, IPv4 in IPv6": (outer / ip6 / inner4, framed4),
        "vlan in vntag in gre in pppoe": (
            outer
            / PPPoE(sessionid=5)
            / PPP()
            / ip4
            / in_udp
            / GRE(proto=0x6558)
            / tagged(0x8926, "80010002", Dot1Q(vlan=3) / inner6),
            framed6,
        ),
        "vxlan in gre in vlan in mpls": (
            outer
            / pseudowire
            / Ether(src=B, dst=A)
            / Dot1Q(vlan=3)
            / ip4
            / GRE(proto=0x6558)
            / Ether(src=A, dst=B)
            / ip4
            / UDP(sport=50000, dport=4789)
            / VXLAN(vni=5)
            / frame,
            frame,
        ),
    }
    return {name: (bytes(whole), bytes(left)) for name, (whole, left) in made.items()}


@st.composite
def altered(draw: st.DrawFn, sound: st.SearchStrategy[bytes]) -> bytes:
    """Frames as they are, with some octets changed, or cut off."""
    frame = bytearray(draw(sound))
    for _ in range(draw(st.integers(0, 2))):
        frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: draw(st.just(len(frame)) | st.integers(0, len(frame)))])


def any_frames() -> st.SearchStrategy[bytes]:
    """Frames of all sorts, in tunnels, with rows of headers, damaged, and octets that never were a frame."""
    tunnelled = st.sampled_from([whole for whole, _ in tunnelled_frames().values()])
    return frames(max_payload=100) | altered(tunnelled) | altered(header_chains().map(lambda one: one.frame))


def blocks(max_size: int = 12) -> st.SearchStrategy[PacketBlock]:
    """Blocks of such frames: some come again, some late, some were cut."""
    ordered = captures(any_frames(), max_size=max_size, start_ns=10**12, max_gap_ns=10**8, disordered=True)
    return ordered.map(PacketBlock.of)


def copy_of(block: PacketBlock) -> PacketBlock:
    """Another block with the same packets, columns and buffer."""
    made = PacketBlock(bytearray(block.buffer), block.room)
    for name in COLUMNS:
        getattr(made, name)[:] = getattr(block, name)
    made.count = block.count
    return made


def content(block: PacketBlock) -> tuple[object, ...]:
    """All that a block says of its packets, and its buffer."""
    return (bytes(block.buffer), *(list(getattr(block, name)[: block.count]) for name in COLUMNS))
