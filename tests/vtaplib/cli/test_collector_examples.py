"""Partners' collectors: real Terraform applies each example; it gets every copy and is as its page says."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_tool
from tests.vtaplib.cli.captures import expected_copies, records_of
from tests.vtaplib.cli.collectors_page import (
    COLLECTORS,
    FOLDERS,
    anchor_of,
    checks,
    read_back,
    rows,
    sections,
)
from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.mirror.suricata import counters_in, events_of

QUIET = ("-no-color", "-input=false")
LEFT_BEHIND = shutil.ignore_patterns(".terraform*", ".vtap", "*.tfstate*")
WEB, DATABASE = "10.10.1.4", "10.10.2.4"
RULES = Path(__file__).with_name("policy.rules")

WAYS = {
    "an interface": "vectra",
    "several TAPs": "gigamon",
    "a load balancer, HA ports": "cpacket",
    "a load balancer, UDP 4789": "darktrace",
}
"""The ways of receiving, as the page's section on open tools names them, and an example of each."""

# Where a fixed Ethernet, IPv4 and UDP header have them (RFC 894, RFC 791, RFC 768).
OUTER_SOURCE, OUTER_DESTINATION, DESTINATION_PORT = slice(26, 30), slice(30, 34), slice(36, 38)
VXLAN_PORT = (4789).to_bytes(2, "big")
OUTER_OCTETS = 50


class Example:
    """An example in a directory of its own, with the module that it shares."""

    def __init__(self, vtap: Vtap, folder: str) -> None:
        self.vtap, self.folder = vtap, folder
        for part in (folder, "modules"):
            shutil.copytree(COLLECTORS / part, vtap.directory / part, ignore=LEFT_BEHIND)
        self.cloud = vtap.directory / folder / ".vtap" / "cloud.db"
        self.terraform("init")

    def terraform(self, command: str, *arguments: str) -> str:
        """Run Terraform in the example; what it says."""
        return self.vtap("terraform", f"-chdir={self.folder}", command, *QUIET, *arguments).stdout

    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name, from Terraform's state."""
        state = json.loads((self.vtap.directory / self.folder / "terraform.tfstate").read_text())
        return {name: one["value"] for name, one in state["outputs"].items()}

    def copies(self) -> dict[str, Path]:
        """Replay the recorded traffic: a pcap for each interface that gets any of it."""
        replay = ("replay", CAPTURE, "--cloud", self.cloud, "--out", "copies", "--format", "pcap", "--json")
        collectors = self.vtap(*replay).document["collectors"]
        written = self.vtap.directory / "copies"
        return {one["interface"]: written / f"{one['interface']}.pcap" for one in collectors if one["frames"]}


def test_the_page_has_a_section_and_a_row_for_each_example_and_for_nothing_else() -> None:
    assert len(FOLDERS) > 1
    assert sorted(sections()) == FOLDERS
    assert sorted(rows()) == FOLDERS
    for folder, (product, anchor, _) in rows().items():
        assert sections()[folder] == product
        assert anchor == anchor_of(product)


def test_each_product_is_checked_in_its_way_of_receiving() -> None:
    checked = checks()
    assert set(checked.values()) == set(WAYS)
    for folder, (_, _, design) in rows().items():
        way = "an interface" if design.taps == 1 else "several TAPs"
        if design.destination == "load balancer":
            way = f"a load balancer, {design.rule}"
        assert checked[folder] == way


@pytest.mark.terraform
def test_the_collectors_examples_are_formatted_as_terraform_formats(vtap: Vtap) -> None:
    vtap("terraform", f"-chdir={COLLECTORS}", "fmt", "-check", "-diff", "-recursive")


@pytest.mark.sampled(6)
@pytest.mark.terraform
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_collector_is_as_its_page_says_and_gets_every_copy(vtap: Vtap, folder: str) -> None:
    example = Example(vtap, folder)
    # Terraform plans, and applies what it has planned.
    assert "Warning" not in example.terraform("apply", "-auto-approve")
    assert read_back(example.cloud) == rows()[folder][2]

    outputs, frames = example.outputs(), []
    for interface, capture in example.copies().items():
        assert interface in outputs["capture_interfaces"]
        frames += [frame for _, frame in records_of(capture)]
    assert {frame[DESTINATION_PORT] for frame in frames} == {VXLAN_PORT}
    assert {frame[OUTER_SOURCE] for frame in frames} == {octets(WEB), octets(DATABASE)}
    if rows()[folder][2].destination == "interface":
        assert {frame[OUTER_DESTINATION] for frame in frames} == {octets(outputs["destination_address"])}
    assert sorted(inner_packet(frame[OUTER_OCTETS:]) for frame in frames) == sorted(
        inner_packet(frame) for frame in expected_copies(CAPTURE, [WEB, DATABASE])
    )
    example.terraform("plan", "-detailed-exitcode")
    assert "Destroy complete!" in example.terraform("destroy", "-auto-approve")


def octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def inner_packet(frame: bytes) -> bytes:
    """A frame without its MAC addresses, which are those of the place where it was seen."""
    return frame[12:]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> set[frozenset[Any]]:
    """The flows that Suricata finds in the recorded traffic itself, but for IPv6, which is not mirrored."""
    directory = tmp_path_factory.mktemp("recorded") / "suricata"
    events = events_of(require_tool("suricata"), CAPTURE, directory, RULES)
    return endpoints([one for one in events if ":" not in one["src_ip"]])


@pytest.mark.sampled(5)
@pytest.mark.oracle
@pytest.mark.terraform
@pytest.mark.parametrize("folder", [pytest.param(folder, id=way) for way, folder in WAYS.items()])
def test_open_tools_see_the_recorded_traffic_in_each_way_of_receiving(
    vtap: Vtap, tmp_path: Path, recorded: set[frozenset[Any]], folder: str
) -> None:
    suricata, tshark = require_tool("suricata"), require_tool("tshark")
    example = Example(vtap, folder)
    example.terraform("apply", "-auto-approve")
    design = rows()[folder][2]
    seen: set[frozenset[Any]] = set()
    collectors_of: dict[str, set[str]] = defaultdict(set)
    sources_of: dict[str, set[str]] = defaultdict(set)
    for interface, capture in example.copies().items():
        directory = tmp_path / interface
        seen |= endpoints(events_of(suricata, capture, directory, RULES))
        counted = counters_in(directory)
        assert counted["decoder.vxlan"] == counted["decoder.pkts"] == sum(1 for _ in records_of(capture))
        assert counted.get("decoder.invalid", 0) == 0
        for vni, source in fields_of(tshark, capture, "vxlan.vni", "ip.src"):
            sources_of[vni].add(source)
            collectors_of[source].add(interface)
    assert seen == recorded
    assert len(sources_of) == design.taps
    assert set().union(*sources_of.values()) == {WEB, DATABASE}
    if design.taps > 1:
        assert all(len(sources) == 1 for sources in sources_of.values())
    if folder == "darktrace":
        assert all(len(collectors) == 1 for collectors in collectors_of.values())


def fields_of(tshark: str, capture: Path, *names: str) -> Iterator[list[str]]:
    """Fields of every packet, the outermost of each name, as tshark reads them."""
    command = [tshark, "-n", "-r", str(capture), "-T", "fields", "-E", "occurrence=f"]
    command += [word for name in names for word in ("-e", name)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return (line.split("\t") for line in told.splitlines())


def endpoints(events: list[dict[str, Any]]) -> set[frozenset[Any]]:
    """Who talked to whom in which protocol, whoever began; of the inner packets."""
    return {
        frozenset(
            [
                (one["src_ip"], one.get("src_port")),
                (one["dest_ip"], one.get("dest_port")),
                one["proto"],
            ]
        )
        for one in events
        if one["event_type"] == "flow" and one.get("dest_port") != 4789
    }
