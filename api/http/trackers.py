"""The addresses that trackers on drivers' phones send to.

/track/osmand     Traccar Client up to version 8, OsmAnd and hardware trackers: query or form; JSON as below is taken too
/track/traccar    Traccar Client from version 9 on: JSON; it changed by an update, at the address that was set before
/track/owntracks  OwnTracks in HTTP mode: JSON, with HTTP Basic
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, tzinfo
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from api.http.problems import documented
from api.http.tracker_forms import MissingTokenError, parse_form, parse_osmand, parse_owntracks, parse_traccar_json
from dispatch.positions.reports import ReportedFix

Json = dict[str, Any]

Accept = Callable[[str, ReportedFix], Awaitable[None]]
"""Takes a device's token and its report; raises what is wrong with the token, or with taking it."""

Answering = Callable[[Request], Awaitable[Response]]

OSMAND = "/track/osmand"

LONGEST_BODY = 64 * 1024
"""Bytes; one position takes less than one kilobyte."""


def osmand_answer(accept: Accept, zone: tzinfo = UTC) -> Answering:
    """What answers at `OSMAND`.

    Args:
        accept: takes what was read; its errors are answered as everywhere.
        zone: of times that name none.
    """

    async def osmand(request: Request) -> Response:
        body = b"" if request.method == "GET" else await _body(request)
        if body.lstrip()[:1] == b"{":
            fix = parse_traccar_json(body)
        else:
            fields = parse_form(request.scope["query_string"])
            found = parse_osmand(fields | parse_form(body) if body else fields, zone)
            if found is None:
                return Response()
            fix = found
        await accept(fix.token, fix)
        return Response()

    return osmand


def trackers_router(accept: Accept, zone: tzinfo = UTC) -> APIRouter:
    """The addresses. A body that is longer than `LONGEST_BODY` is refused; the arguments are those of `osmand_answer`."""
    router = APIRouter(tags=["trackers"])
    answers: dict[int | str, Json] = {200: {"description": "Taken."}, **documented(401, 403, 413, 422, 503)}
    for method, name in (("GET", "track_osmand"), ("POST", "track_osmand_form")):
        router.add_api_route(
            OSMAND,
            osmand_answer(accept, zone),
            methods=[method],
            operation_id=name,
            summary="OsmAnd form",
            description=_ABOUT_OSMAND,
            response_class=Response,
            responses=answers,
            openapi_extra={"parameters": _PARAMETERS},
        )

    @router.post(
        "/track/traccar",
        operation_id="track_traccar",
        summary="Traccar Client 9",
        response_class=Response,
        responses=answers,
        openapi_extra=_body_of(_TRACCAR_EXAMPLE),
    )
    async def traccar(request: Request) -> Response:
        fix = parse_traccar_json(await _body(request))
        await accept(fix.token, fix)
        return Response()

    @router.post(
        "/track/owntracks",
        operation_id="track_owntracks",
        summary="OwnTracks in HTTP mode",
        description="The password of HTTP Basic is the tracker's id; the user's name doesn't matter.",
        responses=answers,
        openapi_extra=_body_of(_OWNTRACKS_EXAMPLE),
    )
    async def owntracks(request: Request) -> JSONResponse:
        try:
            fix = parse_owntracks(await _body(request), request.headers)
        except MissingTokenError as error:
            raise HTTPException(401, str(error), {"WWW-Authenticate": 'Basic realm="Siaga"'}) from error
        if fix is not None:
            await accept(fix.token, fix)
        return JSONResponse([])

    return router


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > LONGEST_BODY:
            raise HTTPException(413, f"a report of one position is shorter than {LONGEST_BODY} bytes")
    return bytes(found)


_ABOUT_OSMAND = (
    "What Traccar Client up to version 8, OsmAnd and hardware trackers send, as a query or a form. The id is a secret. "
    "Traccar Client 9 sends JSON, which is taken here too."
)


_PARAMETERS = [
    {"name": name, "in": "query", "description": about, "schema": schema}
    for name, about, schema in (
        ("id", "The tracker's id; a secret.", {"type": "string"}),
        ("lat", "Degrees.", {"type": "number", "minimum": -90, "maximum": 90}),
        ("lon", "Degrees.", {"type": "number", "minimum": -180, "maximum": 180}),
        ("timestamp", "Seconds or milliseconds since 1970, or ISO 8601.", {"type": "string"}),
        ("speed", "Knots.", {"type": "number"}),
        ("bearing", "Degrees, clockwise from north.", {"type": "number"}),
        ("accuracy", "Metres.", {"type": "number"}),
        ("hdop", "Metres, as OsmAnd fills it.", {"type": "number"}),
        ("batt", "Percent.", {"type": "number"}),
    )
]

_TRACCAR_EXAMPLE: Json = {
    "location": {
        "timestamp": "2026-11-23T03:00:00.000Z",
        "coords": {"latitude": -6.4712, "longitude": 106.8581, "accuracy": 8, "speed": 11.5, "heading": 270, "altitude": 130},
        "is_moving": True,
        "battery": {"level": 0.8, "is_charging": False},
    },
    "device_id": "tracker-id",
}
_OWNTRACKS_EXAMPLE: Json = {"_type": "location", "lat": -6.4712, "lon": 106.8581, "tst": 1795402800, "acc": 8, "vel": 41}


def _body_of(example: Json) -> Json:
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}, "example": example}}}
    }
