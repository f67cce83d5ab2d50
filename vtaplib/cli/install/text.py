"""What `vtap install` says to people: what it did, what to write into HCL, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vtaplib.cli.install.installation import SOURCE, Installation
from vtaplib.cli.terraform.cli_configuration import has_installation_block
from vtaplib.cli.terraform.user_configuration import configuration_files
from vtaplib.cli.terraform.user_directories import implied_mirrors

SAID = {
    "installed": "Installed the provider",
    "replaced": "Replaced the provider",
    "unchanged": "The provider is already installed",
}


def installation_text(done: Installation) -> str:
    """The whole of it."""
    lines = [
        f"{SAID[done.outcome]}, version {done.version}: {done.executable}",
        "",
        "Name it in your configuration:",
        "",
        "  terraform {",
        "    required_providers {",
        f'      azurerm = {{ source = "{done.source}" }}',
        "    }",
        "  }",
    ]
    for note in done.notes:
        lines += ["", note]
    return "\n".join(lines)


def notes_on_configuration(mirror: Path) -> Iterator[str]:
    """What the user must do for Terraform to look into a mirror."""
    block = f'filesystem_mirror {{ path = "{mirror}" }}'
    for path in configuration_files():
        if path.suffix != ".json" and has_installation_block(path.read_text(errors="replace")):
            yield (
                f"{path} has a provider_installation block, so Terraform looks nowhere else. Add to the "
                f'block: {block}, and to its other methods: exclude = ["{SOURCE}"].'
            )
            return
    if mirror not in implied_mirrors():
        yield (
            f"Terraform does not look into {mirror} by itself. Start it with init -plugin-dir={mirror}, or "
            f"with a CLI configuration that has provider_installation {{ {block} }}."
        )
