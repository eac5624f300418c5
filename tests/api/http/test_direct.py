"""Positions take a shorter way in than everything else: they are answered, refused and counted as everything else is."""

from __future__ import annotations

import re

import httpx2
import pytest
from opentelemetry import trace

from api.access.grants import Grant
from api.http.middleware import LARGEST_BODY
from api.http.problems import MEDIA_TYPE
from api.http.trackers import LONGEST_BODY, OSMAND
from tests.api.http.live import NOBODY, Live


@pytest.fixture(scope="module")
def device(live: Live) -> str:
    grant = Grant(("tracker",), (live.region,), vehicle="A1")
    secret, _ = live.do(live.access.tokens.create("GPS A1", grant, "test", kind="device"))
    return secret


def told(live: Live, device: str, **changes: str) -> dict[str, str]:
    longitude, latitude = live.office.spot(1)
    return {"id": device, "lat": str(latitude), "lon": str(longitude), "timestamp": live.office.now.isoformat()} | changes


def sent(live: Live, method: str, said: dict[str, str], **more: str | bytes) -> httpx2.Response:
    return live.client(NOBODY).request(method, OSMAND, params=said, **more)


def counted(live: Live) -> dict[tuple[str, str, str], float]:
    lines = re.findall(
        r'^siaga_requests_total\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\S+)', metrics(live), re.MULTILINE
    )
    return {(method, route, status): float(number) for method, route, status, number in lines}


def metrics(live: Live) -> str:
    return live.get("metrics", "/metrics").text


def test_a_position_is_taken_shown_and_counted(live: Live, device: str) -> None:
    before = counted(live).get(("GET", OSMAND, "200"), 0.0)
    answer = sent(live, "GET", told(live, device))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (point,) = live.get("dispatcher", "vehicles/A1/trail").json()
    assert (point["longitude"], point["latitude"]) == live.office.spot(1)
    assert counted(live)["GET", OSMAND, "200"] == before + 1
    assert device not in metrics(live)


@pytest.mark.parametrize(
    ("method", "changes", "body", "status", "said"),
    [
        ("GET", {"lat": "x"}, b"", 422, "lat: 'x'"),
        ("GET", {"id": "0123456789abcdef"}, b"", 401, ""),
        ("POST", {"lat": "91"}, b"", 422, "lat: 91"),
        ("POST", {}, b" " * (LONGEST_BODY + 1), 413, "shorter than"),
        ("POST", {}, b" " * (LARGEST_BODY + 1), 413, "shorter than"),
        ("PUT", {}, b"", 405, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_problem_that_keeps_the_secret(
    live: Live, device: str, method: str, changes: dict[str, str], body: bytes, status: int, said: str
) -> None:
    answer = sent(live, method, told(live, device, **changes), content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert said in answer.json()["detail"]
    assert device not in answer.text


def test_no_address_is_told_to_a_tracing_service(live: Live, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: asked.append("provider"))
    assert sent(live, "GET", told(live, device, valid="0")).status_code == 200
    assert live.get("dispatcher", "cases").status_code == 200
    assert asked == []
