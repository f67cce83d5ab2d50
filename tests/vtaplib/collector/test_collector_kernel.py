"""The kernel as a TAP: what it mirrors into its own VXLAN device, a collector takes as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

from tests.vtaplib.collector.mirroring import SOURCE, VNI, mirroring_kernel

ROOT = Path(__file__).parents[3]
CAPTURE = ROOT / "tests" / "captures" / "quickstart.pcap"

pytestmark = [pytest.mark.namespaces, pytest.mark.oracle]


def test_frames_that_the_kernel_mirrors_are_collected_as_they_were(
    tmp_path: Path, require: Callable[[str], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    with CAPTURE.open("rb") as stream:
        frames = [frame for _, frame in dpkt.pcap.Reader(stream)]
    sent, taken = tmp_path / "sent", tmp_path / "taken"
    sent.write_text("".join(f"{frame.hex()}\n" for frame in frames))
    program = [sys.executable, "-m", "tests.vtaplib.collector.mirroring"]
    with (
        mirroring_kernel(require) as (beside_source, beside_collector),
        subprocess.Popen(
            [*beside_collector, *program, "collect", str(len(frames)), taken],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as collecting,
    ):
        try:
            assert collecting.stdout is not None
            assert collecting.stdout.readline() == "listening\n"
            subprocess.run([*beside_source, *program, "send", sent], cwd=ROOT, check=True, timeout=30)
            told, _ = collecting.communicate(timeout=60)
        finally:
            collecting.kill()
    assert taken.read_text().splitlines() == [frame.hex() for frame in frames]
    assert json.loads(told) == {"streams": [[SOURCE, VNI, len(frames)]], "refused": 0, "dropped": 0}
