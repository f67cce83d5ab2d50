"""A TAP interface: a network device of the kernel on which frames appear as they are.

What reads network interfaces (Suricata, Zeek, tshark) runs on it unchanged. The device is for reading only:
it has no address, answers no ARP (IFF_NOARP) and no IPv6, and accepts nothing as for this host whose source
it has another way to, so that the host neither speaks on it nor believes what it hears.

linux/if_tun.h, netdevice(7); Documentation/networking/tuntap.rst of the kernel.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import socket
import struct
from pathlib import Path
from typing import Final

from vtaplib.collector.output import EVERY_OUTPUT, add_lost
from vtaplib.errors import CollectorError, words_of
from vtaplib.loops.frame_writing import TOO_LONG, TOO_SHORT, write_frames
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock

MTU: Final = 9216
"""Octets of payload, where nothing else is asked for: room for every frame of a collector's default."""

LEAST_MTU: Final = 68
"""What every IPv4 host must take (RFC 791); the kernel's driver insists."""

LARGEST_MTU: Final = 65521
"""What the kernel's driver takes: 65535 octets, less an Ethernet header."""

ETHERNET_HEADER: Final = 14

# Up to two VLAN tags do not count in an MTU.
_VLAN_TAGS: Final = 8

_DEVICE: Final = "/dev/net/tun"

# linux/if_tun.h, asm-generic/ioctl.h: _IOW('T', 202, int).
_TUNSETIFF: Final = 0x400454CA
_IFF_TAP: Final = 0x0002
_IFF_NO_PI: Final = 0x1000

# linux/sockios.h, linux/if.h.
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_SIOCGIFMTU: Final = 0x8921
_SIOCSIFMTU: Final = 0x8922
_IFF_UP: Final = 0x1
_IFF_NOARP: Final = 0x80

# IFNAMSIZ, less the closing zero.
_LONGEST_NAME: Final = 15
_NAME = re.compile(r"[!-~]+", re.ASCII)

# What the kernel calls the settings of all interfaces, and of those to come: one of that name would set them.
_NO_NAMES: Final = ("all", "default")

# What the kernel would do with a device by itself. A device that lacks one of them does not do it.
_SILENT: Final = (
    ("ipv6", "disable_ipv6", "1"),
    ("ipv4", "rp_filter", "1"),
    ("ipv4", "accept_source_route", "0"),
    ("ipv4", "forwarding", "0"),
    ("ipv4", "arp_ignore", "8"),
)

_REASONS: Final = {
    TOO_SHORT: "shorter than an Ethernet header",
    TOO_LONG: "longer than the interface's MTU",
    errno.EIO: "the interface is down",
    errno.EBADFD: "the interface was removed",
}


class TapInterface:
    """Shows frames on the TAP interface `name`: one that is there and in nobody's use, or else a new one.

    A new one takes frames of `mtu` octets after the Ethernet header, is up, and goes with `close`. One that
    was there keeps its settings and stays; it is brought up if it is down. Raises `CollectorError` where
    there can be no such interface, and says what is needed.
    """

    def __init__(self, name: str, *, mtu: int = MTU) -> None:
        self.name = name
        self.taken = Count()
        self.lost: dict[str, Count] = {}
        if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or set(name) & set("/:%") or name[0] == ".":
            raise CollectorError(
                f"interface {name!r}: interfaces have names of 1 to {_LONGEST_NAME} letters, digits, dashes "
                "and underscores"
            )
        if name in _NO_NAMES:
            raise CollectorError(f"interface {name}: stands for every interface; choose another name")
        if not LEAST_MTU <= mtu <= LARGEST_MTU:
            raise CollectorError(
                f"interface {name}: an MTU of {mtu} cannot be; {LEAST_MTU} to {LARGEST_MTU} can"
            )
        self.made = not _exists(name)
        """Whether the interface was made here, and goes with `close`."""
        self._descriptor = self._attach()
        try:
            self._set_up(mtu)
        except OSError as error:
            os.close(self._descriptor)
            raise CollectorError(
                f"interface {name}: cannot be brought up: {words_of(error)}{self._way_out(error)}"
            ) from error
        self._longest = self.mtu + ETHERNET_HEADER + _VLAN_TAGS

    def write(self, block: PacketBlock, output: int = EVERY_OUTPUT) -> None:
        """Show the packets of a block that go to this output number. Raises `ValueError` for one whose
        packets are not in its buffer.
        """
        block.check()
        index = 0
        while index < block.count:
            index, trouble, frames, octets = write_frames(
                self._descriptor,
                block.buffer,
                block.starts,
                block.lengths,
                block.outputs,
                index,
                block.count,
                output,
                ETHERNET_HEADER,
                self._longest,
            )
            self.taken.add(frames, octets)
            if trouble and trouble != errno.EINTR:
                reason = _REASONS.get(trouble) or words_of(OSError(trouble, os.strerror(trouble)))
                add_lost(self.lost, reason, 1, block.lengths[index])
                index += 1

    def tick(self, now_ns: int) -> None:
        """Nothing is due at any time: what was written has been shown."""

    def close(self) -> None:
        """Let go of the interface, which goes if it was made here. A second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _attach(self) -> int:
        try:
            descriptor = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise CollectorError(
                f"{_DEVICE}: cannot be opened: {words_of(error)}{self._way_out(error)}"
            ) from error
        try:
            request = struct.pack("16sH22x", self.name.encode(), _IFF_TAP | _IFF_NO_PI)
            fcntl.ioctl(descriptor, _TUNSETIFF, request)
        except OSError as error:
            os.close(descriptor)
            raise CollectorError(
                f"interface {self.name}: cannot be {'made' if self.made else 'used'} as a TAP interface: "
                f"{words_of(error)}{self._way_out(error)}"
            ) from error
        return descriptor

    def _set_up(self, mtu: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            flags = self._ask(control, _SIOCGIFFLAGS, "H")
            if self.made:
                # Before it is up: a device that comes up with IPv6 speaks at once.
                self._silence()
                self._tell(control, _SIOCSIFMTU, "i", mtu)
                flags |= _IFF_NOARP
            if self.made or not flags & _IFF_UP:
                self._tell(control, _SIOCSIFFLAGS, "H", flags | _IFF_UP)
            self.mtu = self._ask(control, _SIOCGIFMTU, "i")

    def _ask(self, control: socket.socket, request: int, form: str) -> int:
        answer = fcntl.ioctl(control, request, struct.pack("16s24x", self.name.encode()))
        (value,) = struct.unpack_from(form, answer, 16)
        return int(value)

    def _tell(self, control: socket.socket, request: int, form: str, value: int) -> None:
        fcntl.ioctl(control, request, struct.pack(f"16s{form}", self.name.encode(), value).ljust(40, b"\0"))

    def _silence(self) -> None:
        for family, setting, value in _SILENT:
            with contextlib.suppress(OSError):
                Path(f"/proc/sys/net/{family}/conf/{self.name}/{setting}").write_text(value)

    def _way_out(self, error: OSError) -> str:
        name = self.name
        if error.errno in (errno.EPERM, errno.EACCES):
            return (
                "; run as root or with CAP_NET_ADMIN, or have one made for you: "
                f"ip tuntap add dev {name} mode tap user $USER && ip link set {name} up mtu {MTU}"
            )
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return "; the kernel's module tun is needed: modprobe tun"
        if error.errno == errno.EBUSY:
            return "; another program uses it: choose another name"
        if error.errno == errno.EINVAL and not self.made:
            return "; it is an interface of another kind: choose another name"
        return ""


def _exists(name: str) -> bool:
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True
