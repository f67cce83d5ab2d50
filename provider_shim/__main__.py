"""`python -m provider_shim`: vtap's Terraform provider, as Terraform's executable and for debugging."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from provider_shim.launch import finish, run

if TYPE_CHECKING:
    from provider_shim.contract import Lifecycle


def load() -> Lifecycle:
    """Import the lifecycle, and make one."""
    from provider_shim.lifecycle import Provider

    return Provider(client=os.getppid())


def main() -> None:
    """Run the provider and end the process."""
    finish(run(sys.argv[1:], load, keep_in=os.path.join(os.path.dirname(__file__), "__pycache__")))


if __name__ == "__main__":
    main()
