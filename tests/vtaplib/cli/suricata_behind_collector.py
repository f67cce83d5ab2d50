"""Suricata behind `vtap collect --interface`, in a network namespace of its own: a step of a test.

`python -m tests.vtaplib.cli.suricata_behind_collector CAPTURE DIRECTORY RULES` leaves Suricata's events in
the directory and prints the collector's report.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.vtaplib.cli.collecting import collecting, mirrored
from tests.vtaplib.cli.command import Vtap
from tests.vtaplib.collector.tap_process import LAST, ip, last_frame, wait_for

INTERFACE = "vtap0"
VNI = 5001


def main() -> None:
    capture, directory, rules = map(Path, sys.argv[1:])
    ip("link", "set", "lo", "up")
    vtap = Vtap.in_directory(directory)
    said, events = directory / "said", directory / "eve.json"
    suricata: list[str | Path] = ["suricata", "-c", directory / "suricata.yaml", "-l", directory]
    suricata += ["-S", rules, "-k", "none", f"--af-packet={INTERFACE}", "--runmode", "single"]
    with (
        collecting(vtap, "--interface", INTERFACE, "--vni", str(VNI), "--json") as collector,
        said.open("wb") as log,
        subprocess.Popen(suricata, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for(said, "Engine started")
            address, port = collector.address
            # As fast as that it surely reads: this is about what it sees, not how much.
            pace = ("--rate", "10kpps", "--order", "capture")
            vtap("send", capture, "--to", f"{address}:{port}", "--vni", str(VNI), *pace)
            collector.send(mirrored(last_frame(), VNI))
            wait_for(events, LAST)
        finally:
            process.terminate()
            process.wait(timeout=30)
        print(collector.end().stdout)


if __name__ == "__main__":
    main()
