"""The provider's process: cookie, handshake, who may connect, and how it ends."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from provider_shim.gen import tfplugin6_pb2 as pb
from tests.provider_shim.fake_lifecycle import NOTE
from tests.provider_shim.launching import (
    COOKIE,
    PATIENCE,
    ROOT,
    Plugin,
    call,
    clean_environment,
    client_certificate,
    mode,
    note,
    packed,
    plugin,
    write_launcher,
)

METADATA = pb.GetMetadata.Request()


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    return write_launcher(tmp_path / "terraform-provider-fake")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    sockets = tmp_path / "t"
    sockets.mkdir()
    return clean_environment(FAKE_NOTES=str(tmp_path / "notes.json"), TMPDIR=str(sockets))


def run(launcher: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(launcher), *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("cookie", [{}, {"TF_PLUGIN_MAGIC_COOKIE": "wrong"}])
def test_without_the_cookie_it_explains_itself(
    launcher: Path, environment: dict[str, str], cookie: dict[str, str]
) -> None:
    result = run(launcher, environment | cookie)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Terraform starts it by itself" in result.stderr


def test_help_tells_of_the_debug_mode(launcher: Path, environment: dict[str, str]) -> None:
    result = run(launcher, environment, "--help")
    assert result.returncode == 0
    assert "--debug" in result.stdout


def test_the_handshake_line_has_six_fields_and_an_unpadded_certificate(
    launcher: Path, environment: dict[str, str]
) -> None:
    with plugin(launcher, environment, client_certificate()) as started:
        assert started.fields[:3] == ["1", "6", "unix"]
        assert started.fields[4] == "grpc"
        assert len(started.fields) == 6
        text = started.fields[5]
        der = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        assert ssl.PEM_cert_to_DER_cert(ssl.DER_cert_to_PEM_cert(der)) == der
        assert not text.endswith("=")


def test_without_a_client_certificate_the_line_ends_in_an_empty_field(
    launcher: Path, environment: dict[str, str]
) -> None:
    with plugin(launcher, environment) as started:
        assert started.fields[5] == ""
        assert [r.type_name for r in started.call("GetMetadata", METADATA).resources] == [NOTE]


def test_noise_on_standard_output_does_not_reach_terraform(
    launcher: Path, environment: dict[str, str]
) -> None:
    late = environment | {"FAKE_PRINT_LATER": "1"}
    with plugin(launcher, late) as started:
        assert started.line.startswith("1|6|")
        assert started.call("GetMetadata", METADATA).resources
        started.shut_down()
        out, err = started.process.communicate(timeout=PATIENCE)
        assert (out, "noise from the lifecycle" in err) == ("", True)


def test_only_the_named_client_is_served(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment, client_certificate()) as started:
        assert started.call("GetMetadata", METADATA).resources
        with pytest.raises(grpc.RpcError) as caught:
            started.call("GetMetadata", METADATA, client_certificate())
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        with grpc.insecure_channel(f"unix:{started.fields[3]}") as channel, pytest.raises(grpc.RpcError):
            channel.unary_unary("/tfplugin6.Provider/GetMetadata")(b"", timeout=PATIENCE)
        assert started.call("GetMetadata", METADATA).resources


def test_a_client_without_a_certificate_is_refused(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment, client_certificate()) as started:
        with (
            grpc.secure_channel(
                f"unix:{started.fields[3]}",
                grpc.ssl_channel_credentials(ssl.DER_cert_to_PEM_cert(server_der(started)).encode()),
                options=(("grpc.ssl_target_name_override", "localhost"),),
            ) as channel,
            pytest.raises(grpc.RpcError) as caught,
        ):
            channel.unary_unary("/tfplugin6.Provider/GetMetadata")(b"", timeout=PATIENCE)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def server_der(started: Plugin) -> bytes:
    text = started.fields[5]
    return base64.b64decode(text + "=" * (-len(text) % 4))


def test_nothing_secret_is_in_the_directory(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment, client_certificate()) as started:
        assert mode(started.directory) == 0o700
        # The TLS socket and the lock: no key, and no way to the plaintext backend.
        assert {path.name for path in started.directory.iterdir()} == {"s", "l"}
        assert (started.directory / "l").read_bytes() == b""


@pytest.mark.parametrize("tls", [True, False])
def test_shutdown_is_answered_then_obeyed_and_the_directory_is_gone(
    launcher: Path, environment: dict[str, str], tls: bool
) -> None:
    with plugin(launcher, environment, client_certificate() if tls else None) as started:
        started.shut_down()
        assert started.process.wait(timeout=PATIENCE) == 0
        assert not started.directory.exists()


def test_sigterm_ends_it_cleanly(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment) as started:
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(timeout=PATIENCE) == 0
        assert not started.directory.exists()


def test_sigint_does_not_end_it(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment) as started:
        started.process.send_signal(signal.SIGINT)
        assert started.call("StopProvider", pb.StopProvider.Request()).Error == ""
        assert started.call("GetMetadata", METADATA).resources
        started.shut_down()
        assert started.process.wait(timeout=PATIENCE) == 0


def test_it_ends_when_its_parent_is_gone(launcher: Path, environment: dict[str, str]) -> None:
    program = (
        "import os, subprocess, sys\n"
        "p = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)\n"
        "print(p.pid, p.stdout.readline(), end='', flush=True)\n"
        "os._exit(0)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(launcher)],
        env=environment | COOKIE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid, line = parent.stdout.readline().split(" ", 1)
        try:
            # The provider keeps these pipes open as long as it lives: end of file is its end.
            _, err = parent.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(int(pid), signal.SIGKILL)
            raise
    assert "Terraform is gone" in err
    assert not Path(line.split("|")[3]).parent.exists()


def test_a_crash_at_start_is_printed_as_terraform_shows_one(
    tmp_path: Path, launcher: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "grpc.py").write_text("import no_such_module_as_this")
    first = f"sys.path.insert(0, {str(tmp_path)!r})"
    launcher.write_text(launcher.read_text().replace("from ", f"{first}\nfrom ", 1))
    result = run(launcher, environment | COOKIE)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("panic: vtap's provider failed: ModuleNotFoundError: ")
    assert "no_such_module_as_this" in result.stderr
    assert "Traceback (most recent call last)" in result.stderr


def test_types_that_cannot_be_loaded_are_a_bug_that_each_call_tells(
    launcher: Path, environment: dict[str, str]
) -> None:
    with plugin(launcher, environment | {"FAKE_CRASH": "1"}, client_certificate()) as started:
        for _ in range(2):
            (told,) = started.call("GetProviderSchema", pb.GetProviderSchema.Request()).diagnostics
            assert "bug in vtap's provider. GetProviderSchema: ModuleNotFoundError" in told.detail
        started.shut_down()
        assert started.process.wait(timeout=PATIENCE) == 0


def test_it_is_ready_before_the_types_are_loaded_and_calls_wait_for_them(
    tmp_path: Path, launcher: Path, environment: dict[str, str]
) -> None:
    waits_for = tmp_path / "now"
    os.mkfifo(waits_for)
    with plugin(launcher, environment | {"FAKE_WAITS_FOR": str(waits_for)}, client_certificate()) as started:
        with started.channel() as channel, ThreadPoolExecutor(1) as asking:
            answer = asking.submit(call, channel, "GetMetadata", METADATA)
            with pytest.raises(TimeoutError):
                answer.result(0.3)
            waits_for.write_bytes(b"")
            assert answer.result(PATIENCE).resources
        started.shut_down()
        assert started.process.wait(timeout=PATIENCE) == 0


GARBLED: Mapping[str, Callable[[str], str]] = {
    "words": lambda pem: "no certificate",
    "cut off": lambda pem: pem[:100],
    "one letter less": lambda pem: pem.replace("M", "", 1),
    "another letter": lambda pem: pem.replace("\nM", "\nN", 1),
    "written newlines": lambda pem: pem.replace("\n", "\\n"),
    "twice": lambda pem: pem + pem,
    "another object": lambda pem: pem.replace("CERTIFICATE", "PUBLIC KEY"),
    "nothing inside": lambda _: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
    "no text": lambda pem: pem[:100] + "\udcff" + pem[100:],
    "a key before it": lambda pem: client_certificate().key_pem + pem,
    "handshake fields": lambda pem: "1|6|unix|/|grpc|",
}


@pytest.mark.parametrize("garbled", GARBLED)
def test_a_garbled_client_certificate_is_no_crash_and_leaves_nothing(
    launcher: Path, environment: dict[str, str], garbled: str
) -> None:
    pem = GARBLED[garbled](client_certificate().pem)
    result = run(launcher, environment | COOKIE | {"PLUGIN_CLIENT_CERT": pem})
    assert result.returncode == 2
    # What Terraform shows is the line that stands where the handshake should.
    assert result.stdout.startswith("vtap's provider cannot start: PLUGIN_CLIENT_CERT is not a certificate")
    assert result.stdout.count("\n") == 1
    assert "|" not in result.stdout
    assert "pass the variable on unchanged" in result.stdout
    assert "panic" not in result.stderr
    assert "Traceback" not in result.stderr
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 150, "with space", "100%41", "ü"])
def test_any_tmpdir_starts(tmp_path: Path, launcher: Path, environment: dict[str, str], name: str) -> None:
    directory = tmp_path / name
    directory.mkdir()
    with plugin(launcher, environment | {"TMPDIR": str(directory)}, client_certificate()) as started:
        if len(name) < 100:
            assert started.directory.parent == directory
        fields = started.fields
        # grpc's client wants a URI; Terraform takes the path as it is.
        link = Path(environment["TMPDIR"]) / "s"
        link.symlink_to(fields[3])
        started.line = "|".join([*fields[:3], str(link), *fields[4:]])
        assert started.call("GetMetadata", METADATA).resources
        started.shut_down()
        assert started.process.wait(timeout=PATIENCE) == 0
        assert not Path(fields[3]).parent.exists()


@pytest.mark.parametrize("variable", ["PYTHONPATH", "PYTHONHOME"])
def test_a_poisoned_python_environment_starts(
    tmp_path: Path, launcher: Path, environment: dict[str, str], variable: str
) -> None:
    poison = tmp_path / "poison"
    poison.mkdir()
    for module in ("json", "grpc", "ssl", "sitecustomize"):
        (poison / f"{module}.py").write_text("raise SystemExit('poisoned')")
    with plugin(launcher, environment | {variable: str(poison)}, client_certificate()) as started:
        assert started.call("GetMetadata", METADATA).resources


def test_a_large_value_passes_both_ways(launcher: Path, environment: dict[str, str]) -> None:
    large = "x" * (40 << 20)
    request = pb.PlanResourceChange.Request(
        type_name=NOTE,
        prior_state=packed(None),
        proposed_new_state=packed(note(title="a", text=large)),
        config=packed(note(title="a", text=large)),
    )
    with plugin(launcher, environment, client_certificate()) as started:
        response = started.call("PlanResourceChange", request)
    assert not response.diagnostics
    assert len(response.planned_state.msgpack) > len(large)


def test_log_lines_are_json_with_string_messages(launcher: Path, environment: dict[str, str]) -> None:
    with plugin(launcher, environment | {"TF_LOG": "debug"}) as started:
        proposed = packed(note(title="a", text="raise"))
        request = pb.PlanResourceChange.Request(type_name=NOTE, proposed_new_state=proposed)
        assert started.call("PlanResourceChange", request).diagnostics
        started.shut_down()
        _, err = started.process.communicate(timeout=PATIENCE)
    records = [json.loads(line) for line in err.splitlines()]
    assert {type(record["@message"]) for record in records} == {str}
    assert ("error", "PlanResourceChange: RuntimeError: asked to raise") in {
        (record["@level"], record["@message"]) for record in records
    }


def test_the_real_module_explains_itself(environment: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "provider_shim"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert "vtap terraform" in result.stderr


def test_debug_serves_a_terraform_that_is_told_where(launcher: Path, environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [str(launcher), "--debug"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        variable, _, value = process.stdout.readline().strip().partition("=")
        assert variable == "TF_REATTACH_PROVIDERS"
        entry = json.loads(value.strip("'"))["terraform.local/vtap/vtap"]
        assert (entry["Protocol"], entry["ProtocolVersion"], entry["Test"]) == ("grpc", 6, True)
        os.kill(entry["Pid"], 0)
        address = entry["Addr"]["String"]
        started = Plugin(process, f"1|6|unix|{address}|grpc|", None)
        assert started.call("GetMetadata", METADATA).resources
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "ONE provider configuration" in err
        assert not started.directory.exists()
    finally:
        process.kill()
        process.communicate()
