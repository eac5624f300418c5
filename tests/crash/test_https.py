"""HTTPS, as the README shows it: with a certificate, and behind a proxy that has one. People sign in either way."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import pytest
import trustme

from api.access.cookies import SESSION_COOKIE
from api.access.guard import CSRF_HEADER
from tests.crash.processes import Siaga

MakeSiaga = Callable[..., Siaga]
PASSWORD = "hujan turun di Ciriung"


def signed_in(client: httpx2.Client, token: str, headers: Mapping[str, str]) -> str:
    """An account is made, its person signs in and gives a command; the cookie as it was set."""
    body = {"name": "sri", "password": PASSWORD, "roles": ["dispatcher"], "regions": ["kota"]}
    made = client.post("/v1/people", json=body, headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 201, made.text
    answer = client.post("/v1/session", json={"name": "sri", "password": PASSWORD}, headers=headers)
    assert answer.status_code == 200, answer.text
    kept = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{SESSION_COOKIE}="))
    cookie = {"Cookie": kept.partition(";")[0]}  # the client would send one that is for HTTPS only to no proxy of ours
    client.cookies.clear()
    key = {"Idempotency-Key": "call-by-cookie", CSRF_HEADER: answer.json()["csrf"]}
    opened = client.post("/v1/regions/kota/cases", json={}, headers={**headers, **cookie, **key})
    assert opened.status_code == 201, opened.text
    return kept


def test_with_a_certificate(siaga: MakeSiaga, tmp_path: Path) -> None:
    office = trustme.CA()
    issued = office.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "siaga.pem", tmp_path / "siaga-key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    office.configure_trust(trusting)
    service = siaga("--certificate", str(certificate), "--key", str(key))
    service.start()
    address = service.url.replace("http://", "https://")
    assert f"{address}" in service.out.text
    with httpx2.Client(base_url=address, verify=trusting, trust_env=False, timeout=20) as client:
        kept = signed_in(client, service.token, {"Origin": address})
    assert "; Secure" in kept
    assert "; HttpOnly" in kept
    assert service.stop() == 0
    assert "Traceback" not in service.earlier


@pytest.mark.slow
def test_behind_a_proxy(siaga: MakeSiaga) -> None:
    service = siaga("--proxy", "127.0.0.1", "--public", "https://siaga.example")
    service.start()
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", "Origin": "https://siaga.example"}
    with httpx2.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        assert "; Secure" in signed_in(client, service.token, told)
        strange = {**told, "Origin": "https://elsewhere.example"}
        assert client.post("/v1/session", json={"name": "sri", "password": PASSWORD}, headers=strange).status_code == 403
    assert service.stop() == 0


@pytest.mark.slow
def test_a_proxy_that_is_not_trusted_is_not_believed(siaga: MakeSiaga) -> None:
    service = siaga()
    service.start()
    with httpx2.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        assert "; Secure" not in signed_in(client, service.token, {"X-Forwarded-Proto": "https"})
    assert service.stop() == 0
