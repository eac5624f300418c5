"""The OpenAPI document: what FastAPI makes of the endpoints, with what holds for all of them said once and rightly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.examples import exemplify
from api.http.problems import Problem, documented

Json = dict[str, Any]

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_HEADERS = {
    "Idempotency-Key": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$", "examples": ["5e1c2a9077d14f0d"]},
    "If-Match": {"type": "string", "pattern": '^([*]|"[0-9]{1,15}")$', "examples": ['"3"']},
}
_NEEDED = "Idempotency-Key"


def describe(app: FastAPI) -> None:
    """Has an app say what it answers: problem details where FastAPI would say its own, and those that any endpoint gives
    which takes a body, takes parameters, or asks who calls."""

    def made() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]  # as FastAPI's manual has it


def _described(app: FastAPI) -> Json:
    told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for method, path, operation in _operations(told):
        for parameter in operation.get("parameters", ()):
            if (schema := _HEADERS.get(parameter["name"])) is not None:
                parameter |= {"schema": schema, "required": parameter["name"] == _NEEDED}
        _complete(operation)
        exemplify(method, path, operation)
    return told


def _operations(told: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in told["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield method, path, operation


def _complete(operation: Json) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    may: set[int] = set()
    if "requestBody" in operation:
        may |= {400, 413, 422}
    if operation.get("parameters"):
        may |= {422}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        may |= {404}
    if operation.get("security"):
        may |= {401, 403, 503}
    for status, problem in documented(*sorted(may)).items():
        answers.setdefault(str(status), problem)
