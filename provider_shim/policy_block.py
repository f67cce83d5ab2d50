"""The provider's `policy` block: an argument for every setting, over what the environment sets.

Beside it, `VTAP_POLICY_` and a setting's name in upper case sets the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity
from provider_shim.schema import Attribute, NestedBlock, Nesting, SchemaBlock, Type
from vtaplib.errors import VtapError
from vtaplib.model.documentation import class_descriptions
from vtaplib.model.policy import (
    SETTINGS,
    Number,
    Policy,
    Setting,
    Switch,
    Toggle,
    Words,
    environment_settings,
    read_policy,
    setting_text,
)
from vtaplib.model.unknown import UNKNOWN

NAME: Final = "policy"
TYPES: Final[Mapping[type[Setting], Type]] = {
    Switch: "string",
    Toggle: "bool",
    Number: "number",
    Words: ["list", "string"],
}


def policy_block() -> NestedBlock:
    """The block's schema: what a setting may be is its attribute's type, what it means its description."""
    texts = class_descriptions(Policy)
    attributes = tuple(
        Attribute(name, TYPES[type(setting)], optional=True, description=texts.get(name, ""))
        for name, setting in sorted(SETTINGS.items())
    )
    description = (
        "Settings for what Azure does not document, and for its limits. Every setting has a default."
    )
    return NestedBlock(NAME, Nesting.LIST, SchemaBlock(attributes, description=description), max_items=1)


def read_policy_block(
    block: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[Policy, list[Diagnostic]]:
    """The policy of a block; the default policy with what is wrong with it."""
    try:
        texts = environment_settings(environment)
        read_policy(texts, "in the environment: ")
    except VtapError as error:
        return Policy(), [Diagnostic(DiagnosticSeverity.ERROR, "Wrong policy in the environment", str(error))]
    wrong = []
    for name in SETTINGS:
        value = block.get(name)
        if value is None:
            continue
        try:
            texts[name] = _text(name, value)
            read_policy({name: texts[name]})
        except VtapError as error:
            wrong.append(Diagnostic(DiagnosticSeverity.ERROR, "Wrong policy", str(error), (NAME, 0, name)))
    return (Policy(), wrong) if wrong else (read_policy(texts), [])


def _text(name: str, value: Any) -> str:
    if value is UNKNOWN or (isinstance(value, list) and UNKNOWN in value):
        raise VtapError(f"policy: {name} is not known yet; give it a value that depends on no resource")
    return setting_text(tuple(value) if isinstance(value, list) else value)
