"""The kernel's VXLAN device as judge of `vtap send`: what it decapsulates is what was in the capture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import dpkt
import pytest

from tests.vtaplib.cli.captures import records_of
from tests.vtaplib.cli.command import CAPTURE, PATIENCE_SECONDS, ROOT, VTAP, Vtap
from tests.vtaplib.cli.vxlan_namespaces import COLLECTOR, DEVICE, vxlan_namespaces

FRAMES = [frame for _, frame in records_of(CAPTURE)]
VNI = 5001

pytestmark = [pytest.mark.namespaces, pytest.mark.oracle]


def seen_by_kernel(
    vtap: Vtap, require: Callable[[str], str], vni: int, expected: int, *options: str
) -> list[bytes]:
    """The frames that tcpdump sees on the VXLAN device while the capture is sent."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes network namespaces")
    tcpdump = require("tcpdump")
    seen = vtap.directory / "seen.pcap"
    with vxlan_namespaces(VNI, require) as names:
        merging = [sys.executable, "-m", "tests.vtaplib.cli.vxlan_namespaces"]
        subprocess.run(names.exec(names.collector, *merging), check=True, cwd=ROOT)
        watching = [tcpdump, "-i", DEVICE, "-Q", "in", "-U", "-n", "-s", "0", "-B", "65536"]
        until = ["-c", str(expected)] if expected else []
        with subprocess.Popen(
            names.exec(names.collector, *watching, *until, "-w", seen), stderr=subprocess.PIPE, text=True
        ) as dump:
            try:
                assert dump.stderr is not None
                while "listening on" not in (line := dump.stderr.readline()):
                    assert line, "tcpdump ended"
                subprocess.run(
                    names.exec(
                        names.sender, VTAP, "send", CAPTURE, "--vni", str(vni), "--to", COLLECTOR, *options
                    ),
                    check=True,
                    capture_output=True,
                    cwd=vtap.directory,
                    env=vtap.environment,
                    timeout=PATIENCE_SECONDS,
                )
                if not expected:
                    dump.send_signal(signal.SIGINT)
                dump.communicate(timeout=PATIENCE_SECONDS)
            finally:
                dump.kill()
    with seen.open("rb") as stream:
        return [frame for _, frame in dpkt.pcap.Reader(stream)]


@pytest.mark.parametrize(
    "options",
    [("--rate", "20kpps", "--order", "capture"), ("--speed", "5"), ("--top-speed", "--order", "capture")],
    ids=lambda o: o[0],
)
def test_the_kernel_decapsulates_every_frame_in_order(
    vtap: Vtap, require: Callable[[str], str], options: tuple[str, ...]
) -> None:
    assert seen_by_kernel(vtap, require, VNI, len(FRAMES), *options) == FRAMES


@pytest.mark.parametrize("options", [(), ("--offload",)], ids=["one by one", "offloaded"])
def test_by_flow_the_kernel_decapsulates_every_frame(
    vtap: Vtap, require: Callable[[str], str], options: tuple[str, ...]
) -> None:
    came = seen_by_kernel(vtap, require, VNI, len(FRAMES), "--top-speed", *options)
    assert sorted(came) == sorted(FRAMES)


def test_under_another_vni_the_kernel_takes_nothing(vtap: Vtap, require: Callable[[str], str]) -> None:
    assert seen_by_kernel(vtap, require, VNI + 1, 0, "--rate", "50kpps") == []
