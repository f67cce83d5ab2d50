"""Pages in a real browser: what it draws, what it complains of, and that it asks nobody for anything."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from tests.vtaplib.cli.page.browser import MEASURE, Browser
from tests.vtaplib.cli.page.conftest import Written
from tests.vtaplib.reports.page.reading import Page

pytestmark = pytest.mark.oracle

WORLDS = ("empty", "one", "balanced", "hundred", "large")


@pytest.mark.sampled(5)
@pytest.mark.parametrize("world", WORLDS)
def test_a_page_is_shown_without_a_request_or_a_complaint(
    browser: Browser, written: dict[str, Written], world: str
) -> None:
    visit = browser.visit(written[world].path)
    assert visit.requests == []
    assert visit.console == []
    shown = Page.of(visit.dom if visit.dom.startswith("<!DOCTYPE") else "<!DOCTYPE html>" + visit.dom)
    # The page's own script has run: every long table has a field to filter it.
    long = [one for one in shown.all("div") if one.get("class") == "scroll long"]
    assert len(take_filters(shown)) == len(long)
    assert shown.captions == written[world].page.captions
    assert shown.text.split() == written[world].page.text.split()


def take_filters(page: Page) -> list[Element]:
    """The filters of a page, which are taken out of it."""
    taken = []
    for parent in page.root.iter():
        for one in [child for child in parent if child.get("class") == "filter"]:
            parent.remove(one)
            taken.append(one)
    return taken


def test_a_request_and_a_complaint_would_be_noticed(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "reaching.html"
    page.write_text(
        "<!DOCTYPE html><title>Reaching</title><img src='http://elsewhere.example/a.png' alt=''>"
        "<script>console.error('a complaint')</script>"
    )
    visit = browser.visit(page)
    assert visit.requests == ["http://elsewhere.example/a.png"]
    assert any("a complaint" in line for line in visit.console)


def test_a_page_lets_nothing_be_loaded_or_run_that_gets_into_it(
    browser: Browser, written: dict[str, Written], tmp_path: Path
) -> None:
    intruders = (
        "<img src='http://elsewhere.example/a.png' alt=''><script>document.title = 'run'</script>"
        "<link rel='stylesheet' href='http://elsewhere.example/a.css'>"
    )
    page = tmp_path / "invaded.html"
    page.write_text(written["one"].text.replace("</main>", f"{intruders}</main>"))
    visit = browser.visit(page)
    assert visit.requests == []
    assert "<title>run</title>" not in visit.dom
    assert visit.console, "what is refused is told of"


# A page is some screens high, also that of many interfaces: long tables scroll in themselves.
HEIGHTS = {"empty": 2300, "one": 4500, "balanced": 5000, "hundred": 11000, "large": 9000}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("width", [1280, 500])
def test_a_page_fits_its_window_and_cuts_no_text(
    browser: Browser, written: dict[str, Written], world: str, width: int
) -> None:
    measured = browser.ask(written[world].text, MEASURE, size=(width, 900))
    assert measured["overflow"] <= 0
    assert measured["hidden"] == 0
    assert measured["cut"] == []
    assert measured["beside"] == []
    assert measured["overlapping"] == []
    if width == 1280:
        assert measured["height"] < HEIGHTS[world]
    assert measured["focusable"] >= len(written[world].page.captions)
    # One of the two pictures is shown, large enough to be read.
    assert measured["pictures"] == ([0, 0] if world == "empty" else [2, 1])
    assert all(scale > 0.8 for scale in measured["scales"])


SCROLLED = """
  return [...document.querySelectorAll(".scroll")].map((frame) => {
    frame.scrollLeft = frame.scrollWidth;
    const edge = frame.getBoundingClientRect(), table = frame.querySelector("table");
    const kept = [table.caption.firstElementChild, ...table.querySelectorAll("tr > :first-child")];
    return [frame.scrollLeft > 0, kept.every((one) => {
      const box = one.getBoundingClientRect();
      return box.left >= edge.left - 1 && box.right <= edge.right + 1;
    })];
  });
"""


def test_a_table_that_is_scrolled_to_its_side_keeps_its_title_and_the_names_of_its_rows(
    browser: Browser, written: dict[str, Written]
) -> None:
    found = browser.ask(written["balanced"].text, SCROLLED, size=(500, 900))
    assert any(is_scrolled for is_scrolled, _ in found)
    assert all(is_kept for _, is_kept in found)


LEGEND = """
  const fill = (svg) => getComputedStyle(svg.querySelector(".field")).fill;
  const legend = [...document.querySelectorAll(".legend")].at(-1);
  const fillOf = (text) => fill([...document.querySelectorAll(".picture.wide g")].find(
    (one) => one.querySelector(":scope > text.name")?.textContent === text && one.querySelector(".field")));
  return [...legend.querySelectorAll("li")].map(
    (one) => [one.textContent, fill(one), fillOf(one.textContent)]);
"""


@pytest.mark.parametrize("dark", [False, True])
def test_the_legend_has_every_collector_in_the_colour_that_it_has_in_the_picture(
    browser: Browser, written: dict[str, Written], *, dark: bool
) -> None:
    document = written["hundred"].document
    found = browser.ask(written["hundred"].text, LEGEND, dark=dark)
    assert [name for name, _, _ in found] == [one["interface"] for one in document["collectors"]]
    for name, in_legend, in_picture in found:
        assert in_legend == in_picture, name
    assert len({colour for _, colour, _ in found}) == len(found)


def test_a_page_is_light_or_dark_as_its_reader_wants_it(
    browser: Browser, written: dict[str, Written]
) -> None:
    light, dark = (
        [int(part) for part in measured["background"].removeprefix("rgb(").rstrip(")").split(",")]
        for measured in (browser.ask(written["one"].text, MEASURE, dark=is_dark) for is_dark in (False, True))
    )
    assert min(light) > 200
    assert max(dark) < 60


@pytest.mark.sampled(2)
@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_of_a_page_has_the_colours_of_its_collectors(
    browser: Browser, written: dict[str, Written], *, dark: bool
) -> None:
    colours = colours_of(browser.picture(written["balanced"].path, (1100, 1300), dark=dark))
    blue, orange = (0x6EA8FF, 0xF0955A) if dark else (0x2F6FD6, 0xC2571A)
    assert colours.get(blue, 0) > 30
    assert colours.get(orange, 0) > 30
    assert len(colours) > 50


def colours_of(png: bytes) -> dict[int, int]:
    """How many pixels of each colour are in a PNG of 8-bit RGB or RGBA without interlacing (RFC 2083)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, header = 8, b"", b""
    while at < len(png):
        (length,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            data += body
        at += length + 12
    width, _height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    channels = {2: 3, 6: 4}[colour]
    assert (depth, interlace) == (8, 0)
    return _count(zlib.decompress(data), width * channels, channels)


def _count(raw: bytes, stride: int, channels: int) -> dict[int, int]:
    counts: dict[int, int] = {}
    above = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        line = bytearray(raw[start + 1 : start + 1 + stride])
        _unfilter(raw[start], line, above, channels)
        for at in range(0, stride, channels):
            colour = line[at] << 16 | line[at + 1] << 8 | line[at + 2]
            counts[colour] = counts.get(colour, 0) + 1
        above = line
    return counts


def _unfilter(kind: int, line: bytearray, above: bytearray, channels: int) -> None:
    """Undo a filter of a line, RFC 2083, section 6."""
    for at in range(len(line)):
        left = line[at - channels] if at >= channels else 0
        corner = above[at - channels] if at >= channels else 0
        guess = left + above[at] - corner
        paeth = min((left, above[at], corner), key=lambda one: abs(guess - one))
        line[at] = (line[at] + (0, left, above[at], (left + above[at]) // 2, paeth)[kind]) & 0xFF
