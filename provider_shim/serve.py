"""The process that Terraform talks to: a gRPC server in a private directory, from the handshake to Shutdown.

The handshake comes first. Only what makes it is imported before it; what reads calls is imported while
Terraform connects, and the types when a call needs them. So the start does not grow with the types.

Standard output carries the handshake line and nothing else, ever; everything else goes to standard error.
Shutdown is answered first and obeyed right after: a process that outlives it by two seconds is killed.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import grpc

from provider_shim.late import Late
from provider_shim.log import log
from provider_shim.rendezvous import BACKEND, FRONT, KEY, Rendezvous, hidden
from provider_shim.start_error import CANNOT_START, StartError

if TYPE_CHECKING:
    from provider_shim.contract import Lifecycle
    from provider_shim.tls import TlsFront

ADDRESS: Final = "terraform.local/vtap/vtap"
PROTOCOL_VERSION: Final = 6
# go-plugin's own version of the handshake, the line's first field.
_CORE_PROTOCOL_VERSION: Final = 1
# gRPC's default is 4 MiB, which one large attribute exceeds; Terraform's other providers allow as much as
# this.
_MESSAGE_LIMIT: Final = 256 << 20
# Terraform's default parallelism is 10 per walk.
_WORKERS: Final = 16
# Together, and with what the lifecycle takes to close, under the two seconds that Terraform waits.
_GRACE_SECONDS: Final = 0.8
_DRAIN_SECONDS: Final = 0.3
_PARENT_CHECK_SECONDS: Final = 2.0
_CLOCK_SKEW_SECONDS: Final = 60.0
_CERTIFICATE_SECONDS: Final = 30 * 86400.0


class _Ending:
    """The wish to end: set from any thread or signal handler, waited for by the main thread.

    A pipe, because it is safe in a signal handler that interrupts the very wait.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def ask(self, *_: object) -> None:
        os.write(self._write, b"x")

    def wait(self, parent: int | None = None) -> None:
        """Return when asked to end, or when the process `parent` is no longer this one's."""
        while not select.select([self._read], [], [], _PARENT_CHECK_SECONDS)[0]:
            if parent is not None and os.getppid() != parent:
                log("warn", "Terraform is gone without a Shutdown: ending")
                return


class _Calls:
    """The provider's calls, as gRPC asks for their handlers."""

    def __init__(self, load: Callable[[], Lifecycle], keep_in: str) -> None:
        self.lifecycle = Late(load)
        self._keep_in = keep_in
        self.handlers = Late(self._make_handlers)

    def _make_handlers(self) -> grpc.GenericRpcHandler:
        from provider_shim.handlers import service_handlers
        from provider_shim.kept_answers import KeptAnswers

        return service_handlers(self.lifecycle, KeptAnswers(self._keep_in) if self._keep_in else None)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """The handler of one call; waits until the handlers are there."""
        return self.handlers.get().service(details)

    def close(self) -> None:
        """Closes the lifecycle, if there is one."""
        if (lifecycle := self.lifecycle.made()) is not None:
            lifecycle.close()


def serve(load: Callable[[], Lifecycle], keep_in: str) -> int:
    """Serve Terraform, which started this process, until Shutdown. Returns the exit code."""
    parent = os.getppid()  # now, for Terraform may be gone before the handshake is through
    handshake = _claim_standard_output()
    ending = _Ending()
    # Ctrl-C reaches the whole process group, but it is Terraform that decides: it calls StopProvider and
    # Shutdown.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ending.ask)
    signal.signal(signal.SIGHUP, ending.ask)
    try:
        return _serve(_Calls(load, keep_in), handshake, ending, parent)
    except StartError as error:
        from vtaplib.visible_text import one_line

        # Terraform shows a line that is not a handshake, and of standard error nothing.
        os.write(handshake, f"{CANNOT_START}{one_line(str(error))}\n".replace("|", "/").encode())
        raise


def _serve(calls: _Calls, handshake: int, ending: _Ending, parent: int) -> int:
    rendezvous = Rendezvous.create()
    try:
        backend = rendezvous.inner_file(BACKEND)
        server = _start(calls, backend, ending)
        front, address, certificate = None, rendezvous.file(BACKEND), ""
        if client_pem := os.environ.get("PLUGIN_CLIENT_CERT"):
            front, certificate = _start_front(rendezvous, hidden(backend), client_pem)
            address = rendezvous.file(FRONT)
        line = f"{_CORE_PROTOCOL_VERSION}|{PROTOCOL_VERSION}|unix|{address}|grpc|{certificate}\n"
        os.write(handshake, os.fsencode(line))
        calls.handlers.get()
        ending.wait(parent)
        server.stop(_GRACE_SECONDS).wait(_GRACE_SECONDS)
        if front is not None:
            front.drain(_DRAIN_SECONDS)
        calls.close()
    finally:
        rendezvous.remove()
    return 0


def serve_debug(load: Callable[[], Lifecycle], keep_in: str) -> int:
    """Serve any Terraform that is told where, without TLS, until SIGINT or SIGTERM. Returns the exit code."""
    ending = _Ending()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ending.ask)
    rendezvous = Rendezvous.create()
    try:
        calls = _Calls(load, keep_in)
        server = _start(calls, rendezvous.inner_file(BACKEND), ending)
        sys.stdout.write(f"TF_REATTACH_PROVIDERS='{reattach_json(rendezvous.file(BACKEND))}'\n")
        sys.stdout.flush()
        sys.stderr.write(
            "Set this variable for terraform. This process serves ONE provider configuration: it "
            "cannot\ndistinguish aliases, so the last one configured would serve them all. Ctrl-C ends it.\n"
        )
        ending.wait()
        server.stop(_GRACE_SECONDS).wait(_GRACE_SECONDS)
        calls.close()
    finally:
        rendezvous.remove()
    return 0


def reattach_json(socket_path: str) -> str:
    """The value of TF_REATTACH_PROVIDERS for a server in this process.

    `Test` must be true (Terraform crashes on false for protocol 6), and the process number one that lives.
    """
    import json

    entry = {
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "unix", "String": socket_path},
    }
    return json.dumps({ADDRESS: entry})


def _claim_standard_output() -> int:
    """Keep standard output for the handshake: whatever else writes there writes to standard error now."""
    handshake = os.dup(1)
    os.dup2(2, 1)
    return handshake


def _start(calls: _Calls, path: str, ending: _Ending) -> grpc.Server:
    def shutdown(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        ending.ask()
        return b""  # `plugin.Empty`

    end = grpc.unary_unary_rpc_method_handler(shutdown)
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS, thread_name_prefix="rpc"),
        options=(
            ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
            ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ),
    )
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": end}),
            calls,
        )
    )
    server.add_insecure_port(_target(path))
    server.start()
    return server


def _target(path: str) -> str:
    """GRPC's name for a unix socket, a URI: every byte but the plainest is percent-encoded."""
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
    return "unix:" + "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in os.fsencode(path))


def _start_front(
    rendezvous: Rendezvous, connect: Callable[[], socket.socket], client_pem: str
) -> tuple[TlsFront, str]:
    """Start the TLS front in the directory; returns it and the certificate for the handshake."""
    from provider_shim.certificate import make_certificate
    from provider_shim.tls import TlsFront, client_der, server_context

    now = time.time()
    certificate = make_certificate(os.urandom(96), now - _CLOCK_SKEW_SECONDS, now + _CERTIFICATE_SECONDS)
    known = client_der(client_pem)
    context = server_context(certificate, known, rendezvous.inner_file(KEY))
    front = TlsFront(context, known, rendezvous.inner_file(FRONT), connect)
    front.start()
    return front, certificate.handshake_text
