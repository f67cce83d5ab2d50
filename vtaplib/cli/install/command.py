"""`vtap install`, its options and its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtaplib.cli.options import AsJson


def install(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="The filesystem mirror to install it into.",
            show_default="~/.terraform.d/plugins, where every Terraform looks",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install the Terraform provider, so that terraform itself finds it.

    The provider is one small executable that starts this installation of vtap. You can install it again
    without harm.

    \b
    Examples:
      vtap install
      vtap install --to /usr/local/share/terraform/plugins
    """
    from vtaplib.cli.install.installation import install as installed
    from vtaplib.cli.install.text import installation_text, notes_on_configuration
    from vtaplib.cli.runner import finish
    from vtaplib.cli.terraform.user_directories import implied_mirror

    done = installed(to or implied_mirror())
    done = done.with_notes(notes_on_configuration(Path(done.mirror)))
    finish(done, installation_text, as_json=as_json)
