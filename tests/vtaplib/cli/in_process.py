"""The `vtap` command in this process, with streams of its own: hundreds of times a minute."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from vtaplib import cli
from vtaplib.cli.standard_streams import set_up_streams


@dataclass(frozen=True)
class Printed:
    """What a command printed, and its exit code."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


def run(capfd: pytest.CaptureFixture[str], arguments: Sequence[str]) -> Printed:
    """Run a command. What an exception of ours would be, is one."""
    streams = sys.stdin, sys.stdout, sys.stderr
    capfd.readouterr()
    set_up_streams()
    try:
        code = cli._run(list(arguments))
        sys.stderr.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    out, err = capfd.readouterr()
    return Printed(tuple(arguments), code, out, err)
