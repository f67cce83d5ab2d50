"""A state that was edited by hand: what is wrong is said of the state, and nothing takes it for a bug."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgpack
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from provider_shim import wire
from provider_shim.derivation import identity_schema, resource_schema
from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.handlers import method_handlers
from provider_shim.late import Late
from provider_shim.lifecycle import SOURCE_ADDRESS, Provider
from provider_shim.types import IDENTITIES, RESOURCE_TYPES
from provider_shim.values import object_type
from tests.examples import part_of
from tests.fake_core import Object
from tests.provider_shim.configurations import NICS, Values, World, base

Steps = tuple[str | int, ...]

JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", "x", "\ud800", "\0", "/", "/subscriptions/x", "10.0.0.0/8"),
    *([], [None], [[]], [{}], ["x", None], {}, {"": None}, {"a": None}, {"a": {"b": []}}, "y" * 70_000),
]


def config_of(type_name: str) -> Values:
    """A configuration of a type, beside one of every other type."""
    beside = {"name": "other", "network_interface_ids": [NICS[3]]} if "windows" in type_name else {}
    return base(type_name) | beside


class Loaded:
    """A world with an object of every type, and the provider that Terraform calls."""

    def __init__(self, world: World) -> None:
        self.terraform = world.reset()
        self.objects: dict[str, Object] = {}
        for type_name in RESOURCE_TYPES:
            self.objects[type_name] = self.terraform.apply(type_name, None, config_of(type_name))
        self.restart()

    def restart(self) -> None:
        """Starts a provider anew: it remembers what it has planned."""
        provider = self.terraform.start().provider
        assert isinstance(provider, Provider)
        self._handlers = method_handlers(Late(lambda: provider))

    def call(self, name: str, request: Any) -> Any:
        """A call, none of whose diagnostics may look like a bug."""
        response = self._handlers[name].unary_unary(request, None)
        for one in response.diagnostics:
            assert "bug" not in one.detail, (name, one.summary, one.detail)
        return response


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return Loaded(World(tmp_path_factory.mktemp("world")))


def places(value: Any, path: Steps = ()) -> Iterator[Steps]:
    """Every place in a JSON value."""
    yield path
    steps: Any = ()
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in steps:
        yield from places(inner, (*path, step))


@st.composite
def mutations(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value with something in it gone, added, or replaced by junk."""
    made = {"whole": copy.deepcopy(value)}
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(made["whole"]))))
        owner: Any = made
        for step in ("whole", *path)[:-1]:
            owner = owner[step]
        last = ("whole", *path)[-1]
        how = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"]))
        if how == "remove" and path:
            del owner[last]
        elif how == "add" and isinstance(owner[last], dict):
            owner[last]["unheard_of"] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        elif how == "add" and isinstance(owner[last], list):
            owner[last].append(copy.deepcopy(draw(st.sampled_from(JUNK))))
        else:
            owner[last] = copy.deepcopy(draw(st.sampled_from(JUNK)))
    return made["whole"]


@settings(max_examples=part_of(400))
@given(st.data())
def test_no_call_takes_a_damaged_state_for_a_bug(loaded: Loaded, data: st.DataObject) -> None:
    type_name = data.draw(st.sampled_from(sorted(RESOURCE_TYPES)))
    stored = loaded.objects[type_name]
    text = json.dumps(data.draw(mutations(stored.value)), default=float).encode()
    raw = pb.RawState(json=text[: data.draw(st.just(len(text)) | st.integers(1, len(text)))])

    moved = loaded.call(
        "MoveResourceState",
        pb.MoveResourceState.Request(
            source_provider_address=SOURCE_ADDRESS,
            source_type_name=type_name,
            target_type_name=type_name,
            source_state=raw,
            source_identity=raw,
        ),
    )
    loaded.call(
        "UpgradeResourceIdentity", pb.UpgradeResourceIdentity.Request(type_name=type_name, raw_identity=raw)
    )
    upgraded = loaded.call(
        "UpgradeResourceState", pb.UpgradeResourceState.Request(type_name=type_name, raw_state=raw)
    )
    if upgraded.diagnostics:
        event("refused")
        assert moved.diagnostics
        for one in upgraded.diagnostics:
            assert one.summary == "The state is damaged"
            assert type_name in one.detail
            assert "terraform.tfstate.backup" in one.detail
            assert len(one.detail) < 2_000
        return
    event("accepted")
    assert msgpack.unpackb(upgraded.upgraded_state.msgpack) is not None
    state, config = upgraded.upgraded_state, packed(type_name, config_of(type_name))
    read = loaded.call("ReadResource", pb.ReadResource.Request(type_name=type_name, current_state=state))
    for prior in (state, read.new_state):
        if msgpack.unpackb(prior.msgpack) is None:
            continue
        loaded.call(
            "GenerateResourceConfig", pb.GenerateResourceConfig.Request(type_name=type_name, state=prior)
        )
        proposed = pb.PlanResourceChange.Request(
            type_name=type_name, prior_state=prior, proposed_new_state=config, config=config
        )
        plan = loaded.call("PlanResourceChange", proposed)
        if not any(one.severity == pb.Diagnostic.ERROR for one in plan.diagnostics):
            loaded.call(
                "ApplyResourceChange",
                pb.ApplyResourceChange.Request(
                    type_name=type_name,
                    prior_state=prior,
                    planned_state=plan.planned_state,
                    planned_private=plan.planned_private,
                    config=config,
                ),
            )
        nothing = packed(type_name, None)
        destroyed = pb.PlanResourceChange.Request(
            type_name=type_name, prior_state=prior, proposed_new_state=nothing, config=nothing
        )
        loaded.call("PlanResourceChange", destroyed)
    loaded.restart()


def packed(type_name: str, value: Mapping[str, Any] | None) -> pb.DynamicValue:
    return wire.value_to_proto(value, object_type(resource_schema(RESOURCE_TYPES[type_name]).block))


@settings(max_examples=part_of(100))
@given(st.data())
def test_no_identity_is_taken_for_a_bug(loaded: Loaded, data: st.DataObject) -> None:
    type_name = data.draw(st.sampled_from(sorted(IDENTITIES)))
    text = st.sampled_from([one for one in JUNK if one is None or (isinstance(one, str) and one != "\ud800")])
    value = {name: data.draw(text) for name in IDENTITIES[type_name]}
    type_ = wire.identity_type(identity_schema(IDENTITIES[type_name]))
    identity = wire.identity_to_proto(value, type_)
    response = loaded.call(
        "ImportResourceState", pb.ImportResourceState.Request(type_name=type_name, identity=identity)
    )
    assert response.diagnostics
    state = packed(type_name, loaded.objects[type_name].value)
    request = pb.ReadResource.Request(type_name=type_name, current_state=state, current_identity=identity)
    assert msgpack.unpackb(loaded.call("ReadResource", request).new_state.msgpack) is not None


DAMAGE: Mapping[str, tuple[Any, str]] = {
    "id": (None, "id is missing"),
    "name": (None, "name is missing"),
    "location": (7, "location: expected string, got int 7"),
    "tags": ({"a": None}, 'tags["a"] is null'),
    "dns_servers": (["10.0.0.4", None], "dns_servers[1] is null"),
    "ip_configuration": ([], "ip_configuration has 0 blocks"),
    "ip_forwarding_enabled": ("yes", "ip_forwarding_enabled: expected bool, got str 'yes'"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_the_message_names_the_object_the_place_and_what_is_there(loaded: Loaded, name: str) -> None:
    type_name = "azurerm_network_interface"
    value, problem = DAMAGE[name]
    text = json.dumps(loaded.objects[type_name].value | {name: value}, default=float)
    (diagnostic,) = upgrade(loaded, type_name, text)
    assert f"{type_name} '/subscriptions/" in diagnostic.detail or name == "id"
    assert f": {problem}" in diagnostic.detail


@pytest.mark.parametrize("version", [1, 2**40])
def test_a_state_of_a_newer_schema_is_refused(loaded: Loaded, version: int) -> None:
    text = json.dumps(loaded.objects["azurerm_lb"].value, default=float)
    (diagnostic,) = upgrade(loaded, "azurerm_lb", text, version)
    assert f"schema_version is {version}" in diagnostic.detail
    assert "newer vtap" in diagnostic.detail


def test_an_id_of_another_type_is_refused(loaded: Loaded) -> None:
    other = loaded.objects["azurerm_lb"].value["id"]
    text = json.dumps(loaded.objects["azurerm_subnet"].value | {"id": other}, default=float)
    (diagnostic,) = upgrade(loaded, "azurerm_subnet", text)
    assert f"id = {other!r} is not of the form /subscriptions/{{subscription_id}}/" in diagnostic.detail


@pytest.mark.parametrize("type_name", RESOURCE_TYPES)
def test_what_an_older_version_did_not_write_is_no_damage(loaded: Loaded, type_name: str) -> None:
    block = resource_schema(RESOURCE_TYPES[type_name]).block
    needed = {one.name for one in block.attributes if one.required} | {"id"}
    needed |= {one.name for one in block.blocks if one.min_items}
    stored = loaded.objects[type_name].value
    text = json.dumps({name: stored[name] for name in needed} | {"of_a_newer_version": 1}, default=float)
    assert upgrade(loaded, type_name, text) == []


def upgrade(loaded: Loaded, type_name: str, text: str, version: int = 0) -> list[pb.Diagnostic]:
    request = pb.UpgradeResourceState.Request(
        type_name=type_name, version=version, raw_state=pb.RawState(json=text.encode())
    )
    return list(loaded.call("UpgradeResourceState", request).diagnostics)
