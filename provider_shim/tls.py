"""The TLS front: Terraform's mutual TLS outside, plaintext gRPC inside.

gRPC's own TLS cannot ask for Terraform's client certificate (P-521, which its TLS 1.3 does not offer to
verify), so OpenSSL does, in front of a gRPC server that listens where nobody else gets in. Each connection
has one thread, which copies bytes in both directions: an SSL object must not be read and written at the
same time.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

from provider_shim.certificate import ServerCertificate
from provider_shim.log import log
from provider_shim.start_error import StartError

_BACKLOG: Final = 32
_HANDSHAKE_SECONDS: Final = 10.0
_CHUNK: Final = 65536
# What may wait in one direction before the other side is no longer read.
_BUFFER_LIMIT: Final = 1 << 20


def client_der(client_pem: str) -> bytes:
    """The client's certificate in DER, from PLUGIN_CLIENT_CERT. Raises StartError if that is none."""
    try:
        if client_pem.count("-----BEGIN") > 1:
            raise ValueError("more than one object")
        der = ssl.PEM_cert_to_DER_cert(client_pem.strip())
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError) as error:
        raise StartError(
            f"PLUGIN_CLIENT_CERT is not a certificate in PEM: {error}. It begins with {client_pem[:30]!r}. "
            "Terraform sets this variable to the certificate that it will show. If a script or a container "
            "starts the provider, it must pass the variable on unchanged."
        ) from error
    return der


def server_context(certificate: ServerCertificate, client: bytes, key_path: str) -> ssl.SSLContext:
    """A context that shows the certificate and demands the client's (in DER), and no other.

    OpenSSL reads a key from files only: the file at `key_path`, in a private directory, is readable by this
    user only, and gone before anything is served.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=client)
    context.set_alpn_protocols(["h2"])  # gRPC clients hang up without it
    descriptor = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(certificate.key_pem + certificate.pem)
        context.load_cert_chain(key_path)
    finally:
        os.unlink(key_path)
    return context


class TlsFront:
    """Accepts TLS connections from one known client and connects each to the backend."""

    def __init__(
        self,
        context: ssl.SSLContext,
        client_der: bytes,
        path: str,
        connect: Callable[[], socket.socket],
    ) -> None:
        self._context = context
        self._client_der = client_der
        self._connect = connect
        self._threads: set[threading.Thread] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(_BACKLOG)

    def start(self) -> None:
        """Accept from now on, in daemon threads."""
        threading.Thread(target=self._accept, name="tls-accept", daemon=True).start()

    def drain(self, seconds: float) -> None:
        """Wait until every connection has passed on what the backend said last, at most so long."""
        deadline = time.monotonic() + seconds
        for thread in tuple(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError as error:
                log("error", f"accepting connections ended: {error}")
                return
            thread = threading.Thread(target=self._serve, args=(plain,), name="tls-connection", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.settimeout(_HANDSHAKE_SECONDS)
            with self._context.wrap_socket(plain, server_side=True) as tls:
                # The client's certificate may call itself an authority: only the very same one counts.
                if tls.getpeercert(binary_form=True) != self._client_der:
                    log("warn", "refused a connection: not Terraform's certificate")
                    return
                with self._connect() as backend:
                    _pump(tls, backend)
        except OSError as error:  # ssl.SSLError is one
            log("warn", f"a connection ended: {error}")
        finally:
            plain.close()
            self._threads.discard(threading.current_thread())


def _pump(tls: ssl.SSLSocket, backend: socket.socket) -> None:
    """Copy both ways until either side ends, then pass on what is still waiting."""
    tls.settimeout(0)
    backend.settimeout(0)
    to_backend, to_tls = bytearray(), bytearray()
    tls_open = backend_open = True
    while (tls_open and backend_open) or (backend_open and to_backend) or (tls_open and to_tls):
        moved, tls_wants_write = False, False
        # OpenSSL may hold decrypted bytes where poll cannot see them: read until it has none.
        if tls_open and len(to_backend) < _BUFFER_LIMIT:
            try:
                chunk = tls.recv(_CHUNK)
                to_backend += chunk
                tls_open, moved = bool(chunk), True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLWantWriteError:
                tls_wants_write = True
        if backend_open and len(to_tls) < _BUFFER_LIMIT:
            try:
                chunk = backend.recv(_CHUNK)
                to_tls += chunk
                backend_open, moved = bool(chunk), True
            except BlockingIOError:
                pass
        if backend_open and to_backend:
            try:
                del to_backend[: backend.send(to_backend)]
                moved = True
            except BlockingIOError:
                pass
        if tls_open and to_tls:
            try:
                del to_tls[: tls.send(to_tls)]
                moved = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLWantWriteError:
                tls_wants_write = True
        if not moved:
            poll = select.poll()
            if tls_open:
                poll.register(
                    tls, select.POLLIN * (len(to_backend) < _BUFFER_LIMIT) | select.POLLOUT * tls_wants_write
                )
            if backend_open:
                poll.register(
                    backend, select.POLLIN * (len(to_tls) < _BUFFER_LIMIT) | select.POLLOUT * bool(to_backend)
                )
            poll.poll()
