"""Log lines that Terraform understands: one JSON object per line on stderr (hclog's format).

Terraform panics on a line whose `@message`, `@level` or `@timestamp` is not a string, logging on or off;
and it splits lines over 64 KiB. So a line is only ever made here, from strings, cut short.
"""

from __future__ import annotations

import os
from typing import Final, Literal

Level = Literal["trace", "debug", "info", "warn", "error"]

# Six times this (JSON escapes a character with up to six, outside the BMP with twelve for what Python
# counts as one) stays under the 64 KiB for a message and one long field.
_LONGEST_TEXT: Final = 2_500
_STDERR: Final = 2

# Terraform drops what it does not show, but only after reading it: a line per call is written on demand only.
verbose: Final = any(os.environ.get(name) for name in ("TF_LOG", "TF_LOG_PROVIDER"))


def log(level: Level, message: str, **fields: object) -> None:
    """Write one line. Never raises: a closed stderr is no reason to fail."""
    import json
    from datetime import UTC, datetime

    line: dict[str, str] = {
        "@level": level,
        "@message": str(message)[:_LONGEST_TEXT],
        "@module": "vtap",
        "@timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    line |= {name: str(value)[:_LONGEST_TEXT] for name, value in fields.items()}
    try:
        os.write(_STDERR, json.dumps(line).encode() + b"\n")
    except OSError:
        return
