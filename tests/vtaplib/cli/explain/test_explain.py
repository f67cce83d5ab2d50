"""`vtap explain`: the command itself, its document, its exit codes, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.captures import LINUX_SLL, pcap, pcapng_of_two_link_types, records_of
from tests.vtaplib.cli.clouds import nic_id
from tests.vtaplib.cli.command import CAPTURE, ROOT, Vtap
from tests.vtaplib.cli.explain.test_questions import changed, guard
from tests.vtaplib.fabric.worlds import udp_frame
from tests.vtaplib.mirror.reference import dissect
from vtaplib import MirrorEngine, Topology
from vtaplib.control.cloud import Cloud
from vtaplib.mirror.verdict import Direction, Mirrored

WEB_TO_DATABASE = ("--src", "vm-web", "--dst", "vm-database", "--dport", "5432")


def document(vtap: Vtap, cloud: Path, *question: str | Path, code: int = 0) -> Any:
    return vtap("explain", *question, "--cloud", cloud, "--json", code=code).document


def test_a_packet_of_a_capture_is_the_one_of_its_number(vtap: Vtap, quickstart: Path) -> None:
    for number, (_, frame) in enumerate(records_of(CAPTURE), start=1):
        if number > 4:
            break
        is_ip = frame[12:14] == b"\x08\x00"
        told = document(vtap, quickstart, CAPTURE, str(number), code=0 if is_ip else 1)["packet"]
        assert (told["packet"]["number"], told["packet"]["bytes"]) == (number, len(frame))
        assert told["packet"]["capture"] == str(CAPTURE)


def test_the_outer_headers_are_those_of_the_copy(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    frame = udp_frame("10.10.1.4", "10.10.2.4")
    (tmp_path / "one.pcap").write_bytes(pcap([frame]))
    told = document(vtap, quickstart, "one.pcap", "1")["packet"]
    with Cloud.open(quickstart) as cloud:
        engine = MirrorEngine(Topology.of(cloud))
        ends = ((nic_id("nic-web"), Direction.EGRESS), (nic_id("nic-database"), Direction.INGRESS))
        for (interface_id, direction), copy in zip(ends, told["copies"], strict=True):
            (verdict,) = engine.frame(interface_id, direction, frame)
            assert isinstance(verdict, Mirrored)
            (octets,) = verdict.copies
            outer, expected = copy["outer"], dissect(octets)
            assert (outer["source"], outer["destination"]) == (
                str(expected.ipv4.source),
                str(expected.ipv4.destination),
            )
            assert (outer["source_port"], outer["destination_port"]) == (
                expected.udp.source_port,
                expected.udp.destination_port,
            )
            assert outer["vni"] == expected.vxlan.vni
            assert (outer["bytes"], outer["inner_bytes"]) == (len(octets), len(frame))


def test_the_text_says_what_the_document_says(vtap: Vtap, load_balanced: Path) -> None:
    text = vtap("explain", *WEB_TO_DATABASE, "--reply", "--cloud", load_balanced).stdout
    told = document(vtap, load_balanced, *WEB_TO_DATABASE, "--reply")
    for way in (told["packet"], told["answer"]):
        assert way["packet"]["sentence"] in text
        for copy in way["copies"]:
            for step in (*way["steps"], *copy["steps"]):
                assert re.search(rf"{step['stage']} +{re.escape(step['text'])}", text), step
            for backend in copy["balancing"]["backends"]:
                assert backend["interface"] in text
            for value in copy["balancing"]["hashed"].values():
                assert str(value) in text
            outer = copy["outer"]
            assert f"{outer['source']} → {outer['destination']}" in text
            assert f"{outer['source_port']} → {outer['destination_port']}" in text
            assert f"VNI {outer['vni']}" in text
    assert "Policy in force" in text


def test_the_chosen_backend_gives_way_to_another_when_it_fails(vtap: Vtap, load_balanced: Path) -> None:
    def chosen(*down: str) -> str:
        copy = document(vtap, load_balanced, *WEB_TO_DATABASE, *down)["packet"]["copies"][0]
        (name,) = [one["interface"] for one in copy["balancing"]["backends"] if one["is_chosen"]]
        return str(name).partition(" ")[0]

    first = chosen()
    second = chosen("--down", first)
    assert second != first
    copy = document(vtap, load_balanced, *WEB_TO_DATABASE, "--down", first)["packet"]["copies"][0]
    conditions = {
        one["interface"].partition(" ")[0]: one["condition"] for one in copy["balancing"]["backends"]
    }
    assert conditions[first] == "its machine is taken for failed"


def test_a_reply_in_a_capture_passes_where_the_request_has_opened_the_way(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    with changed(quickstart) as cloud:
        guard(cloud, "interface", nic_id("nic-web"), ports="*", protocol="*", source="*")
    request = udp_frame("10.10.1.4", "10.10.2.4", (50000, 53))
    reply = udp_frame("10.10.2.4", "10.10.1.4", (53, 50000))
    (tmp_path / "both.pcap").write_bytes(pcap([reply, request, reply]))
    too_early = document(vtap, quickstart, "both.pcap", "1", code=1)["packet"]
    assert (too_early["delivered"], too_early["drop"]) == (False, "inbound_security")
    assert too_early["steps"][-1]["decided_by"].endswith("/securityRules/no-strangers")
    assert document(vtap, quickstart, "both.pcap", "2")["packet"]["delivered"]
    after = document(vtap, quickstart, "both.pcap", "3")["packet"]
    assert after["delivered"]
    assert "answers" in after["steps"][-2]["text"]


def test_the_reply_of_a_captured_packet_can_be_asked_for(vtap: Vtap, quickstart: Path) -> None:
    numbers = [n for n, (_, frame) in enumerate(records_of(CAPTURE), start=1) if frame[23:24] == b"\x06"]
    told = document(vtap, quickstart, CAPTURE, str(numbers[0]), "--reply")
    asked, answer = told["packet"]["packet"], told["answer"]["packet"]
    assert (answer["source"], answer["destination_port"]) == (asked["destination"], asked["source_port"])
    assert answer["number"] is None


@pytest.mark.parametrize(("length", "verdict"), [("1514", "mirrored"), ("2000", "not_mirrored")])
def test_larger_packets_are_copied_as_far_as_the_policy_goes(
    vtap: Vtap, quickstart: Path, length: str, verdict: str
) -> None:
    code = 0 if verdict == "mirrored" else 1
    told = document(vtap, quickstart, *WEB_TO_DATABASE, "--length", length, code=code)["packet"]
    assert {copy["verdict"] for copy in told["copies"]} == {verdict}
    fragmented = document(
        vtap, quickstart, *WEB_TO_DATABASE, "--length", length, "--policy", "oversize=fragment"
    )
    assert fragmented["policy"]["oversize"] == "fragment"
    assert all(copy["outer"]["frames"] == 2 for copy in fragmented["packet"]["copies"])


def test_packets_that_are_not_ethernet_are_not_counted(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    frame = udp_frame("10.10.1.4", "10.10.2.4")
    (tmp_path / "mixed.pcapng").write_bytes(pcapng_of_two_link_types(frame))
    assert document(vtap, quickstart, "mixed.pcapng", "1")["packet"]["packet"]["bytes"] == len(frame)
    message = vtap.refuses("explain", "mixed.pcapng", "2", "--cloud", quickstart)
    assert message == "mixed.pcapng: has no packet 2; it has 1 Ethernet packet"
    (tmp_path / "other.pcap").write_bytes(pcap([frame], LINUX_SLL))
    assert "other.pcap" in vtap.refuses("explain", "other.pcap", "1", "--cloud", quickstart)


def test_a_capture_may_come_from_standard_input(vtap: Vtap, quickstart: Path) -> None:
    told = vtap(
        "explain",
        "-",
        "1",
        "--cloud",
        quickstart,
        "--json",
        stdin=pcap([udp_frame("10.10.1.4", "10.10.2.4")]),
    )
    assert json.loads(told.stdout)["packet"]["delivered"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--src and --dst missing"),
        (("--src", "vm-web"), "--dst missing"),
        (("a.pcap",), "a.pcap: which packet?"),
        (("a.pcap", "1", "--dport", "3"), "--dport: a packet of a capture is what it is"),
        (("a.pcap", "1"), "a.pcap"),
        (("--src", "vm-web", "--dst", "vm-web2", "--dport", "1"), "--dst vm-web2: is not an address"),
        ((*WEB_TO_DATABASE, "--down", "nic-x"), "--down nic-x: the cloud has no interface"),
        ((*WEB_TO_DATABASE, "--policy", "oversize=lots"), "oversize is 'lots'"),
        ((*WEB_TO_DATABASE, "--ipv6"), "has no IPv6 address"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_the_reason(
    vtap: Vtap, quickstart: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in vtap.refuses("explain", *arguments, "--cloud", quickstart)


def test_a_cloud_that_is_not_there_is_named(vtap: Vtap) -> None:
    assert "nowhere.db" in vtap.refuses("explain", *WEB_TO_DATABASE, "--cloud", "nowhere.db")


def test_the_help_shows_how_to_ask(vtap: Vtap) -> None:
    said = vtap("explain", "--help").stdout
    for example in ("vtap explain traffic.pcap 17", "--reply", "--icmp-type", "Exit code 1"):
        assert example in said


def test_the_page_names_options_that_there_are(vtap: Vtap) -> None:
    said = vtap("explain", "--help").stdout
    page = (ROOT / "docs" / "explaining.md").read_text()
    options = set(re.findall(r"--[a-z][a-z0-9-]+", page))
    assert {"--src", "--dst", "--reply", "--ipv6"} <= options
    assert [one for one in sorted(options) if one not in said] == []


def test_the_answer_from_behind_a_load_balancer_comes_from_the_backend_that_was_asked(
    vtap: Vtap, load_balanced: Path
) -> None:
    question = ("--src", "vm-web", "--dst", "lb", "--dport", "443", "--reply")
    told = document(vtap, load_balanced, *question)
    there, back = told["packet"], told["answer"]
    assert "balancing" in {step["stage"] for step in there["steps"]}
    assert there["destination_id"] == back["source_id"]
    assert back["destination_id"] == nic_id("nic-web")
    assert back["packet"]["source"] == there["packet"]["destination"]
