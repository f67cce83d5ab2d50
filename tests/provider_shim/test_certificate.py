"""The curve against published numbers, the certificate against OpenSSL."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_shim import p256
from provider_shim.certificate import ServerCertificate, make_certificate

# RFC 6979, appendix A.2.5: key, public point, and the signature of "sample" with SHA-256.
PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PUBLIC = (
    0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6,
    0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299,
)
NONCE = 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
SIGNATURE = (
    0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
)
YEAR_2026, YEAR_2049, YEAR_2051 = 1_790_000_000.0, 2_522_000_000.0, 2_560_000_000.0


def test_a_public_key_is_the_published_one() -> None:
    assert p256.multiply(PRIVATE) == PUBLIC


def test_a_signature_is_the_published_one() -> None:
    assert p256.sign(PRIVATE, hashlib.sha256(b"sample").digest(), NONCE) == SIGNATURE


@pytest.mark.parametrize("scalar", [1, 2, 3, p256.N - 2, p256.N - 1])
def test_the_scalars_at_both_ends_give_points_of_the_curve(scalar: int) -> None:
    x, y = p256.multiply(scalar)
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B  # SEC 2 section 2.4.2
    assert (y * y - (x**3 - 3 * x + b)) % p256.P == 0


def test_the_last_scalar_is_the_generators_mirror_image() -> None:
    assert p256.multiply(p256.N - 1) == (p256.G[0], p256.P - p256.G[1])


@given(st.binary(min_size=40, max_size=40))
def test_a_random_scalar_is_in_range(random: bytes) -> None:
    assert 1 <= p256.random_scalar(random) < p256.N


def test_another_amount_of_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="96 random bytes, not 95"):
        make_certificate(bytes(95), YEAR_2026, YEAR_2049)


def test_the_handshake_has_no_padding() -> None:
    texts = [make_certificate(bytes([i]) * 96, YEAR_2026, YEAR_2049).handshake_text for i in range(4)]
    assert all("=" not in text and "\n" not in text for text in texts)


def test_the_key_does_not_show_in_a_log() -> None:
    assert "PRIVATE" not in repr(make_certificate(bytes(96), YEAR_2026, YEAR_2049))


def openssl(require: Callable[[str], str], *arguments: str) -> str:
    result = subprocess.run([require("openssl"), *arguments], capture_output=True, text=True, check=True)
    return result.stdout


@pytest.fixture
def written(tmp_path: Path) -> Callable[[ServerCertificate], tuple[str, str]]:
    def write(certificate: ServerCertificate) -> tuple[str, str]:
        paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
        paths[0].write_text(certificate.pem)
        paths[1].write_text(certificate.key_pem)
        return str(paths[0]), str(paths[1])

    return write


@pytest.mark.oracle
@pytest.mark.parametrize("seed", [b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x10"])
def test_openssl_verifies_the_certificate_and_its_key(
    seed: bytes,
    written: Callable[[ServerCertificate], tuple[str, str]],
    require: Callable[[str], str],
) -> None:
    path, key = written(make_certificate(seed * 96, YEAR_2026, YEAR_2049))
    moment = str(int(YEAR_2026) + 1)
    verified = openssl(
        require, "verify", "-attime", moment, "-check_ss_sig", "-x509_strict", "-purpose", "sslserver",
        "-verify_hostname", "localhost", "-partial_chain", "-trusted", path, path,
    )  # fmt: skip
    assert verified.strip().endswith("OK")
    assert openssl(require, "pkey", "-in", key, "-pubout") == openssl(
        require, "x509", "-in", path, "-noout", "-pubkey"
    )


@pytest.mark.oracle
def test_openssl_reads_the_fields_that_were_meant(
    written: Callable[[ServerCertificate], tuple[str, str]], require: Callable[[str], str]
) -> None:
    path, _ = written(make_certificate(b"\xa5" * 96, YEAR_2049, YEAR_2051))
    text = openssl(require, "x509", "-in", path, "-noout", "-text")
    for expected in (
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "NIST CURVE: P-256",
        "DNS:localhost",
        "Dec  1 19:33:20 2049 GMT",
        "Feb 14 15:06:40 2051 GMT",
    ):
        assert expected in text
