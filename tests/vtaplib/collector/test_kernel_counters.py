from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vtaplib.collector.recording import LOOPBACK, send, wrapped
from vtaplib.collector import kernel_counters
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
    monkeypatch.setattr(kernel_counters, "_NET", Path("/nowhere"))
    assert KernelCounters.read() == KernelCounters(0, 0, 0, 0, 0)
    assert KernelCounters.read().is_clean


def test_an_interface_that_goes_takes_its_counter_with_it_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Received: octets, packets, errors, dropped, no room in the card, …; proc(5).
    heads = "Inter-|   Receive |  Transmit\n face |bytes packets errs drop fifo |bytes\n"
    gone, stays = "  eth1: 9 9 0 70 7 0 0 0 0\n", "  eth0: 9 9 0 {} 1 0 0 0 0\n"
    monkeypatch.setattr(kernel_counters, "_NET", tmp_path)
    (tmp_path / "dev").write_text(heads + gone + stays.format(2))
    before, before_without = KernelCounters.read(), KernelCounters.read(["eth1"])
    (tmp_path / "dev").write_text(heads + stays.format(5))
    assert (before.interface_drops, before_without.interface_drops) == (80, 3)
    assert KernelCounters.read().since(before).interface_drops == 0
    assert KernelCounters.read().since(before_without).interface_drops == 3
