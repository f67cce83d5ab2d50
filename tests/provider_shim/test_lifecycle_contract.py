"""The checks of Terraform's contract itself: an honest provider passes, each broken rule is caught."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from provider_shim.diagnostics import Diagnostic, DiagnosticSeverity, Key, Path
from provider_shim.results import ApplyResult, ImportResult, MoveResult, PlanResult, ReadResult
from provider_shim.schema import (
    Attribute,
    IdentityAttribute,
    IdentitySchema,
    NestedBlock,
    Nesting,
    Schema,
    SchemaBlock,
    Type,
)
from tests.fake_core import ContractError, Object, RefusedError, Terraform
from tests.fake_core_rules import proposed_new, result_problems
from vtaplib.model.unknown import UNKNOWN

Values = dict[str, Any]
OBJECTS: Type = ["set", ["object", {"name": "string", "given": "string"}]]
BLOCK = SchemaBlock(
    (
        Attribute("id", "string", computed=True),
        Attribute("name", "string", required=True),
        Attribute("size", "number", optional=True, computed=True),
        Attribute("note", "string", optional=True),
        Attribute("secret", "string", optional=True, write_only=True),
        Attribute("tags", ["map", "string"], optional=True),
        Attribute("zones", ["set", "string"], optional=True),
        Attribute("parts", OBJECTS, optional=True, computed=True),
    ),
    (
        NestedBlock(
            "item",
            Nesting.LIST,
            SchemaBlock(
                (Attribute("key", "string", required=True), Attribute("made", "string", computed=True))
            ),
        ),
        NestedBlock(
            "mark",
            Nesting.SET,
            SchemaBlock(
                (Attribute("key", "string", required=True), Attribute("made", "string", computed=True))
            ),
        ),
        NestedBlock("timeouts", Nesting.SINGLE, SchemaBlock((Attribute("read", "string", optional=True),))),
    ),
)
CONFIG: Values = {
    "id": None,
    "name": "a",
    "size": None,
    "note": "text",
    "secret": "word",
    "tags": {"k": "v"},
    "zones": ["2", "1"],
    "parts": [{"name": "p", "given": None}],
    "item": [{"key": "x", "made": None}],
    "mark": [{"key": "y", "made": None}],
    "timeouts": {"read": None},
}
THING = "thing"


class Honest:
    """A provider of one type that keeps the contract; a name is its ID, and another name another object."""

    def __init__(self, world: dict[str, Values]) -> None:
        self.world = world

    def provider_schema(self) -> Schema:
        return Schema(SchemaBlock(()))

    def resource_schemas(self) -> Mapping[str, Schema]:
        return {THING: Schema(BLOCK)}

    def resource_schema(self, type_name: str) -> Schema:
        return Schema(BLOCK)

    def identity_schemas(self) -> Mapping[str, IdentitySchema]:
        return {THING: IdentitySchema((IdentityAttribute("name"),))}

    def validate_provider_config(self, config: Values) -> list[Diagnostic]:
        return []

    def configure(self, config: Values, terraform_version: str) -> list[Diagnostic]:
        return []

    def stop(self) -> None: ...

    def close(self) -> None: ...

    def validate_resource_config(
        self, type_name: str, config: Values, *, write_only_allowed: bool
    ) -> list[Diagnostic]:
        return []

    def upgrade(self, type_name: str, version: int, state: Values) -> tuple[Values | None, list[Diagnostic]]:
        return state, []

    def upgrade_identity(
        self, type_name: str, version: int, identity: Values | None
    ) -> tuple[Values | None, list[Diagnostic]]:
        return identity, []

    def read(
        self, type_name: str, state: Values | None, private: bytes, identity: Values | None
    ) -> ReadResult:
        known = state is not None and state["id"] in self.world
        return ReadResult(state if known else None, private, identity)

    def plan(
        self,
        type_name: str,
        prior: Values | None,
        proposed: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> PlanResult:
        if proposed is None or config is None:
            return PlanResult(None)
        planned = copy.deepcopy(proposed) | {"secret": None}
        if prior is None:
            planned |= {"id": planned["name"], "size": UNKNOWN}
            for name in ("item", "mark"):
                if planned[name] is not UNKNOWN:
                    planned[name] = [one | {"made": UNKNOWN} for one in planned[name]]
        filled = planned["parts"] != (prior or {}).get("parts") and bool(config["parts"])
        if filled:
            planned["parts"] = [one | {"given": "g"} for one in config["parts"]]
            filled = prior is None or prior["parts"] != planned["parts"]
        changed = prior is not None and prior["name"] != planned["name"]
        replaced = [("name",)] if changed else []
        return PlanResult(planned, replaced, private, {"name": planned["name"]}, legacy_type_system=filled)

    def apply(
        self,
        type_name: str,
        prior: Values | None,
        planned: Values | None,
        config: Values | None,
        private: bytes,
        identity: Values | None,
    ) -> ApplyResult:
        if planned is None:
            assert prior is not None
            self.world.pop(prior["id"], None)
            return ApplyResult(None)
        state = copy.deepcopy(planned)
        state["size"] = 7 if state["size"] is UNKNOWN else state["size"]
        for one in (*state["item"], *state["mark"]):
            one["made"] = "m" if one["made"] is UNKNOWN else one["made"]
        self.world[state["id"]] = state
        return ApplyResult(state, private, identity)

    def import_resource(self, type_name: str, id_: str, identity: Values | None, /) -> ImportResult:
        if id_ not in self.world:
            return ImportResult(None, diagnostics=[Diagnostic(DiagnosticSeverity.ERROR, "Not there")])
        return ImportResult(self.world[id_], b"", {"name": id_})

    def generate_config(self, type_name: str, state: Values) -> Values:
        raise NotImplementedError

    def move(self, *_: Any) -> MoveResult:
        raise NotImplementedError


Fault = Callable[[Any], Any]


class Faulty(Honest):
    """An honest provider, one of whose answers is spoilt."""

    def __init__(self, world: dict[str, Values], call: str, fault: Fault) -> None:
        super().__init__(world)
        honest = getattr(self, call)
        setattr(self, call, lambda *arguments, **named: fault(copy.deepcopy(honest(*arguments, **named))))


def put(**values: Any) -> Fault:
    """A fault of a plan: some planned values are others."""
    return lambda result: result._replace(planned=None if result.planned is None else result.planned | values)


def state(**values: Any) -> Fault:
    """A fault of an apply: some values of the new state are others."""
    return lambda result: result._replace(
        new_state=None if result.new_state is None else result.new_state | values
    )


def without(name: str, field: str) -> Fault:
    return lambda result: result._replace(
        **{field: {k: v for k, v in getattr(result, field).items() if k != name}}
    )


def terraform(call: str = "", fault: Fault | None = None) -> Terraform:
    world: dict[str, Values] = {}
    return Terraform(lambda: Honest(world) if fault is None else Faulty(world, call, fault), {})


def test_an_honest_provider_passes_through_every_command() -> None:
    real = terraform()
    made = real.apply(THING, None, CONFIG)
    assert (made.value["id"], made.value["size"], made.value["secret"]) == ("a", 7, None)
    assert made.value["parts"] == [{"name": "p", "given": "g"}]
    assert real.plan(THING, made, CONFIG)[0].action == "no-op"
    assert real.refresh(made) == made
    assert real.import_object(THING, "a").value == made.value
    changed = real.apply(THING, made, CONFIG | {"note": None, "size": 9})
    assert (changed.value["note"], changed.value["size"]) == (None, 9)
    renamed = real.apply(THING, changed, CONFIG | {"name": "b"}, create_before_destroy=True)
    assert renamed.value["id"] == "b"
    assert real.refresh(changed) is None
    again = real.apply(THING, renamed, CONFIG | {"name": "c"})
    real.destroy(again)
    assert real.refresh(again) is None


SPOILT_PLANS: list[tuple[str, Fault, str]] = [
    ("a configured value is another", put(note="other"), "note: .*does not match config value"),
    ("a configured value is unknown", put(note=UNKNOWN), "note: .*does not match config value"),
    ("a configured map is another", put(tags={"k": "w"}), "tags: .*does not match"),
    ("a configured set is another", put(zones=["1"]), "zones: .*does not match"),
    ("a write-only value is kept", put(secret="word"), "secret: returned a value for the write-only"),
    ("a list block is added", put(item=[CONFIG["item"][0], CONFIG["item"][0]]), "item: block count in plan"),
    ("a list block is removed", put(item=[]), "item: block count in plan"),
    ("a block is unknown", put(item=UNKNOWN), "item: .*must not be unknown itself"),
    ("blocks are null", put(item=None), "item: .*must be empty to indicate no blocks"),
    ("set blocks are null", put(mark=None), "mark: .*must be empty to indicate no blocks"),
    ("a value in a block is another", put(item=[{"key": "z", "made": None}]), r"item\[0\].key: .*match"),
    ("a set block is another", put(mark=[{"key": "z", "made": None}]), "mark: no planned block is"),
    ("a set block is added", put(mark=CONFIG["mark"] * 2), "mark: block count in plan"),
    ("a single block goes", put(timeouts=None), "timeouts: planned for absence but config wants"),
    ("an attribute is missing", without("note", "planned"), "an object with 11 attributes is required"),
    ("a type is another", put(note=1), "note: string is required"),
    ("nothing is planned", lambda result: result._replace(planned=None), "planned for absence"),
    ("an object is another", put(parts=[{"name": "q", "given": "g"}]), "parts: no planned element is"),
    (
        "an object is added",
        put(parts=[{"name": "p", "given": "g"}, {"name": "q", "given": "g"}]),
        "parts: count in plan disagrees",
    ),
    (
        "objects are filled without a word",
        lambda result: result._replace(legacy_type_system=False),
        "parts: .*does not match config value",
    ),
    (
        "the relaxation is claimed for nothing",
        lambda result: result._replace(planned=result.planned | {"parts": CONFIG["parts"]}),
        "the legacy type system is set, and nothing needs it",
    ),
]


@pytest.mark.parametrize(
    ("fault", "says"), [case[1:] for case in SPOILT_PLANS], ids=[c[0] for c in SPOILT_PLANS]
)
def test_a_spoilt_plan_is_caught(fault: Fault, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        terraform("plan", fault).plan(THING, None, CONFIG)


SPOILT_RESULTS: list[tuple[str, Fault, str]] = [
    ("a planned value is another", state(note="other"), "note: was 'text', but now 'other'"),
    ("a planned value is null", state(note=None), "note: was 'text', but now None"),
    ("an unknown is left", state(size=UNKNOWN), "an object in a state is known all through"),
    ("a map is another", state(tags={"k": "v", "l": "w"}), "tags: was"),
    ("a set grows", state(zones=["1", "2", "3"]), "zones: set length changed"),
    (
        "a set's element is another",
        state(zones=["1", "3"]),
        "zones: planned set element '2' does not correlate",
    ),
    ("a write-only value is kept", state(secret="word"), "secret: a write-only attribute is null in a state"),
    ("a block is added", state(item=[{"key": "x", "made": "m"}] * 2), "item: block count changed"),
    ("a set block is another", state(mark=[{"key": "z", "made": "m"}]), "mark: planned set element"),
    ("a set block is added", state(mark=[{"key": n, "made": "m"} for n in "yz"]), "mark: set length changed"),
    ("a value in a block is another", state(item=[{"key": "z", "made": "m"}]), r"item\[0\].key: was 'x'"),
    ("an attribute is missing", without("note", "new_state"), "an object with 11 attributes is required"),
    ("nothing comes", lambda result: result._replace(new_state=None), "was present, but now absent"),
    ("the identity is missing", lambda result: result._replace(identity={}), "an identity of .* is required"),
    (
        "the identity is unknown",
        lambda result: result._replace(identity={"name": UNKNOWN}),
        "an identity is known",
    ),
]


@pytest.mark.parametrize(
    ("fault", "says"), [case[1:] for case in SPOILT_RESULTS], ids=[c[0] for c in SPOILT_RESULTS]
)
def test_a_spoilt_result_is_caught(fault: Fault, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        terraform("apply", fault).apply(THING, None, CONFIG)


def spoil_later(call: str, fault: Fault) -> tuple[Terraform, Object]:
    """A made object, and a provider that spoils a call from then on."""
    world: dict[str, Values] = {}
    made = Terraform(lambda: Honest(world), {}).apply(THING, None, CONFIG)
    return Terraform(lambda: Faulty(world, call, fault), {}), made


def test_an_object_that_outlives_its_deletion_is_caught() -> None:
    faulty, made = spoil_later("apply", lambda result: result._replace(new_state=CONFIG))
    with pytest.raises(ContractError, match="still there after it was deleted"):
        faulty.destroy(made)


def test_a_destroy_plan_that_keeps_something_is_caught() -> None:
    faulty, made = spoil_later("plan", lambda result: result._replace(planned=CONFIG))
    with pytest.raises(ContractError, match="planned a non-null destroy value"):
        faulty.destroy(made)


def test_a_non_computed_value_out_of_nowhere_is_caught() -> None:
    faulty, made = spoil_later("plan", put(note="kept"))
    with pytest.raises(ContractError, match="note: planned value 'kept' for a non-computed attribute"):
        faulty.plan(THING, made, CONFIG | {"note": None})


def test_the_prior_value_may_be_planned_in_the_place_of_the_configured_one_but_not_of_none() -> None:
    faulty, made = spoil_later("plan", put(note="text"))
    assert faulty.plan(THING, made, CONFIG | {"note": "TEXT"})[0].action == "no-op"
    with pytest.raises(ContractError, match="for a non-computed attribute"):
        faulty.plan(THING, made, CONFIG | {"note": None})


def test_an_unknown_block_is_passed_on_as_it_is() -> None:
    config = CONFIG | {"item": UNKNOWN}
    with pytest.raises(ContractError, match=r"item: planned value .* for unknown dynamic block"):
        terraform("plan", put(item=[])).start().plan(THING, None, config)


def test_an_unknown_identity_of_an_update_is_caught() -> None:
    faulty, made = spoil_later("plan", lambda result: result._replace(identity={"name": UNKNOWN}))
    with pytest.raises(ContractError, match="the identity of an update is known"):
        faulty.plan(THING, made, CONFIG)


def test_an_identity_that_changes_with_an_update_is_caught() -> None:
    faulty, made = spoil_later("apply", lambda result: result._replace(identity={"name": "b"}))
    with pytest.raises(ContractError, match="the identity changed"):
        faulty.apply(THING, made, CONFIG | {"note": "new"})


def test_a_replacement_for_a_path_that_is_nowhere_is_caught() -> None:
    faulty, made = spoil_later("plan", lambda result: result._replace(requires_replace=[("item", 4, "key")]))
    with pytest.raises(ContractError, match="a replacement is required for a non-existent path"):
        faulty.plan(THING, made, CONFIG)


def test_a_replacement_for_a_value_that_stays_is_none() -> None:
    faulty, made = spoil_later("plan", lambda result: result._replace(requires_replace=[("note",)]))
    assert faulty.plan(THING, made, CONFIG | {"tags": None})[0].action == "update"
    assert faulty.plan(THING, made, CONFIG | {"note": "new"})[0].action == "replace"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (state(note=UNKNOWN), "known all through"),
        (state(secret="word"), "write-only"),
        (lambda result: result._replace(identity={"name": "b"}), "the identity changed"),
    ],
)
def test_a_spoilt_read_is_caught(fault: Fault, says: str) -> None:
    faulty, made = spoil_later("read", fault)
    with pytest.raises(ContractError, match=says):
        faulty.refresh(made)


def test_an_upgrade_that_changes_something_is_caught() -> None:
    faulty, made = spoil_later("upgrade", lambda result: (result[0] | {"note": "new"}, []))
    with pytest.raises(ContractError, match="note: was 'text', but now 'new'"):
        faulty.refresh(made)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda result: result._replace(state=None), "nothing came back, and no error"),
        (lambda result: result._replace(state=result.state | {"id": "z"}), "non-existent remote object"),
        (lambda result: result._replace(state=result.state | {"note": UNKNOWN}), "known all through"),
        (lambda result: result._replace(identity={}), "an identity of .* is required"),
    ],
)
def test_a_spoilt_import_is_caught(fault: Fault, says: str) -> None:
    faulty, _ = spoil_later("import_resource", fault)
    with pytest.raises(ContractError, match=says):
        faulty.import_object(THING, "a")


def test_a_plan_that_says_something_else_when_more_is_known_is_caught() -> None:
    plan, _ = terraform().plan(THING, None, CONFIG)
    assert plan.planned is not None
    known = replace(plan, planned=plan.planned | {"size": 3})
    with pytest.raises(ContractError, match="inconsistent final plan: size: was 3, but now UNKNOWN"):
        terraform().apply_plan((known, None), CONFIG)


def test_a_refused_apply_keeps_what_terraform_keeps() -> None:
    error = [Diagnostic(DiagnosticSeverity.ERROR, "No")]
    refusing = terraform("apply", lambda result: result._replace(new_state=None, diagnostics=error))
    with pytest.raises(RefusedError) as refused:
        refusing.apply(THING, None, CONFIG)
    assert refused.value.kept is None
    midway = terraform("apply", lambda result: result._replace(diagnostics=error))
    with pytest.raises(RefusedError) as refused:
        midway.apply(THING, None, CONFIG)
    assert refused.value.kept is not None
    assert refused.value.kept.tainted
    faulty, made = spoil_later("apply", lambda result: result._replace(new_state=None, diagnostics=error))
    with pytest.raises(RefusedError) as refused:
        faulty.apply(THING, made, CONFIG | {"note": "new"})
    assert refused.value.kept == made


@pytest.mark.parametrize("path", [("nothing",), ("item", 3), ("tags", Key("missing"))])
def test_a_diagnostic_that_points_nowhere_is_caught(path: Path) -> None:
    lost = [Diagnostic(DiagnosticSeverity.ERROR, "No", path=path)]
    with pytest.raises(ContractError, match="leads nowhere"):
        terraform("plan", lambda result: result._replace(diagnostics=lost)).plan(THING, None, CONFIG)


def test_what_is_proposed_is_the_configuration_with_computed_values_of_before() -> None:
    prior = CONFIG | {"id": "a", "size": 7, "item": [{"key": "x", "made": "m"}]}
    prior["mark"] = [{"key": "w", "made": "1"}, {"key": "y", "made": "2"}]
    config = CONFIG | {"note": None, "item": [{"key": "z", "made": None}, {"key": "x", "made": None}]}
    proposed = proposed_new(BLOCK, prior, config)
    assert (proposed["id"], proposed["size"], proposed["note"]) == ("a", 7, None)
    assert proposed["item"] == [{"key": "z", "made": "m"}, {"key": "x", "made": None}]
    assert proposed["mark"] == [{"key": "y", "made": "2"}]


def test_a_set_whose_elements_turn_out_the_same_may_shrink() -> None:
    planned = CONFIG | {"zones": ["1", UNKNOWN]}
    assert not list(result_problems(BLOCK, planned, CONFIG | {"zones": ["1"]}))
