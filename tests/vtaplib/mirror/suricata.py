"""Suricata over a capture: what its decoder counts, and what it alerts on and logs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

# Suricata's own defaults are for live traffic; this much is enough to read a capture by.
CONFIGURATION = """%YAML 1.1
---
decoder:
  vxlan: {enabled: true, ports: "4789"}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert, flow]}
  - stats: {enabled: yes, filename: stats.log, append: no, totals: yes}
stats: {enabled: yes}
app-layer:
  protocols:
    http: {enabled: yes}
    dns: {udp: {enabled: yes, detection-ports: {dp: 53}}, tcp: {enabled: yes, detection-ports: {dp: 53}}}
    ssh: {enabled: yes}
    tls: {enabled: yes, detection-ports: {dp: 443}}
"""


def run(suricata: str, capture: Path, directory: Path, rules: Path | None = None) -> None:
    """Read a capture into a directory, which is made."""
    directory.mkdir()
    configuration = directory / "suricata.yaml"
    configuration.write_text(CONFIGURATION)
    command = [suricata, "-c", str(configuration), "-r", str(capture), "-l", str(directory), "-k", "none"]
    # One thread: what is logged is in the capture's order.
    command += ["--runmode", "single", "-S", os.devnull if rules is None else str(rules)]
    subprocess.run(command, check=True, capture_output=True)


def counters_of(suricata: str, capture: Path, directory: Path) -> dict[str, int]:
    """What its decoder counts, by name; what is zero is left out."""
    run(suricata, capture, directory)
    return counters_in(directory)


def counters_in(directory: Path) -> dict[str, int]:
    """What it counted in a directory that it has run into."""
    rows = [line.split("|") for line in (directory / "stats.log").read_text().splitlines()]
    return {row[0].strip(): int(row[2]) for row in rows if len(row) == 3 and row[2].strip().isdigit()}


def events_of(suricata: str, capture: Path, directory: Path, rules: Path) -> list[dict[str, Any]]:
    """Its alerts and flow records."""
    run(suricata, capture, directory, rules)
    return [json.loads(line) for line in (directory / "eve.json").read_text().splitlines()]
