"""How the provider's process begins: who started it, what they want, and how a failure is shown.

Terraform starts it without arguments and with a cookie in the environment. Nothing heavy is imported before
that is known. A bug at the start is printed as Go prints one, which is what Terraform shows its user.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from provider_shim.start_error import CANNOT_START, StartError

if TYPE_CHECKING:
    from provider_shim.contract import Lifecycle

_COOKIE_NAME: Final = "TF_PLUGIN_MAGIC_COOKIE"
_COOKIE: Final = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
_EXIT_CANNOT_START: Final = 2
_CRASHED: Final = 2  # what Go exits with after a panic


def run(arguments: list[str], load: Callable[[], Lifecycle], *, keep_in: str = "") -> int:
    """Run the provider's process and return its exit code.

    `load` imports the lifecycle and makes one; it is called when a call needs it. `keep_in`: a directory for
    answers that never change.
    """
    debug = bool(arguments) and _wants_debug(arguments)
    if not debug and os.environ.get(_COOKIE_NAME) != _COOKIE:
        sys.stderr.write(
            "This is vtap's Terraform provider, a plugin: Terraform starts it by itself.\n"
            "To install it for Terraform run `vtap install`, to run Terraform with it `vtap terraform`;\n"
            "to serve a running Terraform for debugging, `python -m provider_shim --debug`.\n"
        )
        return 1
    # gRPC's core would write notes of its own to standard error.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    # What is imported stays: to look for garbage in it, now and later, takes a tenth of the start.
    gc.disable()
    try:
        from provider_shim.serve import serve, serve_debug

        return serve_debug(load, keep_in) if debug else serve(load, keep_in)
    except StartError as error:
        sys.stderr.write(f"{CANNOT_START}{error}\n")
        return _EXIT_CANNOT_START
    except Exception as error:  # noqa: BLE001  # the boundary: Terraform shows what follows "panic: "
        import traceback

        sys.stderr.write(f"panic: vtap's provider failed: {type(error).__name__}: {error}\n\n")
        sys.stderr.write(traceback.format_exc())
        return _CRASHED


def finish(code: int) -> None:
    """End the process at once: to wait for idle threads and tear modules down costs the user time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wants_debug(arguments: list[str]) -> bool:
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m provider_shim",
        description="vtap's Terraform provider. Terraform starts it without arguments.",
    )
    parser.add_argument(
        "--debug",
        action="store_true",
        help="serve one provider configuration to a Terraform that is given the printed "
        "TF_REATTACH_PROVIDERS, until Ctrl-C",
    )
    return bool(parser.parse_args(arguments).debug)
