"""Every field of every command and query, filled with what nobody means: never a server error, always a documented answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api.http.live import Live

Json = dict[str, Any]

ODD: tuple[Any, ...] = (
    "",
    "\x00",
    "\ud800",
    "a/b",
    "x" * 5_000,
    "../..",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-03-02T10:00:00",
    0,
    -1,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    True,
    None,
    [],
    {},
    [[[[]]]],
    {"type": "Point", "coordinates": [float("nan"), 10**400]},
    {"type": "Polygon", "coordinates": [[[0, 0]]]},
    {"type": "Polygon", "coordinates": []},
    {"type": "LineString", "coordinates": [[107.3, -5.08]]},
    {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": []}]},
    {"type": "Point", "coordinates": [107.3, -5.08, 1, 2, 3]},
    {"\ud800": "\ud800"},
)

ODD_WORDS = (
    "",
    "\x00",
    "é" * 300,
    "nan",
    "inf",
    "-",
    "1e999",
    "9" * 400,
    "²-0",
    "1.2.3,4",
    "../..",
    "%00",
    "\n",
    "😀",
    "--;'\"",
)


@pytest.fixture(scope="module")
def names(live: Live) -> dict[str, str]:
    """What stands for parameters of paths."""
    case = live.call()
    run = live.send(case, "A1")
    return {
        "region": live.region,
        "case": case,
        "patient": "1",
        "run": run,
        "vehicle": "A2",
        "officer": "P1",
        "offer": live.offer(case),
        "request": "1",
        "facility": live.facility,
        "condition": "c1",
        "name": "siti",
        "token": "abc",
        "profile": "car",
        "coordinates": "107.30,-5.08;107.31,-5.08",
    }


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if path != "/v1/events":
                yield path, method.upper(), operation


def _example(document: Json, schema: Json) -> Any:
    """Something that a schema allows: what it must have, and whatever may be left out as well."""
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if schema.get("examples"):
        return schema["examples"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _example(document, schema[several][0])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return {name: _example(document, one) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [_example(document, schema["items"])] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string" if schema.get("format") == "date-time":
            return "2026-03-02T10:00:00+07:00"
    return "A1"


def _spoilt(body: Any, value: Any) -> Iterator[Any]:
    """The body, each time with something else in it replaced."""
    yield value
    if isinstance(body, dict):
        for name, inner in body.items():
            for other in _spoilt(inner, value):
                spoilt = copy.copy(body)
                spoilt[name] = other
                yield spoilt
    if isinstance(body, list) and body:
        for other in _spoilt(body[0], value):
            yield [other, *body[1:]]


def _url(path: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    return path


def _wrong(operation: Json, status: int, sent: str, answer: str) -> str | None:
    if status < 500 and str(status) in operation["responses"]:
        return None
    return f"{sent[:300]}: {status} {answer[:300]}"


def _document(live: Live) -> Json:
    document: Json = live.client("admin").get("/v1/openapi.json").json()
    return document


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_odd_bodies(live: Live, names: dict[str, str], part: int) -> None:
    document, wrong, tried = _document(live), [], 0
    for number, (path, method, operation) in enumerate(_operations(document)):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None or number % 4 != part:
            continue
        body, url = _example(document, schema), _url(path, names)
        for value in ODD:
            for spoilt in _spoilt(body, value):
                headers = {"Idempotency-Key": live.new_key(), "Content-Type": "application/json"}
                sent = json.dumps(spoilt)
                tried += 1
                try:
                    answer = live.client("admin").request(method, url, content=sent, headers=headers)
                except httpx2.TransportError as error:  # uvicorn hangs up after a server error
                    wrong.append(f"{method} {path} {sent[:300]}: {error}")
                    continue
                if (said := _wrong(operation, answer.status_code, f"{method} {path} {sent}", answer.text)) is not None:
                    wrong.append(said)
    assert tried > 500
    assert not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize(
    "sent",
    [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b'"' + b"\xed\xa0\x80" + b'"', b"{", b"", b"null", b"1e999", b"\x00"],
)
def test_bodies_that_are_no_json(live: Live, names: dict[str, str], sent: bytes) -> None:
    wrong = []
    for path, method, operation in _operations(_document(live)):
        if "requestBody" in operation:
            headers = {"Idempotency-Key": live.new_key(), "Content-Type": "application/json"}
            answer = live.client("admin").request(method, _url(path, names), content=sent, headers=headers)
            wrong.append(_wrong(operation, answer.status_code, f"{method} {path}", answer.text))
    assert not (said := [one for one in wrong if one is not None]), "\n".join(said)


@pytest.mark.slow
def test_odd_parameters(live: Live, names: dict[str, str]) -> None:
    document, wrong, tried = _document(live), [], 0
    for path, method, operation in _operations(document):
        if method != "GET":
            continue
        for parameter in operation.get("parameters", ()):
            for word in ODD_WORDS:
                query, headers, places = {}, {}, dict(names)
                name = parameter["name"]
                if parameter["in"] == "query":
                    query = {name: word}
                elif parameter["in"] == "path":
                    places[name] = "".join(f"%{byte:02X}" for byte in word.encode())
                else:
                    headers = {name: word.encode("latin-1", "replace").strip(b" \x00\n")}
                url = _url(path, places)
                answer = live.client("admin").request(method, url, params=query or None, headers=headers)
                tried += 1
                # An empty part of a path is another path.
                responses = {**operation, "responses": {**operation["responses"], "404": {}, "405": {}, "307": {}}}
                sent = f"{method} {path} {name}={word!r}"
                wrong.append(_wrong(responses, answer.status_code, sent, answer.text))
    assert tried > 200
    assert not (said := [one for one in wrong if one is not None]), "\n".join(said[:30])


@pytest.mark.parametrize("word", ["²-0", "1-²", "9" * 21 + "-0", f"{2**64}-0", "0-", "-", "x", "1-2-3"])
def test_an_id_that_is_none(live: Live, word: str) -> None:
    headers = {"Last-Event-ID": word.encode("latin-1")}
    answer = live.client("admin").get(f"/v1/events?region={live.region}", headers=headers)
    assert answer.status_code == 422
