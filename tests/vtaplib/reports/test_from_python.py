"""The program in docs/reports.md, as it stands there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.vtaplib.cli.clouds import write_quickstart
from tests.vtaplib.cli.command import CAPTURE, ROOT
from tests.vtaplib.reports.page.reading import Page

PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_program_on_the_page_writes_a_page_and_prints_the_report(tmp_path: Path) -> None:
    (program,) = PROGRAM.findall((ROOT / "docs" / "reports.md").read_text())
    (tmp_path / ".vtap").mkdir()
    write_quickstart(tmp_path / ".vtap" / "cloud.db")
    shutil.copy(CAPTURE, tmp_path / "traffic.pcap")
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stderr == ""
    assert json.loads(result.stdout)["read"]["frames"] == 1450
    page = Page.of((tmp_path / "traffic.html").read_text(encoding="utf-8"))
    assert page.rows("What each collector gets, in outer frames")[0][0] == "nic-collector"
