"""The JSON that `terraform show -json` prints of a plan or of a state, as far as vtap reads it.

The shape is declared here, and checked once, where a document is read: what reads on relies on it. Formats 0
and 1 have the same shape. What Terraform leaves out where it is empty, or did not have in older versions, has
a default. The arguments of a block may be anything that a provider declares, so that they are plain JSON.

Terraform's documentation: "JSON ConfigOutput Format".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StrictBool, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from vtaplib.errors import VtapError
from vtaplib.model.violation import dotted
from vtaplib.model.wording import shown

Json = dict[str, Any]
MANAGED: Final = "managed"
"""The mode of what Terraform makes; another is "data"."""


def _instance_key(value: Any) -> Any:
    if value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise PydanticCustomError("instance_key", "a whole number or a string")


def _unknowns(value: Any) -> Any:
    if not value or isinstance(value, dict):
        return value
    raise PydanticCustomError("unknowns", "an object, or false")


InstanceKey = Annotated[Any, BeforeValidator(_instance_key)]
"""What distinguishes the instances of one `count` or `for_each`; None where there is just one."""

_MOST_NESTED: Final = 50
"""Modules in each other; nobody nests ten."""
_CALL: Final = r'module\.[^\W\d][\w-]*(\[(\d{1,18}|"([^"\\]|\\.)*")\])?'
ModuleAddress = Annotated[str, Field(pattern=rf"^({_CALL}(\.{_CALL}){{0,{_MOST_NESTED - 1}}})?$")]
"""`module.net["a"].module.subnets`; "" for the root module."""


@dataclass(slots=True)
class PlannedChange:
    """What becomes of an object. A value that only the apply can know is true in `after_unknown`."""

    actions: list[str]
    before: Json | None = None
    after: Json | None = None
    after_unknown: Annotated[Any, BeforeValidator(_unknowns)] = None


@dataclass(slots=True)
class ResourceChange:
    """An object that a plan is about, whether it changes or not."""

    address: str
    type: str
    name: str
    change: PlannedChange
    mode: str = MANAGED
    index: InstanceKey = None
    module_address: ModuleAddress = ""
    deposed: str | None = None


@dataclass(slots=True)
class StateResource:
    """An object of a state."""

    address: str
    type: str
    name: str
    mode: str = MANAGED
    index: InstanceKey = None
    values: Json | None = None


@dataclass(slots=True)
class StateModule:
    """The objects of a module, and its child modules."""

    address: ModuleAddress = ""
    resources: list[StateResource] | None = None
    child_modules: list[StateModule] | None = None


@dataclass(slots=True)
class StateValues:
    """What is in a state."""

    root_module: StateModule | None = None


@dataclass(slots=True)
class ShownState:
    """A state."""

    values: StateValues | None = None


@dataclass(slots=True)
class ConfigOutput:
    """An output of a module, as it is written."""

    expression: Json | None = None
    depends_on: list[str] | None = None


@dataclass(slots=True)
class ConfigResource:
    """A block of the configuration. Its arguments are expressions, or blocks of such."""

    type: str
    name: str
    mode: str = MANAGED
    provider_config_key: str = ""
    expressions: Json | None = None
    for_each_expression: Json | None = None
    count_expression: Json | None = None
    provisioners: list[Json] | None = None
    depends_on: list[str] | None = None


@dataclass(slots=True)
class ModuleCall:
    """The call of a module, with what it calls."""

    module: ConfigModule | None = None
    expressions: Json | None = None
    for_each_expression: Json | None = None
    count_expression: Json | None = None
    depends_on: list[str] | None = None


@dataclass(slots=True)
class ConfigModule:
    """What is written in a module."""

    resources: list[ConfigResource] | None = None
    module_calls: dict[str, ModuleCall] | None = None
    outputs: dict[str, ConfigOutput] | None = None


@dataclass(slots=True)
class ProviderConfig:
    """The configuration of a provider."""

    module_address: str = ""
    expressions: Json | None = None


@dataclass(slots=True)
class ShownConfiguration:
    """What is written, in all modules."""

    root_module: ConfigModule | None = None
    provider_config: dict[str, ProviderConfig] | None = None


@dataclass(slots=True)
class Variable:
    """The value of a variable of the root module."""

    value: Any = None


@dataclass(slots=True)
class ShownDocument:
    """A plan (`resource_changes`, `planned_values`) or a state (`values`)."""

    format_version: str = ""
    values: StateValues | None = None
    planned_values: Json | None = None
    resource_changes: list[ResourceChange] | None = None
    prior_state: ShownState | None = None
    configuration: ShownConfiguration | None = None
    variables: dict[str, Variable] | None = None
    errored: StrictBool | None = None
    complete: StrictBool | None = None
    lineage: Any = None
    """Only the state file itself has one, which is another format."""


@cache
def _adapter() -> TypeAdapter[ShownDocument]:
    """What checks a document; it takes 0.1 s to make, and not every check has a plan."""
    return TypeAdapter(ShownDocument)


_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a string",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "dataclass_type": "an object",
    "string_pattern_mismatch": f"the address of a module, {_MOST_NESTED} deep at most",
}
"""What should be where pydantic found an error of a type."""


def parse_shown(name: str, content: bytes | str, how: str) -> ShownDocument:
    """The document in a file's content. Raises `VtapError`, which names the place, what is there and what
    should be, and ends in `how` to make a document.
    """
    parsed = parse_json(name, content, how)
    try:
        return _adapter().validate_python(parsed)
    except ValidationError as error:
        raise VtapError(f"{name}: {_trouble(error.errors(include_url=False)[0])}; {how}") from error


def parse_json(name: str, content: bytes | str, how: str) -> Any:
    """Any JSON in a file's content; as `parse_shown` otherwise."""
    try:
        return from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise VtapError(f"{name}: {json_trouble(str(error))}; {how}") from error


def json_trouble(said: str) -> str:
    """What is wrong with JSON, from what the parser says: a problem, then "at line … column …"."""
    problem, _, place = said.rpartition(" at line ")
    at = f"line {place.replace(' column', ', column')}"
    if problem.startswith("EOF"):
        return f"is cut off at {at}"
    if problem.startswith("recursion limit"):
        return f"is nested too deeply at {at}"
    return f"is not JSON ({problem} at {at})"


def _trouble(error: ErrorDetails) -> str:
    path = error["loc"]
    if error["type"] == "missing":
        return f"{dotted(path[:-1]) or 'the document'} has no {path[-1]}"
    expected = _EXPECTED.get(error["type"], error["msg"])
    return f"{dotted(path) or 'the document'} is {shown(error['input'])}, not {expected}"
