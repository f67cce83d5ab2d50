"""`vtaplib.analysis.diff` without the command: a capture and two designs in, a report out."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtaplib.cli.captures import pcap
from tests.vtaplib.cli.plans import tapped_plan
from tests.vtaplib.fabric.worlds import (
    frames,
    interface_id,
    quickstart,
    related_frames,
    topologies,
    udp_frame,
)
from tests.vtaplib.mirror.test_engine import policies
from vtaplib import Policy, Topology
from vtaplib.analysis import (
    ComparedDesign,
    DiffReport,
    design_of_resources,
    designs_of_plan,
    diff,
    parse_terraform,
)
from vtaplib.capture import open_capture
from vtaplib.mirror.conversation import CoverageChange

ROOT = Path(__file__).parents[3]

WEB, DATABASE = "10.0.0.4", "10.0.0.5"

captures = st.lists(frames, max_size=20) | related_frames()
designs = st.builds(ComparedDesign, topologies, policies)


def compared(packets: list[bytes], before: ComparedDesign, after: ComparedDesign) -> DiffReport:
    return diff(open_capture(BytesIO(pcap(packets))), before, after, limit=None)


def frames_by_change(report: DiffReport) -> dict[str, int]:
    return {one.fate: one.frames for one in report.fates}


@given(captures, designs)
def test_a_design_and_itself_differ_in_nothing(packets: list[bytes], design: ComparedDesign) -> None:
    report = compared(packets, design, design)
    assert {one.fate for one in report.fates if one.frames} <= {"unchanged", "unseen"}
    assert not report.coverage_lost
    assert not report.found_something
    assert report.conversations == ()
    assert report.before == report.after
    assert all(one.before == one.after for one in report.collectors)


@given(captures, designs, designs)
def test_every_frame_has_one_change_and_what_one_way_loses_the_other_way_gains(
    packets: list[bytes], first: ComparedDesign, second: ComparedDesign
) -> None:
    there, back = compared(packets, first, second), compared(packets, second, first)
    lost, gained = frames_by_change(there), frames_by_change(back)
    assert sum(lost.values()) == there.read.frames == len(packets)
    assert lost["no_longer_seen"] == gained["newly_seen"]
    assert lost["newly_seen"] == gained["no_longer_seen"]
    for same in ("swapped", "moved", "unchanged", "unseen"):
        assert lost[same] == gained[same]
    assert (there.before, there.after) == (back.after, back.before)
    assert there.coverage_lost == bool(lost["no_longer_seen"] or lost["swapped"])


@given(captures, designs, designs)
def test_an_end_without_an_interface_has_an_address_that_no_interface_has(
    packets: list[bytes], first: ComparedDesign, second: ComparedDesign
) -> None:
    having = {
        str(address): one
        for design in (first, second)
        for one in design.topology.interfaces
        for configuration in one.ip_configurations
        for address in (configuration.address, configuration.public_address)
        if address is not None
    }
    for conversation in compared(packets, first, second).conversations:
        for end in (conversation.source, conversation.destination):
            if end.interface is None:
                assert end.address not in having


def test_a_diff_names_its_designs_and_the_conversations_that_are_lost() -> None:
    before = ComparedDesign(quickstart("web"), name="today")
    after = ComparedDesign(
        quickstart("web"), Policy(vni="per_source"), (interface_id("collector"),), name="collector down"
    )
    report = compared([udp_frame(WEB, DATABASE), udp_frame(DATABASE, WEB, (53, 40000))], before, after)
    assert (report.before.name, report.after.name) == ("today", "collector down")
    assert report.after.policy["vni"] == "per_source"
    (one,) = report.conversations
    assert (one.fate, one.frames) == ("no_longer_seen", 2)
    assert (one.source.address, one.destination.interface) == (WEB, "database")
    assert one.requests.before.collectors == ("collector",)
    assert one.requests.after.collectors == ()


def test_a_limit_lists_the_largest_conversations() -> None:
    packets = [udp_frame(WEB, DATABASE, (port, 53)) for port in (1, 2, 2, 3, 3, 3)]
    capture = open_capture(BytesIO(pcap(packets)))
    report = diff(capture, ComparedDesign(Topology()), ComparedDesign(quickstart("web")), limit=2)
    assert [one.source.port for one in report.conversations] == [3, 2]


def test_a_plan_is_two_designs_and_over_a_design_it_is_what_follows_that() -> None:
    plan = parse_terraform("plan.json", json.dumps(tapped_plan().document).encode())
    before, after = designs_of_plan(plan)
    assert (before.name, after.name) == ("plan plan.json, not applied", "plan plan.json, applied")
    assert (before.topology.taps, [Path(one.id).name for one in after.topology.taps]) == ((), ["tap"])
    report = compared([udp_frame("10.1.1.4", "192.0.2.9")], before, after)
    assert [one.interface for one in report.collectors] == ["collector"]
    base = design_of_resources("what there is", ())
    there, then = designs_of_plan(plan, base=base)
    assert there is base.design
    assert then.name == "plan plan.json, applied over what there is"
    assert then.topology == after.topology


def test_the_page_has_every_change_of_coverage_and_whether_it_is_a_loss() -> None:
    page = (ROOT / "docs/comparing.md").read_text()
    for change in CoverageChange:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {change.value} |")]
        assert row.endswith("| yes |") == change.is_loss


@pytest.mark.parametrize("page", ["check", "comparing", "estimating", "explaining"])
def test_the_examples_of_a_page_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = re.findall(r"```python\n(.*?)```", Path(f"docs/{page}.md").read_text(), re.DOTALL)
    assert examples
    exec(compile("\n".join(examples), f"docs/{page}.md", "exec"), {})  # noqa: S102  # the page's own examples
