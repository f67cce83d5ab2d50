"""The calls, as Terraform makes them, without a network in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import msgpack
import pytest

from provider_shim.gen import tfplugin6_pb2 as pb
from provider_shim.handlers import method_handlers
from provider_shim.late import Late
from provider_shim.results import (
    ApplyResult,
    DataResult,
    ImportResult,
    MoveResult,
    PlanResult,
    ReadResult,
)
from provider_shim.schema import Attribute, Schema, SchemaBlock
from provider_shim.servicer import CALLS, SERVICE
from tests.provider_shim.fake_lifecycle import NOTE, FakeLifecycle

UNKNOWN_BYTES = msgpack.ExtType(0, b"\x00")


class AbortedError(Exception):
    """What grpc's context raises on abort."""


class FakeContext:
    """The part of grpc's context that the handlers use."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise AbortedError(code, details)


@pytest.fixture
def lifecycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeLifecycle:
    monkeypatch.setenv("FAKE_NOTES", str(tmp_path / "notes.json"))
    return FakeLifecycle()


def call(lifecycle: FakeLifecycle, name: str, request: Any) -> Any:
    handler = method_handlers(Late(lambda: lifecycle))[name]
    return handler.unary_unary(request, FakeContext())


def note(**values: object) -> dict[str, object]:
    empty = dict.fromkeys(("id", "title", "text", "weight", "done", "tags", "labels", "anything", "timeouts"))
    return empty | {"item": []} | values


def packed(value: object) -> pb.DynamicValue:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def identity(title: str) -> pb.ResourceIdentityData:
    return pb.ResourceIdentityData(identity_data=packed({"title": title}))


def test_every_call_of_the_service_has_a_handler(lifecycle: FakeLifecycle) -> None:
    names = {method.name for method in SERVICE.methods}
    assert len(names) == 36
    assert method_handlers(Late(lambda: lifecycle)).keys() == names
    assert names > CALLS.keys()


@pytest.mark.parametrize("name", sorted({method.name for method in SERVICE.methods} - CALLS.keys()))
def test_a_call_of_a_kind_the_provider_lacks_is_unimplemented(lifecycle: FakeLifecycle, name: str) -> None:
    handler = method_handlers(Late(lambda: lifecycle))[name]
    method = SERVICE.methods_by_name[name]
    assert (handler.request_streaming, handler.response_streaming) == (
        method.client_streaming,
        method.server_streaming,
    )
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary
    with pytest.raises(AbortedError) as caught:
        behaviour(None, FakeContext())
    assert caught.value.args == (grpc.StatusCode.UNIMPLEMENTED, f"vtap's provider does not implement {name}")


def test_the_schemas_and_capabilities_are_told(lifecycle: FakeLifecycle) -> None:
    response = call(lifecycle, "GetProviderSchema", pb.GetProviderSchema.Request())
    assert not response.diagnostics
    assert list(response.resource_schemas) == [NOTE]
    assert response.HasField("provider")
    assert response.server_capabilities == pb.ServerCapabilities(
        plan_destroy=True,
        get_provider_schema_optional=True,
        move_resource_state=True,
        generate_resource_config=True,
    )
    identities = call(lifecycle, "GetResourceIdentitySchemas", pb.GetResourceIdentitySchemas.Request())
    assert [a.name for a in identities.identity_schemas[NOTE].identity_attributes] == ["title"]
    assert list(response.data_source_schemas) == [NOTE]
    metadata = call(lifecycle, "GetMetadata", pb.GetMetadata.Request())
    assert [resource.type_name for resource in metadata.resources] == [NOTE]
    assert [source.type_name for source in metadata.data_sources] == [NOTE]
    assert call(lifecycle, "GetFunctions", pb.GetFunctions.Request()) == pb.GetFunctions.Response()


def test_the_provider_is_configured_with_plain_values(lifecycle: FakeLifecycle) -> None:
    config = packed({"file": UNKNOWN_BYTES})
    assert not call(
        lifecycle, "ValidateProviderConfig", pb.ValidateProviderConfig.Request(config=config)
    ).diagnostics
    request = pb.ConfigureProvider.Request(config=packed({"file": "x"}), terraform_version="1.15.5")
    assert not call(lifecycle, "ConfigureProvider", request).diagnostics
    assert lifecycle.configured == [{"file": "x"}]


def test_stop_reaches_the_lifecycle(lifecycle: FakeLifecycle) -> None:
    assert call(lifecycle, "StopProvider", pb.StopProvider.Request()).Error == ""
    assert lifecycle.stopped == 1


def test_a_violation_points_at_the_map_key(lifecycle: FakeLifecycle) -> None:
    config = packed(note(title="x", tags={"forbidden": "1"}))
    response = call(
        lifecycle, "ValidateResourceConfig", pb.ValidateResourceConfig.Request(type_name=NOTE, config=config)
    )
    (diagnostic,) = response.diagnostics
    assert [step.WhichOneof("selector") for step in diagnostic.attribute.steps] == [
        "attribute_name",
        "element_key_string",
    ]


def test_a_plan_carries_state_replacement_private_data_and_identity(lifecycle: FakeLifecycle) -> None:
    request = pb.PlanResourceChange.Request(
        type_name=NOTE,
        prior_state=packed(note(id="old", title="old", done=True)),
        proposed_new_state=packed(note(title="new", weight="0.1", item=[{"name": "i", "number": None}])),
        config=packed(note(title="new")),
        prior_private=b"before",
        prior_identity=identity("old"),
    )
    response = call(lifecycle, "PlanResourceChange", request)
    assert not response.diagnostics
    planned = msgpack.unpackb(response.planned_state.msgpack)
    assert planned == note(
        id="new", title="new", weight="0.1", done=UNKNOWN_BYTES, item=[{"name": "i", "number": 0}]
    )
    assert [[s.attribute_name for s in path.steps] for path in response.requires_replace] == [["title"]]
    assert response.planned_private == b"planned"
    assert response.planned_identity == identity("new")


def test_private_data_and_identity_are_kept_where_the_lifecycle_is_silent(lifecycle: FakeLifecycle) -> None:
    planned = packed(note(id="a", title="a", done=UNKNOWN_BYTES))
    apply = pb.ApplyResourceChange.Request(
        type_name=NOTE, planned_state=planned, planned_private=b"p", planned_identity=identity("a")
    )
    applied = call(lifecycle, "ApplyResourceChange", apply)
    assert not applied.diagnostics
    assert msgpack.unpackb(applied.new_state.msgpack) == note(id="a", title="a", done=False)
    assert (applied.private, applied.new_identity) == (b"p", identity("a"))
    read = pb.ReadResource.Request(
        type_name=NOTE, current_state=applied.new_state, private=b"q", current_identity=identity("a")
    )
    seen = call(lifecycle, "ReadResource", read)
    assert (seen.new_state, seen.private, seen.new_identity) == (applied.new_state, b"q", identity("a"))


def test_a_gone_object_reads_as_null(lifecycle: FakeLifecycle) -> None:
    request = pb.ReadResource.Request(type_name=NOTE, current_state=packed(note(title="gone")))
    assert call(lifecycle, "ReadResource", request).new_state == packed(None)


def test_state_of_the_current_version_passes_and_an_older_one_is_upgraded(
    lifecycle: FakeLifecycle,
) -> None:
    for version, key in ((2, "text"), (1, "body")):
        state = {"id": "a", "title": "a", key: "t", "weight": 12345678901234567890123, "unheard_of": 1}
        request = pb.UpgradeResourceState.Request(
            type_name=NOTE, version=version, raw_state=pb.RawState(json=json.dumps(state).encode())
        )
        response = call(lifecycle, "UpgradeResourceState", request)
        assert not response.diagnostics
        expected = note(id="a", title="a", text="t", weight="12345678901234567890123")
        assert msgpack.unpackb(response.upgraded_state.msgpack) == expected


def test_an_upgrade_that_gives_nothing_is_an_error_and_no_silent_loss(
    lifecycle: FakeLifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "upgrade", lambda *_: (None, []))
    request = pb.UpgradeResourceState.Request(type_name=NOTE, version=2, raw_state=pb.RawState(json=b"{}"))
    (diagnostic,) = call(lifecycle, "UpgradeResourceState", request).diagnostics
    assert diagnostic.severity == pb.Diagnostic.ERROR


def test_an_identity_is_upgraded_and_an_empty_one_stays_unset(lifecycle: FakeLifecycle) -> None:
    request = pb.UpgradeResourceIdentity.Request(
        type_name=NOTE, raw_identity=pb.RawState(json=b'{"title":"a","gone":1}')
    )
    assert call(lifecycle, "UpgradeResourceIdentity", request).upgraded_identity == identity("a")
    empty = call(lifecycle, "UpgradeResourceIdentity", pb.UpgradeResourceIdentity.Request(type_name=NOTE))
    assert not empty.HasField("upgraded_identity")


def test_import_gives_one_object_by_id_or_identity(lifecycle: FakeLifecycle) -> None:
    call(
        lifecycle,
        "ApplyResourceChange",
        pb.ApplyResourceChange.Request(type_name=NOTE, planned_state=packed(note(id="a", title="a"))),
    )
    for request in (
        pb.ImportResourceState.Request(type_name=NOTE, id="a"),
        pb.ImportResourceState.Request(type_name=NOTE, identity=identity("a")),
    ):
        (imported,) = call(lifecycle, "ImportResourceState", request).imported_resources
        assert imported.type_name == NOTE
        assert imported.identity == identity("a")
        assert msgpack.unpackb(imported.state.msgpack) == note(id="a", title="a")


def test_importing_what_is_not_there_is_an_error(lifecycle: FakeLifecycle) -> None:
    request = pb.ImportResourceState.Request(type_name=NOTE, id="nowhere")
    response = call(lifecycle, "ImportResourceState", request)
    assert not response.imported_resources
    (diagnostic,) = response.diagnostics
    assert (diagnostic.severity, diagnostic.detail) == (
        pb.Diagnostic.ERROR,
        "There is no fake_note 'nowhere'.",
    )


def test_configuration_is_generated_from_state(lifecycle: FakeLifecycle) -> None:
    state = packed(note(id="a", title="a", text="four", done=False))
    request = pb.GenerateResourceConfig.Request(type_name=NOTE, state=state)
    response = call(lifecycle, "GenerateResourceConfig", request)
    assert msgpack.unpackb(response.config.msgpack) == note(title="a", text="four")


def test_a_move_reads_the_source_as_the_target_type(lifecycle: FakeLifecycle) -> None:
    request = pb.MoveResourceState.Request(
        source_provider_address="terraform.io/builtin/terraform",
        source_type_name="terraform_data",
        source_state=pb.RawState(json=b'{"id":"a","title":"a","input":null}'),
        target_type_name=NOTE,
    )
    response = call(lifecycle, "MoveResourceState", request)
    assert msgpack.unpackb(response.target_state.msgpack) == note(id="a", title="a")


def test_a_data_source_is_checked_and_read(lifecycle: FakeLifecycle) -> None:
    applied = pb.ApplyResourceChange.Request(
        type_name=NOTE, planned_state=packed(note(id="a", title="a", text="four"))
    )
    call(lifecycle, "ApplyResourceChange", applied)
    empty = packed({"id": None, "title": "", "length": None})
    check = pb.ValidateDataResourceConfig.Request(type_name=NOTE, config=empty)
    (diagnostic,) = call(lifecycle, "ValidateDataResourceConfig", check).diagnostics
    assert [step.attribute_name for step in diagnostic.attribute.steps] == ["title"]
    config = packed({"id": None, "title": "a", "length": None})
    check = pb.ValidateDataResourceConfig.Request(type_name=NOTE, config=config)
    assert not call(lifecycle, "ValidateDataResourceConfig", check).diagnostics
    response = call(lifecycle, "ReadDataSource", pb.ReadDataSource.Request(type_name=NOTE, config=config))
    assert not response.diagnostics
    assert msgpack.unpackb(response.state.msgpack) == {"id": "a", "title": "a", "length": 4}


def test_a_data_source_that_finds_nothing_has_an_error_and_no_state(lifecycle: FakeLifecycle) -> None:
    config = packed({"id": None, "title": "nowhere", "length": None})
    response = call(lifecycle, "ReadDataSource", pb.ReadDataSource.Request(type_name=NOTE, config=config))
    assert [(one.severity, one.summary) for one in response.diagnostics] == [
        (pb.Diagnostic.ERROR, "No such note")
    ]
    assert response.state == packed(None)


def test_an_unknown_data_source_is_a_diagnostic(lifecycle: FakeLifecycle) -> None:
    request = pb.ReadDataSource.Request(type_name="fake_other")
    (diagnostic,) = call(lifecycle, "ReadDataSource", request).diagnostics
    assert diagnostic.detail == "This provider has no data source 'fake_other'."


def test_an_unknown_resource_type_is_a_diagnostic(lifecycle: FakeLifecycle) -> None:
    (diagnostic,) = call(
        lifecycle, "ReadResource", pb.ReadResource.Request(type_name="fake_other")
    ).diagnostics
    assert diagnostic.detail == "This provider has no resource type 'fake_other'."


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"GetFunctions", "StopProvider"}))
def test_our_own_bug_is_a_diagnostic_with_type_and_message(
    lifecycle: FakeLifecycle, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the moon is full")

    for method in dir(FakeLifecycle):
        if not method.startswith("_") and method not in ("resource_schema", "data_source_schema"):
            monkeypatch.setattr(lifecycle, method, broken)
    request_class = getattr(pb, name).Request
    fields = request_class.DESCRIPTOR.fields_by_name
    types = {field: NOTE for field in ("type_name", "target_type_name") if field in fields}
    (diagnostic,) = call(lifecycle, name, request_class(**types)).diagnostics
    assert diagnostic.severity == pb.Diagnostic.ERROR
    assert diagnostic.summary == "Unexpected error in vtap"
    assert f"{name}: ZeroDivisionError: the moon is full" in diagnostic.detail
    line = json.loads(capfd.readouterr().err)
    assert line["@level"] == "error"
    assert "broken" in line["frames"]


def test_a_bug_in_stop_is_told_in_its_own_field(
    lifecycle: FakeLifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "stop", lambda: 1 / 0)
    assert "ZeroDivisionError" in call(lifecycle, "StopProvider", pb.StopProvider.Request()).Error


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("read", ReadResult({"id": 1})),
        ("plan", PlanResult({"id": 1})),
        ("apply", ApplyResult({"id": 1})),
        ("import_resource", ImportResult({"id": 1})),
        ("generate_config", {"id": 1}),
        ("move", MoveResult({"text": 1})),
        ("read_data_source", DataResult({"id": 1})),
    ],
)
def test_a_value_that_does_not_fit_the_schema_is_a_diagnostic(
    lifecycle: FakeLifecycle, monkeypatch: pytest.MonkeyPatch, name: str, result: Any
) -> None:
    monkeypatch.setattr(lifecycle, name, lambda *_: result)
    rpc, field = {
        "read": ("ReadResource", "type_name"),
        "plan": ("PlanResourceChange", "type_name"),
        "apply": ("ApplyResourceChange", "type_name"),
        "import_resource": ("ImportResourceState", "type_name"),
        "generate_config": ("GenerateResourceConfig", "type_name"),
        "move": ("MoveResourceState", "target_type_name"),
        "read_data_source": ("ReadDataSource", "type_name"),
    }[name]
    request = getattr(pb, rpc).Request(**{field: NOTE})
    if name == "generate_config":
        request.state.CopyFrom(packed(note()))
    (diagnostic,) = call(lifecycle, rpc, request).diagnostics
    assert diagnostic.summary == "Value does not fit the schema"


@pytest.mark.parametrize(
    ("method", "place"), [("resource_schemas", "fake_note"), ("data_source_schemas", "data.fake_note")]
)
def test_a_schema_that_terraform_would_crash_on_is_refused_here(
    lifecycle: FakeLifecycle, monkeypatch: pytest.MonkeyPatch, method: str, place: str
) -> None:
    bad = Schema(SchemaBlock((Attribute("a", "strng", optional=True),)))
    monkeypatch.setattr(lifecycle, method, lambda: {NOTE: bad})
    response = call(lifecycle, "GetProviderSchema", pb.GetProviderSchema.Request())
    assert [d.detail for d in response.diagnostics] == [f"{place}.a: 'strng' is not a Terraform type"]
    assert response.HasField("provider")
