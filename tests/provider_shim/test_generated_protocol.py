"""The generated messages are those of protocol 6.10, and are what proto/ generates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from provider_shim.gen import grpc_controller_pb2
from provider_shim.gen import tfplugin6_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
# Written from the protocol's published descriptor, not from proto/.
GOLDEN = Path(__file__).with_name("protocol_fields.txt")


def short(name: str) -> str:
    return name.removeprefix("tfplugin6.")


def type_name(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return short(field.message_type.full_name)
    if field.enum_type is not None:
        return short(field.enum_type.full_name)
    names = {
        value: name.removeprefix("TYPE_").lower()
        for name, value in vars(FieldDescriptor).items()
        if name.startswith("TYPE_")
    }
    return names[field.type]


def describe_field(field: FieldDescriptor) -> str:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        key, value = (type_name(message.fields_by_name[name]) for name in ("key", "value"))
        return f"{field.number} {field.name} map map<{key},{value}>"
    oneof = field.containing_oneof
    label = "repeated" if field.is_repeated else "singular"
    if oneof is not None:
        # An explicitly optional field is the only member of a oneof that protoc makes up, named with "_".
        label = "optional" if oneof.name == f"_{field.name}" else f"oneof:{oneof.name}"
    return f"{field.number} {field.name} {label} {type_name(field)}"


def describe_enum(enum: EnumDescriptor) -> str:
    values = " ".join(f"{value.name}={value.number}" for value in enum.values)
    return f"enum {short(enum.full_name)} {values}"


def describe_message(message: Descriptor) -> Iterator[tuple[str, str]]:
    owner = short(message.full_name)
    yield owner, f"message {owner}"
    for field in message.fields:
        yield owner, describe_field(field)
    for enum in message.enum_types:
        yield owner, describe_enum(enum)
    for nested in message.nested_types:
        if not nested.GetOptions().map_entry:
            yield from describe_message(nested)


def golden() -> set[tuple[str, str]]:
    owner, lines = "", set()
    for line in GOLDEN.read_text().splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("message "):
            owner = line.removeprefix("message ")
        if line.startswith("rpc "):
            owner = ""
        lines.add((owner, line))
    return lines


def test_every_message_field_enum_and_call_is_that_of_the_protocol() -> None:
    ours = {("", describe_enum(enum)) for enum in pb.DESCRIPTOR.enum_types_by_name.values()}
    for message in pb.DESCRIPTOR.message_types_by_name.values():
        ours |= set(describe_message(message))
    for method in pb.DESCRIPTOR.services_by_name["Provider"].methods:
        streams = " client" * method.client_streaming + " server" * method.server_streaming
        names = f"{short(method.input_type.full_name)} {short(method.output_type.full_name)}"
        ours.add(("", f"rpc {method.name} {names}{streams}"))
    assert ours == golden()


def test_the_table_has_the_protocols_size() -> None:
    kinds = [line.split(" ")[0] for _, line in golden()]
    assert (kinds.count("message"), sum(kind.isdigit() for kind in kinds), kinds.count("rpc")) == (
        143,
        292,
        36,
    )


def test_shutdown_is_the_call_that_go_plugin_makes() -> None:
    service = grpc_controller_pb2.DESCRIPTOR.services_by_name["GRPCController"]
    assert service.full_name == "plugin.GRPCController"
    assert [method.name for method in service.methods] == ["Shutdown"]


def test_regenerating_changes_nothing() -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    script = ROOT / "proto" / "generate.py"
    result = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
