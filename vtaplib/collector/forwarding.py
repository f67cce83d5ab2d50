"""Forwarding: frames in VXLAN again, to another collector.

Each frame keeps the VNI that it came under, unless another is asked for; its outer source port follows the
inner flow, so that what is behind can spread the copies by it. The frame stays where it lies, the header is
one of a few: nothing is copied here. Datagrams are sent and forgotten; that nobody listens is known only
where the network says so, and then logged.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable

from vtaplib.collector.datagram_sender import SPREAD, DatagramSender
from vtaplib.collector.endpoint import Endpoint
from vtaplib.collector.output import EVERY_OUTPUT, add_lost
from vtaplib.collector.payloads import frame_payloads
from vtaplib.errors import CollectorError
from vtaplib.loops.interface_numbers import translate
from vtaplib.mirror.count import Count
from vtaplib.packets.block import PacketBlock
from vtaplib.packets.vxlan import HEADER_LENGTH, LARGEST_VNI, VxlanPacket, emit

_NO_VNI = "of more streams than VNIs are kept of"

_log = logging.getLogger(__name__)


class Forwarder:
    """Sends frames to `target` under `vni`, or each under that which `vni_of` gives for its stream's number;
    what has none there is lost. `spread` is how many source ports are used, `bind` the address to send from.

    Frames of one flow stay in order; those of several may pass each other by a batch of datagrams. Raises
    `CollectorError` where there is no such VNI, or no socket to send from.
    """

    def __init__(
        self,
        target: Endpoint,
        *,
        vni: int | None = None,
        vni_of: Callable[[int], int | None] = lambda _: None,
        spread: int = SPREAD,
        bind: str = "",
    ) -> None:
        if vni is not None and not 0 <= vni <= LARGEST_VNI:
            raise CollectorError(f"VNI {vni} cannot be: 0 to {LARGEST_VNI} can")
        self.taken = Count()
        """Frames that the kernel took to send, and their octets."""
        self.lost: dict[str, Count] = {}
        self._vni_of = vni_of if vni is None else lambda _: vni
        self._vnis: dict[int, int] = {}
        # Of a stream's number, that of its header in what was emitted; -1 where it has none yet.
        self._numbers = array("q")
        self._headers = array("q")
        self._emitted: list[bytes] = []
        self._sender = DatagramSender(target, spread=spread, bind=bind, by_port=True)
        self._told: set[str] = set()

    @property
    def answers(self) -> dict[str, int]:
        """What the network said of datagrams that were sent, such as that nobody listens, and how often; it
        does not say so of every one.
        """
        return self._sender.answers

    @property
    def source_ports(self) -> list[int]:
        """The source ports that datagrams come from."""
        return self._sender.source_ports

    def write(self, block: PacketBlock, output: int = EVERY_OUTPUT) -> None:
        """Send the packets of a block that go to this output number."""
        if not block.count:
            return
        if len(self._headers) < block.room:
            self._headers = array("q", bytes(8 * block.room))
        streams = frame_payloads(block).streams
        index = 0
        while index < block.count:
            stop: int = translate(
                block.interfaces, block.outputs, index, block.count, output, self._numbers, self._headers
            )
            self._sender.send(block, index, stop, output=output, streams=streams, headers=self._headers)
            index = stop
            if stop < block.count and not self._add_header(block.interfaces[stop]):
                add_lost(self.lost, _NO_VNI, 1, block.lengths[stop])
                index += 1
        self._count()

    def tick(self, now_ns: int) -> None:
        """Say once of each kind what the network answered."""
        for words, count in self.answers.items():
            if words not in self._told:
                self._told.add(words)
                _log.warning(
                    "%s answers %s (%d times so far): does a collector listen there?",
                    self._sender.target,
                    words,
                    count,
                )

    def close(self) -> None:
        """Close the sockets. A second call does nothing."""
        self._sender.close()
        self.tick(0)

    def _add_header(self, stream: int) -> bool:
        """Have a header for a stream; returns whether it has a VNI."""
        vni = self._vni_of(stream)
        if vni is None:
            return False
        if vni not in self._vnis:
            self._vnis[vni] = len(self._emitted)
            self._emitted.append(emit(VxlanPacket(vni)))
            self._sender.use_headers(self._emitted)
        missing = stream + 1 - len(self._numbers)
        if missing > 0:
            self._numbers.extend([-1] * missing)
        self._numbers[stream] = self._vnis[vni]
        return True

    def _count(self) -> None:
        """Count as others do: frames, without the headers in front."""
        sent = self._sender.sent
        self.taken.frames = sent.frames
        self.taken.octets = sent.octets - HEADER_LENGTH * sent.frames
        for words, count in self._sender.lost.items():
            self.lost[words] = Count(count.frames, count.octets - HEADER_LENGTH * count.frames)
