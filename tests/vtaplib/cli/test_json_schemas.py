"""What commands print with `--json` holds to the published schemas, and has no field that these leave out."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from docs.schemas import REPORTS
from tests.vtaplib.cli.captures import records_of
from tests.vtaplib.cli.collecting import collecting, mirrored
from tests.vtaplib.cli.command import CAPTURE, ROOT, Vtap
from vtaplib.cli.application import app_for

SCHEMAS = ROOT / "docs" / "schemas"
RECORDS = sorted((ROOT / "tests" / "vtaplib" / "cli" / "json_documents").glob("*.json"))


def closed(schema: Any) -> Any:
    """A schema that allows no field which it does not describe."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(one) for name, one in schema.items()}
    return {"additionalProperties": False, **made} if "properties" in schema else made


def hold(command: str, document: Any) -> None:
    """Hold a document to the schema of a command."""
    schema = json.loads((SCHEMAS / f"{command}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, closed(schema))


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.stem)
def test_a_recorded_document_holds_to_the_schema_of_its_command(record: Path) -> None:
    hold(record.stem.partition("-")[0], json.loads("\n".join(json.loads(record.read_text())["printed"])))


def test_an_installation_holds_to_its_schema(vtap: Vtap) -> None:
    hold("install", vtap("install", "--to", "mirror", "--json").document)


def test_what_was_sent_and_collected_holds_to_its_schema(vtap: Vtap) -> None:
    frames = [frame for _, frame in records_of(CAPTURE)][:20]
    with collecting(vtap, "--write", "taken.pcapng", "--stage", "dedup=50ms", "--json") as collector:
        collector.send(*map(mirrored, frames), b"no copy")
        address, port = collector.address
        to = f"{address}:{port}"
        hold("send", vtap("send", CAPTURE, "--vni", "7", "--to", to, "--top-speed", "--json").document)
        hold("collect", collector.end().document)


def test_what_was_not_sent_holds_to_the_schema_too(vtap: Vtap) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        to = f"127.0.0.1:{unused.getsockname()[1]}"
    command = ("send", CAPTURE, "--vni", "7", "--to", to, "--count", "20", "--rate", "100pps", "--json")
    hold("send", vtap(*command, code=1).document)


def test_every_command_that_prints_a_document_has_a_schema() -> None:
    commands = {one.name or getattr(one.callback, "__name__", "") for one in app_for([]).registered_commands}
    groups = {one.typer_instance.info.name for one in app_for([]).registered_groups if one.typer_instance}
    assert set(REPORTS) == (commands | groups) - {"terraform"}
