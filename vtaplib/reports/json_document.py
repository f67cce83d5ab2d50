"""A report as a JSON document, and the schema of such documents.

The document says all that the report says, by the names of its fields. It may be shown on a terminal: what
would steer one is escaped. A schema has a version, which goes up when it no longer holds for older documents.
"""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from reprlib import repr as excerpt
from typing import Any, Final

from vtaplib.errors import WrongTypeError
from vtaplib.visible_text import map_texts, replace_hidden, spelled_out

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def json_text(report: object) -> str:
    """A dataclass as an indented document. Names that are no UTF-8 have their bytes escaped in it."""
    if not is_dataclass(report) or isinstance(report, type):
        raise WrongTypeError(
            f"a report is {excerpt(report)}, of type {type(report).__name__}; give a dataclass"
        )
    # Only here: the rest of vtap does without pydantic, which costs 100 ms at start.
    from pydantic import TypeAdapter

    text = TypeAdapter(type(report)).dump_json(map_texts(report, _encodable), indent=2)
    return visible_json(text.decode())


def json_schema(kind: type, name: str, version: int) -> dict[str, Any]:
    """The schema, in JSON Schema's draft of 2020-12, of the documents of a report of this kind."""
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    class ReportSchema(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: object) -> bool:
            """No: a title would say the name of the field again."""
            return False

    schema = TypeAdapter(kind).json_schema(mode="serialization", schema_generator=ReportSchema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:vtap:{name}:{version}",
        **schema,
        "title": f"vtap {name} --json, version {version}",
    }


def visible_json(text: str) -> str:
    """A JSON document that says the same, and may be shown on a terminal."""
    return replace_hidden(text, _json_escape)


def _encodable(text: str) -> str:
    return _SURROGATE.sub(lambda found: spelled_out(found[0]), text)


def _json_escape(one: str) -> str:
    units = one.encode("utf-16", "surrogatepass")[2:]
    return "".join(f"\\u{unit:04x}" for unit in memoryview(units).cast("H"))
