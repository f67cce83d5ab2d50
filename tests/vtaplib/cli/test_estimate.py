"""`vtap estimate`: rates, volumes and headroom of traffic whose rates are known."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.clouds import nic_id
from tests.vtaplib.cli.command import CAPTURE, ROOT, Vtap
from tests.vtaplib.cli.flow_logs import EPOCH_MS, flow_tuple, log, record

WEB, DATABASE = "10.10.1.4", "10.10.2.4"
OVERHEAD = 50
"""Bytes that a copy has more than the frame (RFC 7348: Ethernet, IPv4, UDP and VXLAN headers)."""


def frame(
    length: int, source: str = WEB, destination: str = DATABASE, ports: tuple[int, int] = (40_000, 443)
) -> bytes:
    """A TCP segment in a frame of this many bytes (RFC 791 and RFC 9293)."""
    addresses = bytes(map(int, f"{source}.{destination}".split(".")))
    ipv4 = struct.pack("!BBHHHBBH", 0x45, 0, length - 14, 0, 0, 64, 6, 0) + addresses
    tcp = struct.pack("!HHIIBBHHH", *ports, 0, 0, 0x50, 0x10, 0, 0, 0)
    return (bytes(12) + b"\x08\x00" + ipv4 + tcp).ljust(length, b"\0")


def timed_pcap(packets: Iterable[tuple[int, bytes]], kept: int = 65_535) -> bytes:
    """A little-endian pcap of packets at microseconds after the logs' epoch, so many bytes kept of each."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, kept, 1)]
    for at, data in packets:
        seconds, rest = divmod(EPOCH_MS * 1000 + at, 1_000_000)
        captured = data[:kept]
        parts.append(struct.pack("<IIII", seconds, rest, len(captured), len(data)) + captured)
    return b"".join(parts)


def steady(
    per_second: int, seconds: int, data: bytes, burst: dict[int, int] | None = None
) -> list[tuple[int, bytes]]:
    """So many frames every second, evenly; in some seconds another number."""
    return [
        (second * 1_000_000 + number * 1_000_000 // count, data)
        for second in range(seconds)
        for count in [(burst or {}).get(second, per_second)]
        for number in range(count)
    ]


def mbit(octets_per_second: float) -> Any:
    return pytest.approx(octets_per_second * 8 / 1e6)


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    """Twenty seconds from web to database: ten frames of 1000 bytes a second, in the eleventh a hundred."""
    path = tmp_path / "traffic.pcap"
    path.write_bytes(timed_pcap(steady(10, 20, frame(1000), {10: 100})))
    return path


def test_rates_are_those_of_the_traffic_with_what_copies_add(
    vtap: Vtap, quickstart: Path, traffic: Path
) -> None:
    report = vtap("estimate", traffic, "--cloud", quickstart, "--json").document
    copy = 1000 + OVERHEAD
    # Both ends are tapped, so every frame is copied twice.
    copies = 2 * (19 * 10 + 100)
    assert report["seconds"] == 20
    assert report["read"] == {"frames": copies // 2, "bytes": copies // 2 * 1000}
    (tap,) = report["taps"]
    assert (tap["tap"], tap["sources"], tap["copies"]) == (
        "tap",
        2,
        {"frames": copies, "bytes": copies * copy},
    )
    assert tap["rates"] == {
        "average_mbit_per_second": mbit(copies * copy / 20),
        "percentile_95_mbit_per_second": mbit(20 * copy),
        "peak_mbit_per_second": mbit(200 * copy),
        "average_packets_per_second": copies / 20,
        "percentile_95_packets_per_second": 20,
        "peak_packets_per_second": 200,
    }
    assert tap["bytes_in_duration"] == copies * copy / 20 * 86_400
    assert tap["over_mtu_share"] == 0
    assert tap["not_mirrored"] == []
    assert tap["talkers"] == [
        {"source": WEB, "destination": DATABASE, "frames": copies, "bytes": copies * copy, "share": 1.0}
    ]
    (collector,) = report["collectors"]
    assert collector["interface_id"] == nic_id("nic-collector")
    assert collector["rates"] == tap["rates"]
    assert (collector["size"], collector["megabits_per_second"]) == ("Standard_D2s_v5", 12_500)
    assert collector["headroom_mbit_per_second"] == pytest.approx(12_500 - 200 * copy * 8 / 1e6)
    assert collector["smallest_size"] == "Standard_D2s_v5"
    assert report["warnings"] == []


def test_scale_multiplies_and_a_duration_extrapolates(vtap: Vtap, quickstart: Path, traffic: Path) -> None:
    command = ("estimate", traffic, "--cloud", quickstart, "--json")
    once = vtap(*command).document
    more = vtap(*command, "--scale", "2.5", "--duration", "12h").document
    assert (more["scale"], more["duration_seconds"]) == (2.5, 43_200)
    assert more["seconds"] == once["seconds"]
    for kind in ("taps", "collectors"):
        (before,), (after,) = once[kind], more[kind]
        assert after["copies"] == {name: value * 2.5 for name, value in before["copies"].items()}
        assert after["rates"] == {name: pytest.approx(value * 2.5) for name, value in before["rates"].items()}
        assert after["bytes_in_duration"] == before["bytes_in_duration"] * 2.5 / 2
    headroom = more["collectors"][0]["headroom_mbit_per_second"]
    assert headroom == pytest.approx(12_500 - once["collectors"][0]["rates"]["peak_mbit_per_second"] * 2.5)


def test_what_is_too_much_is_said_with_the_size_that_would_do_and_is_an_exit_code(
    vtap: Vtap, quickstart: Path, traffic: Path
) -> None:
    # 200 copies of 1050 bytes are 1.68 Mbit/s at the peak, and 0.8 Mbit/s sent: 9000 times, 15 120 and 7 200.
    command = ("estimate", traffic, "--cloud", quickstart, "--scale", "9000")
    report = vtap(*command, "--json", code=1).document
    assert [one["code"] for one in report["warnings"]] == ["collector_gets_too_much"]
    assert report["collectors"][0]["smallest_size"] == "Standard_D32s_v5"
    text = vtap(*command, code=1).stdout
    assert "vm-collector gets 15,120.0 Mbit/s of copies at its peak, more than the 12,500 Mbit/s" in text
    assert "Standard_D32s_v5" in text
    # 18 000 times, the web server itself sends 14 400 Mbit/s in one second, of 12 500 and 1 250 saved.
    report = vtap(*command[:-1], "18000", "--json", code=1).document
    collects, sends = report["warnings"]
    assert (collects["code"], sends["code"]) == ("collector_gets_too_much", "machine_sends_too_much")
    # 650 Mbit above are 81 250 000 bytes, at 1000 a frame.
    assert "in 1 s: about 81,250 frames, 81,250,000 bytes, would be dropped" in sends["text"]
    assert report["collectors"][0]["smallest_size"] == "Standard_D96s_v5"


def test_a_size_is_recommended_by_packets_too_where_the_policy_says_what_a_vcpu_takes(
    vtap: Vtap, quickstart: Path, traffic: Path
) -> None:
    # 200 copies a second at the peak, of 1.68 Mbit/s; the collector's D2s_v5 has two vCPUs.
    command = ("estimate", traffic, "--cloud", quickstart, "--policy")
    enough = vtap(*command, "packets_per_second_per_vcpu=100", "--json").document["collectors"][0]
    assert (enough["packets_per_second"], enough["headroom_packets_per_second"]) == (200, 0)
    assert enough["smallest_size"] == "Standard_D2s_v5"
    few = vtap(*command, "packets_per_second_per_vcpu=20", "--json", code=1).document
    assert few["collectors"][0]["headroom_packets_per_second"] == 40 - 200
    # Ten vCPUs are wanted; the next of the series has 16.
    assert few["collectors"][0]["smallest_size"] == "Standard_D16s_v5"
    assert [one["code"] for one in few["warnings"]] == ["collector_gets_too_many_packets"]
    text = " ".join(vtap(*command, "packets_per_second_per_vcpu=20", code=1).stdout.split())
    assert "gets 200 packets/s of copies at its peak, more than the 40 of Standard_D2s_v5, at 20 for" in text
    assert "each vCPU (packets_per_second_per_vcpu); Standard_D16s_v5 has enough" in text
    (unknown,) = vtap(*command[:-1], "--json").document["collectors"]
    assert (unknown["packets_per_second"], unknown["headroom_packets_per_second"]) == (None, None)


def test_copies_count_in_what_a_machine_sends_where_the_policy_says_so(
    vtap: Vtap, quickstart: Path, traffic: Path
) -> None:
    # 0.8 Mbit/s sent and 0.84 of copies, at the peak: 9 000 times, 14 760.
    command = ("estimate", traffic, "--cloud", quickstart, "--scale", "9000", "--json")
    report = vtap(*command, "--policy", "count_mirror_in_egress=true", code=1).document
    assert {one["code"]: one["text"].split()[0] for one in report["warnings"]} == {
        "collector_gets_too_much": "vm-collector",
        "machine_sends_too_much": "vm-web",
    }


def test_flows_are_held_against_what_a_machine_may_have(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    many = [(number * 1000, frame(60, ports=(1024 + number, 443))) for number in range(30)]
    (tmp_path / "many.pcap").write_bytes(timed_pcap(many))
    command = ("estimate", "many.pcap", "--cloud", quickstart, "--json", "--policy")
    assert vtap(*command, "flows_per_machine=30").document["warnings"] == []
    report = vtap(*command, "flows_per_machine=29", code=1).document
    assert {one["text"].split(" flows")[0] for one in report["warnings"]} == {
        "vm-web has about 30 outbound",
        "vm-database has about 30 inbound",
    }


def test_a_frame_that_was_not_captured_whole_counts_in_full(
    vtap: Vtap, quickstart: Path, traffic: Path, tmp_path: Path
) -> None:
    whole = vtap("estimate", traffic, "--cloud", quickstart, "--json").document
    (tmp_path / "short.pcap").write_bytes(timed_pcap(steady(10, 20, frame(1000), {10: 100}), kept=96))
    short = vtap("estimate", "short.pcap", "--cloud", quickstart, "--json").document
    assert {**short, "source": whole["source"]} == whole


def test_the_share_of_copies_over_the_mtu_and_why_frames_are_not_mirrored(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    # A copy has an outer IP length of 36 bytes more than the frame: 1464 fit 1500, 1465 do not.
    sizes = [1464, 1465, 1514, 1514]
    (tmp_path / "large.pcap").write_bytes(timed_pcap((n, frame(size)) for n, size in enumerate(sizes)))
    command = ("estimate", "large.pcap", "--cloud", quickstart, "--json")
    assert vtap(*command).document["taps"][0]["over_mtu_share"] == 0.75
    tap = vtap(*command, "--policy", "oversize=drop").document["taps"][0]
    assert (tap["over_mtu_share"], tap["copies"]["frames"]) == (0.75, 2)
    assert [(one["reason"], one["frames"]) for one in tap["not_mirrored"]] == [("oversize", 6)]


def test_top_talkers_come_first_and_are_as_many_as_asked_for(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    packets = [(n, frame(100 + 100 * n, source=f"10.10.1.{100 + n}")) for n in range(9)]
    (tmp_path / "talk.pcap").write_bytes(timed_pcap(packets))
    command = ("estimate", "talk.pcap", "--cloud", quickstart)
    (tap,) = vtap(*command, "--json", "--talkers", "3").document["taps"]
    assert [one["source"] for one in tap["talkers"]] == ["10.10.1.108", "10.10.1.107", "10.10.1.106"]
    assert [one["bytes"] for one in tap["talkers"]] == [950, 850, 750]
    assert tap["talkers"][0]["share"] == 950 / sum(range(150, 1050, 100))
    assert "10.10.1.108" in vtap(*command).stdout
    assert "Top talkers" not in vtap(*command, "--talkers", "0").stdout


def both_ends(*tuples: str) -> str:
    """What both ends log of flows from web to database."""
    return log(record(*tuples), record(*(one.replace(",O,", ",I,") for one in tuples)))


def test_flow_logs_agree_with_a_capture_of_the_same_traffic_in_all_that_they_can_tell(
    vtap: Vtap, quickstart: Path, traffic: Path, tmp_path: Path
) -> None:
    captured = vtap("estimate", traffic, "--cloud", quickstart, "--json").document
    # The 290 frames have 986 bytes of IP each; the log counts them after ten seconds and at the end.
    (tmp_path / "PT1H.json").write_text(
        both_ends(
            flow_tuple(0, WEB, DATABASE, "B"),
            flow_tuple(10, WEB, DATABASE, "C", (100, 98_600, 0, 0)),
            flow_tuple(20, WEB, DATABASE, "E", (190, 187_340, 0, 0)),
        )
    )
    logged = vtap("estimate", "--flow-logs", "PT1H.json", "--cloud", quickstart, "--json").document
    assert (logged["format"], logged["seconds"]) == ("flow logs", 20)
    assert logged["read"] == {name: 2 * value for name, value in captured["read"].items()}
    assert logged["flow_logs"] == {
        "files": 1,
        "records": 2,
        "tuples": 6,
        "without_traffic": 2,
        "denied": 0,
        "elsewhere": 0,
        "troubles": [],
    }
    for kind in ("taps", "collectors"):
        (ours,), (theirs,) = logged[kind], captured[kind]
        assert ours["copies"] == theirs["copies"]
        assert ours["bytes_in_duration"] == theirs["bytes_in_duration"]
        for name in ("average_mbit_per_second", "average_packets_per_second"):
            assert ours["rates"][name] == pytest.approx(theirs["rates"][name])
        # 190 frames over ten seconds, copied twice: the burst among them is not to be seen.
        assert ours["rates"]["peak_packets_per_second"] == 38
    assert logged["taps"][0]["over_mtu_share"] is None
    assert logged["taps"][0]["talkers"] == captured["taps"][0]["talkers"]
    text = vtap("estimate", "--flow-logs", "PT1H.json", "--cloud", quickstart).stdout
    assert "real peaks" in text
    assert "not known" in text


def test_answers_in_flow_logs_go_the_other_way(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    client = "203.0.113.9"
    (tmp_path / "log.json").write_text(
        log(
            record(
                flow_tuple(0, client, WEB, "B", direction="I"),
                flow_tuple(1, client, WEB, "E", (10, 600, 20, 24_000), direction="I"),
            )
        )
    )
    (tap,) = vtap("estimate", "--flow-logs", "log.json", "--cloud", quickstart, "--json").document["taps"]
    assert {(one["source"], one["destination"]): one["frames"] for one in tap["talkers"]} == {
        (client, WEB): 10,
        (WEB, client): 20,
    }
    assert tap["copies"] == {"frames": 30, "bytes": 24_600 + 30 * (14 + OVERHEAD)}


def test_what_was_not_seen_to_begin_counts_over_five_minutes(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    (tmp_path / "log.json").write_text(log(record(flow_tuple(300, WEB, DATABASE, "C", (600, 60_000, 0, 0)))))
    report = vtap("estimate", "--flow-logs", "log.json", "--cloud", quickstart, "--json").document
    assert report["seconds"] == 300
    assert report["taps"][0]["rates"]["peak_packets_per_second"] == 2


def test_interfaces_are_found_by_mac_first_and_strangers_and_denied_flows_are_counted(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    world = vtap("show", "--cloud", quickstart, "--json").document
    groups = world["tenants"][0]["subscriptions"][0]["groups"]
    (mac,) = (
        one["mac_address"] for group in groups for one in group["interfaces"] if one["name"] == "nic-web"
    )
    (tmp_path / "log.json").write_text(
        log(
            # A frontend's address, say, at the web server's interface.
            record(flow_tuple(1, "10.9.9.9", DATABASE, "E", (1, 100, 0, 0)), mac=mac.replace("-", "")),
            record(flow_tuple(1, "10.99.0.1", DATABASE, "E", (7, 700, 0, 0))),
            record(flow_tuple(1, WEB, DATABASE, "D")),
        )
    )
    report = vtap("estimate", "--flow-logs", "log.json", "--cloud", quickstart, "--json").document
    assert report["taps"][0]["copies"]["frames"] == 1
    logs = report["flow_logs"]
    assert (logs["elsewhere"], logs["denied"], logs["without_traffic"]) == (1, 1, 1)


def test_flow_logs_may_be_a_directory_as_azure_lays_it_out_and_zipped(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    for hour, state in (("h=09", "C"), ("h=10", "E")):
        place = tmp_path / "logs" / "y=2023" / hour / "m=00" / "macAddress=112233445566"
        place.mkdir(parents=True)
        second = 10 if state == "C" else 3610
        text = log(record(flow_tuple(second, WEB, DATABASE, state, (36, 3600, 0, 0))))
        if state == "C":
            (place / "PT1H.json").write_text(text)
        else:
            (place / "PT1H.json.gz").write_bytes(gzip.compress(text.encode()))
    report = vtap("estimate", "--flow-logs", "logs", "--cloud", quickstart, "--json").document
    assert (report["flow_logs"]["files"], report["flow_logs"]["tuples"]) == (2, 2)
    # Five minutes before the first count, and the hour between the two.
    assert report["seconds"] == 3900
    (tmp_path / "bare").mkdir()
    assert "no flow log in it" in vtap.refuses("estimate", "--flow-logs", "bare", "--cloud", quickstart)


def test_damaged_flow_logs_are_told_with_file_and_place_and_the_rest_is_counted(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    good = record(flow_tuple(1, WEB, DATABASE, "E", (1, 100, 0, 0)))
    (tmp_path / "cut.json").write_text(log(good, good)[:-30])
    (tmp_path / "good.json").write_text(log(good))
    (tmp_path / "wrong.json").write_text(log(record("1,2,3")))
    command = ("estimate", "--cloud", quickstart, "--flow-logs")
    both = (*command, "cut.json", "--flow-logs", "wrong.json", "--flow-logs", "good.json")
    report = vtap(*both, "--json", code=1).document
    assert report["taps"][0]["copies"]["frames"] == 2
    first, second = report["flow_logs"]["troubles"]
    assert first.startswith("cut.json: record 2 is cut off at character ")
    assert second.startswith(
        "wrong.json: record 1: flowRecords.flows[0].flowGroups[0].flowTuples[0] has 3 fields"
    )
    assert "What comes before it was counted" in vtap(*both, code=1).stdout
    assert vtap.refuses(*command, "wrong.json").startswith("wrong.json: record 1: flowRecords")
    assert vtap.refuses(*command, CAPTURE).startswith(f"{CAPTURE}: ")
    assert vtap.refuses(*command, "nowhere.json").startswith("nowhere.json: no such file")


def test_a_capture_that_is_cut_off_is_counted_up_to_there(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    whole = CAPTURE.read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[:-5])
    report = vtap("estimate", "cut.pcap", "--cloud", quickstart, "--json", code=1).document
    assert report["ended_early"]["kind"] == "cut"
    assert report["taps"][0]["copies"]["frames"] > 1000
    assert "cut off" in vtap("estimate", "cut.pcap", "--cloud", quickstart, code=1).stdout


def test_an_empty_capture_carries_nothing(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    report = vtap("estimate", "empty.pcap", "--cloud", quickstart, "--json").document
    assert (report["seconds"], report["taps"][0]["rates"]["peak_mbit_per_second"]) == (0, 0)
    assert report["collectors"][0]["smallest_size"] is None
    vtap("estimate", "empty.pcap", "--cloud", quickstart)


def test_a_load_balancers_collectors_share_what_the_tap_carries(vtap: Vtap, load_balanced: Path) -> None:
    report = vtap("estimate", CAPTURE, "--cloud", load_balanced, "--json").document
    (tap,) = report["taps"]
    assert sum(one["copies"]["bytes"] for one in report["collectors"]) == tap["copies"]["bytes"]
    down = vtap("estimate", CAPTURE, "--cloud", load_balanced, "--json", "--down", "nic-collector-a").document
    assert down["collectors"][0]["copies"]["frames"] == 0
    assert down["taps"][0]["copies"] == tap["copies"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give a CAPTURE, or --flow-logs PATH, and not both"),
        (("a.pcap", "--flow-logs", "b.json"), "and not both"),
        (("a.pcap", "--scale", "0"), "--scale 0: must be above 0"),
        (("a.pcap", "--scale", "nan"), "--scale nan: must be above 0"),
        (("a.pcap", "--duration", "soon"), "--duration soon: write a number and s, m, h or d"),
        (("a.pcap", "--duration", "0d"), "--duration 0d: write"),
        (("a.pcap", "--down", "nic-none"), "--down nic-none: the cloud has no interface"),
        (("a.pcap", "--policy", "vni"), "--policy vni"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    vtap: Vtap, quickstart: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in vtap.refuses("estimate", *arguments, "--cloud", quickstart)


def test_the_figures_on_the_page_are_those_of_the_command(vtap: Vtap, quickstart: Path) -> None:
    page = (ROOT / "docs" / "estimating.md").read_text()
    shown = page[page.index("58,000 frames") : page.index("Read from the top")]
    command = ("estimate", CAPTURE, "--cloud", quickstart, "--scale", "40", "--duration", "30d")
    printed = vtap(*command).stdout.partition(".db: ")[2].partition("Policy in force")[0]
    assert re.findall(r"[\d.,]*\d", shown) == re.findall(r"[\d.,]*\d", printed)


def test_help_shows_how_it_is_used(vtap: Vtap) -> None:
    text = vtap("estimate", "--help").stdout
    assert "vtap estimate --flow-logs" in text
    assert "Exit code 1" in text
