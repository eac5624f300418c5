"""The examples of the OpenAPI document work: all are there, each is as its schema says, and every body is sent for real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from api.access.gate import CSRF_HEADER
from tests.api.http.live import Live
from tests.servers import NO_TLS, WITHIN_S

Json = dict[str, Any]

FIRST = ("POST /v1/people",)
LAST = ("breakdown", "decline", "death", "end", "stand-down", "escort-end", "merge", "cancel", "withdraw", "retire")
"""Who is entered signs in afterwards; what ends something is sent last, so that the others still find it."""

DONE_AT_LEAST = 34
"""Of the bodies: they are sent one after the other in one region, and some come too early or too late there (409)."""


@pytest.fixture(scope="module")
def document(live: Live) -> Json:
    """The OpenAPI document as it is served."""
    told: Json = live.client("admin").get("/v1/openapi.json").json()
    return told


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _bodies(document: Json) -> Iterator[tuple[str, str, Json]]:
    for method, path, operation in _operations(document):
        if "requestBody" in operation:
            yield method, path, operation["requestBody"]["content"]["application/json"]


def _example(of: Json) -> Any:
    """What stands with a body or a parameter, or in its schema; None if nothing does."""
    return of["example"] if "example" in of else next(iter(of["schema"].get("examples", ())), None)


def _needed(document: Json) -> Iterator[tuple[str, Json]]:
    for method, path, operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter.get("required"):
                yield f"{method} {path} {parameter['name']}", parameter


def test_every_body_and_every_required_parameter_has_an_example(document: Json) -> None:
    bodies = {f"{method} {path}": body for method, path, body in _bodies(document)}
    needed = dict(_needed(document))
    assert len(bodies) >= 45
    assert len(needed) > 150
    assert [name for name, one in {**bodies, **needed}.items() if _example(one) is None] == []


def test_every_example_is_as_its_schema_says(document: Json) -> None:
    wrong = []
    named = [(f"{method} {path}", body) for method, path, body in _bodies(document)]
    for name, one in (*named, *_needed(document)):
        schema = {**one["schema"], "components": document["components"]}
        wrong += [f"{name}: {error}" for error in jsonschema_rs.iter_errors(schema, _example(one), validate_formats=True)]
    assert wrong == []


def _known(live: Live) -> dict[str, str]:
    """Names that stand in the examples, and those of real things for them: a case whose first patient is fetched, with an
    offer to a facility, and whose second one waits for the desk; another case, a vehicle, a tracker; here and now."""
    case, other = live.call(patients=2), live.call()
    run = live.send(case, "A2", patients=["1"], facility={"facility": live.other_facility})
    live.press("driver_a2", run, "acknowledged")
    (request,) = live.done("dispatcher", f"cases/{case}/patients/2/desk")["made"]["request"]
    live.office.wait(minutes=10)
    longitude, latitude = live.office.spot(3)
    return {
        "cibinong": live.region,
        "K3F-9QX-7TT": case,
        "K8M-2WD-4HC": other,
        "V01": "A1",
        "5e1c2a9077d14f0d.1": run,
        "5e1c2a9077d14f0d.2": live.offer(case),
        "5e1c2a9077d14f0d.3": request,
        "osm:way/123456789": live.facility,
        "tracker-id": live.tokens["tracker"],
        "106.8527": str(longitude),
        "-6.4817": str(latitude),
        "2026-11-22": live.office.now.date().isoformat(),
    }


def _turn(name: str) -> int:
    word = name.rsplit("/", 1)[1]
    return -1 if name in FIRST else LAST.index(word) + 1 if word in LAST else 0


def test_every_body_can_be_sent(live: Live, document: Json) -> None:
    known = _known(live)
    operations = {f"{method} {path}": operation for method, path, operation in _operations(document)}
    bodies = {f"{method} {path}": body for method, path, body in _bodies(document)}

    def real(example: Any) -> Any:
        written = json.dumps(example)
        for name, there in known.items():
            written = written.replace(name, there)
        return json.loads(written)

    told = {}
    with httpx2.Client(base_url=live.base, timeout=WITHIN_S, verify=NO_TLS) as browser:
        for name in sorted(bodies, key=_turn):
            method, url = name.split(" ")
            for one in operations[name].get("parameters", ()):
                url = url.replace("{" + one["name"] + "}", str(real(_example(one))))
            client = browser if url.startswith("/v1/session") else live.client("admin")
            auth = ("phone", live.tokens["tracker"]) if url.startswith("/track/") else None
            headers = {"Idempotency-Key": live.new_key()}
            answer = client.request(method, url, json=real(_example(bodies[name])), headers=headers, auth=auth)
            told[name] = f"{answer.status_code} {answer.text[:300]}"
            if name == "POST /v1/session" and answer.is_success:
                browser.headers[CSRF_HEADER] = answer.json()["csrf"]
    # 404 and 409: what was sent before it has changed things.
    assert {name: said for name, said in told.items() if not said.startswith(("200", "201", "204", "404", "409"))} == {}
    done = [name for name, said in told.items() if said.startswith("2")]
    assert len(done) >= DONE_AT_LEAST, {name: said for name, said in told.items() if name not in done}
