"""A self-signed certificate for this process: X.509 v3 over P-256, in DER by hand (RFC 5280, RFC 5480).

Terraform trusts exactly the certificate that the handshake line shows, and connects to the name
`localhost`; the subject alternative name is therefore the one extension that counts.
"""

from __future__ import annotations

import binascii
import hashlib
import time
from dataclasses import dataclass, field
from typing import Final

from provider_shim import p256

_EC_PUBLIC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
_PRIME256V1: Final = bytes.fromhex("06082a8648ce3d030107")
_ECDSA_WITH_SHA256: Final = bytes.fromhex("06082a8648ce3d040302")
_COMMON_NAME: Final = bytes.fromhex("0603550403")
_SUBJECT_ALT_NAME: Final = bytes.fromhex("0603551d11")
_HOST: Final = b"localhost"

_INTEGER, _BIT_STRING, _OCTET_STRING, _UTF8_STRING = 0x02, 0x03, 0x04, 0x0C
_UTC_TIME, _GENERALIZED_TIME, _SEQUENCE, _SET = 0x17, 0x18, 0x30, 0x31
_DNS_NAME: Final = 0x82  # [2] of GeneralName


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate in DER and its private key, as PEM (SEC 1)."""

    der: bytes
    key_pem: str = field(repr=False)

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return _pem("CERTIFICATE", self.der)

    @property
    def handshake_text(self) -> str:
        """The certificate as go-plugin's handshake wants it: standard base64 without padding."""
        return binascii.b2a_base64(self.der, newline=False).decode().rstrip("=")


def make_certificate(random_bytes: bytes, not_before: float, not_after: float) -> ServerCertificate:
    """Make key and certificate from 96 random bytes, valid between two Unix times."""
    if len(random_bytes) != 96:
        raise ValueError(f"a certificate needs 96 random bytes, not {len(random_bytes)}")
    private = p256.random_scalar(random_bytes[:40])
    nonce = p256.random_scalar(random_bytes[40:80])
    serial = int.from_bytes(random_bytes[80:96]) >> 1 | 1  # positive, up to 127 bits
    x, y = p256.multiply(private)
    point = b"\x04" + x.to_bytes(32) + y.to_bytes(32)
    algorithm = _tlv(_SEQUENCE, _ECDSA_WITH_SHA256)
    name = _tlv(_SEQUENCE, _tlv(_SET, _tlv(_SEQUENCE, _COMMON_NAME, _tlv(_UTF8_STRING, _HOST))))
    alternative = _tlv(_OCTET_STRING, _tlv(_SEQUENCE, _tlv(_DNS_NAME, _HOST)))
    to_be_signed = _tlv(
        _SEQUENCE,
        _tlv(0xA0, _integer(2)),  # version 3
        _integer(serial),
        algorithm,
        name,
        _tlv(_SEQUENCE, _time(not_before), _time(not_after)),
        name,
        _tlv(_SEQUENCE, _tlv(_SEQUENCE, _EC_PUBLIC_KEY, _PRIME256V1), _bits(point)),
        _tlv(0xA3, _tlv(_SEQUENCE, _tlv(_SEQUENCE, _SUBJECT_ALT_NAME, alternative))),
    )
    r, s = p256.sign(private, hashlib.sha256(to_be_signed).digest(), nonce)
    signature = _tlv(_SEQUENCE, _integer(r), _integer(s))
    key = _tlv(  # RFC 5915
        _SEQUENCE,
        _integer(1),
        _tlv(_OCTET_STRING, private.to_bytes(32)),
        _tlv(0xA0, _PRIME256V1),
        _tlv(0xA1, _bits(point)),
    )
    der = _tlv(_SEQUENCE, to_be_signed, algorithm, _bits(signature))
    return ServerCertificate(der, _pem("EC PRIVATE KEY", key))


def _tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size) + content


def _integer(value: int) -> bytes:
    # DER integers are signed: a leading zero byte keeps a set top bit positive.
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _bits(content: bytes) -> bytes:
    return _tlv(_BIT_STRING, b"\x00", content)  # no unused bits


def _time(seconds: float) -> bytes:
    # RFC 5280 section 4.1.2.5: two-digit years through 2049, four digits from 2050 on.
    moment = time.gmtime(seconds)
    if moment.tm_year < 2050:
        return _tlv(_UTC_TIME, time.strftime("%y%m%d%H%M%SZ", moment).encode())
    return _tlv(_GENERALIZED_TIME, time.strftime("%Y%m%d%H%M%SZ", moment).encode())


def _pem(label: str, der: bytes) -> str:
    text = binascii.b2a_base64(der, newline=False).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
