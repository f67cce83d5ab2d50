"""Suricata, unchanged, on the interface of `vtap collect`: it alerts as on the capture that was sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import CAPTURE, ROOT
from tests.vtaplib.collector.tap_process import LAST
from tests.vtaplib.collector.test_tap_interface import RULES, alerts
from tests.vtaplib.mirror.suricata import CONFIGURATION, events_of

pytestmark = [pytest.mark.namespaces, pytest.mark.oracle]


def test_suricata_alerts_behind_a_collector_as_it_does_on_the_capture(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace")
    suricata = require("suricata")
    rules = tmp_path / "site.rules"
    last = f'alert udp any any -> any 9 (msg:"{LAST}"; content:"{LAST}"; sid:2000000; rev:1;)'
    rules.write_text(f"{RULES.read_text()}\n{last}\n")
    expected = alerts(events_of(suricata, CAPTURE, tmp_path / "captured", rules))
    live = tmp_path / "live"
    live.mkdir()
    (live / "suricata.yaml").write_text(CONFIGURATION)
    step: list[str | Path] = [sys.executable, "-m", "tests.vtaplib.cli.suricata_behind_collector"]
    told = subprocess.run(
        [require("unshare"), "--net", *step, CAPTURE, live, rules],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    report = json.loads(told.stdout)
    assert report["lost_something"] is False
    assert report["taken"]["frames"] == 1451
    seen = alerts(json.loads(line) for line in (live / "eve.json").read_text().splitlines())
    assert sum(expected.values()) > 10
    assert seen - expected == Counter({(LAST, "192.0.2.1", 9, "192.0.2.2", 9, "UDP"): 1})
    assert expected - seen == Counter()
