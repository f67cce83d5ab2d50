"""What a test of TAP interfaces does in a network namespace of its own: one step, by its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.vtaplib.collector.blocks import block_of, frame_of
from tests.vtaplib.collector.recording import send, wrapped
from vtaplib.capture import open_capture
from vtaplib.collector import Collector, Endpoint
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.tap_interface import TapInterface
from vtaplib.errors import CollectorError

LAST = "the last frame"


def ip(*words: str) -> str:
    """What ip(8) says."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def told(tap: TapInterface) -> dict[str, Any]:
    """What an interface has counted."""
    return {
        "taken": [tap.taken.frames, tap.taken.octets],
        "lost": {reason: [count.frames, count.octets] for reason, count in tap.lost.items()},
    }


def show(source: str, seen: str) -> dict[str, Any]:
    """Show the frames of a capture while tcpdump writes down what it sees, of the host too, which has an
    address.
    """
    ip("link", "set", "lo", "up")
    ip("address", "add", "10.0.0.5/32", "dev", "lo")
    # A host that would answer what comes from where it knows no way to.
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv4/conf/{which}/rp_filter").write_text("0")
    with open_capture(source) as reader:
        frames = [record.data for record in reader]
    tap = TapInterface("vtap0")
    dump = ["tcpdump", "-i", "vtap0", "-B", "32768", "-c", str(len(frames)), "-w", seen]
    with subprocess.Popen(dump, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "listening on" in line:
                break
        tap.write(block_of(frames))
        try:
            process.communicate(timeout=20)
        finally:
            process.kill()
    addresses = json.loads(ip("-j", "address", "show", "vtap0"))[0]["addr_info"]
    tap.close()
    tap.close()
    return {
        **told(tap),
        "addresses": addresses,
        "left": "vtap0" in ip("link", "show"),
    }


def analyse(source: str, directory: str, configuration: str, rules: str) -> dict[str, Any]:
    """Show the frames of a capture, and one that ends it, to Suricata; return when that was alerted on."""
    with open_capture(source) as reader:
        frames = [record.data for record in reader]
    tap = TapInterface("vtap0")
    command = ["suricata", "-c", configuration, "-l", directory, "-S", rules, "-k", "none"]
    events = Path(directory) / "eve.json"
    said = Path(directory) / "said"
    with (
        said.open("wb") as log,
        subprocess.Popen(
            [*command, "--af-packet=vtap0", "--runmode", "single"], stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            wait_for(said, "Engine started")
            for first in range(0, len(frames), 100):
                tap.write(block_of(frames[first : first + 100]))
                # As fast as that no analyser reads: this is about what it sees, not how much.
                time.sleep(0.005)
            tap.write(block_of([last_frame()]))
            wait_for(events, LAST)
        finally:
            process.terminate()
            process.wait(timeout=30)
    tap.close()
    return told(tap)


def last_frame() -> bytes:
    """A frame that nothing else is like."""
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import Ether

    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="192.0.2.1", dst="192.0.2.2")
    return bytes(frame / UDP(sport=9, dport=9) / LAST.encode())


def wait_for(path: Path, text: str) -> None:
    """Wait until a text stands in a file, for half a minute at most."""
    end = time.monotonic() + 30
    while not path.exists() or text not in path.read_text():
        if time.monotonic() > end:
            raise TimeoutError(f"{path}: no {text!r} in {path.read_text() if path.exists() else None}")
        time.sleep(0.05)


def attach() -> dict[str, Any]:
    """Use an interface that is there, down, and has a small MTU."""
    ip("tuntap", "add", "dev", "mine", "mode", "tap")
    ip("link", "set", "mine", "mtu", "1000")
    tap = TapInterface("mine")
    lengths = [14, 13, 0, 1022, 1023, 64]
    tap.write(block_of(frame_of(1, 1023)[:length] for length in lengths))
    tap.close()
    return {**told(tap), "made": tap.made, "mtu": tap.mtu, "left": "mine" in ip("link", "show")}


def go_down() -> dict[str, Any]:
    """Write while the interface is down, up again, and gone."""
    tap = TapInterface("vtap0")
    block = block_of([frame_of(1), frame_of(2)], outputs=[0, 1])
    tap.write(block)
    ip("link", "set", "vtap0", "down")
    tap.write(block, 1)
    ip("link", "set", "vtap0", "up")
    tap.write(block, 1)
    ip("link", "delete", "vtap0")
    tap.write(block, 0)
    tap.close()
    return told(tap)


def show_to_nobody() -> dict[str, Any]:
    """Collect frames of a protocol that the host does not know, and show them where nobody reads."""
    ip("link", "set", "lo", "up")
    frame = bytes(12) + b"\x88\x99" + bytes(50)
    with Collector(Endpoint("127.0.0.1", 0), [TapInterface("vtap0")], count=10) as collector:
        send(collector.listen, [wrapped(frame)] * 10)
        collector.wait(30)
        dropped_there = KernelCounters.read().interface_drops
    report = collector.report()
    return {"there": dropped_there, "reported": report.kernel.interface_drops, "taken": report.taken.frames}


def refuse() -> list[str]:
    """What cannot be made or used, and what is said of it."""
    held = TapInterface("held")
    errors = []
    for name in ("lo", "held", "no name", "a/b", "sixteen-letters-", "", "..", "%d"):
        try:
            TapInterface(name)
        except CollectorError as error:
            errors.append(str(error))
    held.close()
    os.setgid(65534)
    os.setuid(65534)
    try:
        TapInterface("vtap0")
    except CollectorError as error:
        errors.append(str(error))
    return errors


if __name__ == "__main__":
    steps: dict[str, Callable[..., Any]] = {
        "show": show,
        "analyse": analyse,
        "attach": attach,
        "go-down": go_down,
        "refuse": refuse,
        "show-to-nobody": show_to_nobody,
    }
    json.dump(steps[sys.argv[1]](*sys.argv[2:]), sys.stdout)
