"""The one place where errors become HTTP: problem details (RFC 9457), in the caller's language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.access.errors import (
    AccessError,
    ForbiddenError,
    GrantError,
    LinkOverError,
    NameTakenError,
    NotSignedInError,
    PasswordError,
    TooManyAttemptsError,
    UnknownHolderError,
)
from api.http.language import language_of
from api.http.redacted import redacted
from api.tiles import NoMapError, TilesBusyError
from dispatch.life.refusals import ConflictError, InvalidError, RefusedError, UnknownError
from dispatch.reasons import Terms
from dispatch.service.codec import CodecError
from dispatch.service.service import BusyError, StaleError, UnknownRegionError
from dispatch.store import StoreError, StoreRefusedError, StoreUnreachableError
from routing import ConditionError, InputError, PlaceError, SiagaError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SCHEMA = "#/components/schemas/Problem"

_LONGEST_ECHO = 200
_MOST_ERRORS = 20


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:siaga:problem:vehicle_taken"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["V03 can't be sent: carrying a patient"])
    code: str = Field(examples=["vehicle_taken"])
    instance: str = Field(examples=["/v1/regions/cibinong/cases/K1/assignments"])
    params: dict[str, Any] = Field(default_factory=dict)
    next: dict[str, Any] | None = Field(default=None, description="What can be done instead, where that is known.")


_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Can't be processed",
    429: "Too many requests",
    500: "Server error",
    503: "Not available now",
}

_TITLES_OF_CODES = {
    "busy": "Busy",
    "no_map": "Map not available",
    "store_refused": "Store not available",
    "store_unreachable": "Store not available",
}


class MissingKeyError(InputError):
    """A command came without its id."""

    def __init__(self) -> None:
        super().__init__("the header Idempotency-Key is missing: 8 to 64 of A-Z a-z 0-9 - _, a new one each time")


def problem(request: Request, status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    """An answer that says what went wrong."""
    told = Problem(
        type=f"urn:siaga:problem:{code}",
        title=_TITLES_OF_CODES.get(code) or _TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        code=code,
        instance=redacted(request.url.path),
        params=more.pop("params", {}),
        next=more.pop("next", None),
    )
    headers: Mapping[str, str] = more.pop("headers", {})
    return JSONResponse(told.model_dump(exclude_none=True), status, headers=dict(headers), media_type=MEDIA_TYPE)


def pattern_of(scope: Scope) -> str:
    """The pattern of a request's route, for logs and figures: its path may hold ids and coordinates."""
    return str(getattr(scope.get("route"), "path", "none"))


def _status(error: SiagaError) -> tuple[int, str]:
    match error:
        case MissingKeyError():
            return 400, "idempotency_key_missing"
        case StaleError():
            return 412, error.code
        case UnknownError() | ConflictError() | InvalidError():
            return {UnknownError: 404, ConflictError: 409, InvalidError: 422}[type(error)], error.code
        case UnknownRegionError():
            return 404, "no_region"
        case BusyError() | TilesBusyError():
            return 503, "busy"
        case NoMapError():
            return 503, "no_map"
        case StoreUnreachableError():
            return 503, "store_unreachable"
        case StoreRefusedError() | StoreError():
            return 503, "store_refused"
        case CodecError():
            return 500, "store_unreadable"
        case NotSignedInError():
            return 401, error.code
        case ForbiddenError():
            return 403, error.code
        case TooManyAttemptsError():
            return 429, error.code
        case UnknownHolderError() | LinkOverError():
            return 404, error.code
        case NameTakenError():
            return 409, error.code
        case GrantError() | PasswordError():
            return 422, error.code
        case PermissionError():
            return 403, "forbidden"
        case ConditionError():
            return 422, "condition"
        case PlaceError():
            return 422, "place"
        case LookupError():
            return 404, "not_found"
        case InputError():
            return 422, "input"
        case _:
            return 500, "error"


async def _siaga_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SiagaError)
    status, code = _status(error)
    more: dict[str, Any] = {}
    detail = str(error)
    if isinstance(error, AccessError):
        detail = error.text(language_of(request))
        if isinstance(error, NotSignedInError):
            more["headers"] = {"WWW-Authenticate": error.challenge}
        if isinstance(error, TooManyAttemptsError):
            more["headers"] = {"Retry-After": str(error.wait_seconds)}
    if isinstance(error, RefusedError):
        detail = error.text(language_of(request))
        more["params"] = {name: list(v.codes) if isinstance(v, Terms) else v for name, v in error.params.items()}
    if status == 503:
        more["headers"] = {"Retry-After": "1"}
    if status == 500:
        log.error("%s %s: %s", request.method, pattern_of(request.scope), error)
    if (instead := getattr(error, "instead", None)) is not None:
        more["next"] = instead
    return problem(request, status, code, detail, **more)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Where and why, without what was sent: that may be personal.
    wrong = [
        {"where": _written(".".join(map(str, one["loc"]))), "why": _written(one["msg"])}
        for one in error.errors()[:_MOST_ERRORS]
    ]
    detail = "; ".join(f"{one['where']}: {one['why']}" for one in wrong[:3])
    return problem(request, 422, "invalid", detail, params={"errors": wrong})


def _written(words: str) -> str:
    """Words that came from the caller, short, and without what can't be written."""
    return words[:_LONGEST_ECHO].encode(errors="replace").decode()


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, "http", str(error.detail), headers=error.headers or {})


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, pattern_of(request.scope), exc_info=error)
    return problem(request, 500, "error", "something went wrong in the service; its log says what")


def install(app: FastAPI) -> None:
    """Has an app answer errors with problem details."""
    app.add_exception_handler(SiagaError, _siaga_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For an endpoint's `responses`: the problems that it may answer."""
    return {
        status: {"description": _TITLES[status], "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA}}}} for status in statuses
    }
