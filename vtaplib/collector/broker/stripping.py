"""The stage that takes tunnels off packets, so that tools see what is in them.

One layer after another goes, the outermost first, whatever their order, up to 16. What is in a tunnel without
an Ethernet header of its own gets one with the outer frame's MAC addresses. What cannot be taken off whole
(cut off, fragmented, of unknown content) stays, and is noted; so is what is not known at all.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import ClassVar

from vtaplib.collector.broker.stage import AccountedStage
from vtaplib.errors import CollectorError
from vtaplib.loops.tunnel_stripping import strip
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.vxlan import PORT as VXLAN_PORT

KINDS = {
    "vlan": "a VLAN tag",
    "mpls": "an MPLS stack",
    "vxlan": "VXLAN",
    "gre": "GRE or NVGRE",
    "erspan": "ERSPAN",
    "geneve": "GENEVE",
    "gtp": "GTP-U",
    "ipip": "IP in IP",
    "pppoe": "PPPoE",
    "vntag": "a VN-Tag",
    "etag": "an 802.1BR E-TAG",
}
"""What can be taken off, in words, in the order of the loop's bits."""

LEFT = (
    "left on: cut off",
    "left on: a fragment",
    "left on: of unknown content",
    "left on: more than 16 layers",
    "not known: neither IP nor ARP",
    "not known: another protocol over IP",
)


class StripTunnels(AccountedStage):
    """Takes off the given kinds of tunnels, all kinds if none is given.

    VXLAN is what goes to one of `vxlan_ports`; GENEVE goes to UDP port 6081, GTP-U to 2152, GRE also to 4754
    and MPLS also to 6635.
    `original_lengths` become those of the inner frames.
    """

    name: ClassVar[str] = "strip"

    def __init__(self, *kinds: str, vxlan_ports: Iterable[int] = (VXLAN_PORT,)) -> None:
        """`kinds` are names in `KINDS`. Raises `CollectorError` for others, and for ports that cannot be."""
        super().__init__()
        for kind in kinds:
            if kind not in KINDS:
                raise CollectorError(
                    f"strip: {kind!r} is not a kind of tunnel; the kinds are {', '.join(KINDS)}"
                )
        self._kinds = sum(1 << bit for bit, kind in enumerate(KINDS) if not kinds or kind in kinds)
        chosen = bytearray(1 << 16)
        for port in vxlan_ports:
            if not 1 <= port < 1 << 16:
                raise CollectorError(f"strip: VXLAN on port {port}; ports are from 1 to 65535")
            chosen[port] = 1
        self._vxlan_ports = bytes(chosen)

    def _change(self, block: PacketBlock) -> None:
        layers = array("q", bytes(8 * len(KINDS)))
        left = array("q", bytes(8 * len(LEFT)))
        frames, octets = strip(
            block.buffer,
            block.starts,
            block.lengths,
            block.original_lengths,
            block.count,
            self._kinds,
            self._vxlan_ports,
            layers,
            left,
        )
        self.account.removed.add(frames, octets)
        for number, kind in zip(layers, KINDS.values(), strict=True):
            self.account.note(f"taken off: {kind}", number)
        for number, reason in zip(left, LEFT, strict=True):
            self.account.note(reason, number)
