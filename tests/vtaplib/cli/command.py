"""The `vtap` command as its users run it: a process of its own, in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vtaplib.cli.fork_server import ForkServer

ROOT = Path(__file__).resolve().parents[3]
CAPTURE = ROOT / "tests" / "captures" / "quickstart.pcap"
EXAMPLES = ROOT / "terraform-examples"
VTAP = Path(sys.executable).with_name("vtap")

FORK_SERVERS: list[ForkServer] = []
"""The one that commands are forked from, where `conftest.py` has started it."""

# Generous: a machine that runs other tests too is slow at times.
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Vtap:
    """Runs `vtap` in a directory, with a home that is not the user's."""

    directory: Path
    environment: Mapping[str, str]
    from_nothing: bool = False
    """Whether Python starts for each command, and imports only what that needs; it takes much longer."""

    @classmethod
    def in_directory(cls, directory: Path) -> Vtap:
        """The command in a fresh world: nothing of the user's settings reaches it."""
        foreign = ("TF_", "ARM_", "VTAP_", "XDG_", "PYTHON", "COLUMNS", "FORCE_COLOR")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        home = directory / "home"
        home.mkdir(parents=True, exist_ok=True)
        return cls(directory, kept | {"HOME": str(home), "CHECKPOINT_DISABLE": "1"})

    def __call__(
        self, *arguments: str | Path, code: int = 0, stdin: bytes = b"", **environment: str
    ) -> Outcome:
        """Run a command and check its exit code; no command ever shows a traceback."""
        result = None
        if FORK_SERVERS and not environment and not self.from_nothing:
            words = [str(one) for one in arguments]
            result = FORK_SERVERS[0].maybe_run(words, self.directory, self.environment, stdin)
        result = result or subprocess.run(
            [VTAP, *arguments],
            cwd=self.directory,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        outcome = Outcome(result.returncode, result.stdout.decode(), result.stderr.decode())
        assert "Traceback" not in outcome.stderr + outcome.stdout, outcome.stderr
        assert outcome.code == code, f"exit code {outcome.code}:\n{outcome.stdout}\n{outcome.stderr}"
        return outcome

    def refuses(self, *arguments: str | Path, **environment: str) -> str:
        """Run a command that cannot run; return the one line that says why."""
        outcome = self(*arguments, code=2, stdin=b"", **environment)
        assert outcome.stdout == ""
        assert outcome.stderr.startswith("vtap: ")
        assert outcome.stderr.count("\n") == 1, outcome.stderr
        return outcome.stderr.removeprefix("vtap: ").rstrip("\n")
