"""Long tables in a real browser: sorted and filtered by the page's own script."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vtaplib.cli.page.browser import Browser, measurable
from tests.vtaplib.cli.page.conftest import Written
from vtaplib.reports import html_page
from vtaplib.reports.document import Cell, Column, Document, Kind, Section, Share, Table

pytestmark = pytest.mark.oracle

HOSTILE = "<img src=x onerror=alert(1)><b>bold</b>&amp;"
COLUMNS = (
    Column("Interface"),
    Column("Frames", Kind.NUMBER),
    Column("Bytes", Kind.BYTES),
    Column("Rate", Kind.NUMBER),
    Column("Share", Kind.NUMBER),
)


def rows(count: int = 40) -> list[tuple[Cell, ...]]:
    """Rows in no order, the numbers of each column in another."""
    chance = random.Random(7)
    orders = [chance.sample(range(count), count) for _ in COLUMNS]
    return [
        (
            f"nic-{orders[0][at]}",
            orders[1][at] ** 3,
            3 ** orders[2][at],
            "not known" if orders[3][at] % 10 == 0 else orders[3][at] * 30.5,
            Share(orders[4][at] ** 2, 0 if orders[4][at] == 0 else 100_000),
        )
        for at in range(count)
    ]


def page_of(rows: list[tuple[Cell, ...]]) -> str:
    """A page with a table of these rows."""
    return html_page(Document("T", "lead", [Section("here", "Here", [Table("Things", COLUMNS, rows)])]))


PRELUDE = """
  const table = document.querySelector("table");
  const headings = [...table.tHead.rows[0].cells];
  const names = () => [...table.tBodies[0].rows].filter((one) => getComputedStyle(one).display !== "none")
    .map((one) => one.cells[0].textContent);
  const type = (text) => {
    const field = document.querySelector(".filter input");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
"""


def number_of(cell: Cell) -> float | None:
    """What a cell counts as; None for words."""
    if isinstance(cell, Share):
        return cell.part / cell.whole if cell.whole else None
    return cell if isinstance(cell, int | float) else None


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_a_heading_sorts_there_and_back_and_then_as_it_was(browser: Browser, column: int) -> None:
    given = rows()
    found = browser.ask(
        page_of(given),
        PRELUDE
        + f"""
  const button = headings[{column}].querySelector("button");
  const states = [];
  for (let times = 0; times < 3; times++) {{
    button.click();
    states.push([names(), headings.map((one) => one.getAttribute("aria-sort"))]);
  }}
  return [button.type, button.tabIndex, button.textContent, states];
""",
    )
    kind, tab_index, name, states = found
    assert (kind, tab_index, name) == ("button", 0, COLUMNS[column].name)
    if column == 0:
        known = sorted(given, key=lambda row: int(str(row[0]).partition("-")[2]))
        unknown: list[tuple[Cell, ...]] = []
        ways = ["ascending", "descending"]
    else:
        known = sorted(
            (row for row in given if number_of(row[column]) is not None),
            key=lambda row: -(number_of(row[column]) or 0),
        )
        unknown = [row for row in given if number_of(row[column]) is None]
        ways = ["descending", "ascending"]
    expected = [[*known, *unknown], [*known[::-1], *unknown], given]
    for (shown, aria), wanted, way in zip(states, expected, [*ways, None], strict=True):
        assert shown == [row[0] for row in wanted]
        assert aria == [way if at == column else None for at in range(len(COLUMNS))]


@pytest.mark.parametrize(
    ("typed", "keeps"),
    [
        ("nic-3", lambda row: "nic-3" in row[0]),
        ("  NIC-3  ", lambda row: "nic-3" in row[0]),
        ("nic-3 known", lambda row: "nic-3" in row[0] and row[3] == "not known"),
        ("6,859", lambda row: row[1] == 6859),
        ("6859", lambda row: row[1] == 6859),
        ("<b>", lambda row: row[0] == HOSTILE),
        (HOSTILE, lambda row: row[0] == HOSTILE),
        (".*", lambda row: False),
        ("", lambda row: True),
    ],
)
def test_a_filter_keeps_the_rows_that_have_every_word_that_is_typed(
    browser: Browser, typed: str, keeps: Callable[[tuple[Any, ...]], bool]
) -> None:
    given = [*rows(), (HOSTILE, 1, 1, "not known", Share(1, 2))]
    shown, label, status, live, tags = browser.ask(
        page_of(given),
        PRELUDE
        + f"""
  type({json.dumps(typed)});
  const status = document.querySelector(".filter [role=status]");
  return [
    names(),
    document.querySelector(".filter input").getAttribute("aria-label"),
    status.textContent,
    status.getAttribute("role"),
    document.querySelectorAll("main b, main img").length,
  ];
""",
    )
    kept = [row[0] for row in given if keeps(row)]
    assert shown == kept
    assert label == "Filter Things"
    assert status == (f"{len(kept)} of {len(given)} rows" if typed else "")
    assert live == "status"
    assert tags == 0


def test_what_is_filtered_can_be_sorted(browser: Browser) -> None:
    given = rows()
    shown = browser.ask(
        page_of(given),
        PRELUDE + 'type("nic-1"); headings[0].querySelector("button").click(); return names();',
    )
    assert shown == ["nic-1", *(f"nic-{number}" for number in range(10, 20))]


def test_a_table_of_twenty_rows_is_left_alone(browser: Browser) -> None:
    for count, controls in ((20, 0), (21, len(COLUMNS) + 1)):
        script = 'return document.querySelectorAll("button, input").length;'
        assert browser.ask(page_of(rows(count)), script) == controls


def test_paper_has_the_rows_that_a_filter_hides(browser: Browser, tmp_path: Path) -> None:
    pages = []
    for typed in ("", "no row has this"):
        path = tmp_path / "page.html"
        path.write_text(measurable(page_of(rows(200)), f"{PRELUDE} type({json.dumps(typed)}); return 0;"))
        pages.append(len(re.findall(rb"/Type\s*/Page\b", browser.printed(path))))
    assert pages[0] == pages[1] > 3


def test_the_tables_of_a_replay_are_sorted_by_what_they_count(
    browser: Browser, written: dict[str, Written]
) -> None:
    found = browser.ask(
        written["large"].text,
        """
  const table = [...document.querySelectorAll("table")].find(
    (one) => one.caption.textContent === "Tap points");
  const at = [...table.tHead.rows[0].cells].findIndex((one) => one.textContent === "Bytes in");
  table.tHead.rows[0].cells[at].querySelector("button").click();
  return [...table.tBodies[0].rows].map((one) => one.cells[at].textContent);
""",
    )
    entered = sorted(
        (one["entered"]["bytes"] for one in written["large"].document["tap_points"]), reverse=True
    )
    assert found == [f"{number:,}" for number in entered]
