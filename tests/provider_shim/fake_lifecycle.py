"""A provider with one resource type and its data source, kept in a JSON file, as an executable that Terraform
can start.

`fake_note` has one attribute of most kinds. Its objects live in the file that $FAKE_NOTES names, because
Terraform starts several processes per command. Faults are asked for by the text of a note: "raise",
"invalid".
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key
from provider_shim.launch import finish, run
from provider_shim.results import (
    ApplyResult,
    DataResult,
    ImportResult,
    MoveResult,
    PlanResult,
    ReadResult,
    Values,
)
from provider_shim.schema import (
    Attribute,
    IdentityAttribute,
    IdentitySchema,
    NestedBlock,
    Nesting,
    Schema,
    SchemaBlock,
)
from vtaplib.model.unknown import UNKNOWN

NOTE = "fake_note"
NOTE_SCHEMA = Schema(
    SchemaBlock(
        attributes=(
            Attribute("id", "string", computed=True),
            Attribute("title", "string", required=True),
            Attribute("text", "string", optional=True),
            Attribute("weight", "number", optional=True),
            Attribute("done", "bool", optional=True, computed=True),
            Attribute("tags", ["map", "string"], optional=True),
            Attribute("labels", ["set", "string"], optional=True),
            Attribute("anything", "dynamic", optional=True),
        ),
        blocks=(
            NestedBlock(
                "item",
                Nesting.LIST,
                SchemaBlock(
                    (Attribute("name", "string", required=True), Attribute("number", "number", computed=True))
                ),
            ),
            NestedBlock(
                "timeouts", Nesting.SINGLE, SchemaBlock((Attribute("create", "string", optional=True),))
            ),
        ),
    ),
    version=2,
)
LOOKUP_SCHEMA = Schema(
    SchemaBlock(
        (
            Attribute("id", "string", computed=True),
            Attribute("title", "string", required=True),
            Attribute("length", "number", computed=True),
        )
    )
)
PROVIDER_SCHEMA = Schema(SchemaBlock((Attribute("file", "string", optional=True),)))


class FakeLifecycle:
    """Notes in a file: titles identify them, and a new title is a new note."""

    def __init__(self) -> None:
        self._file = Path(os.environ.get("FAKE_NOTES", "notes.json"))
        self.configured: list[Values] = []
        self.stopped = 0
        if "FAKE_PRINT_LATER" in os.environ:
            print("noise from the lifecycle", flush=True)

    @contextmanager
    def _notes(self) -> Iterator[dict[str, Any]]:
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            notes = json.loads(self._file.read_text()) if self._file.exists() else {}
            yield notes
            self._file.write_text(json.dumps(notes))

    def provider_schema(self) -> Schema:
        return PROVIDER_SCHEMA

    def resource_schemas(self) -> Mapping[str, Schema]:
        return {NOTE: NOTE_SCHEMA}

    def identity_schemas(self) -> Mapping[str, IdentitySchema]:
        return {NOTE: IdentitySchema((IdentityAttribute("title"),))}

    def resource_schema(self, type_name: str) -> Schema:
        return {NOTE: NOTE_SCHEMA}[type_name]

    def validate_provider_config(self, config: Values) -> list[Diagnostic]:
        return []

    def configure(self, config: Values, terraform_version: str) -> list[Diagnostic]:
        self.configured.append(config)
        return []

    def stop(self) -> None:
        self.stopped += 1

    def close(self) -> None:
        pass

    def validate_resource_config(
        self, type_name: str, config: Values, *, write_only_allowed: bool
    ) -> list[Diagnostic]:
        tags = config["tags"]
        if tags is None or tags is UNKNOWN:
            return []
        return [
            Diagnostic(
                DiagnosticSeverity.ERROR, "Forbidden tag", f"{key} is not allowed.", ("tags", Key(key))
            )
            for key in tags
            if key == "forbidden"
        ]

    def upgrade(self, type_name: str, version: int, state: Values) -> tuple[Values | None, list[Diagnostic]]:
        if version == 1:
            state["text"] = state.pop("body", None)
        return state, []

    def upgrade_identity(
        self, type_name: str, version: int, identity: Values | None
    ) -> tuple[Values | None, list[Diagnostic]]:
        return identity, []

    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult:
        with self._notes() as notes:
            known = state is not None and state["title"] in notes
        return ReadResult(state if known else None)

    def plan(
        self,
        type_name: str,
        prior: Values | None,
        proposed: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> PlanResult:
        if proposed is None:
            return PlanResult(None)
        if proposed["text"] == "raise":
            raise RuntimeError("asked to raise")
        planned = proposed | {"id": proposed["title"]}
        if planned["text"] == "invalid":
            planned["text"] = ["not", "a", "string"]
        if planned["done"] is None:
            planned["done"] = UNKNOWN
        if planned["item"] is not UNKNOWN:
            planned["item"] = [item | {"number": number} for number, item in enumerate(planned["item"])]
        replace = [("title",)] if prior is not None and prior["title"] != planned["title"] else []
        return PlanResult(planned, replace, private=b"planned", identity={"title": planned["title"]})

    def apply(
        self,
        type_name: str,
        prior: Values | None,
        planned: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> ApplyResult:
        with self._notes() as notes:
            if planned is None:
                assert prior is not None
                notes.pop(prior["title"], None)
                return ApplyResult(None)
            new = planned | {"done": False if planned["done"] is UNKNOWN else planned["done"]}
            notes[new["title"]] = len(new["text"] or "")
        return ApplyResult(new)

    def import_resource(self, type_name: str, id_: str, identity: Values | None, /) -> ImportResult:
        title = identity["title"] if identity else id_
        with self._notes() as notes:
            if title not in notes:
                return ImportResult(None)
        empty: Values = {attribute.name: None for attribute in NOTE_SCHEMA.block.attributes}
        state = empty | {"id": title, "title": title, "item": [], "timeouts": None}
        return ImportResult(state, identity={"title": title})

    def generate_config(self, type_name: str, state: Values) -> Values:
        return state | {"id": None, "done": None, "timeouts": None}

    def move(
        self,
        source_type_name: str,
        source_provider: str,
        source_version: int,
        state: Values,
        target_type_name: str,
        identity: Values | None,
    ) -> MoveResult:
        return MoveResult(state)

    def data_source_schemas(self) -> Mapping[str, Schema]:
        return {NOTE: LOOKUP_SCHEMA}

    def data_source_schema(self, type_name: str) -> Schema:
        return self.data_source_schemas()[type_name]

    def validate_data_source_config(self, type_name: str, config: Values) -> list[Diagnostic]:
        return (
            [Diagnostic(DiagnosticSeverity.ERROR, "No title", path=("title",))]
            if config["title"] == ""
            else []
        )

    def read_data_source(self, type_name: str, config: Values) -> DataResult:
        with self._notes() as notes:
            if config["title"] not in notes:
                return DataResult(
                    None, [Diagnostic(DiagnosticSeverity.ERROR, "No such note", path=("title",))]
                )
            return DataResult(config | {"id": config["title"], "length": notes[config["title"]]})


def load() -> FakeLifecycle:
    """What Terraform's executable loads; $FAKE_CRASH asks for a failing import, $FAKE_WAITS_FOR names a pipe
    that somebody writes to when it may load.
    """
    if waits_for := os.environ.get("FAKE_WAITS_FOR"):
        Path(waits_for).read_bytes()
    if "FAKE_CRASH" in os.environ:
        import no_such_module_as_this  # type: ignore[import-not-found]  # noqa: F401  # it is missing on purpose
    return FakeLifecycle()


def main() -> None:
    """Run the fake provider as Terraform starts it."""
    finish(run(sys.argv[1:], load))


if __name__ == "__main__":
    main()
