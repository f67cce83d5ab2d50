"""Where the `vtap` command begins, also as `python -m vtaplib`.

It imports next to nothing. While the rest is imported there is nothing to undo, so that Ctrl-C ends it at
once.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that the process's arguments give, and end the process."""
    # Where a parent has it ignored it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from vtaplib.cli import main as run

    run()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # As `ExitCode.INTERRUPTED`, which is not imported yet.
    os._exit(128 + number)


if __name__ == "__main__":
    main()
