"""Every environment variable that the provider reads, garbled: it is named, or does no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provider_shim import wire
from provider_shim.derivation import data_source_schema
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.lifecycle import Provider
from provider_shim.types import DATA_SOURCES
from provider_shim.values import object_type
from tests.provider_shim.configurations import SUBSCRIPTION, Values
from tests.provider_shim.launching import (
    PATIENCE,
    clean_environment,
    client_certificate,
    plugin,
    write_launcher,
)

NO_TEXT = os.fsdecode(b"\xff\xfe")
LONG = "x" * 5000
NAMED = {
    # Variables whose values are checked, with values that are wrong.
    "VTAP_ENDPOINT": ["nowhere", "file:", "http://localhost", NO_TEXT, LONG],
    "ARM_SUBSCRIPTION_ID": ["1", SUBSCRIPTION + "0", NO_TEXT, LONG],
    "ARM_TENANT_ID": ["contoso", NO_TEXT, LONG],
    "ARM_CLIENT_ID": [NO_TEXT],
    "VTAP_POLICY_TAP_MTU": ["many"],
    "VTAP_POLICY_NO_SUCH_SETTING": ["1"],
    "VTAP_POLICY_": ["1"],
    "VTAP_POLICY_SNAPLEN": ["-1", NO_TEXT, LONG],
}
HARMLESS = {
    "TMPDIR": ["", "/does/not/exist", "/dev/null", "relative", "/dev/a|b", "/dev/a\nb", NO_TEXT, LONG],
    "TF_LOG": ["LOUD", NO_TEXT, LONG],
    "TF_LOG_PROVIDER": ["LOUD", NO_TEXT],
    "HOME": ["", "/does/not/exist", NO_TEXT],
    "GRPC_VERBOSITY": ["LOUD"],
    "GRPC_TRACE": ["everything"],
    "PLUGIN_PROTOCOL_VERSIONS": ["", "six", NO_TEXT],
    "PLUGIN_MIN_PORT": ["many"],
    "PLUGIN_MAX_PORT": ["-1"],
    "ARM_CLIENT_ID": ["not a GUID", LONG],
    "ARM_ENVIRONMENT": ["mars", NO_TEXT],
    "VTAP_UNHEARD_OF": [NO_TEXT],
}
# PLUGIN_CLIENT_CERT has a table of its own in test_launch.py: nothing can be said over TLS without it.


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    return write_launcher(tmp_path / "terraform-provider-vtap", "provider_shim.__main__")


def configured(launcher: Path, directory: Path, variable: str, value: str) -> tuple[list[pb.Diagnostic], str]:
    """What a launched provider says when Terraform configures it and reads who it is, and what it logged."""
    environment = clean_environment(ARM_SUBSCRIPTION_ID=SUBSCRIPTION) | {variable: value}
    environment.setdefault("VTAP_ENDPOINT", f"file:{directory / 'cloud.db'}")
    block = Provider().provider_schema().block
    empty: Values = {one.name: None for one in block.attributes} | {one.name: [] for one in block.blocks}
    who = data_source_schema(DATA_SOURCES["azurerm_client_config"])
    with plugin(launcher, environment, client_certificate()) as started:
        assert started.line.startswith("1|6|unix|"), started.line
        said = started.call(
            "ConfigureProvider",
            pb.ConfigureProvider.Request(config=wire.value_to_proto(empty, object_type(block))),
        )
        found = list(said.diagnostics)
        if not found:
            asked = {one.name: None for one in who.block.attributes} | {"timeouts": None}
            request = pb.ReadDataSource.Request(
                type_name="azurerm_client_config", config=wire.value_to_proto(asked, object_type(who.block))
            )
            found += started.call("ReadDataSource", request).diagnostics
        started.shut_down()
        out, log = started.process.communicate(timeout=PATIENCE)
        assert (started.process.returncode, out) == (0, "")
    return found, log


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("variable", "value"), [(variable, value) for variable, values in NAMED.items() for value in values]
)
def test_a_variable_that_is_wrong_is_named(launcher: Path, tmp_path: Path, variable: str, value: str) -> None:
    found, log = configured(launcher, tmp_path, variable, value)
    assert found
    name = variable.removeprefix("VTAP_POLICY_").lower()
    assert all(name in f"{one.summary} {one.detail}".lower() for one in found), found
    assert not any("bug" in one.detail for one in found)
    assert "Traceback" not in log
    assert "panic" not in log


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("variable", "value"), [(variable, value) for variable, values in HARMLESS.items() for value in values]
)
def test_a_variable_that_says_nothing_to_the_provider_does_no_harm(
    launcher: Path, tmp_path: Path, variable: str, value: str
) -> None:
    found, log = configured(launcher, tmp_path, variable, value)
    assert not found
    assert "Traceback" not in log
    assert "panic" not in log
