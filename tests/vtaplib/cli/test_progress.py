"""The bar that says how far a capture has been read: on a terminal, and nowhere else."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import CAPTURE, PATIENCE_SECONDS, VTAP, Vtap


def drawn(vtap: Vtap, *arguments: str | Path) -> str:
    """What a command draws on a terminal at its standard error."""
    terminal, end = os.openpty()
    process = subprocess.Popen(
        [VTAP, *arguments],
        cwd=vtap.directory,
        env={**vtap.environment, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=end,
    )
    os.close(end)
    pieces = []
    try:
        # Linux says that the other end is gone with an error (EIO).
        while piece := os.read(terminal, 4096):
            pieces.append(piece)
    except OSError:
        pass
    finally:
        os.close(terminal)
    assert process.wait(PATIENCE_SECONDS) == 0
    return b"".join(pieces).decode()


@pytest.mark.parametrize(
    ("doing", "arguments"),
    [
        ("estimating", ("estimate", "CAPTURE", "--cloud", "CLOUD")),
        ("replaying", ("replay", "CAPTURE", "--cloud", "CLOUD")),
        ("comparing", ("diff", "CAPTURE", "--before", "CLOUD", "--after", "CLOUD")),
    ],
)
def test_a_bar_follows_the_file_to_its_end(
    vtap: Vtap, quickstart: Path, tmp_path: Path, doing: str, arguments: tuple[str, ...]
) -> None:
    zipped = tmp_path / "traffic.pcap.gz"
    zipped.write_bytes(gzip.compress(CAPTURE.read_bytes()))
    names = {"CLOUD": quickstart}
    for capture in (CAPTURE, zipped):
        text = drawn(vtap, *({**names, "CAPTURE": capture}.get(one, one) for one in arguments))
        assert doing in text
        # Zipped or not, the end is that of the file.
        size = capture.stat().st_size
        read, whole = re.findall(r"([\d.]+)/([\d.]+) [kM]B", text)[-1]
        assert read == whole == (f"{size / 1e6:.1f}" if size >= 1e6 else f"{size / 1e3:.1f}")


def test_there_is_no_bar_where_nobody_looks(vtap: Vtap, quickstart: Path) -> None:
    assert vtap("estimate", CAPTURE, "--cloud", quickstart).stderr == ""
