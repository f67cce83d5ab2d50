"""The contenders of the replay benchmark: programs that read a capture and write one, a process each.

Run as a script, this file is one of those that are libraries: `contenders.py NAME CAPTURE OUT [CLOUD]`. Each
is written the fastest way that its library offers.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Contender:
    """A program in the benchmark.

    `command` is given the capture and a directory for what comes out. `share` is the part of the packets that
    it is measured with: what is slow gets fewer, and its rate is still per packet. `copies` is how many
    packets come out for each that goes in.
    """

    name: str
    command: Callable[[Path, Path], list[str]]
    copies: int = 1
    share: float = 1.0
    is_ours: bool = False


def all_contenders(one_tapped: Path, both_tapped: Path) -> list[Contender]:
    """Ours, given the files of two clouds, and those of its peers that are installed. The slow ones get
    a part of the packets, which takes them about as long as all of them take the others.
    """
    vtap = str(Path(sys.executable).with_name("vtap"))
    found: list[Contender] = []
    for ends, cloud, copies in (("one end", one_tapped, 1), ("both ends", both_tapped, 2)):
        found.append(Contender(f"vtap replay, {ends}", _replay(vtap, cloud), copies, is_ours=True))
        found.append(Contender(f"vtaplib, {ends}", _script("vtaplib", cloud), copies, is_ours=True))
    found += [
        Contender("dpkt", _script("dpkt"), share=0.1),
        Contender("scapy raw", _script("scapy-raw"), share=0.01),
        Contender("scapy", _script("scapy"), share=0.001),
    ]
    commands: dict[str, Callable[[Path, Path], list[str]]] = {
        "tcpdump": lambda capture, out: [
            "tcpdump",
            "-r",
            str(capture),
            "-w",
            str(out / "tcpdump.pcap"),
        ],
        # Another destination address, so that it writes what it read and does not only copy.
        "tcprewrite": lambda capture, out: [
            "tcprewrite",
            "--enet-dmac=00:0d:3a:00:00:01",
            f"--infile={capture}",
            f"--outfile={out / 'tcprewrite.pcap'}",
        ],
        "editcap": lambda capture, out: ["editcap", str(capture), str(out / "editcap.pcapng")],
        "cp": lambda capture, out: ["cp", str(capture), str(out / "cp.pcap")],
    }
    return found + [Contender(name, command) for name, command in commands.items() if shutil.which(name)]


def _replay(vtap: str, cloud: Path) -> Callable[[Path, Path], list[str]]:
    return lambda capture, out: [vtap, "replay", str(capture), "--cloud", str(cloud), "--out", str(out)]


def _script(name: str, *more: Path) -> Callable[[Path, Path], list[str]]:
    return lambda capture, out: [
        sys.executable,
        __file__,
        name,
        str(capture),
        str(out / f"{name}.pcapng"),
        *map(str, more),
    ]


def rewrite_with_vtaplib(capture: str, out: str, cloud: str) -> None:
    """Replay in one process without the command: reader, `Replay`, writer."""
    from vtaplib.capture import open_capture
    from vtaplib.cli.output_files import OutputFiles
    from vtaplib.cli.replay.captures import CombinedCapture
    from vtaplib.control.cloud import Cloud
    from vtaplib.fabric.topology import Topology
    from vtaplib.mirror.replay import Replay

    with Cloud.open(f"file:{cloud}") as opened:
        topology = Topology.of(opened)
    replay = Replay(topology)
    with open_capture(capture) as reader, OutputFiles([capture, cloud]) as files:
        replay.deliver_to(CombinedCapture(Path(out), topology.interfaces, files))
        for block in reader.blocks():
            replay.block(block)


def rewrite_with_dpkt(capture: str, out: str) -> None:
    """`writepkts` spares dpkt a call per packet."""
    import dpkt

    with open(capture, "rb") as source, open(out, "wb") as target:
        dpkt.pcap.Writer(target).writepkts(dpkt.pcap.Reader(source))


def rewrite_with_scapy_raw(capture: str, out: str) -> None:
    """Bytes in and out: nothing is dissected."""
    from scapy.utils import RawPcapReader, RawPcapWriter

    with RawPcapReader(capture) as reader, RawPcapWriter(out, linktype=1) as writer:
        writer.write_header(None)
        for frame, seen in reader:
            writer.write_packet(frame, sec=seen.sec, usec=seen.usec, wirelen=seen.wirelen)


def rewrite_with_scapy(capture: str, out: str) -> None:
    """As in scapy's tutorials: every packet is dissected on the way."""
    import scapy.layers.inet  # noqa: F401  # without it there is nothing to dissect with
    from scapy.utils import PcapReader, PcapWriter

    with PcapReader(capture) as reader, PcapWriter(out, linktype=1) as writer:
        for packet in reader:
            writer.write(packet)


REWRITES: dict[str, Callable[..., None]] = {
    "vtaplib": rewrite_with_vtaplib,
    "dpkt": rewrite_with_dpkt,
    "scapy-raw": rewrite_with_scapy_raw,
    "scapy": rewrite_with_scapy,
}


if __name__ == "__main__":
    REWRITES[sys.argv[1]](*sys.argv[2:])
