"""Log lines, as Terraform's parser needs them."""

from __future__ import annotations

import json
import os
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider_shim.log import log


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.text(), value=st.none() | st.integers() | st.text())
def test_a_line_is_json_with_string_values(
    capfd: pytest.CaptureFixture[str], message: str, value: object
) -> None:
    log("warn", message, value=value)
    (line,) = capfd.readouterr().err.splitlines()
    record = json.loads(line)
    assert record["@message"] == message
    assert all(type(entry) is str for entry in record.values())
    datetime.strptime(record["@timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")


def test_the_longest_line_is_under_the_limit_where_terraform_splits(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log("error", "\U0001f4a9" * 1_000_000, frames="\U0001f4a9" * 1_000_000)
    assert len(capfd.readouterr().err) < 65_536


def test_a_closed_stderr_is_no_failure() -> None:
    saved = os.dup(2)
    os.close(2)
    try:
        log("info", "nobody hears this")
    finally:
        os.dup2(saved, 2)
        os.close(saved)
