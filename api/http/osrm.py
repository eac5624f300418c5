"""OSRM's HTTP interface (v5) for each region: what navigation programs and libraries already speak.

    /osrm/{region}/route/v1/{profile}/{coordinates}
    /osrm/{region}/table/v1/{profile}/{coordinates}
    /osrm/{region}/nearest/v1/{profile}/{coordinates}

A client that takes a base address gets `…/osrm/{region}`. Options, and where they differ from OSRM's: `api.http.osrm_options`.
The interface: https://github.com/Project-OSRM/osrm-backend/blob/master/docs/http.md; banners and spoken words as in Mapbox's
Directions: https://docs.mapbox.com/api/navigation/directions/.

Besides what OSRM has, answers tell `road_state`, the number of the state of the roads that they hold for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.osrm_errors import STATUS, OsrmError
from api.http.osrm_options import DESCRIPTIONS, OPTIONS, Service, openapi_of
from api.http.osrm_request import read_nearest, read_route, read_table
from api.http.osrm_routes import route_answer
from api.http.osrm_tables import nearest_answer, table_answer
from dispatch.regions import BuiltRegion
from routing.road_state import RoadState
from routing.router import Router

Json = dict[str, Any]

_VERSION = "v1"
_UNKEPT = {"Cache-Control": "no-store"}  # roads change, and coordinates may be those of a patient
_OK = {
    "description": "As OSRM's; `code` is `Ok`.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["code"],
                "properties": {"code": {"const": "Ok"}, "data_version": {"type": "string"}, "road_state": {"type": "integer"}},
            }
        }
    },
}
_WRONG = {
    "description": "`code` says what is wrong to programs, `message` to people.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
            "example": {
                "code": "NoRoute",
                "message": "no way for car between these places at present: closures cut it (flood)",
            },
        }
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class OpenedRegion:
    """What is asked: a region, and the state of its roads, which `state` gives anew for each question."""

    region: BuiltRegion
    state: Callable[[], RoadState]


@dataclass(frozen=True, slots=True)
class _Question:
    """A question as it came: the parts of its path, and the options in order."""

    region: str
    service: Service
    profile: str
    coordinates: str
    options: Sequence[tuple[str, str]]


def osrm_router(region_of: Callable[[str], OpenedRegion | None]) -> APIRouter:
    """The interface for the regions that `region_of` knows by name; it gives None for others.

    Work is done in threads, so that a large table holds up nobody. What goes wrong is answered as OSRM does (status 400,
    code and message); only errors of the region itself (`RegionError`) are left to the service.
    """
    router = APIRouter(prefix="/osrm/{region}", tags=["OSRM"])

    def ask(service: Service) -> None:
        async def answer(request: Request) -> Response:
            parts, options = request.path_params, request.query_params.multi_items()
            question = _Question(parts["region"], service, parts["profile"], parts["coordinates"], options)
            return await run_in_threadpool(_response, region_of, question)

        router.add_api_route(
            f"/{service}/{_VERSION}/{{profile}}/{{coordinates:path}}",
            answer,
            methods=["GET"],
            operation_id=f"osrm_{service}",
            summary=f"OSRM {service}",
            description=DESCRIPTIONS[service],
            response_class=Response,
            responses={200: _OK, STATUS: _WRONG},
            openapi_extra=openapi_of(service),
        )

    for service in OPTIONS:
        ask(service)

    @router.get("/{rest:path}", include_in_schema=False)
    async def other(rest: str) -> Response:
        return _refusal(_what_else(rest))

    return router


def _response(region_of: Callable[[str], OpenedRegion | None], question: _Question) -> Response:
    try:
        opened = region_of(question.region)
        if opened is None:
            raise OsrmError("InvalidUrl", f"no region {question.region!r} is served here")
        state = opened.state()
        answer = _answer(opened.region.roads.router.at(state), question)
    except OsrmError as error:
        return _refusal(error)
    answer |= {"data_version": str(opened.region.about["built_at"]), "road_state": state.number}
    return _json(answer)


def _answer(router: Router, question: _Question) -> Json:
    given = question.profile, question.coordinates, question.options
    match question.service:
        case "route":
            return route_answer(router, read_route(*given))
        case "table":
            return table_answer(router, read_table(*given))
        case "nearest":
            return nearest_answer(router, read_nearest(*given))


def _what_else(path: str) -> OsrmError:
    """What is wrong with a path that no service answers to."""
    service, _, rest = path.partition("/")
    version, _, rest = rest.partition("/")
    if service not in OPTIONS:
        return OsrmError("InvalidService", f"no service {service!r}; there are {', '.join(OPTIONS)}")
    if version != _VERSION:
        return OsrmError("InvalidVersion", f"no version {version!r} of {service}; there is {_VERSION}")
    return OsrmError("InvalidUrl", f"{path!r}: give {service}/{_VERSION}/profile/lon,lat;lon,lat")


def _refusal(error: OsrmError) -> Response:
    return _json(error.as_dict(), STATUS)


def _json(body: Json | dict[str, str], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, _UNKEPT, "application/json")
