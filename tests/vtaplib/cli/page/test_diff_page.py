from __future__ import annotations

from pathlib import Path

from tests.vtaplib.cli.clouds import write_quickstart
from tests.vtaplib.cli.command import CAPTURE, Vtap
from tests.vtaplib.reports.page.reading import Page


def test_a_page_says_which_conversations_are_no_longer_seen_and_why(
    vtap: Vtap, quickstart: Path, tmp_path: Path
) -> None:
    write_quickstart(tmp_path / "after.db", "database")
    arguments = (CAPTURE, "--before", quickstart, "--after", "after.db", "--report", "page.html", "--json")
    document = vtap("diff", *arguments, code=1).document
    page = Page.of((tmp_path / "page.html").read_text())
    assert "Coverage is lost" in page.text
    fates = {row[0]: row[1:4] for row in page.rows("Conversations by what becomes of them")}
    for one in document["fates"]:
        assert fates[one["explanation"]] == [
            f"{one[unit]:,}" for unit in ("conversations", "frames", "bytes")
        ]
    lost = [one for one in document["conversations"] if one["fate"] == "no_longer_seen"]
    assert lost
    ways = [row[3] for row in page.rows("No longer seen")]
    assert len(ways) + ways.count("both") == sum(1 + (one["answers"] is not None) for one in lost)
    ((name, *numbers),) = page.rows("What collectors get copies of")
    (collector,) = document["collectors"]
    assert name == collector["interface"]
    assert numbers == [
        f"{collector[when][unit]:,}"
        for unit in ("conversations", "frames", "bytes")
        for when in ("before", "after")
    ]


def test_a_page_of_two_policies_has_both(vtap: Vtap, quickstart: Path) -> None:
    command = ("diff", CAPTURE, "--before", quickstart, "--policy-after", "oversize=drop")
    vtap(*command, "--report", "page.html")
    page = Page.of((vtap.directory / "page.html").read_text())
    policy = page.section("policy").text
    assert "Policy before" in policy
    assert "Policy after" in policy
    assert policy.count("drop (not the default)") == 1


def test_a_page_that_cannot_be_written_is_refused(vtap: Vtap, quickstart: Path) -> None:
    command = ("diff", CAPTURE, "--before", quickstart, "--policy-after", "vni=per_source")
    trouble = vtap.refuses(*command, "--report", "nowhere/page.html")
    assert trouble == "nowhere/page.html: cannot be written: no such file or directory"
