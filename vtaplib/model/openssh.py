"""OpenSSH public keys: the check that azurerm makes of `admin_ssh_key`."""

from __future__ import annotations

import base64
import binascii
import struct

SMALLEST_RSA = 2048


def without_whitespace(key: str) -> str:
    """What two spellings of one key have in common."""
    return " ".join(key.split())


def public_key_problem(key: str) -> str | None:
    """Why a string is not a public key that Azure takes, as a clause; None if it is. RFC 4253 section 6.6."""
    parts = key.split()
    if len(parts) < 2 or "\n" in key.strip():
        return "is not a one-line OpenSSH public key"
    try:
        blob = base64.b64decode(parts[1], validate=True)
        fields = _fields(blob)
    except (binascii.Error, struct.error, ValueError):
        return "is not an OpenSSH public key: its base64 part does not decode"
    kind = fields[0].decode("ascii", "replace") if fields else ""
    if kind != parts[0] or kind not in ("ssh-rsa", "ssh-ed25519"):
        return f"is a key of type {parts[0]}; Azure takes ssh-rsa and ssh-ed25519"
    if kind == "ssh-rsa":
        bits = int.from_bytes(fields[2], "big").bit_length() if len(fields) > 2 else 0
        if bits < SMALLEST_RSA:
            return f"is an RSA key of {bits} bits; Azure takes {SMALLEST_RSA} and more"
    return None


def _fields(blob: bytes) -> list[bytes]:
    fields: list[bytes] = []
    position = 0
    while position < len(blob):
        (length,) = struct.unpack_from(">I", blob, position)
        field = blob[position + 4 : position + 4 + length]
        if len(field) != length:
            raise ValueError("cut off")
        fields.append(field)
        position += 4 + length
    return fields
