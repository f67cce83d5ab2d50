from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, send, wrapped
from vtaplib.collector.kernel_counters import KernelCounters
from vtaplib.collector.receiver import Receiver


def test_what_a_socket_dropped_is_among_what_the_namespace_counts() -> None:
    before = KernelCounters.read()
    receiver = Receiver(LOOPBACK, receive_buffer=1 << 14)
    send(receiver.listen, [wrapped(bytes(60))] * 300)
    dropped = receiver.dropped()
    receiver.close()
    since = KernelCounters.read().since(before)
    assert since.receive_buffer_errors >= dropped > 0
    assert not since.is_clean


@pytest.mark.oracle
def test_counters_are_those_that_nstat_shows() -> None:
    nstat = shutil.which("nstat")
    if nstat is None:
        pytest.skip("nstat (iproute2) is not installed")
    receiver = Receiver(LOOPBACK, receive_buffer=1 << 14)
    send(receiver.listen, [wrapped(bytes(60))] * 300)
    receiver.close()
    while True:
        before = KernelCounters.read()
        shown = subprocess.run([nstat, "-asz"], capture_output=True, text=True, check=True, env={}).stdout
        if KernelCounters.read() == before:
            break
    counters = {line.split()[0]: int(line.split()[1]) for line in shown.splitlines()[1:]}
    assert before.receive_buffer_errors == counters["UdpRcvbufErrors"] + counters["Udp6RcvbufErrors"] > 0
    assert before.checksum_errors == counters["UdpInCsumErrors"] + counters["Udp6InCsumErrors"]
    assert before.reassembly_failures == counters["IpReasmFails"] + counters["Ip6ReasmFails"]


def test_a_system_that_tells_nothing_leaves_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    from vtaplib.collector import kernel_counters

    monkeypatch.setattr(kernel_counters, "_NET", Path("/nowhere"))
    assert KernelCounters.read() == KernelCounters(0, 0, 0, 0, 0)
    assert KernelCounters.read().is_clean
