"""An analyser behind a TAP sees what it would see on the wire: the same alerts, the same flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import FILE_HEADER_LENGTH, RECORD_HEADER_LENGTH, records_of
from tests.vtaplib.cli.clouds import write_quickstart
from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.mirror.suricata import events_of

pytestmark = pytest.mark.oracle

WEB = bytes([10, 10, 1, 4])
RULES = Path(__file__).with_name("policy.rules")
KINDS = ("http", "dns", "tls", "ssh", "ping", "refusal", "fragment", "transfer")
"""The policy's rules, by the first word of their messages."""

FLOW = ("src_ip", "src_port", "dest_ip", "dest_port", "proto", "app_proto", "icmp_type", "icmp_code")
COUNTS = ("pkts_toserver", "pkts_toclient", "state", "alerted")


def alerts(events: Iterable[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What was alerted on, when, and between whom; of the inner packets."""
    return Counter(
        (one["timestamp"], one["alert"]["signature"], *(one.get(name) for name in FLOW))
        for one in events
        if one["event_type"] == "alert"
    )


def flows(events: Iterable[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """Flow records; not those of the copies themselves."""
    return Counter(
        (*(one.get(name) for name in FLOW), *(one["flow"].get(name) for name in COUNTS))
        for one in events
        if one["event_type"] == "flow" and one.get("dest_port") != 4789
    )


def passing(capture: Path, address: bytes) -> bytes:
    """The records of a pcap, as they stand there, whose frames come from an IPv4 address or go to it."""
    octets = capture.read_bytes()
    records = [
        octets[offset : offset + RECORD_HEADER_LENGTH + len(frame)]
        for offset, frame in records_of(capture)
        if frame[12:14] == b"\x08\x00" and address in (frame[26:30], frame[30:34])
    ]
    return octets[:FILE_HEADER_LENGTH] + b"".join(records)


@pytest.mark.parametrize("oversize", ["deliver", "fragment"])
def test_suricata_alerts_on_a_mirrored_stream_as_it_does_on_the_traffic(
    vtap: Vtap, tmp_path: Path, require: Callable[[str], str], oversize: str
) -> None:
    suricata = require("suricata")
    cloud = write_quickstart(tmp_path / "cloud.db", "web")
    direct = tmp_path / "direct.pcap"
    direct.write_bytes(passing(CAPTURE, WEB))
    vtap("replay", CAPTURE, "--cloud", cloud, "--out", "copies", "--policy", f"oversize={oversize}")

    on_the_wire = events_of(suricata, direct, tmp_path / "direct", RULES)
    behind_the_tap = events_of(
        suricata, tmp_path / "copies" / "nic-collector.pcapng", tmp_path / "mirrored", RULES
    )
    assert alerts(behind_the_tap) == alerts(on_the_wire)
    assert flows(behind_the_tap) == flows(on_the_wire)
    # The policy has hits of every kind, or the comparison would say little.
    assert {signature.partition(" ")[0] for _, signature, *_ in alerts(on_the_wire)} == set(KINDS)
