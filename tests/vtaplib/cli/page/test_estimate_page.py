from __future__ import annotations

from pathlib import Path

from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.reports.page.reading import Page


def test_a_page_has_every_tap_collector_and_talker_of_the_document(vtap: Vtap, load_balanced: Path) -> None:
    command = ("estimate", CAPTURE, "--cloud", load_balanced, "--scale", "4")
    document = vtap(*command, "--report", "page.html", "--json").document
    page = Page.of((vtap.directory / "page.html").read_text())
    assert "4 times the measured ones" in page.text
    assert [row[:2] for row in page.rows("TAPs")] == [
        [one["tap"], str(one["sources"])] for one in document["taps"]
    ]
    assert [row[0] for row in page.rows("What would be carried, in copies as they are on the network")] == [
        *(f"TAP {one['tap']}" for one in document["taps"]),
        *(one["interface"] for one in document["collectors"]),
    ]
    assert [
        (row[0], row[1], row[5]) for row in page.rows("Collectors compared with the sizes of their machines")
    ] == [(one["interface"], one["size"], one["smallest_size"] or "any") for one in document["collectors"]]
    assert [row[:5] for row in page.rows("Top talkers: pairs of addresses with the most copies")] == [
        [tap["tap"], one["source"], one["destination"], f"{one['frames']:,}", f"{one['bytes']:,}"]
        for tap in document["taps"]
        for one in tap["talkers"]
    ]


def test_what_is_too_much_is_told_and_marked(vtap: Vtap, quickstart: Path) -> None:
    command = ("estimate", CAPTURE, "--cloud", quickstart, "--scale", "5000")
    document = vtap(*command, "--report", "page.html", "--json", code=1).document
    page = Page.of((vtap.directory / "page.html").read_text())
    assert document["warnings"]
    for one in document["warnings"]:
        assert f"{one['text']}." in page.section("warnings").text
    assert [one for one in page.section("collectors").all("span") if one.get("class") == "bar bad"]


def test_a_page_that_cannot_be_written_is_refused(vtap: Vtap, quickstart: Path) -> None:
    command = ("estimate", CAPTURE, "--cloud", quickstart)
    trouble = vtap.refuses(*command, "--report", "nowhere/page.html")
    assert trouble == "nowhere/page.html: cannot be written: no such file or directory"
