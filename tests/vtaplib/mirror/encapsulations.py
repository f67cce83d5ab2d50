"""One inner frame of every kind that a machine may send, made by scapy: not by what they are a test of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

WEB, DATABASE = "10.0.0.4", "10.0.0.5"


@cache
def inner_frames() -> dict[str, bytes]:
    """Frames from the web machine, by what they are. The order is that of a capture."""
    return {name: bytes(packet) for name, packet in _packets()}


def _packets() -> Iterator[tuple[str, Any]]:
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
    from scapy.layers.l2 import ARP, GRE, Dot1AD, Dot1Q, Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw

    link = Ether(src="02:77:65:62:00:00", dst="02:64:61:74:61:00")
    network = IP(src=WEB, dst=DATABASE)
    query = UDP(sport=40000, dport=53) / DNS(rd=1, qd=DNSQR(qname="collector.example"))
    syn = TCP(sport=40001, dport=443, flags="S", options=[("MSS", 1460)])
    inside = IP(src="192.168.7.1", dst="192.168.7.2")
    other_link = Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")
    yield "UDP", link / network / query
    yield "TCP", link / network / syn
    yield "ICMP", link / network / ICMP() / Raw(b"ping" * 14)
    yield "IPv4 with options", link / IP(src=WEB, dst=DATABASE, options=[b"\x94\x04\x00\x00"]) / query
    yield "no transport", link / IP(src=WEB, dst=DATABASE, proto=50) / Raw(bytes(40))
    yield "VLAN", link / Dot1Q(vlan=7) / network / query
    yield "QinQ", link / Dot1AD(vlan=100) / Dot1Q(vlan=7) / network / query
    whole = IP(src=WEB, dst=DATABASE, id=4711) / UDP(sport=40002, dport=9) / Raw(bytes(2000))
    for number, piece in enumerate(fragment(whole, fragsize=800), start=1):
        yield f"fragment {number}", link / piece
    lone = IP(src=WEB, dst=DATABASE, id=4712, frag=100, proto=17) / Raw(bytes(64))
    yield "fragment without the others", link / lone
    overlay = link / network / UDP(sport=50000, dport=4789) / VXLAN(vni=42) / other_link / inside / query
    yield "VXLAN", overlay
    yield "GRE", link / network / GRE() / inside / query
    yield "Ethernet in GRE", link / network / GRE(proto=0x6558) / other_link / inside / syn
    yield "IP in IP", link / network / inside / ICMP()
    yield "IPv6 in IP", link / network / IPv6(src="fd00::1", dst="fd00::2") / ICMPv6EchoRequest()
    yield (
        "VLAN in VXLAN",
        link
        / network
        / UDP(sport=50001, dport=4789)
        / VXLAN(vni=43)
        / other_link
        / Dot1Q(vlan=9)
        / inside
        / query,
    )
    yield "ARP", Ether(src=link.src, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=WEB, pdst=DATABASE)
    yield "another EtherType", Ether(src=link.src, dst=link.dst, type=0x88B5) / Raw(bytes(46))
    yield "the largest that is delivered", link / network / UDP(sport=40003, dport=9) / Raw(bytes(1928))
