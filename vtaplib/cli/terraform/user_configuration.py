"""The user's own settings of Terraform's command line: which files they are in, and what they say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from vtaplib.cli.terraform.user_directories import home, terraform_directory
from vtaplib.errors import VtapError, words_of

# Terraform finds its saved log-ins by itself, whatever its configuration is.
_CREDENTIALS = "credentials.tfrc.json"


def read_user_configuration() -> str:
    """What the user's files say, one after the other; "" if there are none.

    Raises `VtapError` for a file that cannot be read, and for one in JSON, which nothing can be added to.
    """
    texts = []
    for path in configuration_files():
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            why = words_of(error) if isinstance(error, OSError) else "is not UTF-8"
            raise VtapError(f"{path}: Terraform's settings cannot be read: {why}") from error
        if path.name.endswith(".json") or text.lstrip().startswith("{"):
            raise VtapError(
                f"{path}: is in JSON, and vtap adds to settings in HCL only; write it as HCL, or run vtap "
                "install and then terraform itself"
            )
        texts.append(text if text.endswith("\n") else f"{text}\n")
    return "".join(texts)


def configuration_files() -> Iterator[Path]:
    """The files that Terraform would read, as far as they exist."""
    named = os.environ.get("TF_CLI_CONFIG_FILE") or os.environ.get("TERRAFORM_CONFIG")
    if named:
        # Instead of all others. Terraform warns where it is missing, and goes on.
        if Path(named).is_file():
            yield Path(named)
        return
    main = home() / ".terraformrc"
    if main.is_file():
        yield main
    for path in sorted(terraform_directory().glob("*.tfrc*")):
        if path.name.endswith((".tfrc", ".tfrc.json")) and path.name != _CREDENTIALS and path.is_file():
            yield path
