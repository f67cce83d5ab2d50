"""Chromium without a window and without a network, and a log of whatever a page asks for.

The browser has errands of its own, so what is asked for is read from its log of the network, where a request
says who began it.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120

# What a page is measured by, in a copy that lets any script run: the rule against others is taken out.
SECURITY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = """
  const shows = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility === "visible";
  const root = document.documentElement;
  const pictures = [...document.querySelectorAll(".picture")];
  const drawings = [...document.querySelectorAll("main svg")].filter((one) => !pictures.includes(one));
  const parts = [...document.querySelectorAll("main section, main table"), ...drawings];
  const isCut = (one) => {
    const box = one.getBBox(), all = one.ownerSVGElement.viewBox.baseVal;
    return box.x < -1 || box.x + box.width > all.width + 1 || box.y + box.height > all.height + 1;
  };
  const isBeside = (one) => {
    const box = one.getBoundingClientRect();
    return box.left < 0 || box.right > root.clientWidth;
  };
  const texts = [...document.querySelectorAll(".picture text")].filter(shows);
  const boxes = texts.map((one) => one.getBoundingClientRect());
  const touch = (one, other) => one.left < other.right && other.left < one.right
    && one.top < other.bottom - 2 && other.top < one.bottom - 2;
  const shown = pictures.filter(shows);
  return {
    height: root.scrollHeight,
    overflow: root.scrollWidth - root.clientWidth,
    hidden: parts.filter((one) => !shows(one)).length,
    cut: [...document.querySelectorAll("svg text")].filter(shows).filter(isCut).map((one) => one.textContent),
    beside: [...document.querySelectorAll("svg, .legend li, .figures strong, input, caption span")]
      .filter(shows).filter(isBeside).map((one) => one.outerHTML),
    overlapping: texts.filter((_, at) => boxes.some((box, other) => other > at && touch(box, boxes[at])))
      .map((one) => one.textContent),
    pictures: [pictures.length, shown.length],
    scales: shown.map((one) => one.getBoundingClientRect().width / one.viewBox.baseVal.width),
    background: getComputedStyle(document.body).backgroundColor,
    focusable: [...document.querySelectorAll("a, [tabindex]")].filter((one) => one.tabIndex >= 0).length,
  };
"""


@dataclass(frozen=True)
class Visit:
    """What came of a visit: the document as it stood at the end, what the console said, and the addresses
    that the page asked for.
    """

    dom: str
    console: list[str]
    requests: list[str]

    @property
    def measured(self) -> Any:
        """What the script of `measurable` returned."""
        (found,) = re.findall(r'<pre id="measured">(.*?)</pre>', self.dom, re.DOTALL)
        return json.loads(unescape(found))


@dataclass(frozen=True)
class Browser:
    """A Chromium and a directory for its profile and pictures."""

    program: str
    directory: Path

    def visit(self, page: Path, *, size: tuple[int, int] = (1280, 900), dark: bool = False) -> Visit:
        """Open a page and read it back."""
        log = self.directory / "network.json"
        result = self._run(page, size, dark, "--dump-dom", f"--log-net-log={log}")
        console = re.findall(r"CONSOLE[^]]*\] (.*)", result.stderr)
        return Visit(result.stdout, console, requests_in(json.loads(log.read_text())))

    def ask(self, text: str, script: str, *, size: tuple[int, int] = (1280, 900), dark: bool = False) -> Any:
        """What a script returns that runs in a page with this text."""
        page = self.directory / "asked.html"
        page.write_text(measurable(text, script), encoding="utf-8")
        return self.visit(page, size=size, dark=dark).measured

    def printed(self, page: Path) -> bytes:
        """A page as a PDF."""
        path = self.directory / "printed.pdf"
        dark = False
        self._run(page, (1280, 900), dark, f"--print-to-pdf={path}")
        return path.read_bytes()

    def picture(self, page: Path, size: tuple[int, int], *, dark: bool = False) -> bytes:
        """A page as a PNG."""
        path = self.directory / "picture.png"
        self._run(page, size, dark, f"--screenshot={path}")
        return path.read_bytes()

    def _run(
        self, page: Path, size: tuple[int, int], dark: bool, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        command = [
            self.program,
            "--headless",
            # Root has no sandbox, and CI is root.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={self.directory / 'profile'}",
            f"--window-size={size[0]},{size[1]}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *arguments,
            page.as_uri(),
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
        assert result.returncode == 0, result.stderr
        return result


def requests_in(log: Any) -> list[str]:
    """The addresses that a page asked for, in a log of the network."""
    (begin,) = [
        kind for name, kind in log["constants"]["logEventTypes"].items() if name == "URL_REQUEST_START_JOB"
    ]
    begun = [event["params"] for event in log["events"] if event["type"] == begin and "params" in event]
    return [one["url"] for one in begun if "url" in one and one["initiator"] != "not an origin"]


def measurable(text: str, script: str = MEASURE) -> str:
    """A page in which a script runs when it has been loaded: the body of a function, whose result is kept."""
    allowed, rules = SECURITY.subn("", text)
    assert rules == 1
    added = f"""
<script>
addEventListener("load", () => {{
  const told = document.createElement("pre");
  told.textContent = JSON.stringify((() => {{{script}}})());
  told.id = "measured";
  document.body.append(told);
}});
</script>
"""
    return allowed.replace("</body>", f"{added}</body>")
