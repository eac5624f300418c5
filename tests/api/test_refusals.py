"""What an operator mistypes on the first day gets one line that says what to do, and nothing secret in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.api.commands import Run

PLAIN = serialization.NoEncryption()


def key_file(path: Path, lock: serialization.KeySerializationEncryption = PLAIN) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
    return key


def certificate_file(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "siaga.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A folder with a certificate, its key, the same key behind a password, another key, and something else."""
    key = key_file(tmp_path / "key.pem")
    certificate_file(tmp_path / "cert.pem", key)
    key_file(tmp_path / "other.pem")
    key_file(tmp_path / "locked.pem", serialization.BestAvailableEncryption(b"rahasia"))
    (tmp_path / "letter.pem").write_text("Dear Sir")
    return tmp_path


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("letter.pem", "letter.pem"), ("cert.pem", "other.pem"), ("cert.pem", "locked.pem"), ("cert.pem", "missing.pem")],
)
def test_a_certificate_that_can_not_be_used(siaga: Run, pem: Path, certificate: str, key: str) -> None:
    answer = siaga("serve", "--certificate", str(pem / certificate), "--key", str(pem / key))
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert str(pem / key) in answer.err
    assert "can't be used" in answer.err or "no such file" in answer.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--public", "siaga.example"),
        ("--public", "https://siaga.example/desk"),
        ("--proxy", "my-proxy"),
        ("--proxy", "10.0.0.1,x"),
    ],
)
def test_an_address_that_is_none(siaga: Run, option: str, value: str) -> None:
    answer = siaga("serve", option, value)
    assert answer.code == 2
    assert answer.err.startswith(f"siaga: {option} ")
    assert "such as" in answer.err


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6379",
        "redis://:gehe/im77@127.0.0.1:6379",
        "redis://:geheim77@127.0.0.1:66666",
        "redis+cluster://:geheim77@",
    ],
)
def test_the_url_of_a_store_that_is_none_tells_no_password(siaga: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SIAGA_REDIS_URL", url)
    answer = siaga("user", "list")
    assert answer.code == 2
    assert "store's URL" in answer.err
    assert "gehe" not in answer.err


def test_a_folder_where_a_file_is_needed(siaga: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_DATA_DIR", str(tmp_path / "data"))
    answer = siaga("restore", str(tmp_path))
    assert answer.code == 2
    assert str(tmp_path) in answer.err
