from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.cli.page.conftest import Written
from tests.vtaplib.reports.page.reading import Page, text_of
from vtaplib.analysis import ReplayReport, replay
from vtaplib.analysis.inventory import Inventory, take_inventory
from vtaplib.analysis.traffic_replay.document import replay_document
from vtaplib.capture import open_capture
from vtaplib.control.cloud import Cloud
from vtaplib.fabric.topology import Topology
from vtaplib.model.policy import Policy, setting_text
from vtaplib.reports.page.frame import html_page

WORLDS = ("empty", "one", "balanced", "hundred", "large")

# Attributes through which a page could have something loaded or run.
REACHING = ("src", "srcset", "href", "action", "data", "poster", "background", "xlink:href")

HOSTILE = """<script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;</style></svg></title>"""


@pytest.fixture(params=WORLDS)
def any_written(request: pytest.FixtureRequest, written: dict[str, Written]) -> Written:
    return written[request.param]


def test_a_page_is_well_formed_and_reaches_for_nothing(any_written: Written) -> None:
    page = any_written.page
    assert not list(page.all("iframe", "object", "embed", "base", "form"))
    # What only a script makes work, only the script puts there.
    assert not list(page.all("button", "input"))
    (script,) = page.all("script")
    assert not script.keys()
    assert text_of(script) == files("vtaplib.reports.page").joinpath("tables.js").read_text()
    for name, value in page.attributes:
        assert not name.lower().startswith("on"), name
        if name.lower() in REACHING:
            assert value.startswith("#") or value == "data:,", (name, value)
    style = "".join(text_of(one) for one in page.all("style"))
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = [one.get("content") for one in page.all("meta") if one.get("http-equiv")]
    assert policy is not None
    assert "default-src 'none'" in policy


def test_a_page_can_be_found_through_without_seeing_it(any_written: Written) -> None:
    page = any_written.page
    (html,) = page.all("html")
    assert html.get("lang") == "en"
    assert [one.tag for one in page.all("h1", "main")] == ["h1", "main"]
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {one.get("href") for one in page.all("a")} <= {f"#{one}" for one in ids}
    for table in page.all("table"):
        assert text_of(table.find("caption"))
        assert all(one.get("scope") == "col" for one in table.findall("thead/tr/th"))
        assert all(row[0].tag == "th" and row[0].get("scope") == "row" for row in table.findall("tbody/tr"))
    for drawing in page.all("svg"):
        if drawing.get("aria-hidden") != "true":
            assert drawing.get("role") == "img"
            assert text_of(drawing[0])
    for one in page.root.iter():
        if "scroll" in (one.get("class") or "") or one.get("class") == "wide":
            assert (one.get("tabindex"), one.get("role")) == ("0", "region")
            assert one.get("aria-label")


def test_the_page_has_every_figure_of_the_document(any_written: Written) -> None:
    page, document = any_written.page, any_written.document
    rows = {caption: page.rows(caption) for caption in page.captions}
    for point in document["tap_points"]:
        here = [point["interface"], point["direction"], point["tap"]]
        entered, mirrored = point["entered"], point["mirrored"]
        (row,) = [row for row in rows["Tap points"] if row[:3] == here]
        refused = entered["frames"] - mirrored["frames"]
        assert row[3:8] == numbers(*entered.values(), *mirrored.values(), refused)
        for one in point["not_mirrored"]:
            amount = numbers(one["frames"], one["bytes"])
            assert [*here, one["explanation"], *amount] in rows["Reasons by tap point"]
    for one in document["collectors"]:
        name = one["interface"] + (" (down)" if one["interface_id"] in document["down"] else "")
        assert [name, *numbers(one["frames"], one["bytes"])] in [
            row[:3] for row in rows["What each collector gets, in outer frames"]
        ]
    for one in document["nowhere"]:
        found = [row[:3] for row in rows["Frames that belong to no interface"]]
        assert [one["explanation"], *numbers(one["frames"], one["bytes"])] in found
    policy = page.section("policy").text
    for name, value in document["policy"].items():
        told = setting_text(tuple(value) if isinstance(value, list) else value)
        assert re.search(rf"{name}\s+{re.escape(told)}", policy), name


def test_the_figures_at_a_glance_say_where_every_frame_is(any_written: Written) -> None:
    page, document = any_written.page.section("summary"), any_written.document
    figures = {}
    for tile in page.all("dl"):
        for one in tile:
            figures[text_of(one.find("dt"))] = text_of(one.find("dd/strong")), one.get("class")
    lost = {
        name: sum(one["frames"] for one in document[key])
        for name, key in (("Dropped by the network", "dropped"), ("Of no interface", "nowhere"))
    }
    for name, frames in lost.items():
        assert figures[name] == (f"{frames:,}", "warning" if frames else None)
    assert figures["Past no tap point"][0] == f"{document['untapped']['frames']:,}"
    warned = {one["code"] for one in document["warnings"]}
    for code, key in (("frames_dropped", "dropped"), ("frames_of_no_interface", "nowhere")):
        frames = sum(one["frames"] for one in document[key])
        assert (code in warned) == (100 * frames >= document["read"]["frames"] and frames > 0)


def numbers(*found: int) -> list[str]:
    return [f"{number:,}" for number in found]


def test_reasons_are_added_up_over_tap_points(written: dict[str, Written]) -> None:
    document = written["one"].document
    refused = [one for point in document["tap_points"] for one in point["not_mirrored"]]
    ((reason, frames, octets, share),) = written["one"].page.rows("Why frames are not mirrored")
    assert reason == refused[0]["explanation"]
    assert [frames, octets] == numbers(*(sum(one[unit] for one in refused) for unit in ("frames", "bytes")))
    assert share == "100 %"


def test_the_picture_tells_of_every_interface_tap_and_stream(written: dict[str, Written]) -> None:
    page = written["balanced"].page.section("network")
    told = [text_of(one) for one in page.all("title")]
    for opening in (
        "nic-web of vm-web, 10.10.1.4: ",
        "nic-collector-c of vm-collector-c, 10.10.3.7: down",
        "tap: 2 sources, ",
        "lb, 10.10.3.4, distribution Default",
        "nic-database to tap: ",
        "tap to lb: ",
        "lb to nic-collector-a: ",
    ):
        assert any(one.startswith(opening) for one in told), opening


def test_the_picture_of_a_hundred_interfaces_has_the_name_of_each(written: dict[str, Written]) -> None:
    page = written["hundred"].page.section("network")
    drawn = [text_of(one) for one in page.all("text")]
    for name in {one["interface"] for one in written["hundred"].document["tap_points"]}:
        assert drawn.count(name) == 1, name


def test_a_world_without_anything_says_so_in_every_section(written: dict[str, Written]) -> None:
    page = written["empty"].page
    assert "no virtual network and no TAP" in page.section("network").text
    assert "there is no collector" in page.section("collectors").text
    assert "No interface of the cloud is tapped" in page.section("tap-points").text
    assert not [one for one in page.all("section") if one.get("id") == "not-mirrored"]


def test_a_collector_that_gets_something_has_two_charts(written: dict[str, Written]) -> None:
    for name, drawn in (("empty", 0), ("one", 1), ("balanced", 2), ("hundred", 3), ("large", 3)):
        charts = [one for one in written[name].page.all("svg") if one.get("class") == "chart"]
        assert len(charts) == 2 * drawn


def test_a_page_of_five_hundred_interfaces_is_smaller_than_a_megabyte(written: dict[str, Written]) -> None:
    assert written["large"].path.stat().st_size < 1_000_000


def test_the_same_replay_gives_the_same_page(vtap: Vtap, quickstart: Path) -> None:
    for name in ("a.html", "b.html"):
        vtap("replay", CAPTURE, "--cloud", quickstart, "--report", name)
    pages = [(vtap.directory / name).read_bytes() for name in ("a.html", "b.html")]
    assert pages[0] == pages[1]


def test_the_tables_are_printed_as_without_a_page(vtap: Vtap, quickstart: Path) -> None:
    command = ("replay", CAPTURE, "--cloud", quickstart)
    assert vtap(*command, "--report", "page.html").stdout == vtap(*command).stdout


def test_a_capture_that_ends_early_is_told_of_on_the_page(vtap: Vtap, quickstart: Path) -> None:
    (vtap.directory / "cut.pcap").write_bytes(CAPTURE.read_bytes()[:-5])
    vtap("replay", "cut.pcap", "--cloud", quickstart, "--report", "page.html", code=1)
    page = Page.of((vtap.directory / "page.html").read_text())
    notices = [text_of(one) for one in page.all("p") if one.get("class") == "notice"]
    assert len(notices) == 1
    assert notices[0].startswith("The capture is cut off: ")


@pytest.mark.parametrize(
    ("place", "trouble"),
    [
        ("nowhere/page.html", "nowhere/page.html: cannot be written: no such file or directory"),
        (".", ".: is a directory; name a file in it"),
        ("-", "--report -: standard output has the report; name a file"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused(
    vtap: Vtap, quickstart: Path, place: str, trouble: str
) -> None:
    assert vtap.refuses("replay", CAPTURE, "--cloud", quickstart, "--report", place) == trouble


def test_a_replay_that_fails_leaves_the_page_that_was_there(vtap: Vtap, quickstart: Path) -> None:
    (vtap.directory / "page.html").write_text("as it was")
    (vtap.directory / "odd.pcap").write_text("no capture")
    vtap.refuses("replay", "odd.pcap", "--cloud", quickstart, "--report", "page.html")
    assert (vtap.directory / "page.html").read_text() == "as it was"
    assert sorted(path.name for path in vtap.directory.glob("*page*")) == ["page.html"]


def test_markup_in_the_name_of_a_capture_is_text(vtap: Vtap, quickstart: Path) -> None:
    name = "<img src=x onerror=alert(1)>&.pcap"
    (vtap.directory / name).write_bytes(CAPTURE.read_bytes())
    vtap("replay", name, "--cloud", quickstart, "--report", "page.html")
    page = Page.of((vtap.directory / "page.html").read_text())
    assert [text_of(one) for one in page.all("h1")] == [f"Replay of {name}"]
    assert not list(page.all("img"))


def replayed(cloud: Cloud, policy: Policy | None = None) -> ReplayReport:
    with open_capture(str(CAPTURE)) as reader:
        return replay(reader, Topology.of(cloud), policy)


def page_of(report: ReplayReport, inventory: Inventory) -> Page:
    return Page.of(html_page(replay_document(report, inventory)))


def test_markup_in_any_name_is_text(quickstart: Path) -> None:
    with Cloud.open(quickstart) as cloud:
        report, inventory = replayed(cloud, Policy(oversize="drop")), take_inventory(cloud, HOSTILE)
    spoiled = page_of(named(report, HOSTILE), named(inventory, HOSTILE))
    assert {one.tag.rpartition("}")[2] for one in spoiled.root.iter()} <= {
        one.tag.rpartition("}")[2] for one in page_of(report, inventory).root.iter()
    }
    assert len(list(spoiled.all("script"))) == 1
    assert not list(spoiled.all("img"))
    assert not [name for name, _ in spoiled.attributes if name.startswith("on")]
    for caption in ("Networks", "TAPs", "Tap points", "What each collector gets, in outer frames"):
        assert spoiled.rows(caption)[0][0] == HOSTILE


NAMES = {"name", "interface", "tap", "explanation", "state", "direction", "location", "capture"}


def named(thing: Any, text: str) -> Any:
    """A report or a world in which every name is this text."""
    if isinstance(thing, tuple):
        return tuple(named(one, text) for one in thing)
    if not hasattr(thing, "__dataclass_fields__"):
        return thing
    changed = {
        field: text if field in NAMES and isinstance(getattr(thing, field), str) else named(value, text)
        for field in thing.__dataclass_fields__
        for value in [getattr(thing, field)]
    }
    return replace(thing, **changed)


def test_the_inventory_of_a_page_may_be_empty(quickstart: Path) -> None:
    with Cloud.open(quickstart) as cloud:
        report = replayed(cloud)
    assert "no virtual network" in page_of(report, Inventory("none", ())).text
