"""`vtap diff`: what collectors see of the same traffic under two designs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.vtaplib.cli.captures import pcap, pcapng_of_two_link_types, records_of
from tests.vtaplib.cli.clouds import REGION, Builder, nic_id, write_quickstart
from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.cli.plans import UNKNOWN, Plan, interface_values, references, tapped_plan
from tests.vtaplib.fabric.worlds import udp_frame
from vtaplib import (
    Cloud,
    NetworkInterface,
    NetworkInterfaceTapConfiguration,
    NetworkSecurityGroup,
    VirtualNetworkPeering,
    VirtualNetworkTap,
)
from vtaplib.resources import (
    NetworkInterfaceBackendAddressPoolAssociation,
    NetworkInterfaceSecurityGroupAssociation,
)

# From the capture's own description (tests/captures/README.md).
FRAMES = 1450
WITH_DATABASE = 1384
WITH_CLIENT = 55

NO_CHANGE = {"unchanged", "unseen"}


def compared(vtap: Vtap, *arguments: str | Path, code: int = 0) -> Any:
    """The JSON document of a diff of the recorded traffic; every frame has one fate."""
    report = vtap("diff", CAPTURE, *arguments, "--json", code=code).document
    assert sum(fate["frames"] for fate in report["fates"]) == report["read"]["frames"] == FRAMES
    assert report["coverage_lost"] == (code == 1)
    return report


def fates(report: Mapping[str, Any]) -> dict[str, int]:
    """Frames by fate, of those that there are."""
    return {fate["fate"]: fate["frames"] for fate in report["fates"] if fate["frames"]}


def obstacles(report: Mapping[str, Any]) -> set[str]:
    return {one["reason"] for fate in report["fates"] for one in fate["obstacles"]}


def copy_of(cloud: Path, name: str = "after.db") -> Path:
    return Path(shutil.copy(cloud, cloud.with_name(name)))


def test_a_tap_that_is_added_has_more_seen_and_nothing_lost(vtap: Vtap, tmp_path: Path) -> None:
    write_quickstart(tmp_path / "before.db", "database")
    write_quickstart(tmp_path / "after.db")
    report = compared(vtap, "--before", "before.db", "--after", "after.db")
    assert fates(report) == {
        "newly_seen": WITH_CLIENT,
        "unchanged": WITH_DATABASE,
        "unseen": FRAMES - WITH_DATABASE - WITH_CLIENT,
    }
    assert obstacles(report) == {"untapped"}
    assert [report[when]["seen"]["frames"] for when in ("before", "after")] == [
        WITH_DATABASE,
        WITH_DATABASE + WITH_CLIENT,
    ]
    (collector,) = report["collectors"]
    assert collector["interface"] == "nic-collector"
    assert [collector[when]["frames"] for when in ("before", "after")] == [
        WITH_DATABASE,
        2 * WITH_DATABASE + WITH_CLIENT,
    ]


def test_a_tap_that_is_removed_loses_what_only_it_saw(vtap: Vtap, tmp_path: Path) -> None:
    write_quickstart(tmp_path / "before.db")
    write_quickstart(tmp_path / "after.db", "database")
    report = compared(vtap, "--before", "before.db", "--after", "after.db", code=1)
    assert fates(report)["no_longer_seen"] == WITH_CLIENT
    listed = report["conversations"]
    assert {one["fate"] for one in listed} == {"no_longer_seen"}
    assert sum(one["frames"] for one in listed) == WITH_CLIENT
    for one in listed:
        assert {one["source"]["interface"], one["destination"]["interface"]} == {"nic-web", None}
        assert {one["source"]["address"], one["destination"]["address"]} == {"10.10.1.4", "203.0.113.10"}
        assert one["requests"]["before"]["collectors"] == ["nic-collector"]
        assert one["requests"]["after"] == {
            "collectors": [],
            "obstacles": ["no interface on its way is tapped"],
            "frames": 0,
            "bytes": 0,
        }


def test_a_peering_that_is_removed_loses_everything(vtap: Vtap, quickstart: Path) -> None:
    after = copy_of(quickstart)
    with Cloud.open(after) as cloud:
        cloud.delete(next(iter(cloud.list(VirtualNetworkPeering))).id)
    report = compared(vtap, "--before", quickstart, "--after", after, code=1)
    assert fates(report)["no_longer_seen"] == WITH_DATABASE + WITH_CLIENT
    assert obstacles(report) == {"collector_unreachable"}


def test_a_destination_that_is_moved_moves_what_is_seen(vtap: Vtap, quickstart: Path) -> None:
    after = copy_of(quickstart)
    build = Builder(after)
    (one,) = build.cloud.list(VirtualNetworkTap)
    collector = build.cloud.get(nic_id("nic-collector"))
    assert isinstance(collector, NetworkInterface)
    other = build.machine("other", collector.ip_configuration[0].subnet_id or "")
    to = f"{other.id}/ipConfigurations/internal"
    build.sub.put(one.replace(destination_network_interface_ip_configuration_id=to))
    build.cloud.close()
    report = compared(vtap, "--before", quickstart, "--after", after)
    assert fates(report)["moved"] == WITH_DATABASE + WITH_CLIENT
    got = {one["interface"]: one for one in report["collectors"]}
    assert got["nic-collector"]["before"] == got["nic-other"]["after"]
    assert got["nic-collector"]["after"] == got["nic-other"]["before"]


def test_a_backend_that_is_removed_moves_its_conversations(vtap: Vtap, load_balanced: Path) -> None:
    after = copy_of(load_balanced)
    with Cloud.open(after) as cloud:
        for member in cloud.list(NetworkInterfaceBackendAddressPoolAssociation):
            if "nic-collector-a" in member.id:
                cloud.delete(member.id)
    report = compared(vtap, "--before", load_balanced, "--after", after)
    assert set(fates(report)) == {"moved", *NO_CHANGE}
    got = {one["interface"]: one for one in report["collectors"]}
    assert got["nic-collector-a"]["after"] == {"conversations": 0, "frames": 0, "bytes": 0}
    for letter in "bc":
        one = got[f"nic-collector-{letter}"]
        assert one["after"]["frames"] >= one["before"]["frames"]
    down = compared(vtap, "--before", load_balanced, "--down-after", "nic-collector-a")
    assert down["after"]["down"] == [nic_id("nic-collector-a")]
    assert down["collectors"] == report["collectors"]


def test_a_security_group_that_is_added_loses_what_it_denies(vtap: Vtap, quickstart: Path) -> None:
    """A group without rules lets nothing in from outside of the networks."""
    after = copy_of(quickstart)
    build = Builder(after)
    group = build.sub.put(NetworkSecurityGroup(name="shut", resource_group_name=build.group, location=REGION))
    build.sub.put(
        NetworkInterfaceSecurityGroupAssociation(
            network_interface_id=nic_id("nic-web"), network_security_group_id=group.id
        )
    )
    build.cloud.close()
    report = compared(vtap, "--before", quickstart, "--after", after, code=1)
    assert obstacles(report) == {"denied"}
    for one in report["conversations"]:
        assert (one["source"]["address"], one["destination"]["interface"]) == ("203.0.113.10", "nic-web")
        assert one["requests"]["before"]["frames"] == one["requests"]["frames"]
        assert one["requests"]["after"]["frames"] == 0


def test_a_cloud_and_itself_differ_in_nothing(vtap: Vtap, load_balanced: Path) -> None:
    report = compared(vtap, "--before", load_balanced, "--after", load_balanced)
    assert set(fates(report)) == NO_CHANGE
    assert report["conversations"] == []
    assert (
        "No coverage is lost, and collectors receive as much as before."
        in vtap("diff", CAPTURE, "--after", load_balanced, "--before", load_balanced).stdout
    )


def test_there_and_back_are_each_other_s_mirror(vtap: Vtap, quickstart: Path, load_balanced: Path) -> None:
    there = compared(vtap, "--before", quickstart, "--after", load_balanced)
    back = compared(vtap, "--before", load_balanced, "--after", quickstart)
    assert fates(there) == fates(back)
    assert (there["before"]["seen"], there["after"]["split"]) == (
        back["after"]["seen"],
        back["before"]["split"],
    )


def test_one_world_is_compared_under_two_policies(vtap: Vtap, quickstart: Path) -> None:
    policies = ("--policy", "oversize=drop", "--policy-before", "oversize=deliver")
    report = compared(vtap, "--before", quickstart, *policies)
    assert [report[when]["policy"]["oversize"] for when in ("before", "after")] == ["deliver", "drop"]
    before, after = (report[when]["seen"]["frames"] for when in ("before", "after"))
    assert after < before
    text = vtap("diff", CAPTURE, "--before", quickstart, *policies).stdout
    assert "Policy before: every setting is the default" in text
    assert "Policy after: oversize=drop; every other setting is the default" in text


def test_copies_that_would_be_fragmented_are_said_before_anything_is_applied(
    vtap: Vtap, quickstart: Path
) -> None:
    command = ("diff", CAPTURE, "--before", quickstart, "--policy-after", "oversize=fragment")
    report = vtap(*command, "--json").document
    out = ("--out", "copies", "--format", "pcap")
    fragmenting = ("--cloud", quickstart, "--policy", "oversize=fragment")
    replayed = vtap("replay", CAPTURE, *fragmenting, *out, "--json").document
    fragmented = sum(one["fragmented"] for one in replayed["tap_points"])
    after = report["after"]["received"]
    assert after["fragmented"] == fragmented > 1000
    # By what stands in the file: an outer IP header with an offset, or with more fragments.
    frames = [frame for _, frame in records_of(vtap.directory / replayed["collectors"][0]["capture"])]
    fragments = [frame for frame in frames if int.from_bytes(frame[20:22], "big") & 0x3FFF]
    assert (after["frames"], after["fragments"]) == (len(frames), len(fragments))
    assert after["bytes"] == sum(map(len, frames))
    assert after["over_mtu"] == sum(len(frame) > 1514 for frame in frames) == 0
    assert report["before"]["received"]["over_mtu"] > 0
    text = vtap(*command, "--report", "page.html").stdout
    said = f"{fragmented:,} of {after['copies']:,} copies are fragmented (0 before)"
    for shown in (text, (vtap.directory / "page.html").read_text()):
        assert f"No coverage is lost, but what collectors receive changes: {said}" in " ".join(shown.split())
    assert "Warning: after, tap: copies of" in text


def test_the_limit_is_on_conversations_and_not_on_totals(vtap: Vtap, tmp_path: Path) -> None:
    write_quickstart(tmp_path / "before.db")
    write_quickstart(tmp_path / "after.db", "database")
    command = ("--before", "before.db", "--after", "after.db", "--limit")
    everything = compared(vtap, *command, "0", code=1)
    two = compared(vtap, *command, "2", code=1)
    assert two["conversations"] == everything["conversations"][:2]
    assert len(everything["conversations"]) > 2
    assert two["fates"] == everything["fates"]
    sizes = [one["bytes"] for one in everything["conversations"]]
    assert sizes == sorted(sizes, reverse=True)
    text = vtap("diff", CAPTURE, *command, "2", code=1).stdout
    assert f"the 2 largest of {len(sizes)}" in text
    assert f"Coverage is lost: a part of {len(sizes)} conversations" in text


def test_the_applied_cloud_is_before_where_nothing_else_is_said(vtap: Vtap, quickstart: Path) -> None:
    report = vtap(
        "diff", CAPTURE, "--after", quickstart, "--json", VTAP_ENDPOINT=f"file:{quickstart}"
    ).document
    assert report["before"]["name"] == f"cloud {quickstart}"


# Plans


def query(source: str, destination: str) -> list[bytes]:
    return [udp_frame(source, destination), udp_frame(destination, source, (53, 40000))]


def test_a_plan_that_taps_a_new_network_has_its_traffic_newly_seen(vtap: Vtap, tmp_path: Path) -> None:
    """The addresses that the apply takes are the lowest free ones, and the report says so."""
    (tmp_path / "query.pcap").write_bytes(pcap(query("10.1.1.4", "192.0.2.9")))
    plan = tapped_plan().write(tmp_path)
    report = vtap("diff", "query.pcap", "--plan", plan, "--json").document
    assert fates(report) == {"newly_seen": 2}
    assert {one["address"] for one in report["after"]["assumed"]} == {"10.1.1.4", "10.2.1.4"}
    assert report["after"]["name"] == f"plan {plan}, applied"
    (collector,) = report["collectors"]
    assert (collector["interface"], collector["after"]["frames"]) == ("collector", 2)
    text = vtap("diff", "query.pcap", "--plan", plan).stdout
    assert "addresses that only the apply gives are assumed to be the lowest free ones" in text
    table = [row.split() for row in text.partition("Assumed addresses")[2].splitlines()]
    assert ["web", "10.1.1.4"] in table
    assert ["collector", "10.2.1.4"] in table


def test_a_plan_without_a_side_of_the_peering_has_nothing_seen(vtap: Vtap, tmp_path: Path) -> None:
    (tmp_path / "query.pcap").write_bytes(pcap(query("10.1.1.4", "192.0.2.9")))
    plan = tapped_plan(peered=False).write(tmp_path)
    assert fates(vtap("diff", "query.pcap", "--plan", plan, "--json").document) == {"unseen": 2}


def plan_over(cloud: Path) -> Plan:
    """A plan that gives the quickstart's TAP a new collector, whose ID it does not know."""
    plan = Plan()
    with Cloud.open(cloud) as opened:
        (old,) = opened.list(VirtualNetworkTap)
        collector = opened.get(nic_id("nic-collector"))
        assert isinstance(collector, NetworkInterface)
    block = interface_values("nic-new", resource_group_name="rg-test", location="westeurope")
    block["ip_configuration"][0]["subnet_id"] = collector.ip_configuration[0].subnet_id
    plan.create("azurerm_network_interface.new", block)
    plan.configure("azurerm_network_interface.new", {"ip_configuration": [{}]})
    to = "destination_network_interface_ip_configuration_id"
    values = {
        "id": old.id,
        "name": old.name,
        "resource_group_name": old.resource_group_name,
        "location": old.location,
        "destination_port": 4789,
        to: old.destination_id,
    }
    plan.update("azurerm_virtual_network_tap.tap", values, {**values, to: UNKNOWN})
    plan.configure(
        "azurerm_virtual_network_tap.tap",
        {to: references("azurerm_network_interface.new.ip_configuration[0].name")},
    )
    return plan


def test_a_plan_is_laid_over_the_cloud_before(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    plan = plan_over(quickstart).write(tmp_path)
    report = compared(vtap, "--before", quickstart, "--after", plan, code=1)
    # The new collector's interface is attached to no machine.
    assert obstacles(report) == {"collector_detached"}
    assert [Path(one["resource_id"]).name for one in report["after"]["assumed"]] == ["nic-new"]
    assert report["after"]["assumed"][0]["address"] == "10.20.1.5"
    assert report["after"]["name"] == f"plan {plan}, applied over cloud {quickstart}"


def test_a_plan_that_destroys_a_tap_configuration_loses_its_traffic(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    plan = Plan()
    with Cloud.open(quickstart) as cloud:
        for one in cloud.list(NetworkInterfaceTapConfiguration):
            fields = ("id", "name", "network_interface_id", "virtual_network_tap_id")
            block = f"azurerm_network_interface_tap_configuration.{Path(one.network_interface_id).name}"
            plan.delete(block, {name: getattr(one, name) for name in fields})
    report = compared(vtap, "--before", quickstart, "--after", plan.write(tmp_path), code=1)
    assert fates(report)["no_longer_seen"] == WITH_DATABASE + WITH_CLIENT
    assert obstacles(report) == {"untapped"}


# Troubles


def test_what_cannot_be_compared_is_refused_with_the_way_out(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    plan = tapped_plan().write(tmp_path)
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"format_version": "1.0", "values": {"root_module": {}}}))
    for arguments, words in (
        (("--before", quickstart), "nothing to compare with"),
        (("--plan", plan, "--after", quickstart), "--plan has a before and an after of its own"),
        (("--before", plan, "--after", quickstart), "compare the two with --plan"),
        (("--plan", state), "is a state"),
        (("--before", "nowhere.db", "--after", quickstart), "nowhere.db"),
        (("--before", quickstart, "--after", "nowhere.json"), "nowhere.json"),
        (("--before", quickstart, "--down-after", "nic-gone"), "--down-after nic-gone"),
        (("--before", quickstart, "--policy-after", "oversize"), "--policy-after oversize: write NAME=VALUE"),
        (("--before", quickstart, "--policy-before", "oversize=big"), "--policy-before: oversize is 'big'"),
        (("--plan", "-", "--before", "-"), "standard input can be only one"),
    ):
        assert words in vtap.refuses("diff", CAPTURE, *arguments)


def test_a_state_is_a_world_of_its_own(vtap: Vtap, quickstart: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"format_version": "1.0", "values": {"root_module": {}}}))
    report = compared(vtap, "--before", quickstart, "--after", state, code=1)
    assert report["after"]["seen"]["frames"] == 0
    assert obstacles(report) == {"no_interface"}
    assert fates(compared(vtap, "--before", state, "--after", quickstart))["newly_seen"]


def test_a_part_that_cannot_be_read_is_told_and_the_rest_compared(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.pcap").write_bytes(CAPTURE.read_bytes()[:-10])
    command = ("--before", quickstart, "--after", quickstart)
    report = vtap("diff", "cut.pcap", *command, "--json", code=1).document
    assert (report["ended_early"]["kind"], report["coverage_lost"]) == ("cut", False)
    assert report["read"]["frames"] == FRAMES - 1
    assert "The capture is cut off" in vtap("diff", "cut.pcap", *command, code=1).stdout
    (tmp_path / "mixed.pcapng").write_bytes(pcapng_of_two_link_types(next(records_of(CAPTURE))[1]))
    report = vtap("diff", "mixed.pcapng", *command, "--json", code=1).document
    assert report["skipped"] == [{"link_type": "113 (LINUX_SLL)", "packets": 2}]


def test_the_tables_say_what_the_document_says(vtap: Vtap, quickstart: Path, load_balanced: Path) -> None:
    command = ("diff", CAPTURE, "--before", quickstart, "--after", load_balanced, "--limit", "3")
    report = vtap(*command, "--json").document
    text = vtap(*command).stdout
    for fate in report["fates"]:
        line = next(line for line in text.splitlines() if line.strip().startswith(fate["explanation"] + " "))
        counts = line.strip().removeprefix(fate["explanation"]).split()[:3]
        assert counts == [f"{fate[unit]:,}" for unit in ("conversations", "frames", "bytes")]
    for one in report["collectors"]:
        line = next(line for line in text.splitlines() if line.strip().startswith(one["interface"] + " "))
        assert line.split()[1:] == [
            f"{one[when][unit]:,}"
            for unit in ("conversations", "frames", "bytes")
            for when in ("before", "after")
        ]
    assert f"{report['after']['split']} after. An analyser of sessions cannot follow them." in text
