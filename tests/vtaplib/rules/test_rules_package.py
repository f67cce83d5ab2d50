"""The package of rules: importing it makes the rules of every type complete."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import vtaplib.rules
from vtaplib import NetworkInterface, VirtualMachine
from vtaplib.model.ids import label
from vtaplib.model.policy import Policy
from vtaplib.model.resource import Resource
from vtaplib.model.rule import Findings, Rule, rule
from vtaplib.model.view import View
from vtaplib.model.violation import ErrorCode
from vtaplib.resources import LinuxVirtualMachine

MODULES = [one.name for one in pkgutil.iter_modules(vtaplib.rules.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_with_rules_is_loaded_with_the_package(name: str) -> None:
    module = importlib.import_module(f"vtaplib.rules.{name}")
    has_rules = any(isinstance(one, Rule) for one in vars(module).values())
    assert has_rules == (name in vtaplib.rules.__all__)


class Crate(Resource):
    """A type to attach rules to."""

    id_format = "/crates/{name}"

    name: str
    """Its name."""

    @rule(ErrorCode.INVALID_REQUEST_CONTENT)
    def own(self, view: View, policy: Policy) -> Findings:
        """It is well by itself."""
        yield from ()


class HeavyCrate(Crate):
    """A subtype with a rule of its own."""

    @rule(ErrorCode.INVALID_REQUEST_CONTENT)
    def heavy(self, view: View, policy: Policy) -> Findings:
        """It is heavy."""
        yield from ()


def test_a_rule_is_attached_to_subtypes_too_after_those_of_the_type_and_before_theirs() -> None:
    assert list(HeavyCrate.rules()) == ["own", "heavy"]

    @rule(ErrorCode.INVALID_REQUEST_CONTENT, on=Crate)
    def between(self: Crate, view: View, policy: Policy) -> Findings:
        """It stands on another."""
        yield ("name",), label(self.id), "name it otherwise"

    assert list(Crate.rules()) == ["own", "between"]
    assert list(HeavyCrate.rules()) == ["own", "between", "heavy"]
    assert HeavyCrate.rules()["between"].what == "It stands on another."
    Crate.order_rules(["between"])
    assert list(HeavyCrate.rules()) == ["between", "own", "heavy"]
    with pytest.raises(AssertionError, match="Crate has a rule between already"):
        Crate.attach(between)


def test_a_rule_on_several_types_is_one() -> None:
    name = "tapped_machine_has_a_supported_size"
    assert LinuxVirtualMachine.rules()[name] is VirtualMachine.rules()[name]
    assert name not in NetworkInterface.rules()
